# SPDX-License-Identifier: GPL-3.0-or-later
"""The next step that brings a Raft group of masters to its expected peers. Pure.

A step depends only on what is observed now, so the next run continues an interrupted one. No step can cost
the group its majority. next_step() takes the first of these that applies:

1. A master runs without its Raft server: restart its process.
2. No leader, or no majority AVAILABLE: end the process of a former leader that hangs and forbids itself an
   election, else wait for an election, or report a lost majority.
3. The group has a stale peer, which has no pod: remove it, after a leadership transfer if it leads.
4. A running master stays UNAVAILABLE: transfer the leadership, which opens new connections, then restart it;
   for job masters in reverse order. One that still loads its journal is left alone, and what an earlier run
   tried is not repeated.
5. A master is unavailable or terminating: wait for it.
6. Another master than the desired one leads: transfer the leadership, once no follower is catching up.
7. Nothing: the group is complete.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..alluxio.raft import AVAILABLE, CLOSED, LOADING, UNAVAILABLE, Peer, Quorum, quorum_size
from ..fluid.components import MASTER

# Actions. The first three change nothing.
NOTHING = "nothing"
WAIT = "wait"
LOST = "lost"
STUCK = "stuck"
TRANSFER = "transfer_leadership"
RESTART = "restart_peer"
REMOVE = "remove_peer"

# Seconds since the Raft port is open, which Ratis opens once the journal is loaded. With stable addresses a
# follower is then AVAILABLE within 8 (measured, Alluxio 2.9.4). A follower that receives a snapshot answers
# each chunk, so it is not silent. Ratis waits for 5 s at most between two attempts to connect.
JOIN_TIMEOUT = 30.0
# Seconds. With short election timeouts a pause of one second makes a follower UNAVAILABLE for a moment; only
# a longer silence justifies an action.
UNRESPONSIVE_AFTER = 15.0
# Seconds. A JVM needs longer than this to answer after its container's start. An earlier answer came from the
# previous container, which runs up to a second longer if its pod was deleted by force. Container times are
# whole seconds.
_FIRST_ANSWER_AFTER = 2.5
# Seconds after a container's start; its Raft server may not be open before that.
_RAFT_SERVER_OPEN_AFTER = 5.0
# Seconds until an action must show an effect; then the next one is tried.
ACTION_TIMEOUT = 30.0
# Entries. Ratis takes a new peer for caught up within this gap (raft.server.staging.catchup.gap).
_CATCH_UP_GAP = 1000
# Seconds. A leader becomes a standby within 3 (measured, Alluxio 2.9.4). Ending its process costs nothing
# while nobody leads.
_STANDBY_AFTER = 30.0


@dataclass(frozen=True)
class Master:
    """One expected peer, as Kubernetes and the quorum report it.

    state: of the peer; empty when the group does not list it. running: seconds since the container's start;
    None when it does not run, for the given reason. silent: seconds since the peer's last answer to the
    leader; None when unknown. terminating: its pod is being deleted, as in a node's drain; it takes part
    until then. raft_server: the state of its process' Raft server, as in alluxio/raft.py. joining: seconds
    since its Raft port is known to be open; None for as long as it runs. tried: actions that an earlier run
    has taken for this container. conflict: whether its journal has an entry that the leader's has not. peer:
    as the group lists it, None when it does not. lost: why it cannot run until a node returns, if the caller
    goes on without such a master. stepped_down: seconds since it has led, if it may start no election.
    """

    pod: str
    address: str
    state: str = ""
    running: float | None = None
    reason: str = ""
    silent: float | None = None
    terminating: bool = False
    raft_server: str = ""
    joining: float | None = None
    tried: frozenset[str] = frozenset()
    conflict: bool = False
    peer: Peer | None = None
    lost: str = ""
    stepped_down: float | None = None

    @property
    def available(self) -> bool:
        """Whether its peer is AVAILABLE."""
        return self.state == AVAILABLE

    @property
    def stays(self) -> bool:
        """Whether it takes part and will continue to."""
        return self.available and not self.terminating

    @property
    def unavailable(self) -> bool:
        """Whether it does not take part or soon will not, whatever the leader reports."""
        return self.running is None or not self.stays


@dataclass(frozen=True)
class RaftGroup:
    """A Raft group. leader: an address, None without one.

    stale: peers without a pod that no expected master has. surplus: such peers with a pod, which run.
    young_until: by the deadline's clock, when an act that follows from this look would come too late.
    """

    domain: str
    leader: str | None
    masters: tuple[Master, ...]
    stale: tuple[Peer, ...] = ()
    surplus: tuple[Peer, ...] = ()
    young_until: float = field(default=float("inf"), compare=False)

    @property
    def available(self) -> int:
        """Number of AVAILABLE peers, also those that are not expected, since they vote too."""
        return sum(master.available for master in self.masters) + sum(
            peer.state == AVAILABLE for peer in (*self.stale, *self.surplus))

    @property
    def listed(self) -> int:
        """Number of peers that the group lists, also those that are not expected."""
        return sum(bool(master.state) for master in self.masters) + len(self.stale) + len(self.surplus)

    @property
    def running(self) -> int:
        """Number of expected masters that run."""
        return sum(master.running is not None for master in self.masters)

    def peers(self) -> dict[tuple[str, str], Peer | None]:
        """Return the AVAILABLE peer of each expected master, else None, by its domain and pod."""
        return {(self.domain, master.pod): master.peer if master.available else None
                for master in self.masters}

    def leading(self) -> Master | None:
        """Return the expected master that leads; None when none does."""
        return next((master for master in self.masters if master.address == self.leader), None)

    def complete(self) -> bool:
        """Return whether the expected masters are peers that stay, one leads, and no peer is stale.

        A lost master may be missing, as long as the others are a majority.
        """
        return (self.leading() is not None and not self.stale
                and self.available >= quorum_size(self.listed)
                and all(master.stays or master.lost for master in self.masters))


@dataclass(frozen=True)
class Step:
    """One action and its reason, for a user.

    target: address of the peer that it acts on. subject: address of the peer that it serves, possibly
    another.
    """

    action: str
    target: str = ""
    reason: str = ""
    subject: str = ""

    @property
    def changes(self) -> bool:
        """Whether the action changes the group or a process."""
        return self.action in (TRANSFER, RESTART, REMOVE)


@dataclass(frozen=True)
class ActionRecord:
    """A step in one domain, planned or performed."""

    domain: str
    step: Step

    def as_dict(self) -> dict:
        """Return the values as the module returns them."""
        return {"domain": self.domain, "action": self.step.action, "target": self.step.target,
                "reason": self.step.reason}


# Seconds since each (action, subject) of this run.
History = Mapping[tuple, float]


def raft_group(domain: str, quorum: Quorum | None, masters: tuple[Master, ...],
               pods: Collection[str] = ()) -> RaftGroup:
    """Combine the masters' state in Kubernetes with their quorum, which is None when no master reports it.

    pods: names of all master pods. A peer that has one runs, and so is never stale.
    """
    if quorum is None:
        return RaftGroup(domain, None, masters)
    peers = {peer.address: peer for peer in quorum.peers}
    joined = tuple(_joined(each, peers.pop(each.address, None)) for each in masters)
    surplus = tuple(peer for peer in peers.values() if peer.address.rpartition(":")[0] in pods)
    stale = tuple(peer for peer in peers.values() if peer not in surplus)
    return RaftGroup(domain, quorum.leader, joined, stale, surplus)


def _joined(master: Master, peer: Peer | None) -> Master:
    return replace(
        master, state=_state(peer, master.running), silent=peer.silent if peer else None, peer=peer)


def _state(peer: Peer | None, running: float | None) -> str:
    """Return the peer's state; UNAVAILABLE when its last answer came from an earlier container.

    A leader reports a follower as AVAILABLE until election.timeout.max after its last answer. A follower that
    restarts within that time would appear to take part, and a second master could be restarted at the same
    time.
    """
    if peer is None:
        return ""
    outdated = running is not None and (peer.silent is None or peer.silent > running - _FIRST_ANSWER_AFTER)
    return UNAVAILABLE if outdated and peer.state == AVAILABLE and not peer.leader else peer.state


def needs_check(master: Master) -> bool:
    """Return whether the master's state calls for a check of its Raft server."""
    return (not master.available and not master.terminating
            and master.running is not None and master.running >= _RAFT_SERVER_OPEN_AFTER)


def next_step(observed: RaftGroup, history: History, desired_leader: str = "", departing: str = "") -> Step:
    """Return the next step, by the rules of this file's docstring.

    desired_leader: address that must lead; empty for any. departing: pod that the caller is about to end,
    which may be unavailable or terminating.
    """
    for master in observed.masters:
        # One that the caller is about to end may silence the leader until then.
        if master.raft_server == CLOSED and (master.pod != departing or observed.leader is None):
            return _restart_process(master, history)
    if observed.leader is None or observed.available < quorum_size(observed.listed):
        return _end_former_leader(observed, history) or _without_majority(observed)
    if observed.stale:
        return _remove_stale(observed)
    staying = [master for master in observed.masters if master.pod != departing and not master.lost]
    unavailable = [master for master in staying if not master.available]
    for master in unavailable:
        step = _recover(observed, master, history)
        if step is not None:
            return step
    if unavailable:
        return Step(STUCK if all(master.conflict for master in unavailable) else WAIT, unavailable[0].address,
                    "; ".join(f"{master.pod} {_why_unavailable(master)}" for master in unavailable))
    terminating = [master for master in staying if master.terminating]
    if terminating and (not desired_leader
                        or desired_leader in (observed.leader, *(master.address for master in terminating))):
        return Step(WAIT, terminating[0].address,
                    "; ".join(f"{master.pod} is terminating" for master in terminating))
    lost = [master.address for master in observed.masters if master.lost]
    if desired_leader and desired_leader not in (observed.leader, *lost):
        if _in_progress(history, TRANSFER, desired_leader):
            return Step(WAIT, desired_leader, f"the leadership transfer to {desired_leader} is in progress")
        if lagging := catching_up(staying):
            return Step(WAIT, *lagging)
        return Step(TRANSFER, desired_leader, f"{observed.leader} leads, expected {desired_leader}",
                    desired_leader)
    return Step(NOTHING)


def _in_progress(history: History, action: str, subject: str) -> bool:
    """Return whether this run has taken the action so recently that its effect may not show yet."""
    return history.get((action, subject), ACTION_TIMEOUT) < ACTION_TIMEOUT


def _behind(master: Master) -> int:
    """Return how many committed entries a follower has not confirmed, as far as the leader reports it."""
    peer = master.peer
    if peer is None or peer.leader:
        return 0
    unconfirmed = 0 if peer.reached is None or peer.committed is None else peer.committed - peer.reached
    return max(peer.behind or 0, unconfirmed)


def catching_up(masters: Iterable[Master]) -> tuple[str, str] | None:
    """Return the address of a follower that lacks many entries, and why no transfer may begin; None if none.

    A former leader restarts its Raft server, so the next one keeps its majority only if the others follow,
    and a follower that is catching up may not answer in time.
    """
    return next(((master.address, f"{master.pod} lacks {_behind(master)} entries, and the next leader may "
                                  "need its vote at once")
                 for master in masters if _behind(master) > _CATCH_UP_GAP), None)


def _restart_process(master: Master, history: History) -> Step:
    """Return the restart of a master without a Raft server, which has no vote: it costs no majority.

    While such a master is being added, the leader tries to reach it without a pause and hardly answers others
    (Alluxio 2.9.4).
    """
    reason = f"{master.pod} has closed its Raft server, though its process runs"
    if _in_progress(history, RESTART, master.address):
        return Step(WAIT, master.address, reason)
    return Step(RESTART, master.address, reason, master.address)


def _end_former_leader(observed: RaftGroup, history: History) -> Step | None:
    """Return the restart of a former leader that hangs on its way to a standby; None if there is none.

    Its journal may be the longest, and then no other master can win an election. The journal stays.
    """
    for master in observed.masters:
        if (observed.leader is None and (master.stepped_down or 0.0) >= _STANDBY_AFTER
                and RESTART not in master.tried and not _in_progress(history, RESTART, master.address)):
            return Step(RESTART, master.address,
                        f"{master.pod} led until {master.stepped_down:.0f} s ago, starts no election and has "
                        "not become a standby", master.address)
    return None


def _without_majority(observed: RaftGroup) -> Step:
    """Wait for an election, or report a lost majority, which no action restores without a risk."""
    needed = quorum_size(max(observed.listed, len(observed.masters)))
    unavailable = "; ".join(
        f"{master.pod} {_why_unavailable(master)}" for master in observed.masters if master.running is None)
    if observed.running >= needed:
        return Step(
            WAIT, "", f"{observed.running} of {len(observed.masters)} masters run and must elect a "
            f"leader{f' ({unavailable})' if unavailable else ''}")
    return Step(LOST, "", f"{observed.running} of {len(observed.masters)} masters run and {needed} are "
                          f"needed ({unavailable})")


def _remove_stale(observed: RaftGroup) -> Step:
    """Remove a stale peer; first transfer the leadership if a stale peer leads."""
    if observed.leading() is None:
        candidate = next((master for master in observed.masters if master.stays), None)
        if candidate is None:
            return Step(
                WAIT, "", f"the stale peer {observed.leader} leads and no expected master is AVAILABLE")
        return Step(
            TRANSFER, candidate.address, f"the stale peer {observed.leader} leads", candidate.address)
    # The group without the peer must commit the change of members.
    peer = observed.stale[0]
    remaining = observed.available - (peer.state == AVAILABLE) - sum(
        master.available and master.terminating for master in observed.masters)
    if remaining < quorum_size(observed.listed - 1):
        return Step(WAIT, peer.address, f"without the stale peer {peer.address} only {remaining} of "
                                        f"{observed.listed - 1} would be AVAILABLE")
    return Step(REMOVE, peer.address, "no expected master has the address of this peer", peer.address)


def _recover(observed: RaftGroup, lost: Master, history: History) -> Step | None:
    """Return an action for one unavailable peer; None when it needs more time.

    Another start would load the journal from its beginning, so one that loads it is never restarted.
    """
    if (lost.running is None or lost.terminating or lost.raft_server == LOADING
            or min(lost.running, lost.running if lost.joining is None else lost.joining) < JOIN_TIMEOUT
            or lost.address == observed.leader):
        return None
    if lost.silent is not None and lost.silent < UNRESPONSIVE_AFTER:
        return None
    ages = {action: age for (action, subject), age in history.items() if subject == lost.address}
    if any(age < ACTION_TIMEOUT for age in ages.values()):
        return None
    reason = f"{lost.pod} has run for {lost.running:.0f} s and is {lost.state or 'no member of the group'}"
    candidate = next(
        (master for master in observed.masters if master.stays and master.address != observed.leader), None)
    steps = [Step(RESTART, lost.address, reason, lost.address)]
    if lost.state and candidate is not None:
        steps.append(Step(
            TRANSFER, candidate.address, f"{reason}: a new leader opens new connections to it", lost.address))
    # A transfer costs the masters no member, so it comes first. Job masters have no other transfer than a
    # restart of their leader, which therefore comes last.
    if observed.domain == MASTER:
        steps.reverse()
    return next((step for step in steps if step.action not in ages and step.action not in lost.tried), None)


def _why_unavailable(master: Master) -> str:
    if master.running is None:
        return f"does not run: {master.reason or 'no pod'}"
    state = f"has run for {master.running:.0f} s and is {master.state or 'no member yet'}"
    if master.raft_server == LOADING:
        return f"{state}: it loads its journal, and its Raft port is not open yet"
    if master.conflict:
        return (f"{state}: its journal has an entry that the leader's has not, which Ratis never replaces; "
                f"run alluxio_quorum with rebuild: {master.pod}")
    if master.tried:
        return (f"{state}: an earlier run has tried {' and '.join(sorted(master.tried))} without effect; "
                f"look at the log of pod {master.pod}")
    return state
