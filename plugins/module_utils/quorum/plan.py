# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Raft group of masters needs next so that every expected peer is there. Pure.

One step at a time, decided from what is seen now: a run that was cut off is continued by the next one. No step is taken that
could cost the group its majority.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Mapping

from ..alluxio.raft import AVAILABLE, UNAVAILABLE, Peer, Quorum, quorum_size
from ..fluid.components import MASTER

# Acts. The first three change nothing.
NOTHING = "nothing"
WAIT = "wait"
LOST = "lost"
TRANSFER = "transfer_leadership"
RESTART = "restart_peer"
REMOVE = "remove_peer"

# Seconds. A follower with stable addresses is AVAILABLE 8 to 15 s after its container's start (measured, Alluxio 2.9.4; the longer on
# busy nodes). What takes twice as long does not come by itself.
JOIN_TIMEOUT = 30.0
# With short election timeouts a pause of a second makes a follower UNAVAILABLE for a moment: only a longer silence is worth an act.
UNRESPONSIVE_AFTER = 15.0
# The default of election.timeout.max: a peer that is AVAILABLE may have been silent for that long.
_MAY_BE_SILENT = 20.0
# A JVM answers later than this after its container's start, so an earlier answer came from the container before, which may live a
# moment longer when its pod was deleted by force: up to a second, and container times are in whole seconds.
_ANSWERS_AFTER = 2.5
# Seconds from a start until it is asked whether the Raft server is closed: before that it may not be open yet.
_ASKED_AFTER = 5.0
# How long an act may take to show before the next one is tried.
ACTION_TIMEOUT = 30.0


@dataclass(frozen=True)
class Master:
    """One expected peer as Kubernetes and the quorum see it.

    state: the peer's state, empty when the group does not list it. running: seconds since its container started, None when it
    does not run; trouble then says why not. silent: seconds since the leader heard of it, None when that is not known. leaving: its
    pod is being deleted, as in the drain of a node; it takes part still, and not for long. closed: its process has closed its Raft
    server, so that it has no vote until it restarts.
    """

    pod: str
    address: str
    state: str = ""
    running: float | None = None
    reason: str = ""
    silent: float | None = None
    terminating: bool = False
    raft_server_closed: bool = False

    @property
    def available(self) -> bool:
        return self.state == AVAILABLE

    @property
    def stays(self) -> bool:
        """Whether it takes part and will go on to."""
        return self.available and not self.terminating

    @property
    def unavailable(self) -> bool:
        """Whether it does not take part, or not for long, whatever the leader has heard of it."""
        return self.running is None or not self.stays


@dataclass(frozen=True)
class RaftGroup:
    """A Raft group. stale: peers that no expected master has. leader: an address, or None."""

    domain: str
    leader: str | None
    masters: tuple[Master, ...]
    stale: tuple[Peer, ...] = ()

    @property
    def available(self) -> int:
        """How many peers take part, stale ones included: all of them vote."""
        return sum(master.available for master in self.masters) + sum(peer.state == AVAILABLE for peer in self.stale)

    @property
    def listed(self) -> int:
        return sum(bool(master.state) for master in self.masters) + len(self.stale)

    @property
    def running(self) -> int:
        return sum(master.running is not None for master in self.masters)

    def leading(self) -> Master | None:
        """The expected master that leads."""
        return next((master for master in self.masters if master.address == self.leader), None)

    def complete(self) -> bool:
        return self.leading() is not None and not self.stale and all(master.stays for master in self.masters)


@dataclass(frozen=True)
class Step:
    """One act and its reason, in words for a person.

    target: the address of the peer that it acts on. subject: the peer that it is done for, which may be another.
    """

    action: str
    target: str = ""
    reason: str = ""
    subject: str = ""

    @property
    def changes(self) -> bool:
        return self.action in (TRANSFER, RESTART, REMOVE)


# Seconds since each (act, subject) was done in this run.
History = Mapping[tuple, float]


def raft_group(domain: str, quorum: Quorum | None, masters: tuple[Master, ...]) -> RaftGroup:
    """Join what Kubernetes says of the masters with what the quorum says; quorum is None when no master tells."""
    if quorum is None:
        return RaftGroup(domain, None, masters)
    peers = {peer.address: peer for peer in quorum.peers}
    joined = tuple(_joined(each, peers.pop(each.address, None)) for each in masters)
    return RaftGroup(domain, quorum.leader, joined, tuple(peer for peer in quorum.peers if peer.address in peers))


def _joined(master: Master, peer: Peer | None) -> Master:
    return replace(master, state=_state(peer, master.running), silent=peer.silent if peer else None)


def _state(peer: Peer | None, running: float | None) -> str:
    """The peer's state, unless what it stands on was said by a container that has ended since.

    A leader calls a follower AVAILABLE until election.timeout.max after its last answer. A restarted one, back before that, would
    pass for a peer that takes part, and a second one would be restarted beside it.
    """
    if peer is None:
        return ""
    silent = _MAY_BE_SILENT if peer.silent is None else peer.silent
    stale = running is not None and silent > running - _ANSWERS_AFTER
    return UNAVAILABLE if stale and peer.state == AVAILABLE and not peer.leader else peer.state


def may_be_closed(master: Master) -> bool:
    """Whether it is worth asking if the master's process has closed its Raft server."""
    return not master.available and not master.terminating and master.running is not None and master.running >= _ASKED_AFTER


def next_step(observed: RaftGroup, history: History, desired_leader: str = "", departing: str = "") -> Step:
    """Return what to do now.

    lead: the address that is to lead, empty when any may. going: the pod that the caller is about to end, which may be leaving or away.
    """
    for master in observed.masters:
        if master.raft_server_closed and master.pod != departing:
            return _reopen(master, history)
    if observed.leader is None or observed.available < quorum_size(observed.listed):
        return _without_majority(observed)
    if observed.stale:
        return _against_stale(observed)
    staying = [master for master in observed.masters if master.pod != departing]
    unavailable = [master for master in staying if not master.available]
    for master in unavailable:
        step = _for_lost(observed, master, history)
        if step is not None:
            return step
    if unavailable:
        return Step(WAIT, unavailable[0].address, "; ".join(f"{master.pod} {_why_unavailable(master)}" for master in unavailable))
    terminating = [master for master in staying if master.terminating]
    if terminating and (not desired_leader or desired_leader in (observed.leader, *(master.address for master in terminating))):
        return Step(WAIT, terminating[0].address, "; ".join(f"{master.pod} is being deleted" for master in terminating))
    if desired_leader and observed.leader != desired_leader:
        if (TRANSFER, desired_leader) in history and history[TRANSFER, desired_leader] < ACTION_TIMEOUT:
            return Step(WAIT, desired_leader, f"{desired_leader} takes over")
        return Step(TRANSFER, desired_leader, f"{observed.leader} leads and {desired_leader} is to lead", desired_leader)
    return Step(NOTHING)


def _reopen(master: Master, history: History) -> Step:
    """A master without its Raft server has no vote, so its restart costs the group nothing, not even one without a leader.

    While one that is being added is like that, its leader tries to reach it without a pause and answers little else (Alluxio 2.9.4).
    """
    reason = f"{master.pod} has closed its Raft server, though its process runs"
    if history.get((RESTART, master.address), ACTION_TIMEOUT) < ACTION_TIMEOUT:
        return Step(WAIT, master.address, reason)
    return Step(RESTART, master.address, reason, master.address)


def _without_majority(observed: RaftGroup) -> Step:
    """Only what runs can vote; nothing we could do brings a majority back without risking what it knows."""
    needed = quorum_size(max(observed.listed, len(observed.masters)))
    unavailable = "; ".join(f"{master.pod} {_why_unavailable(master)}" for master in observed.masters if master.running is None)
    if observed.running >= needed:
        return Step(WAIT, "", f"{observed.running} of {len(observed.masters)} masters run and have to elect a "
                              f"leader{f' ({unavailable})' if unavailable else ''}")
    return Step(LOST, "", f"{observed.running} of {len(observed.masters)} masters run and {needed} are needed ({unavailable})")


def _against_stale(observed: RaftGroup) -> Step:
    if observed.leading() is None:
        able = next((master for master in observed.masters if master.stays), None)
        if able is None:
            return Step(WAIT, "", f"the stale peer {observed.leader} leads and no expected master is AVAILABLE")
        return Step(TRANSFER, able.address, f"the stale peer {observed.leader} leads", able.address)
    # A change of the members is agreed on by the new group.
    peer = observed.stale[0]
    left = observed.available - (peer.state == AVAILABLE) - sum(master.available and master.terminating for master in observed.masters)
    if left < quorum_size(observed.listed - 1):
        return Step(WAIT, peer.address, f"without the stale peer {peer.address} only {left} of {observed.listed - 1} would be AVAILABLE")
    return Step(REMOVE, peer.address, "it is a peer of the group and no master has its address", peer.address)


def _for_lost(observed: RaftGroup, lost: Master, history: History) -> Step | None:
    """What can be done for one peer that is away; None when only waiting helps."""
    if lost.running is None or lost.terminating or lost.running < JOIN_TIMEOUT or lost.address == observed.leader:
        return None
    if lost.silent is not None and lost.silent < UNRESPONSIVE_AFTER:
        return None
    done = {action: ago for (action, subject), ago in history.items() if subject == lost.address}
    if any(ago < ACTION_TIMEOUT for ago in done.values()):
        return None
    reason = f"{lost.pod} has run for {lost.running:.0f} s and is {lost.state or 'no member of the group'}"
    able = next((master for master in observed.masters if master.stays and master.address != observed.leader), None)
    steps = [Step(RESTART, lost.address, reason, lost.address)]
    if lost.state and able is not None:
        steps.append(Step(TRANSFER, able.address, f"{reason}: a new leader opens new connections to it", lost.address))
    # A transfer costs the masters no member. The job masters have none but the restart of their leader, which therefore comes last.
    if observed.domain == MASTER:
        steps.reverse()
    return next((step for step in steps if step.action not in done), None)


def _why_unavailable(master: Master) -> str:
    if master.running is None:
        return f"does not run: {master.reason or 'no pod'}"
    return f"has run for {master.running:.0f} s and is {master.state or 'no member yet'}"
