# SPDX-License-Identifier: GPL-3.0-or-later
"""The option spec_overrides: fields of a spec in Kubernetes' own form, below the other options. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ...errors import InvalidInput
from .table import Table, read

_Result = TypeVar("_Result")
# What values of other types than their fields' raise.
_OTHER_TYPES = (AttributeError, TypeError, ValueError)


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


def require_as_options(table: Table, params: dict, require: Callable[[dict], None]) -> None:
    """Raise InvalidInput for overrides that are refused as options, because Fluid reads both alike.

    require: raises InvalidInput for options. The API server refuses a value of another type than its field's.
    """
    if not params.get("spec_overrides"):
        return
    try:
        require(_above(read(table, params["spec_overrides"]), params))
    except InvalidInput as err:
        raise InvalidInput(f"spec_overrides, read as options: {err}") from err
    except KeyError as err:
        raise InvalidInput(f"spec_overrides has an element without the field of the option {err.args[0]}: "
                           "add it") from err
    except _OTHER_TYPES:
        return


def applied(table: Table, params: dict, use: Callable[[dict], _Result]) -> _Result:
    """Return what use makes of the options above those of spec_overrides.

    Of the options alone if the overrides have values of other types, which the API server refuses.
    """
    try:
        return use(_above(read(table, params.get("spec_overrides") or {}), params))
    except (KeyError, *_OTHER_TYPES):
        return use(params)


def _above(below: dict, given: dict) -> dict:
    """Return the options that are given, and those of the overrides below them."""
    result = dict(below)
    for option, value in given.items():
        other = result.get(option)
        if isinstance(other, dict) and isinstance(value, dict):
            result[option] = _above(other, value)
        elif value is not None or option not in result:
            result[option] = value
    return result


def merged(overrides: dict | None, spec: dict) -> dict:
    """Return the spec of the options with the fields that only the overrides have. A list is one field."""
    result = dict(overrides or {})
    for key, value in spec.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result
