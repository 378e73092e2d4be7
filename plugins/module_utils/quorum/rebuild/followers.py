# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts the followers that keep a connection to a master that was rebuilt. IO."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ...api.deadline import Deadline
from ...fluid.components import DOMAINS
from ...k8s.wait_status import WaitStatus
from ..healer import QuorumHealer
from ..plan import ActionRecord, Master, RaftGroup
from . import connections
from .executor import Executor
from .observer import Observer
from .waits import poll


class Followers:
    """Restarts them one after the other, while the groups are complete. Each restarts once, also if it is
    connected again. pod: of the master that was rebuilt.
    """

    def __init__(self, pod: str, healer: QuorumHealer, observer: Observer, executor: Executor,
                 deadline: Deadline) -> None:
        self._name = pod
        self._healer = healer
        self._observer = observer
        self._executor = executor
        self._deadline = deadline

    def disconnect(self) -> None:
        """Return once no follower keeps a connection."""
        for domain in DOMAINS:
            poll(self._deadline, f"the {domain} followers to keep no connection to {self._name}",
                 partial(self._disconnect_next, domain))

    def _disconnect_next(self, domain: str) -> WaitStatus:
        """Restart the next follower that keeps a connection, and await it; done when there is none."""
        holder = self._keeping(domain)
        if holder is None:
            return WaitStatus(True)
        group, master = holder
        record = ActionRecord(domain, connections.restart(master, self._name))
        reason = self._executor.disconnect(record, group, _incomplete)
        if not reason:
            poll(self._deadline, f"{master.pod} to end its connection", self._process_ended)
        self._healer.ensure_complete()
        return WaitStatus(False, reason or f"{master.pod} has restarted")

    def _process_ended(self) -> WaitStatus:
        reason = self._executor.ended.pending()
        return WaitStatus(not reason, reason)

    def _keeping(self, domain: str) -> tuple[RaftGroup, Master] | None:
        """Return a follower that keeps a connection, with its group; None without one."""
        group = next(each for each in self._healer.groups() if each.domain == domain)
        connected = self._observer.connected([group])
        return next(((group, master) for master in group.masters
                     if (domain, master.pod) in connected and master.address != group.leader), None)


def _incomplete(groups: Sequence[RaftGroup]) -> str:
    return next((f"the {each.domain} group is not complete" for each in groups if not each.complete()), "")
