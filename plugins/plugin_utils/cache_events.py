# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to caches, as events of ansible-rulebook, from one observation to the next. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..module_utils.alluxio.raft import quorum_size
from .cache_records import LEADER, UNAVAILABLE

LEADER_CHANGED, RESTORED = "leader_changed", "restored"
MEMBER_LOST, QUORUM_AT_RISK = "member_lost", "quorum_at_risk"
DATASET_UNBOUND, CACHE_FULL, FUSE_DEAD = "dataset_unbound", "cache_full", "fuse_dead"
_OF_MASTERS = (MEMBER_LOST, QUORUM_AT_RISK)
_BOUND = "Bound"
# Seconds from which a run that holds the Lease of the masters delays no event of them.
RUN_LASTS = 600.0


@dataclass(frozen=True)
class Observation:
    """One cache. record: as of cache_records.

    dead_fuses: names of its FUSE pods that are not ready; None if they could not be read. held: whether a run
    holds the Lease of the masters.
    """

    record: Mapping
    dead_fuses: tuple[str, ...] | None = ()
    held: bool = False

    @property
    def host(self) -> str:
        """The name of the cache as a host of the inventory plugin."""
        return f"{self.record['name']}.{self.record['namespace']}"

    @property
    def masters_are_read(self) -> bool:
        """Whether the masters' roles are known."""
        return bool(self.record["masters"]) and all(each["role"] for each in self.record["masters"])

    @property
    def unknown(self) -> frozenset[str]:
        """The types of the faults of which nothing is known."""
        masters = () if self.masters_are_read else _OF_MASTERS
        return frozenset((*masters, FUSE_DEAD) if self.dead_fuses is None else masters)

    @property
    def leader(self) -> str:
        """The pod that leads; empty without a leader, or if nobody could report it."""
        return next((each["pod"] for each in self.record["masters"] if each["role"] == LEADER), "")


def faults(observation: Observation, full_percentage: float) -> dict[str, dict]:
    """Return what is wrong with a cache, by the type of its event, each with the fields of that event."""
    variables = observation.record["variables"]
    if variables["alluxio_terminating"]:
        return {}
    found = _of_masters(observation) if observation.masters_are_read else {}
    phase = observation.record["phase"]
    if phase != _BOUND:
        found[DATASET_UNBOUND] = {"phase": phase}
    cached, capacity = variables.get("alluxio_cached_bytes"), variables.get("alluxio_capacity_bytes")
    if cached and capacity and cached / capacity * 100 >= full_percentage:
        found[CACHE_FULL] = {"cached_bytes": cached, "capacity_bytes": capacity}
    if observation.dead_fuses:
        found[FUSE_DEAD] = {"pods": list(observation.dead_fuses)}
    return found


def has_lost_masters(record: Mapping) -> bool:
    """Return whether a run that restarts or adds masters could be the reason of a fault."""
    return not record["variables"]["alluxio_terminating"] and any(
        each["role"] == UNAVAILABLE for each in record["masters"])


def _of_masters(observation: Observation) -> dict[str, dict]:
    declared = observation.record["variables"]["fluid_master_replicas"]
    lost = [each["pod"] for each in observation.record["masters"] if each["role"] == UNAVAILABLE]
    available = len(observation.record["masters"]) - len(lost)
    fields = {"masters": declared, "available": available, "needed": quorum_size(declared), "lost": lost,
              "leader": observation.leader}
    found = {MEMBER_LOST: fields} if lost else {}
    if declared > 1 and available <= quorum_size(declared):
        found[QUORUM_AT_RISK] = fields
    return found


@dataclass
class _Fault:
    """A fault that continues. Times are by the caller's clock.

    sent: None before its first event. named: the pods of its last event that still have it. since: from when
    on it has pods that no event has named; None without such pods. free: since when no run holds the Lease
    that may end the fault; infinite while one does. looked: when it was last observed.
    """

    began: float
    sent: float | None = None
    named: frozenset[str] = frozenset()
    since: float | None = None
    free: float = -math.inf
    looked: float = -math.inf

    def look(self, pods: frozenset[str], now: float) -> None:
        """Note the pods that have the fault now."""
        self.looked = now
        self.named &= pods
        if pods <= self.named:
            self.since = None
        elif self.since is None:
            self.since = now

    def due(self, lasts: float, repeat: float) -> float:
        """Return the time of its next event.

        A fault counts from the end of a run, whose last act may be younger than the masters' roles.
        """
        if self.sent is None:
            new, due = self.began, self.began + lasts
        else:
            new, due = self.sent, self.sent + repeat
            if self.since is not None and self.since + lasts < due:
                new, due = self.since, self.since + lasts
        return max(due, min(self.free + lasts, new + RUN_LASTS))

    def send(self, pods: frozenset[str], now: float) -> None:
        self.sent, self.named, self.since = now, pods, None


@dataclass
class _Cache:
    leader: str = ""
    # Whether it has been bound: what is missing before that is still being deployed.
    deployed: bool = False
    faults: dict[str, _Fault] = field(default_factory=dict)


class Faults:
    """The faults of all caches.

    lasts: seconds after which a fault counts. repeat: seconds between two events of it. The clock is that of
    the caller.
    """

    def __init__(self, full_percentage: float, lasts: float, repeat: float) -> None:
        self._full_percentage = full_percentage
        self._lasts = lasts
        self._repeat = repeat
        self._caches: dict[str, _Cache] = {}
        self._looked = 0.0

    def events(self, observations: list[Observation], now: float,
               unread: Collection[str] = ()) -> list[dict]:
        """Return the events since the last observation, without caches that are gone.

        unread: namespaces that could not be read, whose caches may exist still.
        """
        present = {each.host: each for each in observations}
        kept = {host: cache for host, cache in self._caches.items() if host.partition(".")[2] in unread}
        self._caches = kept | {host: self._caches.get(host, _Cache()) for host in present}
        self._looked = now
        return [event for host, observation in present.items()
                for event in self._of_cache(self._caches[host], observation, now)]

    def pause(self, now: float, longest: float) -> float:
        """Return the seconds until the next fault counts or is repeated, at most longest.

        Those that could not be observed last cause no event before an observation.
        """
        due = [fault.due(self._lasts, self._repeat) - now for cache in self._caches.values()
               for fault in cache.faults.values() if fault.looked == self._looked]
        return max(0.0, min([longest, *due]))

    def _of_cache(self, cache: _Cache, observation: Observation, now: float) -> list[dict]:
        about = {"cache": observation.host, "name": observation.record["name"],
                 "namespace": observation.record["namespace"]}
        # Fluid sets Failed on a Dataset that was bound.
        cache.deployed = cache.deployed or observation.record["phase"] in (_BOUND, "Failed")
        found = faults(observation, self._full_percentage) if cache.deployed else {}
        events = self._ended(cache, found, observation, now) + self._continuing(
            cache, found, observation.held, now)
        leader = observation.leader
        if leader and cache.leader not in ("", leader):
            events.insert(0, {"type": LEADER_CHANGED, "leader": leader, "previous": cache.leader})
        cache.leader = leader or cache.leader
        return [{**event, **about} for event in events]

    def _ended(self, cache: _Cache, found: Mapping, observation: Observation, now: float) -> list[dict]:
        """Forget the faults that have ended; those of which nothing is known stay.

        A removal restores nothing.
        """
        ended = [type_ for type_ in cache.faults if type_ not in {*found, *observation.unknown}]
        faults_ = [(type_, cache.faults.pop(type_)) for type_ in ended]
        return [{"type": RESTORED, "restored": type_, "seconds": round(now - fault.began, 1)}
                for type_, fault in faults_
                if fault.sent is not None and not observation.record["variables"]["alluxio_terminating"]]

    def _continuing(self, cache: _Cache, found: Mapping[str, dict], held: bool, now: float) -> list[dict]:
        """Return the events of the faults that have lasted long enough, have new pods, or are due again."""
        events = []
        for type_, fields in found.items():
            fault = cache.faults.setdefault(type_, _Fault(now))
            pods = frozenset(fields.get("lost") or fields.get("pods") or ())
            fault.look(pods, now)
            if held and type_ in _OF_MASTERS:
                fault.free = math.inf
            elif fault.free == math.inf:
                fault.free = now
            if now >= fault.due(self._lasts, self._repeat):
                fault.send(pods, now)
                events.append({"type": type_, "seconds": round(now - fault.began, 1), **fields})
        return events
