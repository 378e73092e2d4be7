# SPDX-License-Identifier: GPL-3.0-or-later
"""Raft arithmetic and the answers of Alluxio's journal commands. Pure.

Alluxio calls the Raft leader "leading master" and the followers "standby masters".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .errors import InvalidInput, QuorumUnknown

AVAILABLE = "AVAILABLE"
UNAVAILABLE = "UNAVAILABLE"


def quorum_size(members: int) -> int:
    """How many of the members must agree: the majority."""
    return members // 2 + 1


def fault_tolerance(members: int) -> int:
    """How many members may be lost while the rest still has a majority."""
    return (members - 1) // 2


def declared_masters(spec: dict) -> int:
    """The number of masters that an AlluxioRuntime's spec declares; Fluid takes none for one."""
    return (spec.get("master") or {}).get("replicas") or 1


def changes_journal(masters: int, wanted: int) -> bool:
    """Tell whether another number of masters needs a journal of another type.

    A single master keeps its journal in the UFS format and several in the EMBEDDED one, which Fluid chooses and formats when it
    creates a runtime (pkg/ddc/alluxio/transform_optimization.go, charts/alluxio/templates/master/statefulset.yaml).
    """
    return (masters == 1) != (wanted == 1)


def require_valid_count(count: int) -> None:
    """Raise InvalidInput unless the count is odd and at least one.

    Fluid takes any number without a word, but an even one tolerates no more failures than
    the odd one below it and makes split votes likelier.
    """
    if count < 1:
        raise InvalidInput(
            "master_replicas is %d: a runtime needs at least one master; use 1, or 3 or 5 for high availability" % count)
    if count % 2 == 0:
        raise InvalidInput(
            "master_replicas is %d, an even number: %d masters tolerate the loss of %d, just as %d do; use %d or %d"
            % (count, count, fault_tolerance(count), count - 1, count - 1, count + 1))


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
            wants.append("leader %s is not among the peers" % self.leader)
        if len(self.peers) != members:
            wants.append("%d peers of %d" % (len(self.peers), members))
        lost = [peer.address for peer in self.peers if peer.state != AVAILABLE]
        if lost:
            wants.append("not AVAILABLE: %s" % ", ".join(lost))
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


_LEADER = re.compile(r"^Quorum leader\s*:\s*(\S+)\s*$", re.MULTILINE)
_ROW = re.compile(r"^\s*([A-Z]+)\s*\|\s*(-?\d+)\s*\|\s*(\S+:\d+)\s*$", re.MULTILINE)


def parse_quorum_info(text: str) -> Quorum:
    """Read the output of ``alluxio fsadmin journal quorum info``.

    Shape (Alluxio 2.9, QuorumInfoCommand): a head with "Quorum leader : host:port", then a
    table of "STATE | PRIORITY | SERVER ADDRESS". Raises QuorumUnknown when it is none.
    """
    rows = _ROW.findall(text)
    if not rows:
        raise QuorumUnknown("expected a table of quorum peers from `alluxio fsadmin journal quorum info`, got: %s"
                            % (text.strip()[-400:] or "nothing"))
    match = _LEADER.search(text)
    leader = match.group(1) if match and ":" in match.group(1) else None
    peers = tuple(
        Peer(address=address, state=state, priority=int(priority), leader=address == leader)
        for state, priority, address in sorted(rows, key=lambda row: row[2]))
    return Quorum(leader=leader, peers=peers)


_LEADING = re.compile(r"^Current leader master:\s*([^/\s:]+)(?:/[^:\s]*)?:(\d+)", re.MULTILINE)


def parse_master_info(text: str) -> Quorum:
    """Read ``alluxio fs masterInfo`` of a single master, which has no Raft group.

    Shape: "Current leader master: host/address:port". Without a leader its exit code is 0 all the same.
    """
    match = _LEADING.search(text)
    if match is None:
        raise QuorumUnknown("expected the leading master from `alluxio fs masterInfo`, got: %s"
                            % (text.strip()[-400:] or "nothing"))
    leader = "%s:%s" % match.groups()
    return Quorum(leader=leader, peers=(Peer(address=leader, state=AVAILABLE, leader=True),))


# Ratis (RaftServerProxy) logs when a member's server starts and closes.
_SERVER = re.compile(r" RaftServer - \S+: (start RPC server|close)$", re.MULTILINE)


def raft_server_closed(log: str) -> bool:
    """Tell from a master's log whether it has closed its Raft server for good, though its process lives.

    A master that is being added asks for votes when no leader has reached it for an election timeout. A leader that does not know
    it yet answers that it should shut down, and it does (Ratis, LeaderElection). From then on it is of no use until it restarts.
    """
    said = _SERVER.findall(log)
    return bool(said) and said[-1] == "close"


# Ratis (RaftServerImpl) logs each role change of a member with the term it happened at.
_TERM = re.compile(r"changes role from\s+\w+ to (?:LEADER|FOLLOWER|CANDIDATE) at term (\d+)")


def last_term(log: str) -> int | None:
    """Return the newest Raft term that a master's log names, or None when it names none."""
    terms = [int(term) for term in _TERM.findall(log)]
    return max(terms) if terms else None
