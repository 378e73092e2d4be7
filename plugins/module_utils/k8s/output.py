# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of an object in a module's result. Pure."""

from __future__ import annotations

from ..redaction import redacted


def visible(existing: dict) -> dict:
    """Return the object without managedFields, last-applied records and credentials."""
    metadata = {key: value for key, value in existing.get("metadata", {}).items() if key != "managedFields"}
    annotations = {key: value for key, value in (metadata.pop("annotations", None) or {}).items()
                   if not key.endswith("datacache.fluid/last-applied")}
    if annotations:
        metadata["annotations"] = annotations
    return redacted({**existing, "metadata": metadata})
