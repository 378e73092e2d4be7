# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses declarations that a rollout cannot apply, before it changes anything. Pure."""

from __future__ import annotations

import re

from ..alluxio import java_options, raft
from ..errors import InvalidInput
from ..fluid import kinds as fluid_kinds, operations, runtime
from ..fluid.components import MASTER_CONTAINER
from ..journal import replicas
from ..k8s.kinds import ObjectRef
from ..redaction import redacted
from . import pod_template, rendering

# Properties that identify a running quorum. Peers do not know a peer with another address or port; another
# type or folder of journal is another journal.
_FIXED = (
    "alluxio.master.hostname", "alluxio.master.rpc.port", "alluxio.master.rpc.addresses",
    "alluxio.master.web.port",
    "alluxio.job.master.rpc.port", "alluxio.job.master.rpc.addresses", "alluxio.job.master.web.port",
    "alluxio.master.embedded.journal.addresses", "alluxio.master.embedded.journal.port",
    "alluxio.job.master.embedded.journal.addresses", "alluxio.job.master.embedded.journal.port",
    "alluxio.master.journal.type", "alluxio.master.journal.folder",
)
# The version from which masters request snapshots by requestLatestSnapshotInfo and requestLatestSnapshotData,
# instead of uploadSnapshot and downloadSnapshot (journal/raft, SnapshotReplicationManager).
_SNAPSHOTS_SINCE = (2, 9, 4)
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?![0-9])", re.ASCII)
_PORTS = {
    ("master", "rpc"): "alluxio.master.rpc.port", ("master", "web"): "alluxio.master.web.port",
    ("master", "embeddedJournal"): "alluxio.master.embedded.journal.port",
    ("jobMaster", "rpc"): "alluxio.job.master.rpc.port", ("jobMaster", "web"): "alluxio.job.master.web.port",
    ("jobMaster", "embeddedJournal"): "alluxio.job.master.embedded.journal.port",
}


def require_applicable(ref: ObjectRef, spec: dict, config_map: dict, workload: dict) -> None:
    """Raise InvalidInput for a declaration that no rollout can apply to the running masters.

    Raises PreconditionFailed while a backup is being restored.
    """
    what = fluid_kinds.ALLUXIO_RUNTIME.describe(ref)
    operations.require_no_restoration(what, workload)
    replicas.require_majority(ref, workload, config_map)
    _require_quorum(what, spec, workload)
    existing = java_options.properties(config_map["data"].get(rendering.COMMON, ""))
    for key, value in _declared_settings(spec):
        if any(character.isspace() for character in value):
            raise InvalidInput(f"{what} declares {key} with a space or line break in its value: Fluid joins "
                               "Java options with spaces, so the rest would be another option")
        if key in _FIXED and existing.get(key) != value:
            raise InvalidInput(
                f"{what} declares {key} as {value} and its masters run with "
                f"{existing.get(key, 'no explicit value')}: the peers of a running quorum identify each "
                "other by it, so it can only be set when the runtime is created")
    for option in _jvm_options(spec):
        if not option or any(character.isspace() for character in option):
            raise InvalidInput(
                f"{what} declares the JVM option {redacted(option)!r}: expected one option without spaces")
    _require_network(what, spec, workload)
    _require_common_snapshots(what, spec, config_map, workload)


def _require_quorum(what: str, spec: dict, workload: dict) -> None:
    desired = runtime.declared_masters(spec)
    existing = workload["spec"]["replicas"]
    if existing == 1 and desired == 1:
        raise InvalidInput(
            f"{what} has a single master: its clients wait while it restarts, so a rollout has no advantage; "
            "declare 3 masters on a new runtime, or delete the master's pod at a suitable time")
    if runtime.changes_journal(existing, desired):
        raise InvalidInput(
            f"{what} has {existing} masters and {desired} are declared: a single master keeps its journal in "
            "the UFS format and several in the EMBEDDED one, so neither can become the other; declare "
            f"{existing} again, or change master_replicas from {existing} to {desired} with the option "
            "recreate of datacache.fluid.alluxio_runtime, which rebuilds the cache, so back up the metadata "
            "first")
    raft.require_valid_count(desired)


def _master_parts(spec: dict) -> list[dict]:
    """Return the parts of the spec from which masters and job masters get properties and JVM options."""
    return [spec, spec.get("master") or {}, spec.get("jobMaster") or {}]


def _declared_settings(spec: dict) -> list[tuple[str, str]]:
    """Return the declared properties and ports as (key, value)."""
    declared = [pair for part in _master_parts(spec) for pair in (part.get("properties") or {}).items()]
    ports = [(key, str(port)) for (part, port_name), key in _PORTS.items()
             if (port := ((spec.get(part) or {}).get("ports") or {}).get(port_name)) is not None]
    return declared + ports


def _jvm_options(spec: dict) -> list[str]:
    return [option for part in _master_parts(spec) for option in part.get("jvmOptions") or []]


def _require_network(what: str, spec: dict, workload: dict) -> None:
    declared = (spec.get("master") or {}).get("networkMode") or "HostNetwork"
    existing = "HostNetwork" if on_host_network(workload) else "ContainerNetwork"
    if declared != existing:
        raise InvalidInput(f"{what} declares network_mode {declared} and its masters run with {existing}: "
                           "their ports would change under a running quorum; declare that on a new runtime")


def _require_common_snapshots(what: str, spec: dict, config_map: dict, workload: dict) -> None:
    """Raise InvalidInput for an image whose masters cannot install the snapshots of the running ones."""
    template = workload["spec"]["template"]["spec"]
    recorded = (rendering.recorded(config_map) or {}).get("pod") or {}
    patch = pod_template.declare("", spec, template, recorded, None).patch
    existing, desired = (_master_image(each) for each in (template, {**template, **patch}))
    old, new = _version(existing), _version(desired)
    if old and new and (old < _SNAPSHOTS_SINCE) != (new < _SNAPSHOTS_SINCE):
        raise InvalidInput(
            f"{what} declares the image {desired} and its masters run {existing}: Alluxio 2.9.4 changed how "
            "masters copy snapshots, so a restarted master that needs one could not join the others; declare "
            "the previous image, or take this way: back up with datacache.fluid.alluxio_backup, delete the "
            "runtime and create it with the new image, and restore with datacache.fluid.alluxio_restore")


def _master_image(pod_spec: dict) -> str:
    return next(each["image"] for each in pod_spec["containers"] if each["name"] == MASTER_CONTAINER)


def _version(image: str) -> tuple[int, ...]:
    """Return the version in an image's tag, such as (2, 9, 4); () for a tag that is no version."""
    tag = pod_template.split_image(image.partition("@")[0])[1]
    match = _VERSION.match(tag)
    return tuple(int(number) for number in match.groups()) if match else ()


def on_host_network(workload: dict) -> bool:
    """Return whether the masters use the network of their node, so that no two fit on one."""
    return bool(workload["spec"]["template"]["spec"].get("hostNetwork"))
