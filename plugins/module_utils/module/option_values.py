# SPDX-License-Identifier: GPL-3.0-or-later
"""Options as templates and surveys give them: an empty text is no value, a list or dictionary may be YAML.

Ansible converts text to numbers and truth values itself, but refuses an empty text for these, and splits the
text of a list at its commas.
"""

from __future__ import annotations

from typing import Any

# What selects the objects or permits a deletion: the modules refuse an empty text for it.
_KEPT = ("name", "namespace", "recreate")
_TREES = {"list": list, "dict": dict}


def given(options: dict, spec: dict) -> dict:
    """Return the options that have a value, for Ansible to validate. spec: their argument spec."""
    by_name = {name: option
               for key, option in spec.items() for name in (key, *(option.get("aliases") or []))}
    return {key: value if key not in by_name else _read(value, by_name[key]) for key, value in options.items()
            if key in _KEPT or key not in by_name or not _is_empty(value, by_name[key])}


def _is_empty(value: Any, option: dict) -> bool:
    """Return whether a value is an empty text. It is one for an option of any type (raw), or a required one.
    """
    return (isinstance(value, str) and not value.strip() and option.get("type") != "raw"
            and not option.get("required"))


def _read(value: Any, option: dict) -> Any:
    kind, options = option.get("type"), option.get("options")
    value = _tree(value, kind)
    if isinstance(value, list):
        return [_read(each, {"type": option.get("elements"), "options": options}) for each in value]
    return given(value, options) if options and isinstance(value, dict) else value


def _tree(value: Any, kind: str | None) -> Any:
    """Return the list or dictionary that a text of YAML holds; another value as it is."""
    if kind not in _TREES or not isinstance(value, str):
        return value
    try:
        import yaml  # a requirement of the kubernetes package, whose absence api/connection.py reports
    except ImportError:
        return value
    try:
        found = yaml.safe_load(value)
    except yaml.YAMLError:
        return value
    return found if isinstance(found, _TREES[kind]) else value
