# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of a bound Dataset needs to take effect. Pure.

Fluid applies added and removed paths only. Of a path that stays it ignores another URL or option; the masters
can mount it again. All other fields it reads when it creates the runtime (pkg/utils/dataset.go,
AnalyzePathsDelta; pkg/ddc/alluxio/transform.go).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from ..apply.field_manager import MANAGER
from ..fluid import dataset
from ..k8s.kinds import annotations_of

# On the Dataset, while paths of its cache wait for being mounted again. Value: a JSON list of the paths.
ANNOTATION = MANAGER + "/remount"
_SHARED = ("sharedOptions", "sharedEncryptOptions")
_MOUNTED = ("mountPoint", "readOnly", "shared", "options", "encryptOptions")
_UNBOUND_PHASES = ("", "NotBound")
_ROOT = "/"


@dataclass(frozen=True)
class Changes:
    """The paths that masters must mount again, the paths that only a new runtime can mount, with the reason,
    and the changed fields of the spec that Fluid reads only for a new runtime.
    """

    remounted: tuple[str, ...] = ()
    refused: str = ""
    ignored: tuple[str, ...] = ()


def is_running(existing: dict) -> bool:
    """Return whether an AlluxioRuntime serves the Dataset."""
    phase = existing.get("status", {}).get("phase") or ""
    return phase not in _UNBOUND_PHASES and dataset.is_of_alluxio(existing)


def of(existing: dict, target: dict) -> Changes:
    """Return the changes from the existing Dataset, which an AlluxioRuntime serves, to the target."""
    before, after = existing.get("spec") or {}, target.get("spec") or {}
    fields = {field for field in before.keys() | after.keys() if before.get(field) != after.get(field)}
    old, new = _by_path(before), _by_path(after)
    shared = any((before.get(field) or None) != (after.get(field) or None) for field in _SHARED)
    fixed = sorted(path for path in old.keys() | new.keys()
                   if _is_fixed(path, old, new) and (old.get(path) != new.get(path) or (
                       shared and not _is_native(path, old, new))))
    return Changes(
        remounted=tuple(path for path in new if path in old and path not in fixed
                        and not _is_fixed(path, old, new) and (shared or old[path] != new[path])),
        refused=_reason(fixed, old, new),
        ignored=tuple(sorted(fields - {"mounts", *_SHARED})))


def noted(existing: dict) -> list[str]:
    """Return the paths that an earlier write left to be mounted again."""
    try:
        paths = json.loads(annotations_of(existing).get(ANNOTATION) or "[]")
    except ValueError:
        return []
    return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []


def secrets_of(spec: dict, paths: Iterable[str]) -> set[str]:
    """Return the names of the Secrets that the mounts of these paths need."""
    options = [option for mount in mounts_at(spec, paths) for option in mount.get("encryptOptions") or []]
    return {option["valueFrom"]["secretKeyRef"]["name"]
            for option in [*options, *(spec.get("sharedEncryptOptions") or [])]}


def mounts_at(spec: dict, paths: Iterable[str]) -> list[dict]:
    """Return the mounts of the spec at these paths that Alluxio can mount again, in the spec's order."""
    selected = set(paths) - {_ROOT}
    return [mount for mount in spec.get("mounts") or []
            if dataset.path_of(mount) in selected and not dataset.is_native(mount["mountPoint"])]


def added(existing: dict, target: dict) -> list[str]:
    """Return the paths that only the target has."""
    old = _by_path(existing.get("spec") or {})
    return [path for path in _by_path(target.get("spec") or {}) if path not in old]


def _by_path(spec: dict) -> dict[str, dict]:
    """Return the fields of each mount that have an effect, by its path."""
    return {dataset.path_of(mount): _effective(mount) for mount in spec.get("mounts") or []}


def _effective(mount: dict) -> dict:
    fields = _MOUNTED[:1] if dataset.is_native(mount["mountPoint"]) else _MOUNTED
    return {key: mount[key] for key in fields if mount.get(key)}


def _is_native(path: str, old: dict[str, dict], new: dict[str, dict]) -> bool:
    return any(dataset.is_native(mounts[path]["mountPoint"]) for mounts in (old, new) if path in mounts)


def _is_fixed(path: str, old: dict[str, dict], new: dict[str, dict]) -> bool:
    """Return whether Alluxio cannot mount the path while it runs."""
    return path == _ROOT or _is_native(path, old, new)


def _reason(paths: list[str], old: dict[str, dict], new: dict[str, dict]) -> str:
    if not paths:
        return ""
    native = [path for path in paths if _is_native(path, old, new)]
    causes = [f"{', '.join(native)} as a volume of the pods"] if native else []
    if _ROOT in paths and _ROOT not in native:
        causes.append("/ as the root of Alluxio")
    return " and ".join(causes)
