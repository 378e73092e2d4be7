# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of inventory variables, as inventories, surveys of AWX and templates give them."""

from __future__ import annotations

import re

import yaml
from ansible.module_utils.parsing.convert_bool import boolean

_WHOLE = re.compile(r"\s*[-+]?\d+\s*")


def is_given(value: object) -> bool:
    """Return whether a variable has a value: null and an empty text are none."""
    return value is not None and not (isinstance(value, str) and not value.strip())


def converted(value: object, default: object) -> object:
    """Return the value with the type of the default; unchanged if it does not convert."""
    if isinstance(default, bool):
        return _as_bool(value)
    if isinstance(default, int):
        return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value
    if isinstance(default, str):
        return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if isinstance(value, str) and isinstance(default, list):
        return _as_list(value)
    if isinstance(value, str) and isinstance(default, dict):
        tree = from_yaml(value)
        return tree if isinstance(tree, dict) else value
    return value


def _as_list(text: str) -> object:
    """Return the list that YAML text holds; else its lines, or the parts of a single line between commas.

    AWX sends the answer to a question for several lines as text. Ansible splits a single line likewise.
    Text that holds a dictionary is returned unchanged.
    """
    tree = from_yaml(text)
    if isinstance(tree, list):
        return tree
    if isinstance(tree, dict):
        return text
    lines = text.strip().splitlines()
    return [part.strip() for part in (lines if len(lines) > 1 else text.split(",")) if part.strip()]


def from_yaml(text: str) -> object:
    """Return what the YAML text holds; None for text that is no YAML."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _as_bool(value: object) -> object:
    try:
        return boolean(value)
    except TypeError:
        return value
