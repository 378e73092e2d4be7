# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of tolerations and node selectors, which no module option describes in depth. Pure.

The rules are those of the API server for pods (k8s.io/kubernetes, pkg/apis/core/validation). Fluid copies
both into pods, and an invalid one shows only there, as a StatefulSet without pods.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from ..errors import InvalidInput
from .names import require_label_key, require_label_value

_TOLERATION = ("key", "operator", "value", "effect", "tolerationSeconds")
_TOLERATES = ("Exists", "Equal")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_REQUIREMENT = ("key", "operator", "values")
_REQUIRES = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
_WITHOUT_VALUES = ("Exists", "DoesNotExist")
_BOUNDS = ("Gt", "Lt")
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}\Z", re.ASCII)
_NODE_NAME = "metadata.name"


def require_placement(params: dict) -> None:
    """Raise InvalidInput for the options tolerations and node_affinity that no pod can have."""
    for number, each in enumerate(params.get("tolerations") or []):
        _require_toleration(f"tolerations[{number}]", each)
    if params.get("node_affinity"):
        _require_node_selector("node_affinity", params["node_affinity"])


def _require_toleration(where: str, toleration: dict) -> None:
    _require_keys(where, toleration, _TOLERATION)
    for key in ("key", "operator", "value", "effect"):
        _require_text(f"{where}.{key}", toleration.get(key))
    _require_one_of(f"{where}.operator", toleration.get("operator") or "Equal", _TOLERATES)
    _require_one_of(f"{where}.effect", toleration.get("effect") or _EFFECTS[0], _EFFECTS)
    exists = toleration.get("operator") == "Exists"
    if exists and toleration.get("value"):
        raise InvalidInput(f"{where} has the operator Exists and the value {toleration['value']!r}: leave "
                           "the value out, or use the operator Equal")
    if not exists and not toleration.get("key"):
        raise InvalidInput(f"{where} has no key: add one, or use the operator Exists to tolerate every taint")
    if toleration.get("key"):
        require_label_key(f"{where}.key", toleration["key"])
    require_label_value(f"{where}.value", toleration.get("value"))
    seconds = toleration.get("tolerationSeconds")
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int)):
        raise InvalidInput(f"{where}.tolerationSeconds is {seconds!r}: expected a whole number")
    if seconds is not None and toleration.get("effect") != "NoExecute":
        raise InvalidInput(f"{where} has tolerationSeconds without the effect NoExecute: add the effect, or "
                           "leave tolerationSeconds out")


def _require_node_selector(where: str, selector: dict) -> None:
    _require_keys(where, selector, ("nodeSelectorTerms",))
    terms = _require_list(f"{where}.nodeSelectorTerms", selector.get("nodeSelectorTerms"))
    if not terms:
        raise InvalidInput(f"{where}.nodeSelectorTerms is empty: expected at least one term, such as "
                           "{matchExpressions: [{key: disk, operator: In, values: [ssd]}]}")
    for number, term in enumerate(terms):
        place = f"{where}.nodeSelectorTerms[{number}]"
        _require_keys(place, term, ("matchExpressions", "matchFields"))
        for part, require in (("matchExpressions", _require_of_label), ("matchFields", _require_of_name)):
            for index, each in enumerate(_require_list(f"{place}.{part}", term.get(part))):
                _require_requirement(f"{place}.{part}[{index}]", each)
                require(f"{place}.{part}[{index}]", each)


def _require_requirement(where: str, requirement: Any) -> None:
    _require_keys(where, requirement, _REQUIREMENT)
    _require_text(f"{where}.key", requirement.get("key"))
    if not requirement.get("key"):
        raise InvalidInput(f"{where} has no key: expected the label of a node")
    operator = requirement.get("operator")
    _require_one_of(f"{where}.operator", operator, _REQUIRES)
    values = _require_list(f"{where}.values", requirement.get("values"))
    for number, value in enumerate(values):
        _require_text(f"{where}.values[{number}]", value)
    if (operator in _WITHOUT_VALUES) == bool(values):
        raise InvalidInput(f"{where} has the operator {operator} and {len(values)} values: expected "
                           f"{'none' if operator in _WITHOUT_VALUES else 'at least one'}")


def _require_of_label(where: str, requirement: dict) -> None:
    """Check a requirement of the labels of a node, whose form is valid."""
    require_label_key(f"{where}.key", requirement["key"])
    operator, values = requirement["operator"], requirement.get("values") or []
    if operator in _BOUNDS and (len(values) != 1 or not _WHOLE.match(values[0])):
        raise InvalidInput(f"{where} has the operator {operator} and the values {values!r}: expected one "
                           "whole number, in quotes")
    if operator not in _BOUNDS:
        for number, value in enumerate(values):
            require_label_value(f"{where}.values[{number}]", value)


def _require_of_name(where: str, requirement: dict) -> None:
    """Check a requirement of the name of a node, the only field that pods can require of one."""
    if requirement["key"] != _NODE_NAME:
        raise InvalidInput(f"{where} has the key {requirement['key']}: expected {_NODE_NAME}; use "
                           "matchExpressions for labels")
    operator, values = requirement["operator"], requirement.get("values") or []
    if operator not in ("In", "NotIn") or len(values) != 1:
        raise InvalidInput(f"{where} has the operator {operator} and {len(values)} values: expected In or "
                           "NotIn, and one name")


def _require_keys(where: str, found: Any, known: Collection[str]) -> None:
    if not isinstance(found, Mapping):
        raise InvalidInput(f"{where} is no dictionary: expected the keys {', '.join(known)}")
    if unknown := sorted(str(key) for key in found if key not in known):
        raise InvalidInput(f"{where} has the unknown key {unknown[0]!r}: expected {', '.join(known)}")


def _require_text(where: str, value: Any) -> None:
    if value is not None and not isinstance(value, str):
        raise InvalidInput(f"{where} is {value!r}: expected a text, in quotes where YAML reads another type")


def _require_one_of(where: str, value: Any, known: Collection[str]) -> None:
    if value not in known:
        raise InvalidInput(f"{where} is {value!r}: expected one of {', '.join(known)}")


def _require_list(where: str, value: Any) -> list:
    if value is not None and not isinstance(value, list):
        raise InvalidInput(f"{where} is {value!r}: expected a list")
    return value or []
