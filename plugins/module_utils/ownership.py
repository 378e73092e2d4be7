# SPDX-License-Identifier: GPL-3.0-or-later
"""Who set a field: reading metadata.managedFields. Pure.

Fluid's controllers write whole objects back with defaults filled in and so take over fields that
we asked for; that is why ownership only tells who else is there, and the record of our last wish
(record.py) tells what is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

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


def foreign_holders(live: dict, changes: tuple[Change, ...]) -> list[Holder]:
    """Return the foreign managers of the fields that a write would change, in the changes' order."""
    entries = [entry for entry in live.get("metadata", {}).get("managedFields") or []
               if is_foreign(entry.get("manager", "")) and entry.get("subresource") != "status"]
    return [Holder(field=str(change), manager=entry["manager"])
            for change in changes for entry in entries
            if _owns(entry.get("fieldsV1") or {}, change.path)]


def _owns(fields: dict, path: tuple) -> bool:
    """Tell whether a FieldsV1 set holds the path, or the nearest thing around it as a whole."""
    for key in path:
        step = fields.get("f:" + key)
        if step is None:
            return False
        if not step:
            return True
        fields = step
    return True
