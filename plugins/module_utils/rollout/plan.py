# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout has to do, and in which order. Pure.

Every step is decided from what is seen now, never from what an earlier run meant to do, so that a run goes on where another
one was cut off. A pod is outdated when the StatefulSet has a newer revision than the one it was made from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Iterable, Mapping

from ..alluxio import raft
from ..errors import InvalidInput
from ..fluid import names as fluid_names
from ..k8s import scheduling

CONFIGURE = "configure"
ADD = "add"
REMOVE = "remove"
RESTART = "restart"
SETTLE = "settle"

_REVISION = "controller-revision-hash"


@dataclass(frozen=True)
class Pod:
    """A master's pod. created: when, as Kubernetes writes it (RFC 3339)."""

    name: str
    index: int
    uid: str
    node: str
    revision: str
    created: str


@dataclass(frozen=True)
class Step:
    """One thing to do; pod is empty when it concerns all."""

    action: str
    pod: str
    reason: str

    def as_dict(self) -> dict:
        return {"act": self.action, "pod": self.pod, "reason": self.reason}


@dataclass(frozen=True)
class Nodes:
    """takes: the nodes that take new masters. cordoned: the others that exist."""

    accepts: frozenset[str]
    cordoned: frozenset[str]


def pods_of(name: str, objects: Iterable[dict]) -> list[Pod]:
    """Return the pods of StatefulSet <name>-master by their index; others that carry the labels are left out."""
    pattern = re.compile(re.escape(name) + r"-master-(\d+)\Z")
    found = [(pattern.match(existing["metadata"]["name"]), existing) for existing in objects]
    return sorted((_pod(int(match.group(1)), existing) for match, existing in found if match), key=lambda pod: pod.index)


def _pod(index: int, existing: dict) -> Pod:
    metadata = existing["metadata"]
    return Pod(metadata["name"], index, metadata["uid"], existing.get("spec", {}).get("nodeName") or "",
               (metadata.get("labels") or {}).get(_REVISION, ""), metadata.get("creationTimestamp") or "")


def moment(text: str) -> datetime:
    """Return the time that an RFC 3339 text stands for. Raises InvalidInput for another text or one without a zone."""
    try:
        found = datetime.fromisoformat(re.sub(r"[zZ]\Z", "+00:00", text))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidInput(
            f"restarted_after is {text!r}: expected a time with its zone as RFC 3339 writes it, such as 2026-11-24T18:00:00Z")
    return found


def revision_of(template: dict, revisions: Iterable[dict]) -> str | None:
    """Return the name of the ControllerRevision that holds that pod template, or None."""
    for each in revisions:
        held = {key: value for key, value in each["data"]["spec"]["template"].items() if key != "$patch"}
        if held == template:
            return each["metadata"]["name"]
    return None


def outdated(pods: Iterable[Pod], revision: str | None, restarted_after: datetime | None) -> dict[str, str]:
    """Return why each outdated pod is so, by its name. revision: the wanted one; None when a new one is about to come."""
    reasons = {}
    for pod in pods:
        if revision is None:
            reasons[pod.name] = "its configuration changes"
        elif pod.revision != revision:
            reasons[pod.name] = f"it was made from revision {pod.revision or 'none'}, and {revision} is wanted"
        elif restarted_after is not None and moment(pod.created) < restarted_after:
            reasons[pod.name] = f"it was made at {pod.created}, before {restarted_after.isoformat()}"
    return reasons


def order(pods: Iterable[Pod], names: Iterable[str], leaders: Iterable[str], cordoned: Iterable[str] = ()) -> list[Pod]:
    """Return the named pods in the order of their restarts.

    leaders: the pods that lead job masters and masters, in this order; they come last, since a change of leader interrupts
    clients. Among the others those whose node is being emptied come first: they have to move anyway.
    """
    rank = {pod: place for place, pod in enumerate(leaders, start=1)}
    unavailable = set(cordoned)
    desired = set(names)
    return sorted((pod for pod in pods if pod.name in desired),
                  key=lambda pod: (rank.get(pod.name, 0), pod.node not in unavailable, pod.index))


def leader_candidates(pods: Iterable[Pod], terminating: str, stale: Iterable[str], members: int) -> list[str]:
    """Return the pods that may take over the leadership from the leaving one, the best first.

    stale: outdated pods, which would have to hand over once more. members: pods from this index on are to go. Lower indexes
    come first: workers and FUSE pods know the addresses of their own start, and masters that were added since have higher ones.
    """
    old = set(stale)
    able = [pod for pod in pods if pod.name != terminating and pod.index < members]
    return [pod.name for pod in sorted(able, key=lambda pod: (pod.name in old, pod.index))]


def steps(name: str, pods: list[Pod], reasons: Mapping[str, str], members: int, desired: int, configure: str,
          leaders: Iterable[str] = (), cordoned: Iterable[str] = ()) -> list[Step]:
    """Return the whole plan, as it is known before the first step.

    reasons: of outdated(). members: the StatefulSet's replicas. configure: what changes in the configuration, empty when nothing.
    """
    plan = [Step(CONFIGURE, "", configure)] if configure else []
    highest = max([members - 1, *(pod.index for pod in pods)])
    plan += [Step(REMOVE, fluid_names.master_pod(name, index), f"{desired} masters are declared")
             for index in range(highest, desired - 1, -1)]
    staying = [pod for pod in pods if pod.index < desired]
    why = reasons if members == desired else {**{pod.name: "its journal's addresses change" for pod in staying}, **reasons}
    plan += [Step(RESTART, pod.name, why[pod.name]) for pod in order(staying, why, leaders, cordoned)]
    plan += [Step(ADD, fluid_names.master_pod(name, index), f"{desired} masters are declared and {members} exist")
             for index in range(members, desired)]
    return plan


def require_places(pods: list[Pod], restarts: Iterable[str], desired: int, nodes: Nodes, selector: Mapping[str, str]) -> None:
    """Raise InvalidInput when no two masters fit on one node and some would find none."""
    if len(nodes.accepts) < desired and desired > len(pods):
        raise InvalidInput(
            f"{desired} masters need {desired} schedulable nodes, since no two of them fit on one, and {len(nodes.accepts)} take them "
            f"({', '.join(sorted(nodes.accepts)) or 'none'}){_labels(selector)}: use fewer masters or more nodes; nothing was changed")
    places = {pod.name: pod.node for pod in pods if pod.node}
    lost = scheduling.unschedulable(places, [name for name in restarts if name in places], nodes.accepts)
    if lost:
        raise InvalidInput(
            f"{' and '.join(lost)} would find no node after its restart: no two masters fit on one, and "
            f"{' and '.join(sorted({places[each] for each in lost}))} takes none{_labels(selector)}; uncordon it or add a node, then run "
            "this again; nothing was changed")


def _labels(selector: Mapping[str, str]) -> str:
    return " with labels %s" % ", ".join("%s=%s" % pair for pair in sorted(selector.items())) if selector else ""


def warnings_of(pods: list[Pod], nodes: Nodes) -> list[str]:
    """Say where one node's loss or drain costs the quorum."""
    places = {pod.name: pod.node for pod in pods if pod.node}
    lines = []
    for node in scheduling.majority_hosts(places, raft.quorum_size(len(pods))):
        on_it = sorted(name for name, place in places.items() if place == node)
        lines.append("node %s runs %s: its loss is the loss of the quorum%s" % (
            node, " and ".join(on_it), ", and it is being emptied; they are moved one at a time if they are outdated, so do not drain it "
            "before" if node in nodes.cordoned else "; spread_masters keeps masters apart"))
    return lines
