# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of existing objects, repeated after concurrent writes. Drives IO."""

from __future__ import annotations

from collections.abc import Callable

from ..api.client import Client
from ..errors import Conflict
from ..k8s.kinds import Kind, ObjectRef, annotations_of, ref_to
from .field_manager import MANAGER
from .reconcile import update_with_retry


def annotate(client: Client, kind: Kind, ref: ObjectRef, key: str, text: str | None) -> None:
    """Set an annotation of an existing object. text: None to remove it."""
    change(client, kind, ref, lambda existing: None if annotations_of(existing).get(key) == text
           else {"metadata": {"annotations": {key: text}}})


def change(client: Client, kind: Kind, ref: ObjectRef, patch_of: Callable[[dict], dict | None]) -> None:
    """Patch an existing object. patch_of: returns the merge patch for the current object, None for no change.

    Raises Conflict if the object does not exist or keeps changing.
    """
    def attempt() -> None:
        existing = require(client, kind, ref)
        patch = patch_of(existing)
        if patch is not None:
            patch_as_read(client, kind, existing, patch)
    update_with_retry(kind.describe(ref), attempt)


def require(client: Client, kind: Kind, ref: ObjectRef) -> dict:
    """Return the object. Raises Conflict if another client has deleted it during the operation."""
    existing = client.get(kind, ref)
    if existing is None:
        raise Conflict(f"{kind.describe(ref)} no longer exists: another client has deleted it; "
                       "create it, then run this again")
    return existing


def patch_as_read(client: Client, kind: Kind, existing: dict, patch: dict) -> None:
    """Patch an object with the resource version that was read. Raises WriteConflict if it has changed since.
    """
    metadata = {**patch.get("metadata", {}), "resourceVersion": existing["metadata"]["resourceVersion"]}
    client.patch(kind, ref_to(existing), {**patch, "metadata": metadata}, MANAGER)
