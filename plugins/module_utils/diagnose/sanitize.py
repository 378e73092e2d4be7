# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects and texts without credentials, before a rule or the archive sees them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..redaction import HIDDEN, is_sensitive, masked_text, secrets_within

# A shorter value ("true") would hide unrelated text.
_SHORTEST = 6
# Keys that name a Secret or describe one, and hold no value of it.
_NAMES = frozenset({"secretName", "secretNamespace", "tokenExpirationSeconds"})
_PAIR = {"name", "value"}


def secrets_of(tree: Any) -> set[str]:
    """Return the values in a tree that are credentials by their key, to be hidden wherever they occur."""
    return {each for each in [*secrets_within(tree), *_values(tree)] if len(each) >= _SHORTEST}


def _values(tree: Any, flag: bool = False) -> Iterable[str]:
    if isinstance(tree, dict):
        named = _is_credential_variable(tree)
        for key, value in tree.items():
            hidden = _hides(str(key), value) or (named and key == "value")
            yield from [value] if hidden and isinstance(value, str) else _values(value)
    elif isinstance(tree, list):
        for previous, each in zip([None, *tree], tree, strict=False):
            if isinstance(each, str) and _is_flag(previous):
                yield each
            else:
                yield from _values(each)


def clean(tree: Any, secrets: Iterable[str] = ()) -> Any:
    """Return a tree of JSON without credentials, managedFields and records of what was applied last."""
    if isinstance(tree, dict):
        named = _is_credential_variable(tree)
        return {key: HIDDEN if value and (_hides(str(key), value) or (named and key == "value"))
                else clean(value, secrets) for key, value in tree.items() if not _is_record(str(key))}
    if isinstance(tree, list):
        return [HIDDEN if isinstance(each, str) and _is_flag(previous) else clean(each, secrets)
                for previous, each in zip([None, *tree], tree, strict=False)]
    return masked_text(tree, secrets) if isinstance(tree, str) else tree


def _hides(key: str, value: Any) -> bool:
    return isinstance(value, str) and is_sensitive(key) and key not in _NAMES


def _is_credential_variable(tree: dict) -> bool:
    """Return whether a tree is a variable, {name, value}, whose name is that of a credential."""
    return tree.keys() >= _PAIR and isinstance(tree["name"], str) and is_sensitive(tree["name"])


def _is_flag(text: Any) -> bool:
    """Return whether an argument of a command is a flag whose value follows, such as --secret-key."""
    return isinstance(text, str) and text.startswith("-") and "=" not in text and is_sensitive(text)


def _is_record(key: str) -> bool:
    return key == "managedFields" or key.endswith(("/last-applied", "/last-applied-configuration"))
