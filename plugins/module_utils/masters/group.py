# SPDX-License-Identifier: GPL-3.0-or-later
"""The masters of one runtime: their Raft quorums, and the commands that act on them. IO."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ..alluxio import java_options, jvm_arguments
from ..alluxio.cli_output import parse_master_info, parse_quorum_info
from ..alluxio.logs import has_conflict, last_term, raft_server_state, stepped_down_for
from ..alluxio.properties import ELECTION_TIMEOUT_MAX, election_timeout
from ..alluxio.raft import AVAILABLE, CLOSED, LOADING, OPEN, Quorum
from ..api import deadline, pod_exec
from ..api.client import Client
from ..api.deadline import Clock
from ..errors import ApiError, Forbidden, QuorumUnknown, StreamBroken, answer_or
from ..fluid import kinds as fluid_kinds
from ..fluid.components import MASTER, container_of, raft_component
from ..fluid.names import master_selector
from ..k8s import kinds
from ..k8s.kinds import ObjectRef
from ..k8s.pods import is_ready
from . import connections
from .container_ages import ContainerAges
from .membership import Membership
from .web_api import GroupView, MasterWebApi

# Seconds. An answer takes 3 to 7; without a leader the CLI retries for minutes.
_CLI_TIMEOUT = 30.0
# A leadership transfer returns when the new leader is known: QuorumElectCommand waits up to 3 minutes. An
# abandoned command would reset the priorities at its end, in the middle of a later action.
_ELECT_TIMEOUT = 200.0
_SHELL_TIMEOUT = 10.0
# For the start of two JVMs.
_KEYS_TIMEOUT = 60.0
_PORT_TIMEOUT = 5.0
_REREAD_AFTER = 0.5
# Prints those of its arguments that are no property keys of Alluxio, at the cost of one JVM, or two. Without
# a key `alluxio getConf` prints every key that it knows as KEY=VALUE (alluxio.cli.GetConf). It knows a key
# that matches a template, such as alluxio.worker.tieredstore.level2.alias, once it has a value, an empty one
# too. A program that always fails reports none.
_FIND_UNKNOWN = r"""nl='
'
list() { known=$nl$(alluxio getConf 2>/dev/null); case $known in *=*) ;; *) exit 0 ;; esac; }
unlisted() { for key; do case $known in *"$nl$key="*) ;; *) echo "$key" ;; esac; done; }
list
rest=$(unlisted "$@")
[ -n "$rest" ] || exit 0
for key in $rest; do ALLUXIO_JAVA_OPTS="$ALLUXIO_JAVA_OPTS -D$key="; done
export ALLUXIO_JAVA_OPTS
list
unlisted $rest"""
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
_LOG_TAIL = 2000
# A follower with a conflict logs it a thousand times a second.
_END_OF_LOG = 50
_JOURNAL_QUORUM = ("alluxio", "fsadmin", "journal", "quorum")


def _allow() -> None:
    """Allow every act."""


class Masters:
    """Reads and commands the masters of one runtime, through any of them that answers."""

    def __init__(self, client: Client, runtime: ObjectRef, clock: Clock | None = None) -> None:
        self._client = client
        self._runtime = runtime
        self._api = MasterWebApi(client)
        self._clock = clock or deadline.SYSTEM_CLOCK
        self._memberships: dict[str, Membership] = {}
        # By domain and pod, over all observations of this run.
        self.ages = ContainerAges()
        self._fresh: Callable[[], None] = _allow

    def acting(self, fresh: Callable[[], None]) -> Masters:
        """Return these masters with acts that are sent only if a check allows it.

        fresh: raises OldLook if the look is too old that an act follows from. It is called here, and last
        before each command.
        """
        fresh()
        other = copy.copy(self)
        other._fresh = fresh
        return other

    def pods(self) -> list[dict]:
        """Return the master pods, ready ones first."""
        return sorted(self._client.list(kinds.POD, self._runtime.namespace, master_selector(
            self._runtime.name)), key=lambda pod: not is_ready(pod))

    def quorum(self, domain: str, pods: list[dict] | None = None) -> tuple[Quorum, str]:
        """Return the Raft group of a domain and the pod that answered.

        Raises QuorumUnknown when there is no leader, with each pod's reason if the command was used, and
        Forbidden if neither the web ports nor the command may be used.
        """
        pods = self.pods() if pods is None else pods
        view = self._view(domain, pods)
        if view.quorum is not None:
            return view.quorum, view.pod or ""
        if view.leaderless:
            raise QuorumUnknown(
                f"{self._unanswered(_quorum_of(domain))}: none of the {view.unanswered} masters serves "
                "its web port, which only a leader does")
        return self._ask_command(domain, pods, view.refusal)

    def group_view(self, domain: str, pods: list[dict]) -> GroupView:
        """Return the group and the pods that are unreachable; without a leader its quorum is None.

        Raises Forbidden as quorum does.
        """
        view = self._view(domain, pods)
        if view.quorum is not None or view.leaderless:
            return view
        try:
            quorum, pod = self._ask_command(domain, pods, view.refusal)
        except QuorumUnknown:
            return view
        return replace(view, quorum=self._with_silence(domain, quorum, pod), pod=pod)

    def _view(self, domain: str, pods: list[dict]) -> GroupView:
        """Return the view of the web ports; an empty one without the permission to read them."""
        try:
            view = self._api.ask(domain, pods)
        except Forbidden as err:
            return GroupView(None, None, 0, refusal=str(err))
        if view.quorum is None:
            return view
        names = {pod["metadata"]["name"] for pod in pods}
        return replace(view, quorum=self._membership(domain).members_of(view.quorum, names))

    def _membership(self, domain: str) -> Membership:
        return self._memberships.setdefault(
            domain, Membership(partial(self._reread, domain), partial(self._list_members, domain)))

    def _reread(self, domain: str) -> Quorum | None:
        """Return the group by the leader's metrics, after a pause in which real followers answer again."""
        self._clock.sleep(_REREAD_AFTER)
        return self._api.ask(domain, self.pods()).quorum

    def _list_members(self, domain: str) -> set[str] | None:
        """Return the addresses of the members that the command lists; None when it fails."""
        try:
            return {peer.address for peer in self._ask_command(domain, self.pods())[0].peers}
        except QuorumUnknown:
            return None

    def _ask_command(self, domain: str, pods: list[dict], refusal: str = "") -> tuple[Quorum, str]:
        """Return the group by the command. refusal: why the web ports may not be read; raises Forbidden then
        if the command is refused as well.
        """
        command = [*_JOURNAL_QUORUM, "info", "-domain", domain]
        return self._ask_any(pods, command, parse_quorum_info, _quorum_of(domain), refusal)

    def _with_silence(self, domain: str, quorum: Quorum, pod: str) -> Quorum:
        """Add to a group that the command has shown the longest possible silence of AVAILABLE followers."""
        limit = self._silence_limit((quorum.leader or "").rpartition(":")[0] or pod, domain)
        return replace(quorum, peers=tuple(
            replace(peer, silent=limit) if peer.state == AVAILABLE and not peer.leader else peer
            for peer in quorum.peers))

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

    def single(self) -> tuple[Quorum, str]:
        """Return a single master as a group of one, and the pod that answered.

        Raises QuorumUnknown without an answer, and Forbidden without create on pods/exec.
        """
        return self._ask_any(self.pods(), ["alluxio", "fs", "masterInfo"], parse_master_info,
                             "the leading master", "only the command shows it")

    def configuration(self, pods: list[dict] | None = None) -> dict[str, str]:
        """Return the properties in force in the leading master's process, by key.

        Raises QuorumUnknown when no master leads, and ApiError without get on pods/proxy.
        """
        for pod in self.pods() if pods is None else pods:
            found = self._api.configuration(pod)
            if found is not None:
                return found
        raise QuorumUnknown(f"{self._unanswered('the configuration')}: none serves its web port")

    def version(self) -> str | None:
        """Return the version of Alluxio that the leader runs; None if no leader shows it, or it is forbidden.
        """
        try:
            return next(filter(None, map(self._api.version, self.pods())), None)
        except ApiError:
            return None

    def with_term(self, quorum: Quorum, domain: str, pods: list[dict] | None = None) -> Quorum:
        """Return the quorum with the newest Raft term in its leader's log; None if nobody gives the log.

        A container that is created has none yet, nor has a pod that is gone or on a node that is not Ready.
        """
        host = (quorum.leader or "").rpartition(":")[0]
        if all(pod["metadata"]["name"] != host for pod in (self.pods() if pods is None else pods)):
            return quorum
        log = answer_or(None, partial(self._client.log, self._pod(host), container_of(domain), _LOG_TAIL))
        return quorum if log is None else replace(quorum, term=last_term(log))

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

    def unknown_properties(self, keys: list[str]) -> list[str]:
        """Return the keys that the masters' Alluxio does not know. Raises QuorumUnknown when none answers."""
        command, refusals = ["bash", "-c", _FIND_UNKNOWN, "find"], []
        for pod in filter(is_ready, self.pods()):
            name = pod["metadata"]["name"]
            try:
                return self._run(name, [*command, *keys], _KEYS_TIMEOUT).split()
            except QuorumUnknown as err:
                refusals.append(f"{name}: {err}")
        raise QuorumUnknown(
            f"{self._unanswered('the known properties')}: {'; '.join(refusals) or 'no master is ready'}")

    def elect(self, pod: str, address: str) -> None:
        """Transfer the leadership of the masters to the peer with that address, by a command in the pod.

        Raises QuorumUnknown when it is refused. Job masters have no such command; their leadership moves when
        their leader's container restarts.
        """
        self._act(pod, [*_JOURNAL_QUORUM, "elect", "-address", address], _ELECT_TIMEOUT)

    def with_priorities(self, quorum: Quorum, domain: str, pods: list[dict]) -> Quorum:
        """Return the quorum with the priorities of its peers, which only the command shows.

        Raises QuorumUnknown when no master answers the command.
        """
        listed = {peer.address: peer.priority for peer in self._ask_command(domain, pods)[0].peers}
        return replace(quorum, peers=tuple(
            replace(peer, priority=listed.get(peer.address)) for peer in quorum.peers))

    def reset_priorities(self, pod: str, leader: str) -> bool:
        """Set the priority of all present peers to 1; return whether that succeeded.

        A peer joins with priority 0, and a peer does not vote for a candidate of lower priority (Ratis).
        Alluxio refuses to elect the peer that already leads, and resets all priorities to 1 then
        (QuorumElectCommand). Sent once: after an election it would be a transfer back.
        """
        result = self._execute_once(pod, [*_JOURNAL_QUORUM, "elect", "-address", leader], _ELECT_TIMEOUT)
        return "priorities were reset to 1" in result.stdout + result.stderr

    def remove_peer(self, pod: str, domain: str, address: str) -> None:
        """Remove the peer with that address from the group, by a command in the pod.

        Raises QuorumUnknown when it is refused.
        """
        self._act(pod, [*_JOURNAL_QUORUM, "remove", "-domain", domain, "-address", address], _CLI_TIMEOUT)

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
        log = answer_or(None, partial(self._client.log, self._pod(pod), container_of(domain), _LOG_TAIL))
        if log is None:
            return LOADING if refused else ""
        state = raft_server_state(log)
        if refused:
            return CLOSED if state == CLOSED else LOADING
        return LOADING if not state and log.count("\n") < _LOG_TAIL else ""

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

    def is_connected(self, pod: str, domain: str, address: str, port: int) -> bool:
        """Return whether the network of a domain's container has a connection to the port of an IP address;
        False if it is unknown.
        """
        result = answer_or(None, lambda: pod_exec.execute(
            self._client, self._pod(pod), container_of(domain), connections.COMMAND, _SHELL_TIMEOUT))
        return result is not None and connections.is_connected(result.stdout, address, port)

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

    def _signal(self, pod: str, domain: str, signal: str,
                on_signal: Callable[[], None] | None = None) -> bool:
        component = raft_component(domain)
        command = ["sh", "-c", _END, "end", component.main_class, signal]
        result = pod_exec.execute(self._client.once(self._fresh), self._pod(pod), component.container,
                                  command, _SHELL_TIMEOUT, on_signal)
        # No other code is of use: the container, and with it the shell, may end before the answer.
        return result.code != _NO_PROCESS

    def _ask_any(self, pods: list[dict], command: list[str], parse: Callable[[str], Quorum],
                 subject: str, refusal: str = "") -> tuple[Quorum, str]:
        """Return what the first pod answers. refusal: why nothing but this command can; empty if it can."""
        refusals, forbidden = [], 0
        for pod in pods:
            name = pod["metadata"]["name"]
            try:
                return parse(self._run(name, command, _CLI_TIMEOUT)), name
            except (ApiError, QuorumUnknown) as err:
                refusals.append(f"{name}: {err}")
                forbidden += isinstance(err, Forbidden)
        if refusal and refusals and forbidden == len(refusals):
            raise Forbidden(f"{self._unanswered(subject)}: {'; '.join([refusal, *refusals])}", 403)
        raise QuorumUnknown(f"{self._unanswered(subject)}: {'; '.join(refusals) or 'there is no master pod'}")

    def _unanswered(self, subject: str) -> str:
        runtime = fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime)
        return f"could not read {subject} from any master of {runtime}"

    def _pod(self, name: str) -> ObjectRef:
        return ObjectRef(self._runtime.namespace, name)

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


def _quorum_of(domain: str) -> str:
    return f"the {domain} quorum"
