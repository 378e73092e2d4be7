# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of registered results, whatever was given in their place. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


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
    """Return a finite number; None for another value."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def count(value: Any) -> int:
    """Return a number of things; 0 for another value."""
    return max(0, int(number(value) or 0))
