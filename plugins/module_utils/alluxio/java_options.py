# SPDX-License-Identifier: GPL-3.0-or-later
"""A string of Java options, as Fluid renders it into a runtime's ConfigMap: parsing and changes. Pure.

Shape: tokens, each followed by a space; properties as -Dkey=value, then the JVM options. A key may occur
twice, once from the chart and once from Fluid's program: the JVM uses the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_PROPERTY = "-D"


@dataclass(frozen=True)
class Declared:
    """The declaration of a component: properties by key; JVM options, None for Fluid's own."""

    properties: Mapping[str, str] = field(default_factory=dict)
    jvm_options: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Recorded:
    """The declaration that the string contains already.

    properties: for each key the value computed by Fluid that it replaced, None without one. jvm_options: as
    in Declared.
    """

    properties: Mapping[str, str | None] = field(default_factory=dict)
    jvm_options: tuple[str, ...] | None = None


def properties(text: str) -> dict[str, str]:
    """Return the properties in force, by key."""
    return dict(_pair(token) for token in text.split() if _is_property(token))


def jvm_options(text: str) -> tuple[str, ...]:
    """Return the tokens that are not properties."""
    return tuple(token for token in text.split() if not _is_property(token))


def with_property(text: str, key: str, value: str | None) -> str:
    """Return the string with the property set in place. value: None to remove it."""
    tokens = text.split()
    indexes = [index for index, token in enumerate(tokens) if _is_property(token) and _pair(token)[0] == key]
    if value is None:
        return _joined([token for index, token in enumerate(tokens) if index not in indexes])
    token = f"{_PROPERTY}{key}={value}"
    if indexes:
        tokens[indexes[-1]] = token
    else:
        last = max((index for index, each in enumerate(tokens) if _is_property(each)), default=-1)
        tokens.insert(last + 1, token)
    return _joined(tokens)


def declare(text: str, declared: Declared, recorded: Recorded, defaults: Mapping[str, str],
            default_jvm: tuple[str, ...]) -> str:
    """Return the string with the declaration applied; the identical string if it is in force already.

    defaults, default_jvm: Fluid's own, for recorded options that the declaration no longer contains.
    """
    changed, jvm = _split(text, declared.jvm_options, recorded.jvm_options)
    for key, displaced in recorded.properties.items():
        if key not in declared.properties:
            changed = _set(changed, key, defaults.get(key) if displaced is None else displaced)
    for key, value in declared.properties.items():
        changed = _set(changed, key, value)
    if declared.jvm_options is not None:
        jvm = declared.jvm_options
    elif recorded.jvm_options is not None:
        jvm = default_jvm
    result = _joined([*changed.split(), *jvm])
    return text if result.split() == text.split() else result


def _set(text: str, key: str, value: str | None) -> str:
    return text if properties(text).get(key) == value else with_property(text, key, value)


def _split(text: str, *known: tuple[str, ...] | None) -> tuple[str, tuple[str, ...]]:
    """Return the properties and the JVM options. known: JVM options, which may contain -D tokens."""
    tokens = text.split()
    for options in known:
        if options and tuple(tokens[-len(options):]) == options:
            kept = tokens[:-len(options)]
            return _joined([token for token in kept if _is_property(token)]), options
    return _joined([token for token in tokens if _is_property(token)]), jvm_options(text)


def _is_property(token: str) -> bool:
    return token.startswith(_PROPERTY) and "=" in token


def _pair(token: str) -> tuple[str, str]:
    key, _sep, value = token[len(_PROPERTY):].partition("=")
    return key, value


def _joined(tokens: list[str]) -> str:
    """Return the tokens in the form of Fluid's chart."""
    return "".join(token + " " for token in tokens)
