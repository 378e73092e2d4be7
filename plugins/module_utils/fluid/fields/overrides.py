# SPDX-License-Identifier: GPL-3.0-or-later
"""The option spec_overrides: fields of a spec in Kubernetes' own form, below the other options. Pure."""

from __future__ import annotations

from typing import Any

from ...errors import InvalidInput


def require_valid(overrides: dict | None, always_set: dict[str, str]) -> None:
    """Raise InvalidInput for a field that an option always sets, because the override would have no effect.

    always_set: the options, by the fields they set, as keys joined with dots.
    """
    for path, option in always_set.items():
        value: Any = overrides
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            raise InvalidInput(
                f"spec_overrides sets {path} to {value!r}, which {option} always sets: use {option}")


def merged(overrides: dict | None, spec: dict) -> dict:
    """Return the spec of the options with the fields that only the overrides have. A list is one field."""
    result = dict(overrides or {})
    for key, value in spec.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result
