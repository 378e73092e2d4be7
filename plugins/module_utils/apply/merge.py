# SPDX-License-Identifier: GPL-3.0-or-later
"""The three-way merge behind every write: what was asked for last, what is live, what is wished. Pure.

An object is unchanged when every wished field is so in the live one and nothing that was asked for
last time and is dropped from the wish still stands. Everything else in the live object stays as it
is: defaults that the server or Fluid's controllers fill in, and what other people set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..k8s import quantity
from ..redaction import redacted

Path = tuple  # of str keys; a list is one field, as in Fluid's CRDs (no list there has a map type)

# What names an element of a list, so that it keeps what Fluid filled in when its place changes.
_ELEMENT_KEYS = {
    "mounts": ("mountPoint", "path"),
    "levels": ("mediumtype", "path"),
    "encryptOptions": ("name",),
    "sharedEncryptOptions": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "imagePullSecrets": ("name",),
}
# Maps of free keys: an empty value says something there, unlike in a struct's field.
_FREE_MAPS = frozenset({"labels", "annotations", "options", "sharedOptions", "properties", "env", "nodeSelector", "matchLabels"})
_QUANTITY_PARENTS = frozenset({"limits", "requests"})
_QUANTITY_FIELDS = frozenset({"quota"})
_ABSENT = object()


@dataclass(frozen=True)
class Change:
    """One field that the write sets or, with removed, takes away. A changed list is one field."""

    path: Path
    removed: bool = False

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class MergeResult:
    """The object as it should become, and the fields in which it differs from the live one."""

    target: dict
    changes: tuple[Change, ...]


def merge(last: dict, existing: dict, desired: dict) -> MergeResult:
    """Merge the wish into the live object; all three have the shape of a Kubernetes object.

    last: the wish that was recorded at our last write, or {} when there was none.
    """
    changes: list[Change] = []
    target = _merge_map(last, existing, desired, (), changes)
    return MergeResult(target=target, changes=tuple(changes))


def _merge_map(last: Any, existing: dict, desired: dict, path: Path, changes: list[Change]) -> dict:
    last = last if isinstance(last, dict) else {}
    target = dict(existing)
    for key, desired_value in desired.items():
        found = existing.get(key, _ABSENT)
        value = _merge_value(last.get(key), found, desired_value, path + (key,), changes)
        if value is not _ABSENT:
            target[key] = value
    for key in last:
        if key not in desired and key in existing:
            rest = _without(last[key], existing[key], path + (key,), changes)
            if rest is _ABSENT:
                del target[key]
            else:
                target[key] = rest
    return target


def _merge_value(last: Any, existing: Any, desired: Any, path: Path, changes: list[Change]) -> Any:
    if (existing is _ABSENT or existing is None) and _is_empty(path, desired):
        # Fluid's fields are all `omitempty`: an empty value and a missing one are the same there.
        return existing
    if isinstance(desired, dict):
        nested = existing if isinstance(existing, dict) else {}
        value = _merge_map(last, nested, desired, path, changes)
        return existing if existing is _ABSENT and not value else value
    if isinstance(desired, list):
        value = _merge_list(last, existing, desired, path)
        if value != existing:
            changes.append(Change(path))
        return value
    if existing is not _ABSENT and same_scalar(path, existing, desired):
        return existing
    changes.append(Change(path))
    return desired


def _merge_list(last: Any, existing: Any, desired: list, path: Path) -> list:
    last = last if isinstance(last, list) else []
    existing = existing if isinstance(existing, list) else []
    return [_merge_element(last, existing, index, element, path) for index, element in enumerate(desired)]


def _merge_element(last: list, existing: list, index: int, element: Any, path: Path) -> Any:
    inner: list[Change] = []  # a list is one field: what changed inside is not reported by itself
    if not isinstance(element, dict):
        found = existing[index] if index < len(existing) else _ABSENT
        return found if found is not _ABSENT and same_scalar(path, found, element) else element
    found = _counterpart(existing, index, element, path)
    if found is None:
        return element
    return _merge_map(_counterpart(last, index, element, path), found, element, path, inner)


def _counterpart(elements: list, index: int, element: dict, path: Path) -> dict | None:
    """Return the element that the given one was before: of the same identity, or without any at the same place.

    At its place an element counts only when it still is the given one with more filled in.
    """
    keys = _ELEMENT_KEYS.get(path[-1])
    if keys is None:
        at_place = elements[index] if index < len(elements) else None
        return at_place if isinstance(at_place, dict) and _contains(path, at_place, element) else None
    identity = [element.get(key) for key in keys]
    return next((other for other in elements
                 if isinstance(other, dict) and [other.get(key) for key in keys] == identity), None)


def _without(last: Any, existing: Any, path: Path, changes: list[Change]) -> Any:
    """Return the live value less what was asked for last time; _ABSENT when nothing remains.

    A value that somebody changed since is theirs, and stays.
    """
    if isinstance(last, dict) and isinstance(existing, dict):
        rest = dict(existing)
        for key in last:
            if key in rest:
                value = _without(last[key], rest[key], path + (key,), changes)
                if value is _ABSENT:
                    del rest[key]
                else:
                    rest[key] = value
        return rest if rest or not existing else _ABSENT
    if not _contains(path, existing, last):
        return existing
    changes.append(Change(path, removed=True))
    return _ABSENT


def _contains(path: Path, existing: Any, last: Any) -> bool:
    """Tell whether the live value still is what was asked for, give or take what was filled in."""
    if existing is None and _is_empty(path, last):
        return True
    if isinstance(last, dict):
        return isinstance(existing, dict) and all(
            _contains(path + (key,), existing.get(key), value) for key, value in last.items())
    if isinstance(last, list):
        return isinstance(existing, list) and len(existing) == len(last) and all(
            _contains(path, found, value) for found, value in zip(existing, last, strict=True))
    return same_scalar(path, existing, last)


def same_scalar(path: Path, existing: Any, desired: Any) -> bool:
    """Equality of two plain values; quantities are compared by what they amount to."""
    if type(existing) is type(desired) and existing == desired:
        return True
    if _is_quantity(path):
        return quantity.equal(existing, desired)
    numbers = (int, float)
    return (isinstance(existing, numbers) and isinstance(desired, numbers)
            and not isinstance(existing, bool) and not isinstance(desired, bool) and existing == desired)


def _is_quantity(path: Path) -> bool:
    return bool(path) and (path[-1] in _QUANTITY_FIELDS or (len(path) > 1 and path[-2] in _QUANTITY_PARENTS))


def _is_empty(path: Path, value: Any) -> bool:
    """Tell whether a value says no more than a missing one would; in a map of free keys any value says something."""
    if len(path) > 1 and path[-2] in _FREE_MAPS:
        return value is None
    if isinstance(value, dict):
        return all(_is_empty(path + (key,), inner) for key, inner in value.items())
    return value is None or value is False or value == 0 or value == "" or value == []


def changed_fields(before: dict, after: dict, changes: tuple[Change, ...]) -> dict:
    """Return {"before": .., "after": ..} cut down to the fields that change, for diff mode; credentials are hidden."""
    return {"before": redacted(_cut(before, changes)), "after": redacted(_cut(after, changes))}


def _cut(tree: dict, changes: tuple[Change, ...]) -> dict:
    result: dict = {}
    for change in changes:
        value: Any = tree
        for key in change.path:
            value = value.get(key, _ABSENT) if isinstance(value, dict) else _ABSENT
        if value is _ABSENT:
            continue
        branch = result
        for key in change.path[:-1]:
            branch = branch.setdefault(key, {})
        branch[change.path[-1]] = value
    return result
