# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server would do to an object. IO: dry runs only."""

from __future__ import annotations

from contextlib import suppress

from ..api.client import Client
from ..errors import AlreadyExists
from ..k8s.kinds import Kind, ref_to
from .merge_patch import merge_patch


def require_deletable(client: Client, kind: Kind, existing: dict) -> None:
    """Raise ApiError if the server refuses the deletion of the object."""
    client.delete(kind, ref_to(existing), existing["metadata"]["uid"], dry_run=True)


def predicted(client: Client, kind: Kind, existing: dict, body: dict, manager: str) -> dict:
    """Return the object that replaces an existing one of its name, as the server would create it.

    Raises ApiError for a body that the server refuses. The create's dry run must fail with AlreadyExists,
    because the name is in use. Therefore the returned object comes from the dry run of a patch of the
    existing one.
    """
    with suppress(AlreadyExists):
        client.create(kind, body, manager, dry_run=True)
    kept = {key: value for key, value in existing["metadata"].items() if key not in ("labels", "annotations")}
    target = {**existing, "spec": body["spec"], "metadata": {**kept, **body["metadata"]}}
    patch = merge_patch(existing, target)
    found = client.patch(kind, ref_to(body), patch, manager, dry_run=True) if patch else existing
    return {**{key: found[key] for key in body},
            "metadata": {key: found["metadata"][key] for key in body["metadata"]}}
