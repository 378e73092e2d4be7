# SPDX-License-Identifier: GPL-3.0-or-later
"""Field managers of fields, from metadata.managedFields. Pure.

Fluid's controllers write complete objects with defaults and so become the managers of fields that this
collection has set. Therefore managedFields only reveals foreign managers; last_applied.py records own fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .field_manager import MANAGER
from .merge import Change

# The field managers of Fluid's programs: client-go uses the name of the binary.
FLUID_MANAGERS = frozenset({
    "dataset-controller", "alluxioruntime-controller", "fluidapp-controller",
    "fluid-csi", "fluid-webhook", "fluid-crd-upgrader",
})


@dataclass(frozen=True)
class Holder:
    """A foreign field manager and a desired field that it has set."""

    field: str
    manager: str


def is_foreign(manager: str) -> bool:
    """Return whether a field manager is neither of this collection nor of Fluid."""
    return manager not in FLUID_MANAGERS and not manager.endswith(MANAGER)


def foreign_holders(existing: dict, changes: tuple[Change, ...]) -> list[Holder]:
    """Return the foreign managers of the fields that a write would change, in the changes' order."""
    entries = [entry for entry in existing.get("metadata", {}).get("managedFields") or []
               if entry.get("subresource") != "status"]
    foreign = [entry for entry in entries if is_foreign(entry.get("manager", ""))]
    return [Holder(field=str(change), manager=entry["manager"])
            for change in changes for entry in foreign if _holds(entry, change.path, existing, entries)]


def _holds(entry: dict, path: tuple, existing: dict, entries: list[dict]) -> bool:
    """Return whether an entry's FieldsV1 set has the path itself or an atomic field around it."""
    held = _held_along(entry, path)
    if held is None or held == path:
        return held is not None
    # An empty set above the path means either an atomic field, of which no entry holds a part, or a struct
    # that was set empty, whose fields the entry does not hold.
    value: Any = existing
    for key in held:
        value = value.get(key) if isinstance(value, dict) else None
    return bool(value) and not any(_fields_at(other, held) for other in entries)


def _held_along(entry: dict, path: tuple) -> tuple | None:
    """Return the part of the path that an entry's set contains; None if the set does not follow the path."""
    fields = entry.get("fieldsV1") or {}
    for depth, key in enumerate(path):
        if "f:" + key not in fields:
            return None
        fields = fields["f:" + key]
        if not fields:
            return path[:depth + 1]
    return path


def _fields_at(entry: dict, path: tuple) -> dict:
    """Return the set of an entry below the path; {} if it has none."""
    fields = entry.get("fieldsV1") or {}
    for key in path:
        fields = fields.get("f:" + key) or {}
    return fields
