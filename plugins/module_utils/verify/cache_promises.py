# SPDX-License-Identifier: GPL-3.0-or-later
"""The promises of a cache's objects, pods and quorums. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ..alluxio.raft import AVAILABLE, Quorum, fault_tolerance, quorum_size
from ..fluid.names import volume_name
from ..fluid.status import components, dataset_phase
from ..k8s.predicates import BOUND_PHASE
from . import observed as seen
from .observed import Observed
from .promise import UNKNOWN, Expected, Promise, decide

# Fluid's ufsTotal while it counts the under-store (pkg/ddc/alluxio/const.go).
CALCULATING = "[Calculating]"
# Fluid's percentage of a Dataset without a byte, which it divides by zero (pkg/ddc/alluxio/cache.go).
_NOTHING = "NaN%"
_READY = "Ready"
_NUMBER = re.compile(r"[0-9]")
_ENDS = "it was deleted and ends when no pod uses the cache; wait until it is absent, then deploy the cache"


def runtime(observed: Observed, expected: Expected) -> Promise:
    """Return whether the runtime exists, and stays."""
    existing = observed.get(seen.RUNTIME)
    exists, ends = existing is not None, seen.is_terminating(existing)
    return decide("runtime", exists and not ends,
                  f"AlluxioRuntime {expected.label} "
                  f"{'is terminating' if ends else 'exists' if exists else 'does not exist'}", "one",
                  _ENDS if ends else "check name and namespace, or deploy the cache")


def phases(observed: Observed, expected: Expected) -> Promise:
    """Return whether Fluid reports masters and workers as ready. Without desired workers only the masters."""
    status = observed.status(seen.RUNTIME)
    found = {part: status.get(part + "Phase") or "absent" for part in ("master", "worker")}
    counted = ["master", "worker"] if expected.workers else ["master"]
    kept = all(found[part] == _READY for part in counted)
    missing = seen.unready(
        [*observed.component(seen.MASTER_ROLE), *observed.component(seen.WORKER_ROLE)])
    return decide(
        "runtime_phases", kept,
        f"AlluxioRuntime {expected.label} has masters {found['master']} and workers {found['worker']}",
        "both Ready" if expected.workers else "masters Ready",
        "see the pods that are not ready", found, observed.explaining(missing))


def masters(observed: Observed, expected: Expected) -> Promise:
    """Return whether all masters are ready, and no others."""
    return _component("masters", seen.MASTER_ROLE, expected.masters, observed, expected)


def workers(observed: Observed, expected: Expected) -> Promise:
    """Return whether all workers are ready, and no others."""
    return _component("workers", seen.WORKER_ROLE, expected.workers, observed, expected)


def _component(name: str, role: str, desired: int, observed: Observed, expected: Expected) -> Promise:
    pods = observed.component(role)
    ready = seen.names(seen.ready(pods))
    lost = observed.explaining(seen.unready(pods)) if len(pods) == desired else set()
    listed = ", ".join(ready) or "none"
    step = "start the nodes that are not Ready" if lost else _other_declaration(
        name, len(ready), desired, observed.known(seen.RUNTIME))
    return decide(
        name, len(ready) == desired, f"{len(ready)} {name} are ready" + (
            f" ({listed})" if len(ready) == desired else ""),
        f"{desired}: {listed}{seen.reasons(pods)}",
        step or f"read kubectl -n {expected.cache.namespace} describe pods -l "
                f"release={expected.cache.name},role={role}",
        {"ready": len(ready), "desired": desired, "pods": ready}, lost)


def _other_declaration(name: str, ready: int, desired: int, existing: dict | None) -> str:
    """Return the next step if the runtime declares another number that is ready; else an empty text."""
    declared = components(existing)[name]["desired"] if existing else desired
    if declared == desired or declared != ready:
        return ""
    option = f"{name.removesuffix('s')}_replicas"
    return (f"its AlluxioRuntime declares {declared}: set {option} (fluid_{option}) to "
            f"{declared}, or deploy the cache with {desired}")


def node_loss(observed: Observed, expected: Expected) -> Promise:
    """Return whether the quorum survives the loss of each node.

    Fluid sets no anti-affinity: masters on the container network may share a node.
    """
    hosts: dict[str, list[str]] = defaultdict(list)
    for pod in observed.component(seen.MASTER_ROLE):
        if node := pod.get("spec", {}).get("nodeName"):
            hosts[node].append(pod["metadata"]["name"])
    tolerance = fault_tolerance(expected.masters)
    fatal = {node: pods for node, pods in sorted(hosts.items()) if len(pods) > tolerance}
    text = "; ".join(f"Node {node} runs {len(pods)} of {expected.masters} masters ({', '.join(sorted(pods))})"
                     for node, pods in fatal.items())
    return decide(
        "node_loss", not fatal, text or f"{expected.masters} masters run on {len(hosts)} nodes",
        f"at most {tolerance} on each",
        "the loss of the node would lose the quorum. Spread the masters with "
        "datacache.fluid.alluxio_rollout and spread_masters",
        {"nodes": {node: len(pods) for node, pods in hosts.items()}})


def quorum(domain: str, found: Quorum | None, reason: str, observed: Observed, expected: Expected) -> Promise:
    """Return whether the group has a leader and all masters as AVAILABLE peers.

    Only the masters report that: Kubernetes and Fluid report a master as ready that is no longer a peer.
    found: the group; None if no master reported it. reason: why.
    """
    group = found or Quorum(None)
    size, desired = len(group.peers), expected.masters
    missing = {peer.address.rpartition(":")[0] for peer in group.peers if peer.state != AVAILABLE}
    pods = [pod for pod in observed.component(seen.MASTER_ROLE) if pod["metadata"]["name"] in missing]
    serving = group.leader and size == desired and group.available >= quorum_size(desired)
    lost = observed.explaining(pods) if serving and len(pods) == len(missing) else set()
    return decide(
        f"{domain.lower()}_quorum", bool(group.leader) and group.available == size == desired,
        f"The {domain} quorum of {expected.label} has leader {group.leader or 'none'} and "
        f"{group.available} of {size} peers AVAILABLE{'; ' + reason if reason else ''}"
        + (f"; not AVAILABLE: {', '.join(sorted(missing))}" if missing else ""),
        f"a leader and {desired} of {desired}",
        "start the nodes that are not Ready; the quorum serves meanwhile" if lost else
        "complete it with datacache.fluid.alluxio_quorum",
        {"leader": group.leader or "", "size": size, "available": group.available},
        lost)


def dataset(observed: Observed, expected: Expected) -> Promise:
    """Return whether the Dataset is Bound, and stays."""
    existing = observed.get(seen.DATASET)
    phase = "absent" if existing is None else dataset_phase(existing) or "absent"
    ends = seen.is_terminating(existing)
    return decide("dataset", phase == BOUND_PHASE and not ends,
                  f"Dataset {expected.label} is {phase}{' and terminating' if ends else ''}", BOUND_PHASE,
                  _ENDS if ends else
                  f"read its conditions with kubectl -n {expected.cache.namespace} describe dataset "
                  f"{expected.cache.name}", {"phase": phase})


def texts(status: Mapping[str, Any]) -> dict[str, str]:
    """Return the figures of a Dataset's status as Fluid writes them; "unknown" for an absent one."""
    cache = status.get("cacheStates") or {}
    share = cache.get("cachedPercentage") or "unknown"
    return {"total": status.get("ufsTotal") or "unknown", "cached": cache.get("cached") or "unknown",
            "capacity": cache.get("cacheCapacity") or "unknown",
            "percentage": "0.0%" if share == _NOTHING else share}


def awaited_figures(status: dict) -> str:
    """Return which figures Fluid has yet to write, as a short text; empty when all are there.

    A total that Fluid has not begun to calculate is not awaited: metadataSyncPolicy may forbid it.
    """
    found = texts(status)
    if found["total"] == CALCULATING:
        return "Fluid still calculates its total size"
    lacking = [name for name, text in found.items() if not _NUMBER.match(text)]
    return f"its status lacks {', '.join(lacking)}" if lacking and "total" not in lacking else ""


def figures(observed: Observed, expected: Expected) -> Promise:
    """Return whether the Dataset's status has all sizes. A total that is not known breaks no promise."""
    found = texts(observed.status(seen.DATASET))
    if observed.get(seen.DATASET) is not None and not _NUMBER.match(found["total"]):
        return Promise(
            "figures", UNKNOWN, f"The total size of Dataset {expected.label} is {found['total']}",
            "wait until Fluid has counted the under-store, then verify again", found)
    kept = all(map(_NUMBER.match, found.values()))
    return decide(
        "figures", kept,
        f"The status of Dataset {expected.label} is {'complete' if kept else 'incomplete'}: total size, "
        f"cached, capacity and percentage are {', '.join(found.values())}", "a number in each",
        "wait until Fluid has updated the status, then verify again", found)


def is_bound(claim: dict | None, volume: dict | None) -> bool:
    """Return whether claim and volume are Bound to each other."""
    return bool(
        claim and volume and all(
            (each.get("status") or {}).get("phase") == BOUND_PHASE for each in (claim, volume))
        and claim["spec"].get("volumeName") == volume["metadata"]["name"])


def volume(observed: Observed, expected: Expected) -> Promise:
    """Return whether the claim and the volume are Bound to each other, and stay."""
    objects = [observed.get(subject) for subject in (seen.CLAIM, seen.VOLUME)]
    found = [(observed.status(subject)).get("phase") or "absent" for subject in (seen.CLAIM, seen.VOLUME)]
    states = [f"{phase}{' and terminating' if seen.is_terminating(each) else ''}"
              for phase, each in zip(found, objects, strict=True)]
    return decide(
        "volume", is_bound(*objects) and not any(map(seen.is_terminating, objects)),
        f"Claim {expected.label} is {states[0]} and volume {volume_name(expected.cache)} is {states[1]}",
        "both Bound to each other",
        f"read kubectl -n {expected.cache.namespace} describe pvc {expected.cache.name}",
        {"claim": found[0], "volume": found[1]})
