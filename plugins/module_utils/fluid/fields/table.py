# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables that map the options of a module to the fields of a spec. Pure.

A test compares the tables with the definitions of Fluid's kinds, so that no field lacks an option.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


def as_given(value: Any) -> Any:
    """Return the value of an option whose field has the same form."""
    return value


@dataclass(frozen=True)
class Field:
    """The field of an option.

    path: its keys, joined with dots; "[]" after a key marks a list, whose elements come from those of the
    option. fields: those of the option's suboptions. convert: returns the field's value for the option's;
    without fields the value has the field's own form below the path.
    """

    path: str
    convert: Callable[[Any], Any] = as_given
    fields: Mapping[str, Field] | None = None


Table = Mapping[str, Field]
_LIST = "[]"


def render(table: Table, options: dict) -> dict:
    """Return the fields of the options that are given; a dictionary without a given suboption has none."""
    result: dict = {}
    for option, field in table.items():
        value = options.get(option)
        if value is not None:
            value = _converted(field, value)
        if value is not None:
            _put(result, field.path, value)
    return result


def _converted(field: Field, value: Any) -> Any:
    if field.fields is None:
        return field.convert(value)
    if isinstance(value, list):
        return [render(field.fields, each) for each in value]
    return render(field.fields, value) or None


def _put(target: dict, path: str, value: Any) -> None:
    key, _dot, rest = path.partition(".")
    if key.endswith(_LIST):
        target[key.removesuffix(_LIST)] = [_nested(rest, each) for each in value]
    elif rest:
        _put(target.setdefault(key, {}), rest, value)
    elif isinstance(value, dict):
        target[key] = {**target.get(key, {}), **value}
    else:
        target[key] = value


def _nested(path: str, value: Any) -> Any:
    if not path:
        return value
    target: dict = {}
    _put(target, path, value)
    return target


def read(table: Table, spec: dict) -> dict:
    """Return the options that render to a spec, without those that it does not have.

    A value of another form than its field's stays as it is.
    """
    found = {option: _read(field, _taken(spec, field.path)) for option, field in table.items()}
    return {option: value for option, value in found.items() if value is not None}


def _read(field: Field, value: Any) -> Any:
    if field.fields is None or not isinstance(value, (dict, list)):
        return value
    if isinstance(value, dict):
        return read(field.fields, value)
    return [_read(field, each) for each in value]


def _taken(tree: Any, path: str) -> Any:
    """Return the value at a path; None if there is none, and for another form above it."""
    key, _dot, rest = path.partition(".")
    if not isinstance(tree, dict):
        return None
    value = tree.get(key.removesuffix(_LIST))
    if not rest:
        return value
    if not key.endswith(_LIST):
        return _taken(value, rest)
    return [_taken(each, rest) for each in value] if isinstance(value, list) else None


def paths(table: Table, options: str = "", fields: str = "") -> Iterator[tuple[str, str]]:
    """Yield the option and the field of each entry without suboptions, both with all names above them."""
    for option, field in table.items():
        option_path, path = _join(options, option), _join(fields, field.path)
        if field.fields is None:
            yield option_path, path
        else:
            yield from paths(field.fields, option_path, path)


def _join(above: str, name: str) -> str:
    return f"{above}.{name}" if above else name
