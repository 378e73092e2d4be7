# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of the options that are maps of text, in which nested keys are a mistake. Pure."""

from __future__ import annotations

from typing import Any

from ...errors import InvalidInput
from ..manifest import text_map
from .table import Field, Table

# The metadata that each kind's options have.
METADATA: dict[str, Field] = {option: Field(option, text_map) for option in ("labels", "annotations")}


def require_texts(table: Table, options: dict, where: str = "") -> None:
    """Raise InvalidInput, naming the key, for a mapping or a list as a value of a map of text.

    where: the path of the options, with a dot at its end.
    """
    for option, field in table.items():
        value = options.get(option)
        if field.convert is text_map:
            _require_text_map(f"{where}{option}", value or {})
        elif field.fields and isinstance(value, dict):
            require_texts(field.fields, value, f"{where}{option}.")
        elif field.fields and value:
            for number, each in enumerate(value):
                require_texts(field.fields, each, f"{where}{option}[{number}].")


def _require_text_map(where: str, values: dict) -> None:
    for key, value in values.items():
        if isinstance(value, (dict, list)):
            raise InvalidInput(
                f"{where}.{key} is {'a mapping' if isinstance(value, dict) else 'a list'}: expected text, a "
                f"number or a boolean{_hint(str(key), value)}")


def _hint(key: str, value: Any) -> str:
    """Return how the first of nested keys is written as one; empty for a list."""
    while isinstance(value, dict) and value:
        inner, value = next(iter(value.items()))
        key = f"{key}.{inner}"
    return f"; write nested keys as one, such as {key}: ..." if "." in key else ""
