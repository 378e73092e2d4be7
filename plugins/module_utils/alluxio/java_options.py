# SPDX-License-Identifier: GPL-3.0-or-later
"""One of the strings of Java options that Fluid renders into a runtime's ConfigMap: read it, change it. Pure.

Shape: tokens, each followed by a space; properties as -Dkey=value, then the JVM options. A key may stand twice, once from the
chart and once from Fluid's program: the JVM takes the last one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping

_PROPERTY = "-D"


@dataclass(frozen=True)
class Declared:
    """What a component declares: properties by key, and JVM options, None when it leaves them to Fluid."""

    properties: Mapping[str, str] = field(default_factory=dict)
    jvm_options: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Recorded:
    """What an earlier declaration put into the string.

    properties: to each key what Fluid had worked out in its place, None when nothing. jvm_options: as in Declared.
    """

    properties: Mapping[str, str | None] = field(default_factory=dict)
    jvm_options: tuple[str, ...] | None = None


def properties(text: str) -> dict[str, str]:
    """Return the properties in force, by key."""
    return dict(_pair(token) for token in text.split() if _is_property(token))


def jvm_options(text: str) -> tuple[str, ...]:
    """Return the tokens that are no properties."""
    return tuple(token for token in text.split() if not _is_property(token))


def with_property(text: str, key: str, value: str | None) -> str:
    """Return the string with the property set, where it stands in force already; None takes it away."""
    tokens = text.split()
    places = [place for place, token in enumerate(tokens) if _is_property(token) and _pair(token)[0] == key]
    if value is None:
        return _joined([token for place, token in enumerate(tokens) if place not in places])
    token = f"{_PROPERTY}{key}={value}"
    if places:
        tokens[places[-1]] = token
    else:
        last = max((place for place, each in enumerate(tokens) if _is_property(each)), default=-1)
        tokens.insert(last + 1, token)
    return _joined(tokens)


def declare(text: str, declared: Declared, recorded: Recorded, defaults: Mapping[str, str],
            default_jvm: tuple[str, ...]) -> str:
    """Return the string as the declaration wants it; unchanged, to the letter, when it is so already.

    defaults, default_jvm: Fluid's own, for what an earlier declaration had put there and this one leaves out.
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
    """Return the properties and the JVM options, which may hold -D tokens of their own when they are known."""
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
    """As Fluid's chart writes it."""
    return "".join(token + " " for token in tokens)
