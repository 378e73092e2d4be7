# SPDX-License-Identifier: GPL-3.0-or-later
"""One cache of a document, made from registered results of cache_info and cache_diagnosis. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..alluxio.raft import AVAILABLE, quorum_size
from ..fluid.components import JOB_MASTER, MASTER
from ..fluid.summary import percentage, size_in_bytes
from ..verify.promise import BROKEN, KEPT, UNKNOWN
from . import advice, outlook, shapes
from .history import STATES, UNREADABLE

_TITLES = {
    "dataset_controller": "Fluid's dataset controller", "csi_plugin": "Fluid's CSI plugin",
    "alluxioruntime_controller": "Fluid's runtime controller", "runtime": "AlluxioRuntime",
    "runtime_phases": "Phases of the runtime", "masters": "Masters", "workers": "Workers",
    "node_loss": "Loss of a node", "master_quorum": "Quorum of the masters", "dataset": "Dataset",
    "job_master_quorum": "Quorum of the job masters", "figures": "Figures of the Dataset",
    "volume": "Claim and volume", "files_listed": "Files that a new pod lists",
    "files_read": "Files that a new pod reads", "cached": "Caching of what was read",
    "application_mounts": "Mounts of applications",
}
_GROUP_TITLES = {MASTER: "Quorum of the masters", JOB_MASTER: "Quorum of the job masters"}
_ROLES = ("master", "worker", "fuse", "application")


@dataclass(frozen=True)
class Given:
    """One cache. result: of cache_info, as registered. diagnosis: of cache_diagnosis; {} without one."""

    result: Mapping[str, Any]
    host: str = ""
    diagnosis: Mapping[str, Any] | None = None


def cache(each: Given, number: int) -> dict:
    """Return the cache, without its history. number: of the cache among all, from 0."""
    result, figures = each.result, shapes.mapping(each.result.get("figures"))
    name = shapes.text(figures.get("name")) or each.host or f"cache {number + 1}"
    promises = [_promise(promise) for promise in shapes.mappings(result.get("promises"))]
    topology = _topology(shapes.mapping(result.get("topology")))
    found = {"name": name, "host": each.host, "state": _state(result, promises),
             "error": shapes.text(result.get("msg")) if result.get("failed") else "",
             "counts": {state: sum(promise["state"] == state for promise in promises)
                        for state in STATES[1:]},
             "promises": sorted(promises, key=lambda promise: STATES.index(promise["state"])),
             "components": _components(figures, topology), "topology": topology,
             "quorums": _quorums(result, topology),
             **_dataset(shapes.mapping(figures.get("dataset"))),
             "reads": _reads(shapes.mapping(figures.get("copies"))),
             "versions": {part: shapes.texts(tags)
                          for part, tags in shapes.mapping(result.get("versions")).items()}}
    diagnosis = each.diagnosis or {}
    return {**found, "warnings": [*_unread(found["error"]), *advice.warnings(
        found, [_cause(cause) for cause in shapes.mappings(diagnosis.get("causes"))])]}


def _unread(error: str) -> list[dict]:
    if not error:
        return []
    return [{"severity": BROKEN, "subject": "The cache could not be read", "text": error,
             "next_step": "run datacache.fluid.diagnose for this host"}]


def _state(result: Mapping[str, Any], promises: Sequence[Mapping[str, Any]]) -> str:
    if result.get("failed"):
        return UNREADABLE
    return min((promise["state"] for promise in promises), key=STATES.index, default=KEPT)


def _promise(promise: Mapping[str, Any]) -> dict:
    name, state = shapes.text(promise.get("name")), shapes.text(promise.get("state"))
    return {"name": name, "title": _TITLES.get(name, name.replace("_", " ")),
            "state": state if state in STATES[1:] else UNKNOWN,
            "evidence": shapes.text(promise.get("evidence")),
            "next_step": shapes.text(promise.get("next_step")),
            "lost_nodes": shapes.texts(promise.get("lost_nodes"))}


def _cause(cause: Mapping[str, Any]) -> dict:
    return {**{key: shapes.text(cause.get(key)) for key in ("cause", "object", "evidence", "remedy")},
            "certain": bool(cause.get("certain"))}


def _topology(topology: Mapping[str, Any]) -> dict:
    """Return nodes and pods; the nodes that are only known by a pod, too."""
    pods: list[dict] = [{**{key: shapes.text(pod.get(key)) for key in ("name", "role", "node", "reason")},
                         "ready": bool(pod.get("ready"))} for pod in shapes.mappings(topology.get("pods"))]
    nodes: dict[str, dict] = {shapes.text(node.get("name")): {
        "name": shapes.text(node.get("name")), "zone": shapes.text(node.get("zone")),
        "ready": bool(node.get("ready")), "schedulable": bool(node.get("schedulable"))}
        for node in shapes.mappings(topology.get("nodes"))}
    for pod in pods:
        if pod["node"]:
            nodes.setdefault(pod["node"], {"name": pod["node"], "zone": "", "ready": None,
                                           "schedulable": None})
    stores = [{key: shapes.text(store.get(key)) for key in ("name", "mount_point")}
              for store in shapes.mappings(topology.get("under_stores"))]
    return {"nodes": [nodes[name] for name in sorted(nodes)], "pods": pods, "under_stores": stores,
            "more_applications": shapes.count(topology.get("more_applications"))}


def _components(figures: Mapping[str, Any], topology: Mapping[str, Any]) -> dict:
    """Return the ready and the desired number of each part; the FUSE pods are those that nodes need."""
    total = Counter(pod["role"] for pod in topology["pods"])
    ready = Counter(pod["role"] for pod in topology["pods"] if pod["ready"])
    found = {role: {"ready": ready[role], "desired": total[role]} for role in _ROLES}
    found["application"] = {part: number + topology["more_applications"]
                            for part, number in found["application"].items()}
    for role in ("master", "worker"):
        counted = shapes.mapping(figures.get(f"{role}s"))
        found[role] = {part: shapes.count(counted.get(part)) for part in ("ready", "desired")}
    return found


def _quorums(result: Mapping[str, Any], topology: Mapping[str, Any]) -> list[dict]:
    """Return the groups with their outlook. A single master is a group of its own."""
    groups = shapes.mapping(shapes.mapping(result.get("topology")).get("quorums"))
    nodes = {pod["name"]: pod["node"] for pod in topology["pods"]}
    found = [_quorum(domain, shapes.mapping(groups[domain]), nodes) for domain in (MASTER, JOB_MASTER)
             if domain in groups]
    masters = shapes.mapping(shapes.mapping(result.get("figures")).get("masters"))
    if not found and shapes.count(masters.get("desired")) == 1:
        ready = shapes.count(masters.get("ready"))
        found.append({"domain": MASTER, "title": "The master", "leader": shapes.text(masters.get("leader")),
                      "size": 1, "available": ready, "quorum_size": 1, "term": None, "peers": [],
                      "outlook": outlook.single(ready > 0).as_dict()})
    return found


def _quorum(domain: str, group: Mapping[str, Any], nodes: Mapping[str, str]) -> dict:
    leader = shapes.text(group.get("leader"))
    peers = [{"host": shapes.text(peer.get("host")), "address": shapes.text(peer.get("address")),
              "state": shapes.text(peer.get("state")), "leader": bool(peer.get("leader")),
              "node": nodes.get(shapes.text(peer.get("host")), "")}
             for peer in shapes.mappings(group.get("peers"))]
    return {"domain": domain, "title": _GROUP_TITLES[domain], "leader": leader, "size": len(peers),
            "available": sum(peer["state"] == AVAILABLE for peer in peers),
            "quorum_size": quorum_size(len(peers)), "term": shapes.number(group.get("term")),
            "peers": sorted(peers, key=lambda peer: peer["address"]),
            "outlook": outlook.of_group(domain, peers, leader).as_dict()}


def _dataset(dataset: Mapping[str, Any]) -> dict:
    total, cached, capacity = (size_in_bytes(shapes.text(dataset.get(key)))
                               for key in ("total", "cached", "capacity"))
    ratios = shapes.mapping(dataset.get("hit_ratios"))
    return {
        "dataset": {"phase": shapes.text(dataset.get("phase")), "files": shapes.text(dataset.get("files"))},
        "fill": {"total_bytes": total, "cached_bytes": cached, "capacity_bytes": capacity,
                 "percentage": percentage(shapes.text(dataset.get("percentage"))),
                 "of_capacity": 100 * cached / capacity if cached is not None and capacity else None},
        "hit_ratios": {kind: percentage(shapes.text(ratios.get(kind)))
                       for kind in ("all", "local", "remote")}}


def _reads(copies: Mapping[str, Any]) -> dict | None:
    """Return both reads of the sample; None without one."""
    first, second = (shapes.number(copies.get(key)) for key in ("first_seconds", "second_seconds"))
    if first is None or second is None:
        return None
    before = percentage(shapes.text(copies.get("cached_before")))
    return {"first_seconds": first, "second_seconds": second, "bytes": shapes.number(copies.get("bytes")),
            "cached_before": shapes.text(copies.get("cached_before")), "cold": before == 0,
            "complete": bool(copies.get("complete")), "speedup": first / second if second > 0 else None}
