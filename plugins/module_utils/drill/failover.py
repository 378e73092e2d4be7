# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills the leader of a runtime's masters and measures the effect on clients that write and read. Drives IO.

A drill runs only if both quorums are complete. It then costs the quorum one of the failures that it
tolerates, never its majority.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ..alluxio import logs
from ..api.client import Client
from ..api.deadline import Deadline
from ..errors import ApiError, FluidError, PreconditionFailed, WaitTimeout
from ..fluid import kinds as fluid_kinds
from ..fluid.components import DOMAINS, MASTER, container_of
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, ref_to
from ..k8s.wait_status import WaitStatus
from ..masters.web_api import MasterWebApi
from ..quorum import services
from ..quorum.healer import QuorumHealer
from ..quorum.plan import Master, RaftGroup
from . import reader as drill_reader
from .reader import Reads
from .results import DrillResult, Writes
from .writer import ProbeWriter

# Seconds between two observations: of a new leader, and of slower events.
_LEADER_PAUSE = 0.1
_PAUSE = 0.5
# Lines of the reader's log, enough for one to two hours.
_LOG_TAIL = 50000
_LEADER_LOG_TAIL = 500
# Seconds beyond a drill's timeout, after which an abandoned writer ends by itself.
_WRITER_MARGIN = 60.0


class FailoverDrill:
    """Drills on one runtime that end before the deadline or raise WaitTimeout. masters: expected number."""

    def __init__(self, client: Client, runtime: ObjectRef, masters: int, deadline: Deadline) -> None:
        self._client = client
        self._runtime = runtime
        self._masters = masters
        self._deadline = deadline
        self._api = MasterWebApi(client)
        self._healer = QuorumHealer(client, runtime, masters, deadline)

    def leader(self) -> str:
        """Return the pod that leads the masters.

        Raises PreconditionFailed unless all masters and job masters are in their quorums, with stable
        addresses.
        """
        leaders = []
        for domain in DOMAINS:
            observed = self._healer.observe(domain)
            if not is_complete(observed):
                raise PreconditionFailed(f"the {domain} quorum of {self._described()} is not complete: "
                                         f"{shortcomings(observed)}; a drill would put its majority at risk, "
                                         "so nothing was killed: run alluxio_quorum first")
            leaders += [leading.pod] if (leading := observed.leading()) else []
        headless = services.unstable(self._client, self._runtime, self._masters)
        if headless:
            raise PreconditionFailed(f"the masters' Services {', '.join(headless)} of {self._described()} "
                                     "are headless, so a killed master may stay out of the quorum for "
                                     "minutes; nothing was killed: run alluxio_quorum first")
        return leaders[0]

    def run(self, reader: str = "", probe_writes: bool = True) -> DrillResult:
        """Kill the leader and return the result. reader: pod of a reading application; empty without one."""
        killed = self.leader()
        pods = {pod["metadata"]["name"]: pod for pod in self._healer.masters.pods()}
        survivors = [pod for name, pod in sorted(pods.items()) if name != killed]
        writer = ProbeWriter(self._client, ref_to(survivors[0]), secrets.token_hex(4),
                             self._deadline.seconds + _WRITER_MARGIN) if probe_writes else None
        try:
            if writer:
                writer.start()
            before = self._until("the first acknowledged directory", writer.count) if writer else 0
            skip = self._until(f"a first read by pod {reader}",
                               lambda: drill_reader.count(self._log(reader))) if reader else 0
            began = self._deadline.now()
            self._kill(pods[killed])
            leader = self._until(
                f"a master to lead in place of {killed}", lambda: self._serving(survivors), _LEADER_PAUSE)
            served = max(began, self._deadline.now() - self._served_before_web(leader))
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
            killed, leader["metadata"]["name"], served - began, completed - began, writes, reads)

    def _kill(self, pod: dict) -> None:
        """Kill the master's JVM and delete its pod with the journal.

        Without the signal a pod that is deleted by force would run for two more seconds (kubelet).
        """
        self._healer.masters.kill(pod["metadata"]["name"], MASTER)
        self._client.delete(kinds.POD, ref_to(pod), pod["metadata"]["uid"], grace=0)

    def _served_before_web(self, leader: dict) -> float:
        """Return the seconds that the leader served clients before its web port opened; 0 without its log."""
        try:
            log = self._client.log(ref_to(leader), container_of(MASTER), _LEADER_LOG_TAIL)
        except ApiError:
            return 0.0
        return logs.served_before_web(log)

    def _serving(self, pods: list[dict]) -> dict | None:
        """Return the pod among these that leads and serves; None without one."""
        view = self._api.ask(MASTER, pods)
        return next((pod for pod in pods if pod["metadata"]["name"] == view.pod), None)

    def _complete(self) -> bool:
        return all(is_complete(self._healer.observe(domain)) for domain in DOMAINS)

    def _verified(self, writer: ProbeWriter, before: int, leader: dict) -> Writes:
        """Stop the writer and compare the acknowledged directories with those that the leader lists."""
        acknowledged = writer.stop()
        # The leadership may have moved again; the present leader must list the directories as well.
        leading = self._serving(self._healer.masters.pods()) or leader
        return Writes(
            before, len(acknowledged), tuple(sorted(acknowledged - writer.listed(self._api, leading))))

    def _read_again(self, reader: str, skip: int) -> Reads:
        """Return the reads since the drill began, including one that began with all peers available."""
        seen = drill_reader.count(self._log(reader))
        self._until(f"pod {reader} to read again", lambda: drill_reader.count(self._log(reader)) > seen + 1)
        return drill_reader.parse(self._log(reader), skip)

    def _log(self, reader: str) -> str:
        return self._client.log(ObjectRef(self._runtime.namespace, reader), "reader", _LOG_TAIL)

    def _until(self, awaited: str, observe: Callable[[], Any], pause: float = _PAUSE) -> Any:
        """Poll until observe returns something true, and return that."""
        def question() -> WaitStatus:
            found = observe()
            return WaitStatus(bool(found), value=found)
        return self._deadline.poll_until(awaited, question, pause, lambda _progress: WaitTimeout(
            f"timed out after {self._deadline.seconds:g} s while waiting for {awaited} in a drill on "
            f"{self._described()}: read the quorum with alluxio_quorum_info, and run alluxio_quorum"))

    def _described(self) -> str:
        return fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime)


def is_complete(observed: RaftGroup) -> bool:
    """Return whether all expected masters run, are AVAILABLE peers, and one of them leads.

    A leader reports a follower as AVAILABLE for a while after its pod was deleted.
    """
    return observed.complete() and observed.running == len(observed.masters)


def shortcomings(observed: RaftGroup) -> str:
    """Return what keeps a group from being complete; empty when it is."""
    found = ["no leader"] if observed.leading() is None else []
    found += [f"{peer.address} is a stale peer" for peer in observed.stale]
    found += [f"{master.pod} {master.reason or 'is ' + _state(master)}"
              for master in observed.masters if master.unavailable]
    return "; ".join(found)


def _state(master: Master) -> str:
    return "terminating" if master.available else master.state or "no member"


def _clear(writer: ProbeWriter) -> None:
    """Stop the writer and remove its directories if the masters allow it; the next drill does the rest."""
    for action in (writer.stop, writer.remove):
        with suppress(ApiError):
            action()
