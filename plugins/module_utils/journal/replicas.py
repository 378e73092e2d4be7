# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a StatefulSet that a user scaled still has a majority of the masters. Pure.

The journal's addresses in Fluid's ConfigMap are its peers: Fluid renders them for several masters only
(charts/alluxio/templates/config/alluxio-conf.yaml), and a rollout keeps them.
"""

from __future__ import annotations

from ..alluxio.raft import quorum_size
from ..errors import PreconditionFailed
from ..fluid import kinds as fluid_kinds
from ..fluid.components import COMMON_JAVA_OPTIONS
from ..fluid.names import stateful_set_name
from ..fluid.operations import IN_PROGRESS
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, annotations_of
from .addresses import members_of


def require_majority(runtime: ObjectRef, workload: dict, config_map: dict) -> None:
    """Raise PreconditionFailed if the StatefulSet has replicas for less than a majority of the peers.

    While a rollout is in progress the addresses may be those of masters to come or gone, so two suffice.
    """
    replicas = workload["spec"].get("replicas", 1)
    peers = len(members_of((config_map.get("data") or {}).get(COMMON_JAVA_OPTIONS, "")))
    needed = 2 if IN_PROGRESS in annotations_of(workload) else quorum_size(peers)
    if peers < 2 or replicas >= needed:
        return
    ref = ObjectRef(runtime.namespace, stateful_set_name(runtime.name))
    raise PreconditionFailed(
        f"{kinds.STATEFUL_SET.describe(ref)} has replicas: {replicas}, and the journal of "
        f"{fluid_kinds.ALLUXIO_RUNTIME.describe(runtime)} has {peers} peers, of which {quorum_size(peers)} "
        f"are the majority: expected {peers} replicas; nothing was changed. Scale it back with kubectl "
        f"--namespace {ref.namespace} scale statefulset {ref.name} --replicas {peers}, then run this again")
