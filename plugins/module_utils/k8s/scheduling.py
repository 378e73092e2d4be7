# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes that accept masters, and whether a restarted master finds one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

_REPELLING = ("NoSchedule", "NoExecute")


def accepts(node: dict, selector: Mapping[str, str], tolerations: Iterable[dict] = ()) -> bool:
    """Return whether pods with the node selector and the tolerations can be scheduled to the node."""
    spec = node.get("spec", {})
    labels = node["metadata"].get("labels") or {}
    repelled = any(taint.get("effect") in _REPELLING and not _tolerated(taint, tolerations)
                   for taint in spec.get("taints") or [])
    return not spec.get("unschedulable") and not repelled and all(
        labels.get(key) == str(value) for key, value in selector.items())


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
