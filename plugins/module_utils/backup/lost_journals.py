# SPDX-License-Identifier: GPL-3.0-or-later
"""Which masters cannot run again with their journals on claims, since nodes are lost for good. IO, read-only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..api.client import Client
from ..errors import Forbidden
from ..fluid.components import JOURNAL_VOLUME, MASTER_CONTAINER
from ..journal import lost_claim, template
from ..journal.lost_claim import Place
from ..k8s import kinds
from ..k8s.kinds import ObjectRef
from ..k8s.pods import has_started


def lost(client: Client, workload: dict, names: Iterable[str], pods: Mapping[str, dict]) -> dict[str, Place]:
    """Return the places of those of the named masters that are lost, by name.

    workload: the masters' StatefulSet. Without the permission to read nodes and volumes none is known to be
    lost.
    """
    absent = [name for name in names if not (name in pods and has_started(pods[name], MASTER_CONTAINER))]
    if not absent or not template.on_claims(workload):
        return {}
    namespace = workload["metadata"].get("namespace")
    try:
        nodes = list(client.list(kinds.NODE))
        places = [_place(client, ObjectRef(namespace, name), pods.get(name), nodes) for name in absent]
    except Forbidden:
        return {}
    return {place.name: place for place in places if lost_claim.reason(place)}


def _place(client: Client, master: ObjectRef, pod: dict | None, nodes: list[dict]) -> Place:
    name = f"{JOURNAL_VOLUME}-{master.name}"
    claim = client.get(kinds.PERSISTENT_VOLUME_CLAIM, ObjectRef(master.namespace, name))
    volume_name = claim["spec"].get("volumeName") if claim else None
    volume = client.get(kinds.PERSISTENT_VOLUME, ObjectRef(None, volume_name)) if volume_name else None
    return Place(master.name, name, True, pod, claim, volume, nodes)
