# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of our last wish, kept in an annotation of the object itself. Pure.

managedFields cannot serve as this record: Fluid's controllers write the whole object back and own
what we asked for from then on. An annotation stays as it is.
"""

from __future__ import annotations

import json

_IDENTITY = ("apiVersion", "kind")
_METADATA_IDENTITY = ("name", "namespace")


def annotation(manager: str) -> str:
    """The annotation of one field manager's record, so that two modules can share an object."""
    return manager + "/last-applied"


def desired_of(manifest: dict) -> dict:
    """Return what a manifest wishes: everything but what names the object."""
    desired = {key: value for key, value in manifest.items() if key not in _IDENTITY}
    metadata = {key: value for key, value in manifest.get("metadata", {}).items() if key not in _METADATA_IDENTITY}
    return {**desired, "metadata": metadata}


def read(existing: dict, manager: str) -> dict:
    """Return the wish recorded on a live object; {} when there is none or it cannot be read.

    Without a record nothing counts as asked for before, so nothing is ever removed by mistake.
    """
    text = (existing.get("metadata", {}).get("annotations") or {}).get(annotation(manager))
    try:
        desired = json.loads(text) if text else {}
    except ValueError:
        return {}
    return desired if isinstance(desired, dict) else {}


def write(target: dict, desired: dict, manager: str) -> dict:
    """Return the target with the wish recorded on it."""
    metadata = target.get("metadata", {})
    annotations = {**(metadata.get("annotations") or {}), annotation(manager): _encode(desired)}
    return {**target, "metadata": {**metadata, "annotations": annotations}}


def _encode(desired: dict) -> str:
    return json.dumps(desired, sort_keys=True, separators=(",", ":"))
