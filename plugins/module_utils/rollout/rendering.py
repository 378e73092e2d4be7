# SPDX-License-Identifier: GPL-3.0-or-later
"""What Fluid rendered for a runtime's masters, and how it should be for the present declaration. Pure.

Fluid renders ConfigMap <name>-config and StatefulSet <name>-master once, from the AlluxioRuntime as it is then. This computes
the smallest change of both that gives the masters what the AlluxioRuntime declares now; what Fluid filled in stays. Rendering
what is rendered already changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Mapping

from ..alluxio import java_options, properties
from ..alluxio.java_options import Declared, Recorded
from ..apply.field_manager import MANAGER
from ..fluid import defaults
from . import pod_template

COMMON = "ALLUXIO_JAVA_OPTS"
# The strings that masters and job masters read, and the part of the runtime's spec that each one comes from.
MASTERS = {COMMON: "", "ALLUXIO_MASTER_JAVA_OPTS": "master", "ALLUXIO_JOB_MASTER_JAVA_OPTS": "jobMaster"}
_OTHERS = {"ALLUXIO_WORKER_JAVA_OPTS": "worker", "ALLUXIO_JOB_WORKER_JAVA_OPTS": "jobWorker", "ALLUXIO_FUSE_JAVA_OPTS": "fuse"}
ADDRESSES = "alluxio.master.embedded.journal.addresses"

# On the ConfigMap: what the declaration put there, as JSON. It is there as soon as a rollout has changed anything.
RECORD = MANAGER + "/rendered"
# On the pod template: the ConfigMap's content that masters read. So the revision of a pod tells whether it has read it.
CONFIG_HASH = MANAGER + "/config-hash"


@dataclass(frozen=True)
class RenderedChange:
    """What has to change; everything is empty when all is as declared.

    config: merge patch of the ConfigMap. workload: merge patch of the StatefulSet. before, after: the values that change, for a
    diff. restarts: whether masters have to start anew for it. warnings: what is declared and stays without effect.
    """

    config: dict = field(default_factory=dict)
    workload: dict = field(default_factory=dict)
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def restarts(self) -> bool:
        return bool(self.workload)

    @property
    def changes(self) -> bool:
        return bool(self.config or self.workload)


def render(name: str, spec: dict, config_map: dict, workload: dict, members: int, spread: str | None) -> RenderedChange:
    """Return what has to change for an AlluxioRuntime of that name and spec.

    config_map, workload: the live ConfigMap and StatefulSet. members: how many masters the journal's addresses are to name.
    spread: required, preferred or ignored, None to leave the placement as it is.
    """
    record = recorded(config_map)
    texts = {key: config_map["data"].get(key, "") for key in MASTERS}
    desired = {key: _declare(key, text, spec, record) for key, text in texts.items()}
    desired[COMMON] = with_members(desired[COMMON], name, members)
    pod = pod_template.declare(name, spec, workload["spec"]["template"]["spec"], (record or {}).get("pod") or {}, spread)
    # The properties of a runtime's creation are in no record: those that only the option raft sets are taken for ours.
    changed = {key: text for key, text in desired.items() if text != texts[key]}
    after = _record(spec, texts, record or {}, pod)
    config: dict[str, Any] = {"data": changed} if changed else {}
    if (changed or pod.patch or record is not None) and after != record:
        config["metadata"] = {"annotations": {RECORD: json.dumps(after, sort_keys=True, separators=(",", ":"))}}
    annotations = {CONFIG_HASH: config_hash(desired)} if record is not None or config else {}
    before_values, after_values = _values(texts, desired)
    return RenderedChange(
        config=config, workload=_workload_patch(workload, annotations, pod.patch),
        before={**before_values, **pod.before}, after={**after_values, **pod.after},
        warnings=(*_unexplained(spec, texts, record), *_of_others(spec, config_map["data"], COMMON in changed)))


def config_hash(data: Mapping[str, str]) -> str:
    """A short name for what masters read of the ConfigMap's data."""
    text = "\n".join(" ".join(data.get(key, "").split()) for key in MASTERS)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def recorded(config_map: dict) -> dict | None:
    """Return what a rollout recorded on the ConfigMap; None when no rollout has changed it, {} when it cannot be read."""
    text = (config_map["metadata"].get("annotations") or {}).get(RECORD)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def declared(key: str, spec: dict) -> Declared:
    """Return what the runtime's spec declares for one of the strings."""
    part = (MASTERS | _OTHERS)[key]
    own = (spec.get(part) or {}) if part else spec
    options = own.get("jvmOptions")
    return Declared(own.get("properties") or {}, tuple(options) if options else None)


def members_of(text: str) -> tuple[str, ...]:
    """Return the journal's addresses, host:port each, that the common Java options name."""
    return tuple(each for each in java_options.properties(text).get(ADDRESSES, "").split(",") if each)


def of_masters(data: Mapping[str, str]) -> dict[str, str]:
    """Return the properties that a master which starts now gets, by their keys."""
    return {**java_options.properties(data.get(COMMON, "")), **java_options.properties(data.get("ALLUXIO_MASTER_JAVA_OPTS", ""))}


def with_members(text: str, name: str, members: int) -> str:
    """Return the common Java options with the journal's addresses of that many masters."""
    now = members_of(text)
    if not now:
        return text
    port = now[0].rpartition(":")[2]
    desired = tuple(f"{name}-master-{index}:{port}" for index in range(members))
    return text if now == desired else java_options.with_property(text, ADDRESSES, ",".join(desired))


def _declare(key: str, text: str, spec: dict, record: dict | None) -> str:
    return java_options.declare(
        text, declared(key, spec), _recorded_of(key, text, record),
        defaults.PROPERTIES if key == COMMON else {},
        defaults.MASTER_JVM_OPTIONS if key == "ALLUXIO_MASTER_JAVA_OPTS" else ())


def _recorded_of(key: str, text: str, record: dict | None) -> Recorded:
    if record is None:
        # Nobody has recorded what was declared at the creation. Fluid sets these only when the runtime declares them.
        ours = set(properties.RAFT_PROPERTIES.values()) & java_options.properties(text).keys()
        return Recorded({each: None for each in ours if text and key == COMMON})
    own = record.get(key) or {}
    options = own.get("jvmOptions")
    return Recorded(own.get("properties") or {}, tuple(options) if options is not None else None)


def _record(spec: dict, texts: dict[str, str], record: dict, pod: pod_template.PodTemplateChange) -> dict:
    return {**{key: _record_of(key, spec, text, record) for key, text in texts.items()}, "pod": pod.record}


def _record_of(key: str, spec: dict, text: str, record: dict) -> dict:
    now, existing = declared(key, spec), java_options.properties(text)
    known = (record.get(key) or {}).get("properties") or {}
    own = {each: known[each] if each in known else existing.get(each) if defaults.works_out(each) else None
           for each in now.properties}
    return {"properties": own, **({"jvmOptions": list(now.jvm_options)} if now.jvm_options is not None else {})}


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
        # Kubernetes' own rolling update restarts masters without a look at their quorum.
        spec["updateStrategy"] = {"type": "OnDelete", "rollingUpdate": None}
    return {"spec": spec}


def _values(texts: dict[str, str], desired: dict[str, str]) -> tuple[dict, dict]:
    """The properties and JVM options that differ, by the string they stand in."""
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
            for side, found in ((before, options[0]), (after, options[1])):
                side.setdefault(key, {})["jvm_options"] = list(found)
    return before, after


def _unexplained(spec: dict, texts: dict[str, str], record: dict | None) -> list[str]:
    """Properties that neither the declaration nor Fluid accounts for: declared at the creation, or set by hand."""
    strange = []
    for key, text in texts.items():
        known = declared(key, spec).properties.keys() | _recorded_of(key, text, record).properties.keys()
        strange += [each for each in java_options.properties(text)
                    if each not in known and each not in defaults.PROPERTIES and not defaults.works_out(each)]
    if not strange:
        return []
    return ["the masters have properties that the runtime does not declare and Fluid does not set by itself, so they stay: "
            f"{', '.join(sorted(strange))}; to be rid of them declare them once, roll that out, and leave them out then"]


def _of_others(spec: dict, data: dict, common_changes: bool) -> list[str]:
    """What workers and FUSE pods read only when they start, which a rollout of the masters does not do."""
    late = ["spec." + part for key, part in _OTHERS.items() if not _stands(declared(key, spec), data.get(key, ""))]
    lines = ["these declarations are not in force and a rollout of the masters does not apply them; create the runtime anew for "
             f"them: properties or jvmOptions of {', '.join(late)}"] if late else []
    if common_changes:
        lines.append("workers and FUSE pods read the common properties and addresses only when they start: theirs stay as they are "
                     "until they start anew")
    return lines


def _stands(desired: Declared, text: str) -> bool:
    existing = java_options.properties(text)
    tokens = text.split()
    return (all(existing.get(key) == value for key, value in desired.properties.items())
            and all(option in tokens for option in desired.jvm_options or ()))
