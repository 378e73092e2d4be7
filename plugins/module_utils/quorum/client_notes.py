# SPDX-License-Identifier: GPL-3.0-or-later
"""The note on a runtime's StatefulSet that earlier clients may not know all masters. IO."""

from __future__ import annotations

from ..api.client import Client
from ..apply.field_manager import MANAGER
from ..apply.update import annotate
from ..errors import PreconditionFailed
from ..fluid.names import release_selector, stateful_set_name
from ..fluid.operations import GROWN
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, annotations_of
from . import stale_clients as quorum_stale_clients
from .stale_clients import ScaleOutNote, StaleClients

# The lowest index of an added master: a runtime with one master must be recreated to have several.
_FIRST_ADDED = 2


def note_on(workload: dict) -> ScaleOutNote | None:
    """Return the note on the StatefulSet; None when it has none."""
    return quorum_stale_clients.parse_note(annotations_of(workload).get(GROWN, ""))


class ClientNotes:
    """Reads and writes the note of one runtime."""

    def __init__(self, client: Client, runtime: ObjectRef) -> None:
        self._client = client
        self._runtime = runtime
        self._workload = ObjectRef(runtime.namespace, stateful_set_name(runtime.name))

    def write(self, before: ScaleOutNote | None, known_masters: int, config_map: dict) -> None:
        """Note that clients which started before the ConfigMap's last write may know only so many masters.

        before: the present note.
        """
        times = [each["time"] for each in config_map["metadata"].get("managedFields") or []
                 if each.get("manager") == MANAGER and each.get("time")]
        if times:
            note = ScaleOutNote(known_masters, max(times))
            annotate(self._client, kinds.STATEFUL_SET, self._workload, GROWN,
                     str(before.merged(note) if before else note))

    def remove(self) -> None:
        """Remove the note: all clients know all masters."""
        annotate(self._client, kinds.STATEFUL_SET, self._workload, GROWN, None)

    def stale_clients(self, workload: dict) -> StaleClients | None:
        """Return the workers and FUSE pods that may not know all masters; None without any or a note."""
        note = note_on(workload)
        return quorum_stale_clients.find(self._client.list(
            kinds.POD, self._runtime.namespace, release_selector(self._runtime.name)), note) if note else None

    def require_known(self, leader: str) -> None:
        """Raise PreconditionFailed when a client started before the master in the pod leader was added."""
        index = leader.rpartition("-")[2]
        if not index.isdigit() or int(index) < _FIRST_ADDED:
            return
        workload = self._client.get(kinds.STATEFUL_SET, self._workload)
        stale = self.stale_clients(workload) if workload else None
        if stale and stale.known_masters <= int(index):
            raise PreconditionFailed(stale.refusal(leader))
