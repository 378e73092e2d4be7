# SPDX-License-Identifier: GPL-3.0-or-later
"""The masters of one runtime: what they say of their Raft quorums, and what they can be told to do. IO."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Callable

from ..alluxio.cli_output import parse_master_info, parse_quorum_info
from ..alluxio.logs import last_term, raft_server_closed
from ..alluxio.raft import Quorum
from ..api.client import Client
from ..api.pod_exec import execute
from ..errors import ApiError, QuorumUnknown
from ..fluid.components import MASTER, container_of, raft_component
from ..fluid.names import master_selector
from ..k8s import kinds
from ..k8s.pods import is_ready
from .membership import Membership
from .web_api import GroupView, MasterWebApi

_FORBIDDEN = 403
# Seconds. Without a leader the CLI retries for minutes; 3 to 7 seconds is what an answer takes.
_CLI_TIMEOUT = 30.0
# A transfer of the leadership returns when the new leader is known (QuorumElectCommand waits for up to 3 minutes).
_ELECT_TIMEOUT = 60.0
_SHELL_TIMEOUT = 10.0
_KEY_TIMEOUT = 15.0
_PORT_TIMEOUT = 5.0
_MOMENT = 0.5
# Prints those of its arguments that are no keys of Alluxio. The exit code does not tell: it is 1 as well for a known key without a
# value, which "is not found" (alluxio.cli.GetConf).
_FIND_UNKNOWN = 'for key; do case $(alluxio getConf "$key" 2>&1) in *"is not a valid configuration key"*) echo "$key"; esac; done'
# Ends the process whose arguments name the class. The master's first process is not the JVM but the script of Fluid's
# <name>-mount-config, a bash without a handler, which the kernel spares any signal that it has none for.
_END = """for each in /proc/[0-9]*; do
  case $(readlink "$each/exe") in
    */java) tr '\\0' '\\n' <"$each/cmdline" | grep -qxF "$1" && kill "-$2" "${each#/proc/}" ;;
  esac
done
true"""
_LOG_TAIL = 2000


class Masters:
    """Asks any master that answers; none of them is special."""

    def __init__(self, client: Client, namespace: str, name: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self._api = MasterWebApi(client, namespace)
        self._sleep = sleep
        self._memberships: dict[str, Membership] = {}

    def pods(self) -> list[dict]:
        """The master pods, those whose containers are ready first."""
        return sorted(self._client.list(kinds.POD, self._namespace, master_selector(self._name)), key=lambda pod: not is_ready(pod))

    def quorum(self, domain: str, pods: list[dict] | None = None) -> tuple[Quorum, str]:
        """Return the Raft group of the masters or job masters, and the pod that told.

        Raises QuorumUnknown when there is no leader, with each pod's reason when it was the CLI that was asked.
        """
        pods = self.pods() if pods is None else pods
        view = self._view(domain, pods)
        if view.quorum is not None:
            return view.quorum, view.pod
        if view.leaderless:
            raise QuorumUnknown(
                f"{self._unanswered(_quorum_of(domain))}: none of the {view.silent} masters serves its web port, which only a leader does")
        return self._ask_command(domain, pods)

    def look(self, domain: str, pods: list[dict]) -> GroupView:
        """Return the same, and which pods nothing comes from, also when there is no leader: then without a quorum."""
        view = self._view(domain, pods)
        if view.quorum is not None or view.leaderless:
            return view
        try:
            quorum, pod = self._ask_command(domain, pods)
        except QuorumUnknown:
            return view
        return replace(view, quorum=quorum, pod=pod)

    def _view(self, domain: str, pods: list[dict]) -> GroupView:
        """What the web ports tell: nothing where they may not be asked."""
        try:
            view = self._api.ask(domain, pods)
        except ApiError as err:
            if err.status != _FORBIDDEN:
                raise
            return GroupView(None, None, 0)
        if view.quorum is None:
            return view
        names = {pod["metadata"]["name"] for pod in pods}
        return replace(view, quorum=self._membership(domain).of(view.quorum, names))

    def _membership(self, domain: str) -> Membership:
        return self._memberships.setdefault(domain, Membership(partial(self._again, domain), partial(self._listed, domain)))

    def _again(self, domain: str) -> Quorum | None:
        """What the leader's metrics tell a moment later: its followers have answered meanwhile, if they are any."""
        self._sleep(_MOMENT)
        return self._api.ask(domain, self.pods()).quorum

    def _listed(self, domain: str) -> set[str] | None:
        """The addresses of the group's members as the command tells them; None when it does not."""
        try:
            return {peer.address for peer in self._ask_command(domain, self.pods())[0].peers}
        except QuorumUnknown:
            return None

    def _ask_command(self, domain: str, pods: list[dict]) -> tuple[Quorum, str]:
        command = ["alluxio", "fsadmin", "journal", "quorum", "info", "-domain", domain]
        return self._ask_any(pods, command, parse_quorum_info, _quorum_of(domain))

    def single(self) -> tuple[Quorum, str]:
        """Return a single master as the group of one that it is, and the pod that told."""
        return self._ask_any(self.pods(), ["alluxio", "fs", "masterInfo"], parse_master_info, "its leading master")

    def configuration(self, pods: list[dict] | None = None) -> dict[str, str]:
        """Return the properties in force in the leading master's process, by their names.

        Raises QuorumUnknown when no master leads, and ApiError without the permission for get on pods/proxy.
        """
        for pod in self.pods() if pods is None else pods:
            found = self._api.configuration(pod)
            if found is not None:
                return found
        raise QuorumUnknown(f"{self._unanswered('its configuration')}: none serves its web port")

    def with_term(self, quorum: Quorum, domain: str, pods: list[dict] | None = None) -> Quorum:
        """Return the quorum with the Raft term that its leader's log last named, if it still does."""
        host = (quorum.leader or "").rpartition(":")[0]
        if all(pod["metadata"]["name"] != host for pod in (self.pods() if pods is None else pods)):
            return quorum
        log = self._client.log(self._namespace, host, container_of(domain), _LOG_TAIL)
        return replace(quorum, term=last_term(log))

    def unknown_properties(self, keys: list[str]) -> list[str]:
        """Return those keys that the Alluxio of the masters does not know. Raises QuorumUnknown when no master can be asked."""
        command, refusals = ["bash", "-c", _FIND_UNKNOWN, "find"], []
        for pod in filter(is_ready, self.pods()):
            name = pod["metadata"]["name"]
            try:
                return self._run(name, [*command, *keys], _KEY_TIMEOUT * len(keys)).split()
            except QuorumUnknown as err:
                refusals.append(f"{name}: {err}")
        raise QuorumUnknown(f"{self._unanswered('the properties that it knows')}: {'; '.join(refusals) or 'no master is ready'}")

    def elect(self, asked: str, address: str) -> None:
        """Hand the leadership of the masters to the peer with that address, asking the pod. Raises QuorumUnknown when refused.

        The job masters have no such command; restarting their leader's container is what moves their leadership.
        """
        self._run(asked, ["alluxio", "fsadmin", "journal", "quorum", "elect", "-address", address], _ELECT_TIMEOUT)

    def rank_before_new_ones(self, asked: str, leader: str) -> bool:
        """Give all peers the same priority, above that of a peer which joins later; tell whether that was done.

        A peer joins with priority 0, and one of a higher priority does not vote for it (Ratis). To elect who leads already is refused,
        and the priorities of all are set to 1 then (Alluxio, QuorumElectCommand).
        """
        command = ["alluxio", "fsadmin", "journal", "quorum", "elect", "-address", leader]
        result = execute(self._client, self._namespace, asked, container_of(MASTER), command, _ELECT_TIMEOUT)
        return "priorities were reset to 1" in result.stdout + result.stderr

    def remove_peer(self, asked: str, domain: str, address: str) -> None:
        """Take the peer with that address out of the group, asking the pod. Raises QuorumUnknown when refused."""
        self._run(asked, ["alluxio", "fsadmin", "journal", "quorum", "remove", "-domain", domain, "-address", address], _CLI_TIMEOUT)

    def raft_closed(self, pod: str, domain: str, port: int) -> bool:
        """Tell whether the domain's process in the pod lives without its Raft server, which has that port. False when that is not known."""
        try:
            if not self._client.refuses(self._namespace, pod, port, _PORT_TIMEOUT):
                return False
            return raft_server_closed(self._client.log(self._namespace, pod, container_of(domain), _LOG_TAIL))
        except ApiError:
            return False

    def restart(self, pod: str, domain: str) -> None:
        """End the domain's process in the pod; kubelet starts its container again, and a master's journal stays."""
        self.end(pod, domain)

    def end(self, pod: str, domain: str) -> None:
        """Let the domain's JVM in the pod end, as a stop of the container would if its first process passed the signal on."""
        self._signal(pod, domain, "TERM")

    def kill(self, pod: str, domain: str) -> None:
        """Let the domain's JVM in the pod end without a moment to react."""
        self._signal(pod, domain, "KILL")

    def _signal(self, pod: str, domain: str, signal: str) -> None:
        component = raft_component(domain)
        # The stream may break off before the shell has answered.
        command = ["sh", "-c", _END, "end", component.main_class, signal]
        execute(self._client, self._namespace, pod, component.container, command, _SHELL_TIMEOUT)

    def _ask_any(self, pods: list[dict], command: list[str], parse: Callable[[str], Quorum], subject: str) -> tuple[Quorum, str]:
        refusals = []
        for pod in pods:
            name = pod["metadata"]["name"]
            try:
                return parse(self._run(name, command, _CLI_TIMEOUT)), name
            except (ApiError, QuorumUnknown) as err:
                refusals.append(f"{name}: {err}")
        raise QuorumUnknown(f"{self._unanswered(subject)}: {'; '.join(refusals) or 'there is no master pod'}")

    def _unanswered(self, subject: str) -> str:
        return f"no master of AlluxioRuntime {self._name} in namespace {self._namespace} tells of {subject}"

    def _run(self, pod: str, command: list[str], timeout: float) -> str:
        result = execute(self._client, self._namespace, pod, container_of(MASTER), command, timeout)
        if result.code != 0:
            raise QuorumUnknown(f"exit code {result.code}: {(result.stderr or result.stdout).strip()[-300:]}")
        return result.stdout


def _quorum_of(domain: str) -> str:
    return f"its {domain} quorum"
