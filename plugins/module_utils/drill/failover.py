# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills the leader of a runtime's masters, and measures what that does to those who write and read meanwhile. Drives IO.

A drill starts at full strength alone, so that it costs the quorum one of the failures that it tolerates, and never its majority.
"""

from __future__ import annotations

import secrets
import time
from typing import Callable

from ..alluxio import logs
from ..api.client import Client
from ..errors import ApiError, Conflict, FluidError, WaitTimeout
from ..fluid import kinds as fluid_kinds
from ..fluid.components import DOMAINS, MASTER, container_of
from ..k8s import kinds
from ..masters.web_api import MasterWebApi
from ..quorum import peer_services
from ..quorum.healer import QuorumHealer
from ..quorum.plan import Master, RaftGroup
from . import reader as drill_reader
from .reader import Reads
from .results import DrillResult, Writes
from .writer import Writer

# Seconds between two looks for a new leader, and for what takes longer.
LOOK = 0.1
_PAUSE = 0.5
# Lines of the reader's log: the reads of an hour or two.
_LOG_TAIL = 50000
_LEADER_LOG_TAIL = 500
# Longer than a drill's timeout, so that a writer that nobody ends any more ends by itself.
_WRITES_LONGER_BY = 60.0


class FailoverDrill:
    """Drills on one runtime. masters: how many it is to have. All of a drill ends within timeout seconds, or raises WaitTimeout."""

    def __init__(self, client: Client, namespace: str, name: str, masters: int, timeout: float,
                 report_progress: Callable[[str], None] = lambda _text: None, clock: Callable[[], float] = time.monotonic,
                 sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self._masters = masters
        self._timeout = timeout
        self._report_progress = report_progress
        self._clock = clock
        self._sleep = sleep
        self._api = MasterWebApi(client, namespace)
        self._healer = QuorumHealer(client, namespace, name, masters, timeout)

    def leader(self) -> str:
        """Return the pod that leads the masters. Raises Conflict unless all masters and job masters are in their quorums."""
        leading = ""
        for domain in DOMAINS:
            observed = self._healer.see(domain)
            if not is_whole(observed):
                raise Conflict(f"the {domain} quorum of {self._what()} is not complete: {lacks(observed)}; a drill would put its majority "
                               "at risk, so nothing was killed: run alluxio_quorum first")
            leading = leading or observed.leading().pod
        services = {existing["metadata"]["name"]: existing for existing in self._client.list(
            kinds.SERVICE, self._namespace, peer_services.SELECTOR)}
        headless = peer_services.unstable(self._name, self._masters, services)
        if headless:
            raise Conflict(f"the masters' Services {', '.join(headless)} of {self._what()} are headless, so a master that is killed may "
                           "stay out of the quorum for minutes; nothing was killed: run alluxio_quorum first")
        return leading

    def run(self, reader: str = "", write: bool = True) -> DrillResult:
        """Kill the leader and return what was found. reader: a pod whose log is that of a reading application, if there is one."""
        deadline = self._clock() + self._timeout
        killed = self.leader()
        pods = {pod["metadata"]["name"]: pod for pod in self._healer.masters.pods()}
        survivors = [pod for name, pod in sorted(pods.items()) if name != killed]
        writer = Writer(self._client, self._namespace, survivors[0]["metadata"]["name"], secrets.token_hex(4),
                        self._timeout + _WRITES_LONGER_BY) if write else None
        try:
            if writer:
                writer.start()
            before = self._until("the first acknowledged directory", writer.count, deadline) if writer else 0
            skip = self._until(f"a first read by pod {reader}", lambda: drill_reader.count(self._log(reader)), deadline) if reader else 0
            began = self._clock()
            self._kill(pods[killed])
            leader = self._until(f"a master to lead in place of {killed}", lambda: self._serving(survivors), deadline, LOOK)
            served = max(began, self._clock() - self._served_before_web(leader))
            self._until("all peers of both quorums", self._whole, deadline)
            whole = self._clock()
            writes = self._proven(writer, before, leader) if writer else None
            reads = self._read_again(reader, skip, deadline) if reader else None
        except FluidError:
            if writer:
                _clear(writer)
            raise
        if writer:
            writer.remove()
        return DrillResult(killed, leader["metadata"]["name"], served - began, whole - began, writes, reads)

    def _kill(self, pod: dict) -> None:
        """End the master at once, and its pod with the journal.

        Kubelet lets a pod that was deleted by force live for two more seconds.
        """
        name = pod["metadata"]["name"]
        self._healer.masters.kill(name, MASTER)
        self._client.delete(kinds.POD, name, self._namespace, pod["metadata"]["uid"], grace=0)

    def _served_before_web(self, leader: dict) -> float:
        try:
            log = self._client.log(self._namespace, leader["metadata"]["name"], container_of(MASTER), _LEADER_LOG_TAIL)
        except ApiError:
            return 0.0
        return logs.served_before_web(log)

    def _serving(self, pods: list[dict]) -> dict | None:
        """The pod among these that leads and serves."""
        view = self._api.ask(MASTER, pods)
        return next((pod for pod in pods if pod["metadata"]["name"] == view.pod), None)

    def _whole(self) -> bool:
        return all(is_whole(self._healer.see(domain)) for domain in DOMAINS)

    def _proven(self, writer: Writer, before: int, leader: dict) -> Writes:
        view = writer.stop()
        # It may have lost the leadership again meanwhile; the one that leads now has to know all the same.
        leading = self._serving(self._healer.masters.pods()) or leader
        return Writes(before, len(view), tuple(sorted(view - writer.listed(self._api, leading))))

    def _read_again(self, reader: str, skip: int, deadline: float) -> Reads:
        """The reads since the drill began, one that began with all peers there included."""
        known = drill_reader.count(self._log(reader))
        self._until(f"pod {reader} to read again", lambda: drill_reader.count(self._log(reader)) > known + 1, deadline)
        return drill_reader.parse(self._log(reader), skip)

    def _log(self, reader: str) -> str:
        return self._client.log(self._namespace, reader, "reader", _LOG_TAIL)

    def _until(self, what: str, look: Callable, deadline: float, pause: float = _PAUSE):
        """Look until something is there, and return it."""
        while True:
            found = look()
            if found:
                return found
            self._report_progress(f"waiting for {what}")
            if self._clock() >= deadline:
                raise WaitTimeout(f"waited {self._timeout:g} seconds for {what} in a drill on {self._what()}: see what alluxio_quorum_info "
                                  "tells, and run alluxio_quorum")
            self._sleep(pause)

    def _what(self) -> str:
        return fluid_kinds.ALLUXIO_RUNTIME.describe(self._name, self._namespace)


def is_whole(observed: RaftGroup) -> bool:
    """Tell whether all expected masters run and are AVAILABLE, and one of them leads.

    A leader calls a follower AVAILABLE for a while after its pod is gone.
    """
    return observed.complete() and observed.running == len(observed.masters)


def lacks(observed: RaftGroup) -> str:
    """Say what keeps a group from being whole."""
    wants = ["no leader"] if observed.leading() is None else []
    wants += [f"{peer.address} is a stale peer" for peer in observed.stale]
    wants += [f"{master.pod} {master.reason or 'is ' + _state(master)}" for master in observed.masters if master.unavailable]
    return "; ".join(wants)


def _state(master: Master) -> str:
    return "being deleted" if master.available else master.state or "no member"


def _clear(writer: Writer) -> None:
    """End the writer and remove what it made, as far as the masters allow; the next drill removes the rest."""
    for action in (writer.stop, writer.remove):
        try:
            action()
        except ApiError:
            pass
