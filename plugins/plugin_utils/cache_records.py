# SPDX-License-Identifier: GPL-3.0-or-later
"""Caches as records of plain values, which an inventory's cache may store. Pure, without secrets."""

from __future__ import annotations

from collections.abc import Mapping

from ..module_utils.alluxio.raft import AVAILABLE
from ..module_utils.fluid import dataset as fluid_dataset, summary
from ..module_utils.fluid.names import master_pod
from ..module_utils.fluid.runtime import declared_masters
from ..module_utils.journal import volume
from ..module_utils.k8s.pods import is_ready
from ..module_utils.masters.web_api import GroupView
from ..module_utils.redaction import redacted

LEADER, FOLLOWER, UNAVAILABLE = "leader", "follower", "unavailable"
# Fluid's label with namespace and name of the cache.
_FLUID_LABEL = "fluid.io/dataset-id"
_FIGURES = ("total_bytes", "cached_bytes", "capacity_bytes", "cached_percentage", "files")
_COMPONENTS = ("masters", "workers", "fuses", "master_phase", "worker_phase", "fuse_phase")


def is_cache(dataset: Mapping) -> bool:
    """Return whether an AlluxioRuntime serves the Dataset, or none of any kind does yet."""
    types = [each.get("type") for each in (dataset.get("status") or {}).get("runtimes") or []]
    mounts = (dataset.get("spec") or {}).get("mounts") or []
    refers = any((each.get("mountPoint") or "").startswith(fluid_dataset.REFERENCE_SCHEME) for each in mounts)
    return not refers and (not types or fluid_dataset.ALLUXIO_TYPE in types)


def record(dataset: dict | None, runtime: dict | None, pods: list[dict] | None,
           roles: Mapping[str, str] | None) -> dict:
    """Return the record of a cache. At least one of dataset and runtime is given.

    pods: its masters' pods; None leaves its masters out. roles: of the masters, by pod; None if not read.
    """
    metadata = (dataset or runtime or {})["metadata"]
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != _FLUID_LABEL}
    masters = [] if pods is None or runtime is None else _masters(runtime, pods, roles)
    leading = next((each["pod"] for each in masters if each["role"] == LEADER), None)
    return {
        "name": metadata["name"], "namespace": metadata["namespace"], "labels": labels,
        "phase": summary.dataset_phase(dataset) if dataset else "", "masters": masters,
        "variables": {
            **_declared(metadata, runtime), **_observed(dataset, runtime), "alluxio_labels": labels,
            "alluxio_terminating": bool(metadata.get("deletionTimestamp")),
            **({} if roles is None else {"alluxio_leader": leading})},
    }


def _declared(metadata: dict, runtime: dict | None) -> dict:
    """Return the variables of the playbooks that the runtime declares."""
    found: dict = {"fluid_name": metadata["name"], "fluid_namespace": metadata["namespace"]}
    if runtime is None:
        return found
    spec = runtime.get("spec") or {}
    found["fluid_master_replicas"] = declared_masters(spec)
    found["fluid_worker_replicas"] = spec.get("replicas", 0)
    # Fluid's default (pkg/ddc/alluxio/transform.go).
    found["fluid_network_mode"] = (spec.get("master") or {}).get("networkMode") or "HostNetwork"
    if declared := volume.declared(runtime):
        found["fluid_journal_volume"] = declared.as_dict()
    return found


def _observed(dataset: dict | None, runtime: dict | None) -> dict:
    found: dict = {"alluxio_phase": summary.dataset_phase(dataset) if dataset else ""}
    if dataset is not None:
        figures = summary.of_dataset(dataset)
        found.update({f"alluxio_{name}": figures[name] for name in _FIGURES})
        found["alluxio_mounts"] = [
            {"name": each.get("name", ""), "path": fluid_dataset.path_of(each),
             "mount_point": redacted(each.get("mountPoint", ""))}
            for each in (dataset.get("spec") or {}).get("mounts") or []]
    if runtime is not None:
        parts = summary.of_runtime(runtime)
        found.update({f"alluxio_{name}": parts[name] for name in _COMPONENTS})
    return found


def _masters(runtime: dict, pods: list[dict], roles: Mapping[str, str] | None) -> list[dict]:
    """Return the declared masters, and those of a larger number that still run."""
    by_name = {pod["metadata"]["name"]: pod for pod in pods}
    declared = [master_pod(runtime["metadata"]["name"], index)
                for index in range(declared_masters(runtime.get("spec") or {}))]
    return [_master(name, by_name.get(name), roles) for name in [*declared, *sorted(
        by_name.keys() - set(declared))]]


def _master(name: str, pod: dict | None, roles: Mapping[str, str] | None) -> dict:
    status = (pod or {}).get("status") or {}
    absent = UNAVAILABLE if roles is not None else ""
    return {"pod": name, "role": (roles or {}).get(name, "") if pod else absent,
            "node": ((pod or {}).get("spec") or {}).get("nodeName", ""),
            "address": status.get("podIP", ""), "phase": status.get("phase", "")}


def single_role(pods: list[dict]) -> dict[str, str]:
    """Return the role of a single master by its pod; it leads if it is ready."""
    return {pod["metadata"]["name"]: LEADER if is_ready(pod) and not _terminating(pod) else UNAVAILABLE
            for pod in pods}


def no_roles(pods: list[dict]) -> dict[str, str]:
    """Return the roles of masters of which none has started."""
    return {pod["metadata"]["name"]: UNAVAILABLE for pod in pods}


def roles_of(pods: list[dict], view: GroupView) -> dict[str, str] | None:
    """Return the role of each master by its pod, as the leader reports it; None if nobody could report it.

    The leader leads until it ends; any other terminating master is unavailable.
    """
    if view.quorum is None and not view.leaderless:
        return None
    peers = view.quorum.peers if view.quorum else ()
    available = {_host(each.address) for each in peers if each.state == AVAILABLE}
    leading = {_host(each.address) for each in peers if each.leader}
    return {name: LEADER if name in leading
            else FOLLOWER if name in available and not _terminating(pod) else UNAVAILABLE
            for pod in pods for name in [pod["metadata"]["name"]]}


def _host(address: str) -> str:
    return address.rpartition(":")[0]


def _terminating(pod: dict) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))
