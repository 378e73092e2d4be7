# SPDX-License-Identifier: GPL-3.0-or-later
"""The change of the rendered objects by which a runtime's masters get the present declaration. Pure.

Fluid renders ConfigMap <name>-config and StatefulSet <name>-master once, when the AlluxioRuntime is created.
This file computes the smallest change of both for the present declaration; values that Fluid set itself stay.
Rendering again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..alluxio import java_options, properties
from ..alluxio.java_options import Declared, Recorded
from ..apply.field_manager import MANAGER
from ..fluid import defaults
from ..fluid.components import COMMON_JAVA_OPTIONS as COMMON
from ..journal.addresses import with_members
from . import pod_template

# The ConfigMap's keys that masters and job masters read, and the part of the runtime's spec behind each.
MASTERS = {COMMON: "", "ALLUXIO_MASTER_JAVA_OPTS": "master", "ALLUXIO_JOB_MASTER_JAVA_OPTS": "jobMaster"}
_OTHERS = {"ALLUXIO_WORKER_JAVA_OPTS": "worker", "ALLUXIO_JOB_WORKER_JAVA_OPTS": "jobWorker",
           "ALLUXIO_FUSE_JAVA_OPTS": "fuse"}

# Annotation of the ConfigMap: what the declaration set, as JSON. Absent until a rollout changes something.
RECORD = MANAGER + "/rendered"
# Annotation of the pod template: a hash of what masters read of the ConfigMap. A pod's revision thus shows
# whether the pod has read the present content.
CONFIG_HASH = MANAGER + "/config-hash"


@dataclass(frozen=True)
class RenderedChange:
    """The changes of the rendered objects; empty when all is as declared.

    config: merge patch of the ConfigMap. workload: merge patch of the StatefulSet. before, after: the changed
    values, for a diff. warnings: declarations that the change does not apply.
    """

    config: dict = field(default_factory=dict)
    workload: dict = field(default_factory=dict)
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def restarts(self) -> bool:
        """Whether masters must restart for it."""
        return bool(self.workload)

    @property
    def changes(self) -> bool:
        """Whether an object changes."""
        return bool(self.config or self.workload)


def render(name: str, spec: dict, config_map: dict, workload: dict, members: int,
           spread: str | None) -> RenderedChange:
    """Return the changes for an AlluxioRuntime of that name and spec.

    config_map, workload: the existing ConfigMap and StatefulSet. members: number of masters in the journal's
    addresses. spread: required, preferred or ignored; None keeps the placement.
    """
    record = recorded(config_map)
    texts = {key: config_map["data"].get(key, "") for key in MASTERS}
    desired = {key: _declare(key, text, spec, record) for key, text in texts.items()}
    desired[COMMON] = with_members(desired[COMMON], name, members)
    pod = pod_template.declare(
        name, spec, workload["spec"]["template"]["spec"], (record or {}).get("pod") or {}, spread)
    # The creation of a runtime leaves no record. Properties that only the option raft sets count as declared.
    changed = {key: text for key, text in desired.items() if text != texts[key]}
    after = _record(spec, texts, record or {}, pod)
    config: dict[str, Any] = {"data": changed} if changed else {}
    if (changed or pod.patch or record is not None) and after != record:
        config["metadata"] = {
            "annotations": {RECORD: json.dumps(after, sort_keys=True, separators=(",", ":"))}}
    annotations = {CONFIG_HASH: config_hash(desired)} if record is not None or config else {}
    before_values, after_values = _values(texts, desired)
    return RenderedChange(
        config=config, workload=_workload_patch(workload, annotations, pod.patch),
        before={**before_values, **pod.before}, after={**after_values, **pod.after},
        warnings=(
            *_unexplained(spec, texts, record), *_of_others(spec, config_map["data"], COMMON in changed)))


def config_hash(data: Mapping[str, str]) -> str:
    """Return a hash of what masters read of the ConfigMap's data."""
    text = "\n".join(" ".join(data.get(key, "").split()) for key in MASTERS)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def recorded(config_map: dict) -> dict | None:
    """Return the record on the ConfigMap; None when no rollout has changed it, {} when it is unreadable."""
    text = (config_map["metadata"].get("annotations") or {}).get(RECORD)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def declared(key: str, spec: dict) -> Declared:
    """Return what the runtime's spec declares for one key of the ConfigMap."""
    part = (MASTERS | _OTHERS)[key]
    own = (spec.get(part) or {}) if part else spec
    options = own.get("jvmOptions")
    return Declared(own.get("properties") or {}, tuple(options) if options else None)


def _declare(key: str, text: str, spec: dict, record: dict | None) -> str:
    return java_options.declare(
        text, declared(key, spec), _recorded_of(key, text, record),
        defaults.PROPERTIES if key == COMMON else {},
        defaults.MASTER_JVM_OPTIONS if key == "ALLUXIO_MASTER_JAVA_OPTS" else ())


def _recorded_of(key: str, text: str, record: dict | None) -> Recorded:
    if record is None:
        # Nothing was recorded at the creation. Fluid sets these properties only if the runtime declares them.
        declared_then = set(properties.RAFT_PROPERTIES.values()) & java_options.properties(text).keys()
        return Recorded({each: None for each in declared_then if key == COMMON})
    own = record.get(key) or {}
    options = own.get("jvmOptions")
    return Recorded(own.get("properties") or {}, tuple(options) if options is not None else None)


def _record(spec: dict, texts: dict[str, str], record: dict, pod: pod_template.PodTemplateChange) -> dict:
    return {**{key: _record_of(key, spec, text, record) for key, text in texts.items()}, "pod": pod.record}


def _record_of(key: str, spec: dict, text: str, record: dict) -> dict:
    desired, existing = declared(key, spec), java_options.properties(text)
    recorded_before = (record.get(key) or {}).get("properties") or {}
    own = {each: recorded_before[each] if each in recorded_before
           else existing.get(each) if defaults.works_out(each) else None for each in desired.properties}
    return {"properties": own,
            **({"jvmOptions": list(desired.jvm_options)} if desired.jvm_options is not None else {})}


def _workload_patch(workload: dict, annotations: dict, pod_patch: dict) -> dict:
    template = workload["spec"]["template"]
    existing = (template.get("metadata") or {}).get("annotations") or {}
    patch = {"metadata": {"annotations": annotations}} if annotations.items() - existing.items() else {}
    if pod_patch:
        patch["spec"] = pod_patch
    if not patch:
        return {}
    spec: dict[str, Any] = {"template": patch}
    if (workload["spec"].get("updateStrategy") or {}).get("type") != "OnDelete":
        # Kubernetes' own rolling update would restart masters regardless of their quorum.
        spec["updateStrategy"] = {"type": "OnDelete", "rollingUpdate": None}
    return {"spec": spec}


def _values(texts: dict[str, str], desired: dict[str, str]) -> tuple[dict, dict]:
    """Return the properties and JVM options that differ, by key of the ConfigMap, before and after."""
    before: dict = {}
    after: dict = {}
    for key, text in texts.items():
        old, new = java_options.properties(text), java_options.properties(desired[key])
        differ = {each for each in old.keys() | new.keys() if old.get(each) != new.get(each)}
        for side, found in ((before, old), (after, new)):
            if differ:
                side[key] = {"properties": {each: found[each] for each in sorted(differ & found.keys())}}
        options = java_options.jvm_options(text), java_options.jvm_options(desired[key])
        if options[0] != options[1]:
            for side, tokens in ((before, options[0]), (after, options[1])):
                side.setdefault(key, {})["jvm_options"] = list(tokens)
    return before, after


def _unexplained(spec: dict, texts: dict[str, str], record: dict | None) -> list[str]:
    """Return a warning of properties that are neither declared nor Fluid's own."""
    unexplained = []  # declared at the creation, or set manually
    for key, text in texts.items():
        known = declared(key, spec).properties.keys() | _recorded_of(key, text, record).properties.keys()
        unexplained += [
            each for each in java_options.properties(text)
            if each not in known and each not in defaults.PROPERTIES and not defaults.works_out(each)]
    if not unexplained:
        return []
    return ["the masters have properties that neither the runtime declares nor Fluid sets by itself, so they "
            f"stay: {', '.join(sorted(unexplained))}; to remove them declare them, run a rollout, remove "
            "them from the declaration and run a rollout again"]


def _of_others(spec: dict, data: dict, common_changes: bool) -> list[str]:
    """Return warnings of declarations for workers and FUSE pods, which do not restart."""
    not_in_force = ["spec." + part
                    for key, part in _OTHERS.items() if not _in_force(declared(key, spec), data.get(key, ""))]
    lines = ["these declarations are not in force and a rollout of the masters does not apply them; to apply "
             "them recreate the runtime: properties or jvmOptions of "
             f"{', '.join(not_in_force)}"] if not_in_force else []
    if common_changes:
        lines.append("workers and FUSE pods read the common properties and addresses only when they start: "
                     "theirs do not change until they restart")
    return lines


def _in_force(desired: Declared, text: str) -> bool:
    existing = java_options.properties(text)
    tokens = text.split()
    return (all(existing.get(key) == value for key, value in desired.properties.items())
            and all(option in tokens for option in desired.jvm_options or ()))
