# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps an observed group from a safe loss of its leader. Pure.

A drill costs a group one master. Every other one must run, be a member, answer the leader and have its
journal.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..alluxio.properties import heartbeat_interval
from ..alluxio.raft import AVAILABLE, Peer
from ..quorum.plan import Master, RaftGroup

# Seconds beyond the interval of heartbeats within which a follower that takes part has answered.
_ANSWERS_WITHIN = 1.0


def is_complete(observed: RaftGroup) -> bool:
    """Return whether all expected masters run, are AVAILABLE peers, and one of them leads.

    A leader reports a follower as AVAILABLE for a while after its pod was deleted. Other peers with a pod
    vote as well, so they must be AVAILABLE too.
    """
    return (observed.complete() and observed.running == len(observed.masters)
            and not _unavailable_surplus(observed))


def shortcomings(observed: RaftGroup) -> str:
    """Return what keeps a group from being complete; empty when it is."""
    found = ["no leader"] if observed.leading() is None else []
    found += [f"{peer.address} is a stale peer" for peer in observed.stale]
    found += [f"{peer.address} is {peer.state}" for peer in _unavailable_surplus(observed)]
    found += [f"{master.pod} {master.reason or 'is ' + _state(master)}"
              for master in observed.masters if master.unavailable]
    return "; ".join(found)


def lags(observed: RaftGroup, properties: Mapping[str, str]) -> str:
    """Return which followers are silent or lack entries of the journal; empty when none does.

    A follower is AVAILABLE until election.timeout.max after its last answer, 20 s by default. One that takes
    part answers each heartbeat. properties: those in force in the leader.
    """
    silence = heartbeat_interval(properties) + _ANSWERS_WITHIN
    return "; ".join(filter(None, (_lag(master, silence) for master in observed.masters
                                   if master.address != observed.leader)))


def _lag(master: Master, silence: float) -> str:
    if master.silent is not None and master.silent > silence:
        return (f"{master.pod} last answered its leader {master.silent:.1f} s ago, expected {silence:g} s or "
                "less")
    behind = master.peer.behind if master.peer else None
    return f"{master.pod} lacks {behind} entries of the journal" if behind else ""


def _unavailable_surplus(observed: RaftGroup) -> list[Peer]:
    return [peer for peer in observed.surplus if peer.state != AVAILABLE]


def _state(master: Master) -> str:
    return "terminating" if master.available else master.state or "no member"
