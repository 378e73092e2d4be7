# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that are lost for good, that run no pods now, or that match the terms of an affinity. Pure."""

from __future__ import annotations

from collections.abc import Iterable

# The taint by which a person declares that a node is shut down and its pods run no more
# (kubernetes.io/docs/concepts/cluster-administration/node-shutdown/#non-graceful-node-shutdown).
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


def is_out_of_service(node: dict) -> bool:
    """Return whether the node has the taint."""
    return any(taint.get("key") == OUT_OF_SERVICE for taint in node.get("spec", {}).get("taints") or [])


def is_ready(node: dict) -> bool:
    """Return whether the node's Ready condition is true."""
    conditions = node.get("status", {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def is_unready(node: dict) -> bool:
    """Return whether the node is known not to run pods: its Ready condition exists and is not true."""
    conditions = node.get("status", {}).get("conditions") or []
    return any(each["type"] == "Ready" for each in conditions) and not is_ready(node)


def name_of(node: dict) -> str:
    """Return the node's name."""
    return node["metadata"]["name"]


def of_volume(volume: dict, nodes: Iterable[dict]) -> list[dict]:
    """Return the nodes that the node affinity of a PersistentVolume permits; all of them without one."""
    required = (volume.get("spec", {}).get("nodeAffinity") or {}).get("required")
    if not required:
        return list(nodes)
    return [node for node in nodes if matches(required.get("nodeSelectorTerms") or [], node)]


def matches(terms: Iterable[dict], node: dict) -> bool:
    """Return whether a node meets at least one of these nodeSelectorTerms; without a term it does not."""
    return any(_matches(term, node) for term in terms)


def _matches(term: dict, node: dict) -> bool:
    """Return whether a node meets all requirements of a term; an empty term matches no node."""
    labels, fields = node["metadata"].get("labels") or {}, {"metadata.name": name_of(node)}
    requirements = [(each, labels.get(each["key"])) for each in term.get("matchExpressions") or []]
    requirements += [(each, fields.get(each["key"])) for each in term.get("matchFields") or []]
    return bool(requirements) and all(_meets(each, value) for each, value in requirements)


def _meets(requirement: dict, value: str | None) -> bool:
    """Return whether a value meets a requirement. An unknown operator is met: the node may be a match."""
    operator, values = requirement.get("operator"), requirement.get("values") or []
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    if operator == "Exists":
        return value is not None
    if operator == "DoesNotExist":
        return value is None
    if operator in ("Gt", "Lt"):
        return _compares(operator, value, values)
    return True


def _compares(operator: str, value: str | None, values: list[str]) -> bool:
    """Return whether the value is above or below the requirement's only one; both must be integers
    (k8s.io/apimachinery/pkg/labels/selector.go).
    """
    try:
        found, limit = int(value or ""), int(*values)
    except (TypeError, ValueError):
        return False
    return found > limit if operator == "Gt" else found < limit
