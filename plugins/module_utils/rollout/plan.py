# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a rollout and their order. Pure.

Every step depends on what is observed now, so that the next run continues an interrupted one. A pod is
outdated when it was created from another than the desired StatefulSet revision, or before a given time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from ..alluxio import raft
from ..errors import InvalidInput
from ..fluid import names as fluid_names
from ..journal import template
from ..k8s import scheduling
from ..k8s.quantity import parse_time

CONFIGURE = "configure"
ADD = "add"
REMOVE = "remove"
RESTART = "restart"
ENSURE_COMPLETE = "ensure_complete"
RESET_PRIORITIES = "reset_priorities"

# The reason of a restart.
MOVES = "its journal moves onto a claim"

_REVISION = "controller-revision-hash"


@dataclass(frozen=True)
class Pod:
    """A master's pod. revision: that it was created from. created: its creation time in RFC 3339.

    on_claim: whether its journal is on a claim.
    """

    name: str
    index: int
    uid: str
    node: str
    revision: str
    created: str
    on_claim: bool = False


@dataclass(frozen=True)
class Step:
    """One step; pod is empty when it concerns all."""

    action: str
    pod: str
    reason: str

    def as_dict(self) -> dict:
        """Return the values as the module returns them."""
        return asdict(self)


@dataclass(frozen=True)
class Nodes:
    """Names of nodes. accepts: those that accept new masters. cordoned: the unschedulable ones."""

    accepts: frozenset[str]
    cordoned: frozenset[str]


def pods_of(name: str, objects: Iterable[dict]) -> list[Pod]:
    """Return the pods of StatefulSet <name>-master by index; other pods with its labels are left out."""
    pattern = re.compile(re.escape(name) + r"-master-(\d+)\Z")
    found = [(pattern.match(existing["metadata"]["name"]), existing) for existing in objects]
    return sorted((_pod(int(match.group(1)), existing) for match, existing in found if match),
                  key=lambda pod: pod.index)


def _pod(index: int, existing: dict) -> Pod:
    metadata = existing["metadata"]
    return Pod(metadata["name"], index, metadata["uid"], existing.get("spec", {}).get("nodeName") or "",
               (metadata.get("labels") or {}).get(_REVISION, ""), metadata.get("creationTimestamp") or "",
               template.has_claim(existing))


def revision_of(template: dict, revisions: Iterable[dict]) -> str | None:
    """Return the name of the ControllerRevision with that pod template; None without one."""
    for each in revisions:
        content = {key: value for key, value in each["data"]["spec"]["template"].items() if key != "$patch"}
        if content == template:
            return each["metadata"]["name"]
    return None


def outdated(pods: Iterable[Pod], revision: str | None, restarted_after: datetime | None) -> dict[str, str]:
    """Return the reason why each outdated pod is so, by name.

    revision: the desired one; None when a new one will be created.
    """
    reasons = {}
    for pod in pods:
        if revision is None:
            reasons[pod.name] = "its configuration changes"
        elif pod.revision != revision:
            reasons[pod.name] = f"it was created from revision {pod.revision or 'none'}, expected {revision}"
        elif restarted_after is not None and parse_time(pod.created) < restarted_after:
            reasons[pod.name] = f"it was created at {pod.created}, before {restarted_after.isoformat()}"
    return reasons


def order(pods: Iterable[Pod], names: Iterable[str], leaders: Iterable[str],
          cordoned: Iterable[str] = ()) -> list[Pod]:
    """Return the named pods in the order of their restarts.

    leaders: the pods that lead job masters and masters, in this order; they come last, since a change of
    leader interrupts clients. Of the others those on cordoned nodes come first, because a drain moves them
    anyway.
    """
    rank = {pod: place for place, pod in enumerate(leaders, start=1)}
    first, restarted = set(cordoned), set(names)
    return sorted((pod for pod in pods if pod.name in restarted),
                  key=lambda pod: (rank.get(pod.name, 0), pod.node not in first, pod.index))


def next_to_move(pods: Iterable[Pod]) -> Pod | None:
    """Return the next pod whose journal moves onto its claim, None when all have moved.

    The lowest index comes first: the StatefulSet's controller cannot give a running pod a claim, and creates
    no pod of a higher index before that succeeds (pkg/controller/statefulset, slowStartBatch).
    """
    return next((pod for pod in sorted(pods, key=lambda pod: pod.index) if not pod.on_claim), None)


def leader_candidates(pods: Iterable[Pod], departing: str, stale: Iterable[str], members: int) -> list[str]:
    """Return the pods that may take over the leadership from the departing one, the best first.

    stale: outdated pods, which would have to transfer it again. members: pods from this index on will be
    removed. Lower indexes come first: workers and FUSE pods know the addresses that existed when they
    started, and masters that were added since have higher indexes.
    """
    outdated_pods = set(stale)
    candidates = [pod for pod in pods if pod.name != departing and pod.index < members]
    return [pod.name for pod in sorted(candidates, key=lambda pod: (pod.name in outdated_pods, pod.index))]


def steps(name: str, pods: list[Pod], reasons: Mapping[str, str], members: int, desired: int, configure: str,
          leaders: Iterable[str] = (), cordoned: Iterable[str] = ()) -> list[Step]:
    """Return the complete plan, as it is known before the first step.

    reasons: of outdated(). members: the StatefulSet's replicas. configure: what changes in the configuration,
    empty when nothing does.
    """
    plan = [Step(CONFIGURE, "", configure)] if configure else []
    highest = max([members - 1, *(pod.index for pod in pods)])
    plan += [Step(REMOVE, fluid_names.master_pod(name, index), f"{desired} masters are declared")
             for index in range(highest, desired - 1, -1)]
    remaining = [pod for pod in pods if pod.index < desired]
    if members > desired or (members < desired and configure):
        reasons = {**{pod.name: "its journal's addresses change" for pod in remaining}, **reasons}
    additions = [
        Step(ADD, fluid_names.master_pod(name, index), f"{desired} masters are declared and {members} exist")
        for index in range(members, desired)]
    restarts = [
        Step(RESTART, pod.name, reasons[pod.name]) for pod in order(remaining, reasons, leaders, cordoned)]
    spare = spare_first(members) - members
    return plan + additions[:spare] + restarts + additions[spare:]


def spare_first(members: int) -> int:
    """Return how many masters there must be before one restarts: one more than members if none can be spared.

    Two masters, which kubectl can declare, lose their majority with either.
    """
    return members + 1 if raft.quorum_size(members) > members - 1 else members


def require_places(pods: list[Pod], restarts: Iterable[str], desired: int, nodes: Nodes,
                   selector: Mapping[str, str]) -> None:
    """Raise InvalidInput when a master would find no node. For masters of which no two fit on one node."""
    if len(nodes.accepts) < desired and desired > len(pods):
        raise InvalidInput(
            f"{desired} masters need {desired} schedulable nodes, since no two of them fit on one, and "
            f"{len(nodes.accepts)} accept them "
            f"({', '.join(sorted(nodes.accepts)) or 'none'}){_labels(selector)}: use fewer masters or more "
            "nodes; nothing was changed")
    places = {pod.name: pod.node for pod in pods if pod.node}
    lost = scheduling.unschedulable(places, [name for name in restarts if name in places], nodes.accepts)
    if lost:
        raise InvalidInput(
            f"{' and '.join(lost)} would find no node after its restart: no two masters fit on one, and "
            f"{' and '.join(sorted({places[each] for each in lost}))} accepts none{_labels(selector)}; "
            "uncordon it or add a node, then run this again; nothing was changed")


def _labels(selector: Mapping[str, str]) -> str:
    labels = ", ".join(f"{key}={value}" for key, value in sorted(selector.items()))
    return labels and f" with labels {labels}"


def warnings_of(pods: list[Pod], nodes: Nodes) -> list[str]:
    """Return a warning for each node whose loss or drain costs the quorum."""
    places = {pod.name: pod.node for pod in pods if pod.node}
    lines = []
    for node in scheduling.majority_hosts(places, raft.quorum_size(len(pods))):
        names = " and ".join(sorted(name for name, place in places.items() if place == node))
        remedy = (", and it is cordoned: do not drain it before this rollout has moved the outdated ones of "
                  "them one at a time" if node in nodes.cordoned else "; spread_masters keeps masters apart")
        lines.append(f"node {node} runs {names}: its loss is the loss of the quorum{remedy}")
    return lines
