# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills the leader of a runtime's masters and measures the effect on clients that write and read. Drives IO.

A drill costs the quorum one of the failures that it tolerates, never its majority:

1. Both quorums must be complete, or nothing starts.
2. The writer and the reader start, which takes seconds.
3. One pass over both groups, the last look, decides which pod leads now and whether it may be killed.
4. The leader's process is killed within a second of that look, and its pod deleted within two more.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from ..alluxio import logs
from ..api.client import Client
from ..api.deadline import Deadline
from ..errors import (
    ApiError,
    Conflict,
    FluidError,
    Forbidden,
    OldLook,
    PreconditionFailed,
    ServerUnavailable,
    WriteConflict,
)
from ..fluid import kinds as fluid_kinds
from ..fluid.components import MASTER, container_of
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, ref_to
from ..k8s.pods import container_run
from ..k8s.wait_status import WaitStatus
from ..masters.web_api import MasterWebApi
from ..quorum import services
from ..quorum.healer import QuorumHealer
from . import reader as drill_reader
from .last_look import LastLook
from .observed import is_complete, shortcomings
from .reader import Reads
from .results import DrillResult, Writes
from .writer import ProbeWriter

# What is killed: the leader's process, whose container kubelet restarts, or its pod too.
PROCESS, POD = "process", "pod"

# Seconds between two observations: of a leader, and of slower events.
_LEADER_PAUSE = 0.1
_PAUSE = 0.5
# Seconds from the signal to the deletion of the pod, at most; the answer to the kill takes a part of them.
_DELETED_WITHIN = 2.0
# Lines of the reader's log, enough for one to two hours.
_LOG_TAIL = 50000
_LEADER_LOG_TAIL = 500
# Seconds beyond a drill's timeout, after which an abandoned writer ends by itself.
_WRITER_MARGIN = 60.0
# The part of a drill's time in which writer, reader and last look must succeed: the rest is for the return of
# the master, which a drill that has killed must be able to await.
_PREPARATION = 0.5


class FailoverDrill:
    """Drills on one runtime that end before the deadline or raise WaitTimeout. masters: expected number."""

    def __init__(self, client: Client, runtime: ObjectRef, masters: int, deadline: Deadline) -> None:
        self._client = client
        self._runtime = runtime
        self._masters = masters
        self._deadline = deadline
        self._api = MasterWebApi(client)
        self._healer = QuorumHealer(client, runtime, masters, deadline)
        self._look = LastLook(client, runtime, self._healer, self._api)

    def leader(self) -> str:
        """Return the pod that leads the masters.

        Raises PreconditionFailed unless all masters and job masters are in their quorums, with stable
        addresses.
        """
        leaders = []
        for observed in self._healer.groups():
            if not is_complete(observed):
                raise PreconditionFailed(
                    f"the {observed.domain} quorum of {self._described()} is not complete: "
                    f"{shortcomings(observed)}; a drill would put its majority at risk, so nothing was "
                    "killed: run alluxio_quorum first")
            leaders += [leading.pod] if (leading := observed.leading()) else []
        headless = services.unstable(self._client, self._runtime, self._masters)
        if headless:
            raise PreconditionFailed(f"the masters' Services {', '.join(headless)} of {self._described()} "
                                     "are headless, so a killed master may stay out of the quorum for "
                                     "minutes; nothing was killed: run alluxio_quorum first")
        return leaders[0]

    def run(self, reader: str = "", probe_writes: bool = True, kill: str = PROCESS) -> DrillResult:
        """Kill the leader and return the result.

        reader: pod of a reading application; empty without one. kill: PROCESS or POD.
        """
        leading = self.leader()
        prepared = self._deadline.within(self._deadline.seconds * _PREPARATION)
        writer = None
        try:
            while True:
                writer = self._writer(leading) if probe_writes else None
                before, skip = self._warm(writer, reader, prepared)
                victim, began = self._kill(writer.pod if writer else "", prepared)
                leading = victim["metadata"]["name"]
                if writer is None or writer.pod != leading:
                    break
                _clear(writer)  # the kill would end it as well: the leadership has moved to its pod
            if kill == POD:
                self._delete(victim, began)
            opened: dict[str, float] = {}
            leader, served = self._until(f"a master to lead in place of {leading}",
                                         lambda: self._next_service(victim, began, opened), _LEADER_PAUSE)
            served = max(began, served)
            self._until("all peers of both quorums", self._complete)
            completed = self._deadline.now()
            writes = self._verified(writer, before, leader) if writer else None
            reads = self._read_again(reader, skip) if reader else None
        except FluidError:
            if writer:
                _clear(writer)
            raise
        if writer:
            writer.remove()
        return DrillResult(
            leading, leader["metadata"]["name"], served - began, completed - began, writes, reads)

    def _writer(self, leading: str) -> ProbeWriter:
        """Return a writer in a master's pod that does not lead."""
        followers = [pod for pod in self._healer.masters.pods() if pod["metadata"]["name"] != leading]
        if not followers:
            raise PreconditionFailed(f"{self._described()} has no master pod besides {leading}; nothing was "
                                     "killed: run alluxio_quorum first")
        pod = min(followers, key=lambda each: each["metadata"]["name"])
        return ProbeWriter(
            self._client, ref_to(pod), secrets.token_hex(4), self._deadline.seconds + _WRITER_MARGIN)

    def _warm(self, writer: ProbeWriter | None, reader: str, prepared: Deadline) -> tuple[int, int]:
        """Start the writer and await both clients; return their directories and reads so far."""
        before = skip = 0
        if writer:
            writer.start()
            before = self._until("the first acknowledged directory", writer.count, deadline=prepared)
        if reader:
            skip = self._until(f"a first read by pod {reader}",
                               lambda: self._first_reads(reader), deadline=prepared)
        return before, skip

    def _first_reads(self, reader: str) -> int:
        """Return the number of reads so far. Raises PreconditionFailed if the reader has found no file."""
        log = self._log(reader)
        if reason := drill_reader.without_file(log):
            raise PreconditionFailed(
                f"pod {reader} reads nothing: {reason}; nothing was killed: name a file of the cache that is "
                "complete, with drill_file (fluid_drill_file with the playbook)")
        return drill_reader.count(log)

    def _kill(self, writer: str, prepared: Deadline) -> tuple[dict, float]:
        """Kill the JVM of the leader that a last look sees; return its pod and the time of the signal.

        Kills nothing if the pod is the writer's. A kill that no API server receives, or that would come late,
        needs another look.
        """
        while True:
            victim = self._look.leader(prepared)
            name = victim["metadata"]["name"]
            try:
                return victim, self._deadline.now() if name == writer else self._kill_process(name)
            except (OldLook, ServerUnavailable) as err:
                self._deadline.report_progress(f"nothing was killed yet: {err}")

    def _kill_process(self, name: str) -> float:
        """Kill the master's JVM; return the time of the signal by the deadline's clock."""
        moments = [self._deadline.now()]
        try:
            killed = self._healer.masters.acting(lambda: self._look.require_young(self._deadline.now())).kill(
                name, MASTER, on_signal=lambda: moments.append(self._deadline.now()))
        except (Forbidden, ServerUnavailable):
            raise
        except ApiError as err:
            raise ApiError(f"{name} led a second ago and its process could not be killed: {err}; the pod may "
                           "be gone: run alluxio_quorum, then the drill again", err.status) from err
        if not killed:
            raise PreconditionFailed(f"{name} led a second ago and runs no master any more, so nothing was "
                                     "killed: run alluxio_quorum, then the drill again")
        return moments[-1]

    def _delete(self, pod: dict, killed: float) -> None:
        """Delete the pod of the killed process, with what the pod alone holds. killed: time of the signal.

        Without the kill a pod that is deleted by force would run for two more seconds (kubelet). Sent once: a
        later deletion could take a journal that the others have come to need.
        """
        name = pod["metadata"]["name"]
        try:
            deleted = self._deleted(pod, partial(self._require_fresh, killed))
        except (ApiError, PreconditionFailed) as err:
            raise PreconditionFailed(
                f"the process of {name} was killed and its pod was not deleted: {err}; run alluxio_quorum, "
                "then the drill again") from err
        if not deleted:
            raise Conflict(f"the process of {name} was killed, but another client deleted its pod first: "
                           "find out which one, run alluxio_quorum, then the drill again")

    def _deleted(self, pod: dict, fresh: Callable[[], None]) -> bool:
        """Delete the pod without a grace period; return False if it is gone or replaced."""
        try:
            return self._client.once(fresh).delete(kinds.POD, ref_to(pod), pod["metadata"]["uid"], grace=0)
        except WriteConflict:
            return False

    def _require_fresh(self, killed: float) -> None:
        """Raise PreconditionFailed if the kill is too long ago for a deletion that follows from its look."""
        if (age := self._deadline.now() - killed) > _DELETED_WITHIN:
            raise PreconditionFailed(
                f"it would follow {age:.1f} s after the kill, expected {_DELETED_WITHIN:g} s or less")

    def _next_service(self, killed: dict, began: float,
                      opened: dict[str, float]) -> tuple[dict, float] | None:
        """Return the pod that serves clients and the time at which it began; None without one.

        began: the time of the kill. opened: the time at which the web port of the present leader was first
        seen open.
        """
        leader = self._next_leader(killed)
        name = leader["metadata"]["name"] if leader else ""
        for other in opened.keys() - {name}:
            del opened[other]
        if leader is None:
            return None
        first = opened.setdefault(name, self._deadline.now())
        log = self._leader_log(leader)
        after = logs.serves_after_web(log)
        if after is None:
            return None
        by_clock = self._service_by_clock(name, log)
        # A log in another time zone than that of the container shows a service before the kill.
        return leader, min(first + after, by_clock if by_clock >= began else self._deadline.now())

    def _leader_log(self, leader: dict) -> str:
        """Return the end of a leader's log; empty if it is unknown."""
        with suppress(ApiError):
            return self._client.log(ref_to(leader), container_of(MASTER), _LEADER_LOG_TAIL)
        return ""

    def _service_by_clock(self, name: str, log: str) -> float:
        """Return the latest time at which a leader began to serve clients, by its log and its clock.

        The web port opens later and its first answer takes up to a second, so its time alone is too late.
        """
        local_time, arrived = self._healer.masters.local_time(name)
        return arrived - (logs.serves_for(log, local_time) or 0.0)

    def _next_leader(self, killed: dict) -> dict | None:
        """Return the pod that leads and has its web port open; None without one.

        With its journal the killed master may win the election. It then leads from a later container, so that
        its former process counts as no next leader.
        """
        serving = self._look.serving(self._healer.masters.pods())
        container = container_of(MASTER)
        return None if serving and container_run(serving, container) == container_run(
            killed, container) else serving

    def _complete(self) -> bool:
        return all(map(is_complete, self._healer.groups()))

    def _verified(self, writer: ProbeWriter, before: int, leader: dict) -> Writes:
        """Stop the writer and compare the acknowledged directories with those that the leader lists."""
        acknowledged = writer.stop()
        # The leadership may have moved again; the present leader must list the directories as well.
        leading = self._look.serving(self._healer.masters.pods()) or leader
        return Writes(
            before, len(acknowledged), tuple(sorted(acknowledged - writer.listed(self._api, leading))))

    def _read_again(self, reader: str, skip: int) -> Reads:
        """Return the reads since the drill began, including one that began with all peers available."""
        seen = drill_reader.count(self._log(reader))
        self._until(f"pod {reader} to read again", lambda: drill_reader.count(self._log(reader)) > seen + 1)
        return drill_reader.parse(self._log(reader), skip)

    def _log(self, reader: str) -> str:
        return self._client.log(ObjectRef(self._runtime.namespace, reader), "reader", _LOG_TAIL)

    def _until(self, awaited: str, observe: Callable[[], Any], pause: float = _PAUSE,
               deadline: Deadline | None = None) -> Any:
        """Poll until observe returns something true, and return that.

        deadline: of what happens before the kill; by default the drill's.
        """
        within, killed = deadline or self._deadline, "" if deadline is None else ", which killed nothing"

        def question() -> WaitStatus:
            found = observe()
            return WaitStatus(bool(found), value=found)
        return within.poll_until(awaited, question, pause, lambda _progress: within.timeout(
            f"{awaited} in a drill on {self._described()}{killed}",
            "read the quorum with alluxio_quorum_info, and run alluxio_quorum"))

    def _described(self) -> str:
        return fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime)


def _clear(writer: ProbeWriter) -> None:
    """Stop the writer and remove its directories if the masters allow it; the next drill does the rest."""
    for action in (writer.stop, writer.remove):
        with suppress(FluidError):
            action()
