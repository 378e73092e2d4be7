# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses to act on masters whose StatefulSet a user scaled below the majority. IO, read-only."""

from __future__ import annotations

from ..alluxio.raft import quorum_size
from ..api.client import Client
from ..fluid.names import config_map_name
from ..k8s import kinds
from ..k8s.kinds import ObjectRef
from . import replicas


def require_majority(client: Client, runtime: ObjectRef, workload: dict | None, declared: int) -> None:
    """Raise PreconditionFailed if the StatefulSet has replicas for less than a majority of the peers.

    declared: the runtime's masters. Reads the ConfigMap only if the replicas are no majority of these.
    """
    if workload is None or workload["spec"].get("replicas", 1) >= quorum_size(declared):
        return
    config = client.get(kinds.CONFIG_MAP, ObjectRef(runtime.namespace, config_map_name(runtime.name)))
    replicas.require_majority(runtime, workload, config or {})
