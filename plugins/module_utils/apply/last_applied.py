# SPDX-License-Identifier: GPL-3.0-or-later
"""The last-applied record: the previous desired state, in an annotation of the object. Pure.

managedFields cannot replace it: Fluid's controllers write complete objects and become the managers of fields
that this collection has set. Annotations are unaffected.
"""

from __future__ import annotations

import json

_IDENTITY = ("apiVersion", "kind")
_METADATA_IDENTITY = ("name", "namespace")


def annotation(manager: str) -> str:
    """Return the annotation of one field manager's record; two modules may each have one on an object."""
    return manager + "/last-applied"


def desired_of(manifest: dict) -> dict:
    """Return the desired state of a manifest: all fields but those that identify the object."""
    desired = {key: value for key, value in manifest.items() if key not in _IDENTITY}
    metadata = {key: value
                for key, value in manifest.get("metadata", {}).items() if key not in _METADATA_IDENTITY}
    return {**desired, "metadata": metadata}


def read(existing: dict, manager: str) -> dict:
    """Return the desired state recorded on an object; {} if there is none or it cannot be parsed.

    Without a record no field counts as applied earlier, so none is removed by mistake.
    """
    text = (existing.get("metadata", {}).get("annotations") or {}).get(annotation(manager))
    try:
        desired = json.loads(text) if text else {}
    except ValueError:
        return {}
    return desired if isinstance(desired, dict) else {}


def write(target: dict, desired: dict, manager: str) -> dict:
    """Return the target with the desired state recorded in its annotation."""
    metadata = target.get("metadata", {})
    record = json.dumps(desired, sort_keys=True, separators=(",", ":"))
    annotations = {**(metadata.get("annotations") or {}), annotation(manager): record}
    return {**target, "metadata": {**metadata, "annotations": annotations}}
