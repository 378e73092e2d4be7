# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes that end because they keep a connection to a lost master. Pure.

Ratis keeps the connection for the next pod behind the same address (PeerProxyMap.computeIfAbsent), and a
leader with one serves nobody while that pod joins (seen on the lab). Only a leader needs a connection to a
peer, so the followers restart at the end, when the groups are complete.
"""

from __future__ import annotations

from ...fluid.components import MASTER
from ..plan import RESTART, TRANSFER, ActionRecord, Master, RaftGroup, Step
from .observed import Observed


def disconnections(observed: Observed) -> list[ActionRecord]:
    """Return the steps after which no leader keeps a connection to the lost master."""
    return [ActionRecord(each.domain, step) for each in observed.groups
            for step in _fresh_leader(each, observed)]


def _fresh_leader(group: RaftGroup, observed: Observed) -> list[Step]:
    """Return the steps in one group whose leader keeps a connection; none otherwise."""
    followers = [master for master in group.masters if master.stays
                 and master.address not in (group.leader, observed.master(group).address)]
    keeping = [master for master in followers if (group.domain, master.pod) in observed.connected]
    leading = group.leading()
    if leading is None or not followers or (group.domain, leading.pod) not in observed.connected:
        return []
    # The transfer of job masters is the restart of their leader, so any other may lead next.
    if group.domain == MASTER:
        candidate = next((each for each in followers if each not in keeping), followers[0])
        keeping = [each for each in keeping if each == candidate]
    else:
        candidate = followers[0]
    transfer = Step(TRANSFER, candidate.address, _reason(leading, observed.pod), candidate.address)
    return [*(restart(each, observed.pod) for each in keeping), transfer]


def late_restarts(observed: Observed) -> list[ActionRecord]:
    """Return the restarts that follow once the groups are complete, for the plan."""
    first = disconnections(observed)
    ended = {(each.domain, each.step.target) for each in first if each.step.action == RESTART}
    ended |= {(each.domain, each.leader or "") for each in observed.groups if each.domain != MASTER
              and any(record.domain == each.domain for record in first)}
    return [ActionRecord(each.domain, restart(master, observed.pod)) for each in observed.groups
            for master in each.masters if (each.domain, master.pod) in observed.connected
            and (each.domain, master.address) not in ended]


def restart(master: Master, lost: str) -> Step:
    """Return the restart of a master that keeps a connection. lost: the pod of the lost one."""
    return Step(RESTART, master.address, _reason(master, lost), master.address)


def _reason(master: Master, lost: str) -> str:
    return f"{master.pod} keeps a connection to {lost}, which its node has not closed"
