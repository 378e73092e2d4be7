# SPDX-License-Identifier: GPL-3.0-or-later
"""The three-way merge of the last-applied record, the existing object and the desired state. Pure.

An object is unchanged if it has every desired field and no field that the record has and the desired state
drops. All other fields of the existing object remain: defaults of the server and of Fluid's controllers, and
fields that other clients have set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..k8s import quantity
from ..redaction import redacted

Path = tuple  # of str keys; a list is one field: no list of Fluid's CRDs has the type map

# The fields that identify a list's element, so that it keeps Fluid's defaults when its position changes.
_ELEMENT_KEYS = {
    "mounts": ("mountPoint", "path"),
    "levels": ("mediumtype", "path"),
    "encryptOptions": ("name",),
    "sharedEncryptOptions": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "imagePullSecrets": ("name",),
}
# Lists whose order has no meaning.
_UNORDERED = frozenset(
    {"accessModes", "encryptOptions", "sharedEncryptOptions", "tolerations", "imagePullSecrets"})
# Maps with free keys: an empty value has a meaning in them, unlike in the field of a struct.
_FREE_MAPS = frozenset(
    {"labels", "annotations", "options", "sharedOptions", "properties", "env", "nodeSelector", "matchLabels",
     "volumeAttributes"})
# Fields of which an empty value and a missing one differ: Fluid and Kubernetes have a default other than it.
_SET_IF_EMPTY = frozenset(
    {"autoSync", "gracePeriodSeconds", "maxRetryAttempts", "tolerationSeconds", "emptyDir"})
# The value that Fluid 1.0.8 takes for a field that is missing (pkg/ddc/alluxio/transform.go; IsHostNetwork of
# api/v1alpha1; pkg/ddc/base/runtime.go for the policy), by the last keys of its path.
_DEFAULTS = {
    ("networkMode",): "HostNetwork",
    ("master", "replicas"): 1,
    ("fuse", "cleanPolicy"): "OnRuntimeDeleted",
    ("levels", "volumeType"): "hostPath",
}
_QUANTITY_PARENTS = frozenset({"limits", "requests"})
_QUANTITY_FIELDS = frozenset({"quota", "sizeLimit", "divisor"})
_ABSENT = object()


@dataclass(frozen=True)
class Change:
    """One field that the write sets or, with removed, removes. A changed list is one field."""

    path: Path
    removed: bool = False

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class MergeResult:
    """The object to write, and the fields in which it differs from the existing one."""

    target: dict
    changes: tuple[Change, ...]


def merge(last: dict, existing: dict, desired: dict) -> MergeResult:
    """Merge the desired state into the existing object; all three have the shape of a Kubernetes object.

    last: the last-applied record, {} if there is none.
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
    if (existing is _ABSENT or existing is None) and (_is_empty(path, desired) or _is_default(path, desired)):
        # Most fields of Fluid are `omitempty`: an empty value equals a missing one.
        return existing
    if isinstance(desired, dict):
        nested = existing if isinstance(existing, dict) else {}
        value = _merge_map(last, nested, desired, path, changes)
        if existing is _ABSENT and not value:
            if path[-1] not in _SET_IF_EMPTY:
                return existing
            changes.append(Change(path))
        return value
    if isinstance(desired, list):
        elements = _merge_list(last, existing, desired, path)
        if _UNORDERED.intersection(path[-1:]) and _has_same_elements(existing, elements):
            return existing
        if elements != existing:
            changes.append(Change(path))
        return elements
    if existing is not _ABSENT and same_scalar(path, existing, desired):
        return existing
    changes.append(Change(path))
    return desired


def _has_same_elements(existing: Any, elements: list) -> bool:
    return (isinstance(existing, list) and len(existing) == len(elements)
            and all(existing.count(each) == elements.count(each) for each in elements))


def _merge_list(last: Any, existing: Any, desired: list, path: Path) -> list:
    last = last if isinstance(last, list) else []
    existing = existing if isinstance(existing, list) else []
    return [_merge_element(last, existing, index, element, path) for index, element in enumerate(desired)]


def _merge_element(last: list, existing: list, index: int, element: Any, path: Path) -> Any:
    inner: list[Change] = []  # unused: a list is one field
    if not isinstance(element, dict):
        found = existing[index] if index < len(existing) else _ABSENT
        return found if found is not _ABSENT and same_scalar(path, found, element) else element
    found = _counterpart(existing, index, element, path)
    if found is None:
        return element
    return _merge_map(_counterpart(last, index, element, path), found, element, path, inner)


def _counterpart(elements: list, index: int, element: dict, path: Path) -> dict | None:
    """Return the previous form of an element: the one with the same identifying fields.

    Without identifying fields it is the one at the same position, if that contains the given element.
    """
    keys = _ELEMENT_KEYS.get(path[-1])
    if keys is None:
        found = elements[index] if index < len(elements) else None
        return found if isinstance(found, dict) and _contains(path, found, element) else None
    identity = [element.get(key) for key in keys]
    return next((other for other in elements
                 if isinstance(other, dict) and [other.get(key) for key in keys] == identity), None)


def _without(last: Any, existing: Any, path: Path, changes: list[Change]) -> Any:
    """Return the existing value without the recorded fields; _ABSENT if nothing remains.

    A value that another client has changed since remains.
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
    """Return whether the existing value still is the recorded one, apart from added defaults."""
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
    """Return whether two plain values are equal; quantities are compared by their amount."""
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
    """Return whether a value means the same as a missing one; in some fields and maps only None does."""
    if _SET_IF_EMPTY.intersection(path[-1:]) or _FREE_MAPS.intersection(path[-2:-1]):
        return value is None
    if isinstance(value, dict):
        return all(_is_empty(path + (key,), inner) for key, inner in value.items())
    return value is None or value is False or value == 0 or value == "" or value == []


def _is_default(path: Path, value: Any) -> bool:
    """Return whether Fluid takes the value for a field that is missing."""
    return path[:1] == ("spec",) and value in (_DEFAULTS.get(path[-2:]), _DEFAULTS.get(path[-1:]))


def changed_fields(before: dict, after: dict, changes: tuple[Change, ...]) -> dict:
    """Return the diff {"before": .., "after": ..} of only the changed fields, with masked credentials."""
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
