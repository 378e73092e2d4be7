# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of registered results, whatever was given in their place. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Beyond these sizes a number is no measurement: scales and quotients of such numbers are not finite.
_LARGEST, _LEAST = 1e18, 1e-9


def mapping(value: Any) -> dict:
    """Return a dictionary; {} for another value."""
    return dict(value) if isinstance(value, Mapping) else {}


def mappings(value: Any) -> list[dict]:
    """Return the dictionaries of a list; none for another value."""
    return [dict(each) for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """Return the elements of a list as text; none for another value."""
    return [str(each) for each in value] if isinstance(value, list) else []


def text(value: Any) -> str:
    """Return a text; empty for null, a dictionary or a list."""
    return "" if value is None or isinstance(value, (Mapping, list)) else str(value)


def number(value: Any) -> float | None:
    """Return a number that may be measured; None for another value."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    if not abs(found) <= _LARGEST:
        return None
    return found if abs(found) >= _LEAST else 0.0


def count(value: Any) -> int:
    """Return a number of things; 0 for another value."""
    return max(0, int(number(value) or 0))
