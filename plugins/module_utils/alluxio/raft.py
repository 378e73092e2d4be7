# SPDX-License-Identifier: GPL-3.0-or-later
"""Majorities, and a Raft group as one of its peers reports it. Pure.

Alluxio calls the Raft leader "leading master" and the followers "standby masters".
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field

from ..errors import InvalidInput

AVAILABLE = "AVAILABLE"
UNAVAILABLE = "UNAVAILABLE"

# States of a process' Raft server. LOADING: the port is not open yet; Ratis loads the journal first. CLOSED:
# the server ended, and so did its vote, although the process runs.
OPEN, LOADING, CLOSED = "open", "loading", "closed"


def quorum_size(members: int) -> int:
    """Return the majority of that many peers."""
    return members // 2 + 1


def fault_tolerance(members: int) -> int:
    """Return how many of that many peers may be unavailable without the loss of the majority."""
    return (members - 1) // 2


def require_valid_count(count: int) -> None:
    """Raise InvalidInput unless the number of masters is odd and at least one.

    Fluid accepts any number, but an even one tolerates no more failures than the odd one below it and makes
    split votes more likely.
    """
    if count < 1:
        raise InvalidInput(
            f"master_replicas is {count}: a runtime needs at least one master; use 1, or 3 or 5 for high "
            "availability")
    if count % 2 == 0:
        raise InvalidInput(
            f"master_replicas is {count}, an even number: {count} masters tolerate the loss of "
            f"{fault_tolerance(count)}, just as {count - 1} do; use {count - 1} or {count + 1}")


@dataclass(frozen=True)
class Peer:
    """One peer of a Raft group. address: host:port of its journal port.

    priority: in elections; None in metrics, which do not show it.
    silent: seconds since its last answer to the leader. behind: the number of committed entries that the
    leader has not sent to it yet. reached: the index of the last entry that it has confirmed. committed: the
    index of the last entry that the leader has committed. Each is None if unknown. lags: whether the group
    has committed later entries than those that it has confirmed. unproven: whether it is AVAILABLE by its
    silence alone.
    """

    address: str
    state: str
    priority: int | None = None
    leader: bool = False
    silent: float | None = field(default=None, compare=False)
    behind: int | None = field(default=None, compare=False)
    reached: int | None = field(default=None, compare=False)
    committed: int | None = field(default=None, compare=False)
    lags: bool = field(default=False, compare=False)
    unproven: bool = field(default=False, compare=False)

    def as_dict(self) -> dict:
        """Return the peer as modules return it."""
        host, _sep, port = self.address.rpartition(":")
        return {"address": self.address, "host": host, "port": int(port), "state": self.state,
                "priority": self.priority, "leader": self.leader}


@dataclass(frozen=True)
class Quorum:
    """A Raft group as one of its peers reports it. leader: host:port, None without one."""

    leader: str | None
    peers: tuple[Peer, ...] = field(default_factory=tuple)
    term: int | None = None

    @property
    def available(self) -> int:
        """The number of AVAILABLE peers."""
        return sum(peer.state == AVAILABLE for peer in self.peers)

    @property
    def silent(self) -> float:
        """The seconds since the last answers of a majority, the leader included; infinite if unknown."""
        known = sorted(peer.silent for peer in self.peers if not peer.leader and peer.silent is not None)
        others = quorum_size(len(self.peers)) - 1
        if others == 0:
            return 0.0
        return known[others - 1] if len(known) >= others else math.inf

    def complete(self, members: int, lost: Collection[str] = ()) -> bool:
        """Return whether all of that many expected masters are AVAILABLE peers and one of them leads.

        lost: hosts of peers that may be UNAVAILABLE, as long as the others are a majority.
        """
        leaders = sum(peer.leader for peer in self.peers)
        return (leaders == 1 and len(self.peers) == members and not self._unavailable(lost)
                and self.available >= quorum_size(members))

    def _unavailable(self, lost: Collection[str]) -> list[str]:
        return [peer.address for peer in self.peers
                if peer.state != AVAILABLE and peer.address.rpartition(":")[0] not in lost]

    def lacks(self, members: int, lost: Collection[str] = ()) -> str:
        """Return why the quorum is not complete, as a short text; empty if it is complete."""
        reasons = []
        if self.leader is None:
            reasons.append("no leader")
        elif not any(peer.leader for peer in self.peers):
            reasons.append(f"leader {self.leader} is not among the peers")
        if len(self.peers) != members:
            reasons.append(f"{len(self.peers)} peers of {members}")
        unavailable = self._unavailable(lost)
        if unavailable:
            reasons.append(f"not AVAILABLE: {', '.join(unavailable)}")
        elif self.available < quorum_size(members):
            reasons.append(f"{self.available} AVAILABLE, fewer than the majority of {members}")
        return "; ".join(reasons)

    def as_dict(self) -> dict:
        """Return the quorum as modules return it."""
        members = len(self.peers)
        return {
            "leader": self.leader,
            "peers": [peer.as_dict() for peer in self.peers],
            "term": self.term,
            "size": members,
            "quorum_size": quorum_size(members),
            "fault_tolerance": fault_tolerance(members),
            "available": self.available,
            "complete": members > 0 and self.complete(members),
        }
