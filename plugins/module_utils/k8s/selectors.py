# SPDX-License-Identifier: GPL-3.0-or-later
"""Label selectors of objects. Pure."""

from __future__ import annotations

from collections.abc import Mapping


def selects(selector: Mapping | None, labels: Mapping[str, str]) -> bool:
    """Return whether a LabelSelector of policy/v1 selects these labels; None selects nothing, {} everything.
    """
    if selector is None:
        return False
    return (selector.get("matchLabels") or {}).items() <= labels.items() and all(
        _matches(each, labels) for each in selector.get("matchExpressions") or [])


def _matches(expression: Mapping, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    return {"In": labels.get(key) in values, "NotIn": labels.get(key) not in values,
            "Exists": key in labels, "DoesNotExist": key not in labels}[expression["operator"]]
