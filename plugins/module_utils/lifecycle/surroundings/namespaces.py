# SPDX-License-Identifier: GPL-3.0-or-later
"""The namespace of a cache. IO."""

from __future__ import annotations

from ...api.client import Client
from ...apply.field_manager import MANAGER
from ...errors import AlreadyExists, Forbidden, PreconditionFailed
from ...k8s.kinds import NAMESPACE, ObjectRef
from ...k8s.names import require_namespace
from ...progress import Reporter
from . import fluid_objects, namespace_removal
from .namespace_removal import MANAGED_BY


def require_valid(params: dict) -> None:
    """Raise InvalidInput for an invalid name."""
    require_namespace(params["name"])


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Create the namespace if it does not exist, after a look for Fluid if that is required; or delete it."""
    if params["state"] == "absent":
        return namespace_removal.ensure_absent(client, params, check_mode, reporter)
    missing = fluid_objects.missing(client) if params["require_fluid"] else []
    if missing and not check_mode:
        raise PreconditionFailed(
            f"Fluid is not installed: the cluster has no CustomResourceDefinition {' and '.join(missing)}. "
            "Run the playbook or the role datacache.fluid.install first")
    return {**_ensure(client, params["name"], check_mode, reporter), "missing": missing, "kept_by": []}


def _ensure(client: Client, name: str, check_mode: bool, reporter: Reporter) -> dict:
    """Create the namespace if it does not exist. Without the permission to read it, only warn."""
    try:
        existing = client.get(NAMESPACE, ObjectRef(None, name))
    except Forbidden as err:
        reporter.warn(f"could not read namespace {name}, which is assumed to exist: {err}")
        return {"changed": False, "existed": True}
    if existing is not None:
        if existing["metadata"].get("deletionTimestamp"):
            raise PreconditionFailed(
                f"namespace {name} is terminating: wait until it is gone, then run this again")
        return {"changed": False, "existed": True}
    body = {"apiVersion": NAMESPACE.api_version, "kind": NAMESPACE.kind,
            "metadata": {"name": name, "labels": MANAGED_BY}}
    try:
        client.create(NAMESPACE, body, MANAGER, check_mode)
    except AlreadyExists as err:
        return {"changed": err.repeated, "existed": not err.repeated}
    return {"changed": True, "existed": False}
