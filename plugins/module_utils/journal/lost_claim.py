# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a master's pod cannot run again because a node is lost for good with its journal. Pure.

A node that is only not Ready may return with the journal. So a node counts as lost if its object does not
exist, or if a person has given it the taint of a node that is out of service.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..k8s import nodes as k8s_nodes
from ..k8s.nodes import OUT_OF_SERVICE
from ..k8s.pods import unready_reason


@dataclass(frozen=True)
class Place:
    """A master's pod, its claim, the claim's volume, as they exist; None if absent. nodes: all of them.

    name, claim_name: of pod and claim. on_claim: whether the masters have claims.
    """

    name: str
    claim_name: str
    on_claim: bool
    pod: dict | None
    claim: dict | None
    volume: dict | None
    nodes: Sequence[dict]

    @property
    def node(self) -> str:
        """The node of the pod; empty without a pod, and until it is scheduled."""
        return ((self.pod or {}).get("spec") or {}).get("nodeName") or ""

    @property
    def usable(self) -> list[dict]:
        """The nodes that are not lost."""
        return [node for node in self.nodes if not k8s_nodes.is_out_of_service(node)]

    @property
    def scheduled(self) -> bool:
        """Whether the pod is on a node that is not lost."""
        return any(k8s_nodes.name_of(node) == self.node for node in self.usable)

    @property
    def ready(self) -> bool:
        """Whether the pod is on a node that is Ready and not lost."""
        return any(k8s_nodes.name_of(node) == self.node and k8s_nodes.is_ready(node) for node in self.usable)

    @property
    def claim_goes(self) -> bool:
        """Whether the claim does not exist, or ends with the last pod that uses it."""
        return self.claim is None or bool(self.claim["metadata"].get("deletionTimestamp"))


def reason(place: Place) -> str:
    """Return why the master cannot run again with its journal; empty if it can."""
    if place.scheduled:
        return ""
    if not place.on_claim:
        return _of_node(place, place.node) if place.node else ""
    if place.claim is None:
        return f"claim {place.claim_name} does not exist"
    if place.claim_goes:
        return f"claim {place.claim_name} is terminating"
    volume_name = place.claim["spec"].get("volumeName")
    if not volume_name:
        return ""
    what = f"PersistentVolume {volume_name} of claim {place.claim_name}"
    if place.volume is None:
        return f"{what} does not exist"
    if k8s_nodes.of_volume(place.volume, place.usable):
        return ""
    out_of_service = k8s_nodes.of_volume(place.volume, place.nodes)
    if out_of_service:
        return f"{what} is on {_of_node(place, k8s_nodes.name_of(out_of_service[0]))}"
    return f"{what} is on a node that does not exist"


def refusal(place: Place) -> str:
    """Return what is observed of a master that can run again with its journal, and what to do next."""
    if place.scheduled:
        return _of_nodes(place, f"pod {place.name} is on", [
            node for node in place.usable if k8s_nodes.name_of(node) == place.node])
    if place.volume is not None:
        volume_name = place.volume["metadata"]["name"]
        what = f"PersistentVolume {volume_name} of claim {place.claim_name} can be used on"
        return _of_nodes(place, what, k8s_nodes.of_volume(place.volume, place.usable))
    why = unready_reason(place.pod) if place.pod is not None else "it does not exist yet"
    return f"pod {place.name} does not run and has no journal ({why}): make it run"


def _of_nodes(place: Place, what: str, nodes: list[dict]) -> str:
    """Return a refusal because of these nodes, at least one, which may run the pod."""
    ready = [k8s_nodes.name_of(node) for node in nodes if k8s_nodes.is_ready(node)]
    if ready:
        why = unready_reason(place.pod) if place.pod is not None else "the pod does not exist"
        return (f"{what} node {ready[0]}, which is Ready{why and f' ({why})'}: make the pod run there, and "
                "run alluxio_quorum without rebuild, which completes the quorums")
    name = k8s_nodes.name_of(nodes[0])
    return (f"{what} node {name}, which is not Ready and may return with the journal: bring it back; only if "
            f"it is lost for good, run: kubectl taint nodes {name} {OUT_OF_SERVICE}=nodeshutdown:NoExecute")


def _of_node(place: Place, name: str) -> str:
    exists = any(k8s_nodes.name_of(node) == name for node in place.nodes)
    return f"node {name}, which {f'has the taint {OUT_OF_SERVICE}' if exists else 'does not exist'}"
