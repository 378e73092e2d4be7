# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads of a runtime that must exist. IO, read-only."""

from __future__ import annotations

from ..api.client import Client
from ..errors import Forbidden, PreconditionFailed
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, ref_to
from . import kinds as fluid_kinds
from .components import registered
from .names import stateful_set_name
from .runtime import declared_masters


def require_runtime(client: Client, ref: ObjectRef) -> dict:
    """Return the AlluxioRuntime. Raises PreconditionFailed if it does not exist."""
    existing = client.get(fluid_kinds.ALLUXIO_RUNTIME, ref)
    if existing is None:
        raise PreconditionFailed(
            f"{fluid_kinds.ALLUXIO_RUNTIME.describe(ref)} does not exist: check name and namespace")
    return existing


def require_not_terminating(runtime: dict) -> None:
    """Raise PreconditionFailed for a terminating runtime."""
    if runtime["metadata"].get("deletionTimestamp"):
        raise PreconditionFailed(f"{fluid_kinds.ALLUXIO_RUNTIME.describe(ref_to(runtime))} is terminating: "
                                 "wait until it is absent, then create it again")


def require_quorum(client: Client, ref: ObjectRef, otherwise: str) -> int:
    """Return the number of declared masters. Raises PreconditionFailed for a single one, without a quorum.

    otherwise: the end of that message, which explains the consequence.
    """
    masters = declared_masters(require_runtime(client, ref)["spec"])
    if masters == 1:
        raise PreconditionFailed(
            f"{fluid_kinds.ALLUXIO_RUNTIME.describe(ref)} has a single master{otherwise}")
    return masters


def masters_workload(client: Client, ref: ObjectRef) -> dict | None:
    """Return the masters' StatefulSet, None without one."""
    return client.get(kinds.STATEFUL_SET, ObjectRef(ref.namespace, stateful_set_name(ref.name)))


def registered_nodes(client: Client) -> set[str]:
    """Return the nodes whose kubelet has registered Fluid's CSI driver."""
    return registered(client.list(kinds.CSI_NODE))


def needs_sidecar(client: Client) -> bool:
    """Return whether no CSI driver mounts a cache. Without the permission to list CSINodes one does."""
    try:
        return not registered_nodes(client)
    except Forbidden:
        return False


def running_masters(workload: dict | None) -> int | None:
    """Return the replicas of the masters' StatefulSet, None without one.

    Until a rollout they may differ from the declared number.
    """
    return workload["spec"].get("replicas") if workload else None
