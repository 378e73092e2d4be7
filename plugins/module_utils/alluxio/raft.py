# SPDX-License-Identifier: GPL-3.0-or-later
"""Raft arithmetic, and a Raft group as one member reports it. Pure.

Alluxio calls the Raft leader "leading master" and the followers "standby masters".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import InvalidInput

AVAILABLE = "AVAILABLE"
UNAVAILABLE = "UNAVAILABLE"


def quorum_size(members: int) -> int:
    """How many of the members must agree: the majority."""
    return members // 2 + 1


def fault_tolerance(members: int) -> int:
    """How many members may be lost while the rest still has a majority."""
    return (members - 1) // 2


def require_valid_count(count: int) -> None:
    """Raise InvalidInput unless the count is odd and at least one.

    Fluid takes any number without a word, but an even one tolerates no more failures than
    the odd one below it and makes split votes likelier.
    """
    if count < 1:
        raise InvalidInput(
            f"master_replicas is {count}: a runtime needs at least one master; use 1, or 3 or 5 for high availability")
    if count % 2 == 0:
        raise InvalidInput(
            f"master_replicas is {count}, an even number: {count} masters tolerate the loss of {fault_tolerance(count)}, just as "
            f"{count - 1} do; use {count - 1} or {count + 1}")


@dataclass(frozen=True)
class Peer:
    """One member of the Raft group. address is host:port of its journal port.

    silent: seconds since its last answer to the leader. behind: how many entries of the journal that the group has agreed on were
    not sent to it yet. reached: the last entry that it is known to have had. They are None when that is not told. lags: whether the
    group has agreed on more than that.
    """

    address: str
    state: str
    priority: int = 0
    leader: bool = False
    silent: float | None = field(default=None, compare=False)
    behind: int | None = field(default=None, compare=False)
    reached: int | None = field(default=None, compare=False)
    lags: bool = field(default=False, compare=False)

    def as_dict(self) -> dict:
        host, _sep, port = self.address.rpartition(":")
        return {"address": self.address, "host": host, "port": int(port), "state": self.state,
                "priority": self.priority, "leader": self.leader}


@dataclass(frozen=True)
class Quorum:
    """What one member reports of its Raft group; leader is host:port, or None without one."""

    leader: str | None
    peers: tuple[Peer, ...] = field(default_factory=tuple)
    term: int | None = None

    @property
    def available(self) -> int:
        return sum(peer.state == AVAILABLE for peer in self.peers)

    def complete(self, members: int) -> bool:
        """Tell whether all of the wanted members are AVAILABLE peers and one of them leads."""
        leaders = sum(peer.leader for peer in self.peers)
        return leaders == 1 and len(self.peers) == members and self.available == members

    def lacks(self, members: int) -> str:
        """Say in a few words what keeps the quorum from being complete; empty when it is."""
        wants = []
        if self.leader is None:
            wants.append("no leader")
        elif not any(peer.leader for peer in self.peers):
            wants.append(f"leader {self.leader} is not among the peers")
        if len(self.peers) != members:
            wants.append(f"{len(self.peers)} peers of {members}")
        lost = [peer.address for peer in self.peers if peer.state != AVAILABLE]
        if lost:
            wants.append(f"not AVAILABLE: {', '.join(lost)}")
        return "; ".join(wants)

    def as_dict(self) -> dict:
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
