# SPDX-License-Identifier: GPL-3.0-or-later
"""Observes what the rebuilding of one master depends on. IO, read-only."""

from __future__ import annotations

from collections.abc import Sequence

from ...api.client import Client
from ...errors import PreconditionFailed
from ...fluid import names as fluid_names
from ...fluid.components import JOURNAL_VOLUME, MASTER
from ...journal import lost_claim, template
from ...journal.lost_claim import Place
from ...k8s import kinds
from ...k8s.kinds import ObjectRef
from ...masters.group import Masters
from ..plan import RaftGroup
from .ended_processes import EndedProcesses
from .observed import CONFLICT, Observed, mark_of, master_of


class Observer:
    """Observes one master and its groups. ended: the processes that the run has ended."""

    def __init__(self, client: Client, runtime: ObjectRef, pod: str, masters: Masters,
                 ended: EndedProcesses) -> None:
        self._client = client
        self._namespace = runtime.namespace
        self._workload = self._ref(fluid_names.stateful_set_name(runtime.name))
        self._name = pod
        self._masters = masters
        self._ended = ended

    def mark(self) -> tuple[str, str]:
        """Return the pod that is being rebuilt, and its UID if its journal conflicts; empty for none."""
        return mark_of(self._client.get(kinds.STATEFUL_SET, self._workload))

    def observe(self, groups: Sequence[RaftGroup]) -> Observed:
        """Return the groups with the objects of the master.

        Raises PreconditionFailed without a StatefulSet, which would create the master again.
        """
        workload = self._client.get(kinds.STATEFUL_SET, self._workload)
        if workload is None:
            raise PreconditionFailed(
                f"{kinds.STATEFUL_SET.describe(self._workload)} does not exist, so nothing would create the "
                "master again: wait until Fluid has created it; nothing was changed")
        place = self._place(template.on_claims(workload))
        lost = lost_claim.reason(place)
        connected = self.connected(groups) if lost and not place.claim_goes else frozenset()
        lost = lost or self._conflict(groups, place, workload)
        return Observed(groups, place, mark_of(workload)[0] == self._name, lost, connected)

    def _place(self, on_claim: bool) -> Place:
        claim_name = f"{JOURNAL_VOLUME}-{self._name}"
        claim = self._client.get(
            kinds.PERSISTENT_VOLUME_CLAIM, self._ref(claim_name)) if on_claim else None
        volume_name = claim["spec"].get("volumeName") if claim else None
        volume = self._client.get(
            kinds.PERSISTENT_VOLUME, ObjectRef(None, volume_name)) if volume_name else None
        return Place(self._name, claim_name, on_claim, self._client.get(kinds.POD, self._ref(self._name)),
                     claim, volume, list(self._client.list(kinds.NODE)))

    def _conflict(self, groups: Sequence[RaftGroup], place: Place, workload: dict) -> str:
        """Return that the journal of a running master conflicts with the leader's; empty if it does not.

        The log shows it as long as the master is a peer; the annotation remembers the pod until its end.
        """
        if place.pod is None or any(
                master_of(each, self._name).available for each in groups if each.domain == MASTER):
            return ""
        pod, uid = mark_of(workload)
        if pod == self._name:
            return CONFLICT if uid == place.pod["metadata"]["uid"] else ""
        if not place.ready or not self._masters.has_conflict(self._name):
            return ""
        return CONFLICT

    def connected(self, groups: Sequence[RaftGroup]) -> frozenset[tuple[str, str]]:
        """Return the domain and pod of the other masters that keep a connection to the lost one.

        Without those that this run has restarted: a node that hangs may accept connections again.
        """
        service = self._client.get(kinds.SERVICE, self._ref(self._name))
        address = (service or {"spec": {}})["spec"].get("clusterIP") or "None"
        if address == "None":
            return frozenset()
        return frozenset(
            (each.domain, master.pod) for each in groups for master in each.masters
            if master.pod != self._name and master.stays
            and not self._ended.is_replaced(each.domain, master.pod)
            and self._masters.is_connected(
                master.pod, each.domain, address,
                int(master_of(each, self._name).address.rpartition(":")[2])))

    def _ref(self, name: str) -> ObjectRef:
        return ObjectRef(self._namespace, name)
