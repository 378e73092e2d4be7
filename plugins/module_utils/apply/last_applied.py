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


def wish_of(manifest: dict) -> dict:
    """Return what a manifest wishes: everything but what names the object."""
    wish = {key: value for key, value in manifest.items() if key not in _IDENTITY}
    metadata = {key: value for key, value in manifest.get("metadata", {}).items() if key not in _METADATA_IDENTITY}
    return {**wish, "metadata": metadata}


def read(live: dict, manager: str) -> dict:
    """Return the wish recorded on a live object; {} when there is none or it cannot be read.

    Without a record nothing counts as asked for before, so nothing is ever removed by mistake.
    """
    text = (live.get("metadata", {}).get("annotations") or {}).get(annotation(manager))
    try:
        wish = json.loads(text) if text else {}
    except ValueError:
        return {}
    return wish if isinstance(wish, dict) else {}


def write(target: dict, wish: dict, manager: str) -> dict:
    """Return the target with the wish recorded on it."""
    metadata = target.get("metadata", {})
    annotations = {**(metadata.get("annotations") or {}), annotation(manager): _encode(wish)}
    return {**target, "metadata": {**metadata, "annotations": annotations}}


def _encode(wish: dict) -> str:
    return json.dumps(wish, sort_keys=True, separators=(",", ":"))
