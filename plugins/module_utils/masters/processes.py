# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of single masters: their ports, logs and clocks, and the commands that act on them. IO."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

from ..alluxio import java_options, jvm_arguments
from ..alluxio.logs import has_conflict, raft_server_state, stepped_down_for
from ..alluxio.properties import ELECTION_TIMEOUT_MAX, election_timeout
from ..alluxio.raft import CLOSED, LOADING, OPEN
from ..api import deadline, pod_exec
from ..api.client import Client
from ..api.deadline import Clock
from ..errors import ApiError, Forbidden, QuorumUnknown, StreamBroken, answer_or
from ..fluid.components import MASTER, container_of, raft_component
from ..k8s.kinds import ObjectRef
from . import connections

JOURNAL_QUORUM = ("alluxio", "fsadmin", "journal", "quorum")
# Seconds. An answer takes 3 to 7; without a leader the CLI retries for minutes.
CLI_TIMEOUT = 30.0
LOG_TAIL = 2000
# A leadership transfer returns when the new leader is known: QuorumElectCommand waits up to 3 minutes. An
# abandoned command would reset the priorities at its end, in the middle of a later action.
_ELECT_TIMEOUT = 200.0
_SHELL_TIMEOUT = 10.0
_PORT_TIMEOUT = 5.0
# Signals the process whose arguments name the class. A container's first process is not the JVM but the bash
# of Fluid's <name>-mount-config; the kernel does not deliver signals to it, since it handles none. Exits
# with _NO_PROCESS when no process is of that class.
_NO_PROCESS = 3
_END = f"""status={_NO_PROCESS}
for each in /proc/[0-9]*; do
  case $(readlink "$each/exe") in
    */java) tr '\\0' '\\n' <"$each/cmdline" | grep -qxF "$1" || continue
      echo "$2"; kill "-$2" "${{each#/proc/}}" && status=0 ;;
  esac
done
exit $status"""
# As the masters' logs print it; `date` of busybox knows no milliseconds.
_LOCAL_TIME = ["date", "+%Y-%m-%dT%H:%M:%S,%3N"]
# A follower with a conflict logs it a thousand times a second.
_END_OF_LOG = 50


def _allow() -> None:
    """Allow every act."""


class MasterProcesses:
    """Reads and commands the processes of masters, each by the name of its pod."""

    def __init__(self, client: Client, namespace: str | None, clock: Clock | None = None) -> None:
        self._client = client
        self._namespace = namespace
        self._clock = clock or deadline.SYSTEM_CLOCK
        self._fresh: Callable[[], None] = _allow

    def acting(self, fresh: Callable[[], None]) -> MasterProcesses:
        """Return these processes with acts that are sent only if a check allows it.

        fresh: raises OldLook if the look is too old that an act follows from. It is called here, and last
        before each command.
        """
        fresh()
        other = copy.copy(self)
        other._fresh = fresh
        return other

    def raft_server(self, pod: str, domain: str, port: int) -> str:
        """Return the state of the Raft server of the domain's process, as in alluxio/raft.py.

        port: of the Raft server. Empty when the state is unknown. Ratis opens the port after it has loaded
        the journal, and logs that. Raises Forbidden without get on pods/log.
        """
        try:
            if not self._client.refuses(self._pod(pod), port, _PORT_TIMEOUT):
                return OPEN
            refused = True
        except Forbidden:
            refused = False
        except ApiError:
            return ""
        log = answer_or(None, partial(self._client.log, self._pod(pod), container_of(domain), LOG_TAIL))
        if log is None:
            return LOADING if refused else ""
        state = raft_server_state(log)
        if refused:
            return CLOSED if state == CLOSED else LOADING
        return LOADING if not state and log.count("\n") < LOG_TAIL else ""

    def is_connected(self, pod: str, domain: str, address: str, port: int) -> bool:
        """Return whether the network of a domain's container has a connection to the port of an IP address;
        False if it is unknown.
        """
        result = answer_or(None, lambda: pod_exec.execute(
            self._client, self._pod(pod), container_of(domain), connections.COMMAND, _SHELL_TIMEOUT))
        return result is not None and connections.is_connected(result.stdout, address, port)

    def has_conflict(self, pod: str) -> bool:
        """Return whether the end of a master's log shows an entry in its journal that the leader has not.

        See alluxio/logs.py. False if nobody gives the log, as on a node that is not Ready.
        """
        return has_conflict(self._end_of_log(pod))

    def stepped_down_for(self, pod: str) -> float | None:
        """Return the seconds since a master that may start no election has stepped down; None if it may.

        See alluxio/logs.py. None if nobody gives the log.
        """
        return stepped_down_for(self._end_of_log(pod))

    def _end_of_log(self, pod: str) -> str:
        """Return the newest lines of a master's log; empty if nobody gives it. Raises Forbidden."""
        return answer_or(
            "", partial(self._client.once().log, self._pod(pod), container_of(MASTER), _END_OF_LOG))

    def _silence_limit(self, pod: str, domain: str) -> float | None:
        """Return election.timeout.max of a process: a peer that it calls AVAILABLE answered within that time.

        The command shows no silence. None when the process' arguments cannot be read.
        """
        component = raft_component(domain)
        try:
            result = pod_exec.execute(
                self._client, self._pod(pod), component.container, jvm_arguments.COMMAND, _SHELL_TIMEOUT)
        except ApiError:
            return None
        options = jvm_arguments.options_of(result.stdout, component.main_class)
        if options is None:
            return None
        return election_timeout(ELECTION_TIMEOUT_MAX, java_options.properties(options))

    def local_time(self, pod: str) -> tuple[str, float]:
        """Return the time of a master's container, and when it arrived by this object's clock; empty if it
        is unknown.
        """
        moments: list[float] = []
        try:
            result = pod_exec.execute(
                self._client, self._pod(pod), container_of(MASTER), _LOCAL_TIME, _SHELL_TIMEOUT,
                lambda: moments.append(self._clock.monotonic()))
        except ApiError:
            return "", self._clock.monotonic()
        return result.stdout.strip(), moments[0] if moments else self._clock.monotonic()

    def elect(self, pod: str, address: str) -> None:
        """Transfer the leadership of the masters to the peer with that address, by a command in the pod.

        Raises QuorumUnknown when it is refused. Job masters have no such command; their leadership moves when
        their leader's container restarts.
        """
        self._act(pod, [*JOURNAL_QUORUM, "elect", "-address", address], _ELECT_TIMEOUT)

    def reset_priorities(self, pod: str, leader: str) -> bool:
        """Set the priority of all present peers to 1; return whether that succeeded.

        A peer joins with priority 0, and a peer does not vote for a candidate of lower priority (Ratis).
        Alluxio refuses to elect the peer that already leads, and resets all priorities to 1 then
        (QuorumElectCommand). Sent once: after an election it would be a transfer back.
        """
        result = self._execute_once(pod, [*JOURNAL_QUORUM, "elect", "-address", leader], _ELECT_TIMEOUT)
        return "priorities were reset to 1" in result.stdout + result.stderr

    def remove_peer(self, pod: str, domain: str, address: str) -> None:
        """Remove the peer with that address from the group, by a command in the pod.

        Raises QuorumUnknown when it is refused.
        """
        self._act(pod, [*JOURNAL_QUORUM, "remove", "-domain", domain, "-address", address], CLI_TIMEOUT)

    def restart(self, pod: str, domain: str) -> None:
        """End the domain's process; kubelet restarts its container, and a master's journal stays."""
        self.end(pod, domain)

    def end(self, pod: str, domain: str) -> None:
        """Send SIGTERM to the domain's JVM, as the container's first process does not pass it on."""
        self._signal(pod, domain, "TERM")

    def kill(self, pod: str, domain: str, on_signal: Callable[[], None] | None = None) -> bool:
        """Send SIGKILL to the domain's JVM; return False when the container runs none.

        on_signal: called at that moment. The command itself may take a second to start.
        """
        return self._signal(pod, domain, "KILL", on_signal)

    def _signal(self, pod: str, domain: str, signal: str,
                on_signal: Callable[[], None] | None = None) -> bool:
        component = raft_component(domain)
        command = ["sh", "-c", _END, "end", component.main_class, signal]
        result = pod_exec.execute(self._client.once(self._fresh), self._pod(pod), component.container,
                                  command, _SHELL_TIMEOUT, on_signal)
        # No other code is of use: the container, and with it the shell, may end before the answer.
        return result.code != _NO_PROCESS

    def _pod(self, name: str) -> ObjectRef:
        return ObjectRef(self._namespace, name)

    def _execute(self, pod: str, command: list[str], timeout: float) -> pod_exec.ExecResult:
        """Run a command that only reads."""
        return pod_exec.repeated(self._client, lambda: pod_exec.execute(
            self._client, self._pod(pod), container_of(MASTER), command, timeout))

    def _run(self, pod: str, command: list[str], timeout: float) -> str:
        return _require_success(self._execute(pod, command, timeout))

    def _act(self, pod: str, command: list[str], timeout: float) -> None:
        """Run a command that follows from what was observed; send it now or not at all.

        Raises CommandUnfinished when its stream broke, since it may go on.
        """
        result = self._execute_once(pod, command, timeout)
        if result.code == pod_exec.BROKEN:
            raise StreamBroken(result.failure())
        _require_success(result)

    def _execute_once(self, pod: str, command: list[str], timeout: float) -> pod_exec.ExecResult:
        return pod_exec.execute(
            self._client.once(self._fresh), self._pod(pod), container_of(MASTER), command, timeout)


def _require_success(result: pod_exec.ExecResult) -> str:
    if result.code != 0:
        raise QuorumUnknown(result.failure())
    return result.stdout
