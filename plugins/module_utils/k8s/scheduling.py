# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes that accept pods, and pods that find none. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from . import nodes as k8s_nodes
from .pods import is_ready, is_unschedulable

_REPELLING = ("NoSchedule", "NoExecute")


@dataclass(frozen=True)
class Demands:
    """What pods demand of their node.

    selector: labels. tolerations: of taints. terms: those of the required node affinity; None without one.
    """

    selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: Sequence[dict] = ()
    terms: Sequence[dict] | None = None


def demands_of(spec: dict) -> Demands:
    """Return the demands of pods with this spec."""
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return Demands(spec.get("nodeSelector") or {}, spec.get("tolerations") or [],
                   (required.get("nodeSelectorTerms") or []) if required else None)


def accepts(node: dict, demands: Demands) -> bool:
    """Return whether pods with these demands can be scheduled to the node, and run there."""
    return not refusal(node, demands)


def refusal(node: dict, demands: Demands) -> str:
    """Return why the node accepts no pods with these demands, as a predicate of the node; empty if it does.
    """
    if node.get("spec", {}).get("unschedulable"):
        return "is cordoned"
    if k8s_nodes.is_unready(node):
        return "is not Ready"
    return _mismatch(node, demands)


def _mismatch(node: dict, demands: Demands) -> str:
    """Return the taint, label or affinity by which the node refuses the pods; empty without one."""
    taint = next((each for each in node.get("spec", {}).get("taints") or []
                  if each.get("effect") in _REPELLING and not _tolerated(each, demands.tolerations)), None)
    if taint is not None:
        return f"has the taint {taint.get('key')}:{taint.get('effect')}, which is not tolerated"
    labels = node["metadata"].get("labels") or {}
    missing = [f"{key}={value}" for key, value in demands.selector.items() if labels.get(key) != str(value)]
    if missing:
        return f"lacks the label {missing[0]}"
    if demands.terms is not None and not k8s_nodes.matches(demands.terms, node):
        return "does not match the required node affinity"
    return ""


def lost_places(pods: Iterable[dict], nodes: Iterable[dict]) -> dict[str, str]:
    """Return why each of the pods that cannot run until a node returns cannot, by the pods' names.

    Such a pod is on a node that is gone or down, or no node accepts it while one that would is cordoned or
    down. Another pod that is not ready may become so, and is left out.
    """
    by_name = {k8s_nodes.name_of(node): node for node in nodes}
    reasons = {pod["metadata"]["name"]: _lost_place(pod, by_name) for pod in pods}
    return {name: reason for name, reason in reasons.items() if reason}


def _lost_place(pod: dict, nodes: Mapping[str, dict]) -> str:
    if is_ready(pod):
        return ""
    name = pod.get("spec", {}).get("nodeName")
    if name:
        return f"node {name} {_down(nodes.get(name))}" if _down(nodes.get(name)) else ""
    if not is_unschedulable(pod):
        return ""
    demands = demands_of(pod.get("spec", {}))
    reasons = [f"{name} {closed(node)}" for name, node in nodes.items()
               if closed(node) and would_accept(node, demands)]
    return f"no node accepts it while {' and '.join(reasons)}" if reasons else ""


def would_accept(node: dict, demands: Demands) -> bool:
    """Return whether the node accepts pods with these demands whenever it is healthy and not cordoned."""
    return not _mismatch(_repaired(node), demands)


def _down(node: dict | None) -> str:
    """Return why a node runs no pods, as a predicate of the node; empty if it may run them."""
    if node is None:
        return "does not exist"
    if k8s_nodes.is_out_of_service(node):
        return f"has the taint {k8s_nodes.OUT_OF_SERVICE}"
    return "is not Ready" if k8s_nodes.is_unready(node) else ""


def closed(node: dict) -> str:
    """Return why a node accepts no pods for now, as a predicate of the node; empty if it accepts some."""
    if node.get("spec", {}).get("unschedulable"):
        return "is cordoned"
    failures = [taint["key"] for taint in node.get("spec", {}).get("taints") or []
                if _is_failure(taint) and taint.get("effect") in _REPELLING]
    return _down(node) or (f"has the taint {failures[0]}" if failures else "")


def _is_failure(taint: dict) -> bool:
    """Return whether Kubernetes gave the node the taint for its state, such as a full disk
    (kubernetes.io/docs/reference/labels-annotations-taints).
    """
    return (taint.get("key") or "").startswith("node.kubernetes.io/")


def _repaired(node: dict) -> dict:
    """Return the node as it would be without the taints of its state."""
    spec = node.get("spec", {})
    return {**node, "spec": {**spec, "taints": [
        taint for taint in spec.get("taints") or [] if not _is_failure(taint)]}}


def _tolerated(taint: dict, tolerations: Iterable[dict]) -> bool:
    return any(
        each.get("effect") in (None, "", taint.get("effect"))
        and (
            each.get("key") == taint.get("key") or (not each.get("key") and each.get("operator") == "Exists"))
        and (each.get("operator") == "Exists" or (each.get("value") or "") == (taint.get("value") or ""))
        for each in tolerations)


def unschedulable(places: Mapping[str, str], pods: Iterable[str], nodes: Iterable[str]) -> list[str]:
    """Return those of the pods that no node would accept after their deletion, if no two fit on one node.

    places: the node of each master. nodes: those that accept masters.
    """
    return [pod for pod in pods if not set(nodes) - {node for other, node in places.items() if other != pod}]


def majority_hosts(places: Mapping[str, str], majority: int) -> list[str]:
    """Return the nodes whose loss leaves fewer masters than the majority."""
    return sorted(node for node, count in Counter(places.values()).items() if len(places) - count < majority)
