# SPDX-License-Identifier: GPL-3.0-or-later
"""The change of the masters' pod template that an AlluxioRuntime declares. Pure."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from ..fluid.components import DOMAINS, MASTER_CONTAINER, raft_component
from ..k8s import quantity

_PARTS = {raft_component(domain).container: raft_component(domain).spec_field for domain in DOMAINS}
# Set by Fluid (the chart's templates/master/statefulset.yaml); never removed with a declaration of that name.
_FLUID_ENV = ("ALLUXIO_MASTER_HOSTNAME", "ALLUXIO_WORKER_TIEREDSTORE_LEVEL0_DIRS_PATH", "JOURNAL_BACKUP")

REQUIRED, PREFERRED, IGNORED = "required", "preferred", "ignored"
_HARD = "requiredDuringSchedulingIgnoredDuringExecution"
_SOFT = "preferredDuringSchedulingIgnoredDuringExecution"


@dataclass(frozen=True)
class PodTemplateChange:
    """A change. patch: merge patch of the template's spec. record: declared fields. before, after: diff."""

    patch: dict = field(default_factory=dict)
    record: dict = field(default_factory=dict)
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)


def declare(name: str, spec: dict, template: dict, recorded: dict, spread: str | None) -> PodTemplateChange:
    """Return the change of the template's spec for a runtime of that name and spec.

    recorded: the record of an earlier change. spread: as in spread_masters; None keeps the placement.
    """
    record: dict = {
        "env": {part: sorted((spec.get(part) or {}).get("env") or {}) for part in _PARTS.values()},
        "nodeSelector": sorted((spec.get("master") or {}).get("nodeSelector") or {})}
    version = spec.get("alluxioVersion") or {}
    image, record["image"] = _image(version, template, recorded.get("image"))
    policy, record["pullPolicy"] = _policy(version, template, recorded.get("pullPolicy"))
    patch: dict = {}
    for key in ("initContainers", "containers"):
        existing = template.get(key) or []
        desired = [_container(each, spec, _present_image(template), image, policy, recorded.get("env") or {})
                   for each in existing]
        if desired != existing:
            patch[key] = desired
    selector = _selector(spec, template, recorded.get("nodeSelector") or [])
    if selector:
        patch["nodeSelector"] = selector
    affinity = _affinity(name, template, spread)
    if affinity is not None:
        patch["affinity"] = affinity
    before, after = _sides(template, patch)
    return PodTemplateChange(
        patch, {key: value for key, value in record.items() if value is not None}, before, after)


def spread_of(name: str, template: dict) -> str:
    """Return how the template spreads the masters of that runtime over nodes, as in spread_masters."""
    existing = ((template.get("affinity") or {}).get("podAntiAffinity")) or {}
    return next((mode for mode in (REQUIRED, PREFERRED) if existing == _anti_affinity(name, mode)), IGNORED)


def _present_image(template: dict) -> str:
    return next(each["image"] for each in template["containers"] if each["name"] == MASTER_CONTAINER)


def _image(version: dict, template: dict, displaced: str | None) -> tuple[str, str | None]:
    """Return the desired image, and the one by Fluid that a declaration replaced; None without one."""
    existing = _present_image(template)
    if not version.get("image") and not version.get("imageTag"):
        return displaced or existing, None
    repository, tag = split_image(displaced or existing)
    desired = f"{version.get('image') or repository}:{version.get('imageTag') or tag}"
    return desired, displaced or (existing if desired != existing else None)


def _policy(version: dict, template: dict, displaced: str | None) -> tuple[str, str | None]:
    existing = next(each.get("imagePullPolicy", "")
                    for each in template["containers"] if each["name"] == MASTER_CONTAINER)
    desired = version.get("imagePullPolicy")
    if not desired:
        return displaced or existing, None
    return desired, displaced or (existing if desired != existing else None)


def split_image(image: str) -> tuple[str, str]:
    """Return (repository, tag) of an image; the port of a registry is no tag."""
    repository, _sep, tag = image.rpartition(":")
    return (repository, tag) if repository and "/" not in tag else (image, "latest")


def _container(existing: dict, spec: dict, present: str, image: str, policy: str, recorded_env: dict) -> dict:
    desired = copy.deepcopy(existing)
    if existing["image"] == present:  # init containers of another image are not Alluxio's
        desired["image"] = image
        if policy:
            desired["imagePullPolicy"] = policy
    part = _PARTS.get(existing["name"])
    if part is None:
        return desired
    own = spec.get(part) or {}
    resources = {kind: dict(amounts)
                 for kind in ("limits", "requests") if (amounts := (own.get("resources") or {}).get(kind))}
    if not _same_resources(existing.get("resources") or {}, resources):
        desired["resources"] = resources
    environment = _environment(existing.get("env") or [], own.get("env") or {}, recorded_env.get(part) or [])
    if environment != (existing.get("env") or []):
        desired["env"] = environment
    return desired


def _same_resources(existing: dict, desired: dict) -> bool:
    def same(old: dict, new: dict) -> bool:
        return old.keys() == new.keys() and all(quantity.equal(old[each], new[each]) for each in old)

    return all(same(existing.get(kind) or {}, desired.get(kind) or {}) for kind in ("limits", "requests"))


def _environment(existing: list[dict], declared: dict, recorded: list[str]) -> list[dict]:
    dropped = {each for each in recorded if each not in declared and each not in _FLUID_ENV}
    kept = [each for each in existing if each["name"] not in dropped]
    names = [each["name"] for each in kept]
    changed = [{"name": each["name"], "value": declared[each["name"]]} if each["name"] in declared else each
               for each in kept]
    return changed + [{"name": key, "value": value} for key, value in declared.items() if key not in names]


def _selector(spec: dict, template: dict, recorded: list[str]) -> dict:
    declared = (spec.get("master") or {}).get("nodeSelector") or {}
    existing = template.get("nodeSelector") or {}
    changed = {key: value for key, value in declared.items() if existing.get(key) != value}
    return {**changed, **{key: None for key in recorded if key in existing and key not in declared}}


def _affinity(name: str, template: dict, spread: str | None) -> dict | None:
    if spread is None or spread_of(name, template) == spread:
        return None
    return {"podAntiAffinity": None if spread == IGNORED else {
        _HARD: None, _SOFT: None, **_anti_affinity(name, spread)}}


def _anti_affinity(name: str, spread: str) -> dict:
    term = {"labelSelector": {"matchLabels": {"release": name, "role": "alluxio-master"}},
            "topologyKey": "kubernetes.io/hostname"}
    return {_HARD: [term]} if spread == REQUIRED else {_SOFT: [{"weight": 100, "podAffinityTerm": term}]}


def _sides(template: dict, patch: dict) -> tuple[dict, dict]:
    """Return the changed fields before and after the patch, containers by name."""
    before: dict = {}
    after: dict = {}
    for kind in ("initContainers", "containers"):
        for old, new in zip(template.get(kind) or [], patch.get(kind) or [], strict=False):
            differ = [key for key in ("image", "imagePullPolicy", "resources", "env")
                      if old.get(key) != new.get(key)]
            for side, found in ((before, old), (after, new)):
                if differ:
                    side[new["name"]] = {key: _shown(found.get(key)) for key in differ}
    for key in ("nodeSelector", "affinity"):
        if key in patch:
            before[key] = template.get(key) or {}
            after[key] = patch[key]
    return before, after


def _shown(value: object) -> object:
    """Return environment variables by name, so that those with credentials are hidden."""
    if not isinstance(value, list):
        return value
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in value}
