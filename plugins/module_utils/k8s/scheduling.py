# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes that accept masters, and whether a restarted master finds one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from . import nodes as k8s_nodes

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
