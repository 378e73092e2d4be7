# SPDX-License-Identifier: GPL-3.0-or-later
"""Who set a field: reading metadata.managedFields. Pure.

Fluid's controllers write whole objects back with defaults filled in and so take over fields that
we asked for; that is why ownership only tells who else is there, and the record of our last wish
(record.py) tells what is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .merge import Change

# Field managers of Fluid's own programs: client-go names a manager after the binary.
FLUID_MANAGERS = frozenset({
    "dataset-controller", "alluxioruntime-controller", "fluidapp-controller",
    "fluid-csi", "fluid-webhook", "fluid-crd-upgrader",
})
OUR_SUFFIX = "datacache.fluid"


@dataclass(frozen=True)
class Holder:
    """A foreign field manager and the field that it set against our wish."""

    field: str
    manager: str


def is_foreign(manager: str) -> bool:
    """Tell whether a manager is neither ours nor one of Fluid's controllers."""
    return manager not in FLUID_MANAGERS and not manager.endswith(OUR_SUFFIX)


def foreign_holders(existing: dict, changes: tuple[Change, ...]) -> list[Holder]:
    """Return the foreign managers of the fields that a write would change, in the changes' order."""
    entries = [entry for entry in existing.get("metadata", {}).get("managedFields") or [] if entry.get("subresource") != "status"]
    foreign = [entry for entry in entries if is_foreign(entry.get("manager", ""))]
    return [Holder(field=str(change), manager=entry["manager"])
            for change in changes for entry in foreign if _holds(entry, change.path, existing, entries)]


def _holds(entry: dict, path: tuple, existing: dict, entries: list[dict]) -> bool:
    """Tell whether an entry's FieldsV1 set has the path itself, or a value around it that was set as a whole."""
    held = _held_along(entry, path)
    if held is None or held == path:
        return held is not None
    # Above the path an empty set means a whole value only when the field is atomic: then nobody holds a part of it.
    # In a struct it means that the struct was set empty, which says nothing of what is in it.
    value: Any = existing
    for key in held:
        value = value.get(key) if isinstance(value, dict) else None
    return bool(value) and not any(_fields_at(other, held) for other in entries)


def _held_along(entry: dict, path: tuple) -> tuple | None:
    """The part of the path down to which an entry's set goes; None when it leaves the path before it ends."""
    fields = entry.get("fieldsV1") or {}
    for depth, key in enumerate(path):
        if "f:" + key not in fields:
            return None
        fields = fields["f:" + key]
        if not fields:
            return path[:depth + 1]
    return path


def _fields_at(entry: dict, path: tuple) -> dict:
    """What an entry's set has below the path; {} when nothing."""
    fields = entry.get("fieldsV1") or {}
    for key in path:
        fields = fields.get("f:" + key) or {}
    return fields
