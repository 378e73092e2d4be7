# SPDX-License-Identifier: GPL-3.0-or-later
"""The masters of one runtime: their Raft quorums, and what any of them answers. IO."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ..alluxio.cli_output import parse_master_info, parse_quorum_info
from ..alluxio.logs import last_term
from ..alluxio.raft import AVAILABLE, Quorum
from ..api.client import Client
from ..api.deadline import Clock
from ..errors import ApiError, Forbidden, QuorumUnknown, answer_or
from ..fluid import kinds as fluid_kinds
from ..fluid.components import container_of
from ..fluid.names import master_selector
from ..k8s import kinds
from ..k8s.kinds import ObjectRef
from ..k8s.pods import is_ready
from .container_ages import ContainerAges
from .membership import Membership
from .processes import CLI_TIMEOUT, JOURNAL_QUORUM, LOG_TAIL, MasterProcesses
from .web_api import GroupView, MasterWebApi

# Seconds, for the start of two JVMs.
_KEYS_TIMEOUT = 60.0
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


class Masters(MasterProcesses):
    """Reads and commands the masters of one runtime, through any of them that answers."""

    def __init__(self, client: Client, runtime: ObjectRef, clock: Clock | None = None) -> None:
        super().__init__(client, runtime.namespace, clock)
        self._runtime = runtime
        self._api = MasterWebApi(client)
        self._memberships: dict[str, Membership] = {}
        # By domain and pod, over all observations of this run.
        self.ages = ContainerAges()

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
        command = [*JOURNAL_QUORUM, "info", "-domain", domain]
        return self._ask_any(pods, command, parse_quorum_info, _quorum_of(domain), refusal)

    def _with_silence(self, domain: str, quorum: Quorum, pod: str) -> Quorum:
        """Add to a group that the command has shown the longest possible silence of AVAILABLE followers."""
        limit = self._silence_limit((quorum.leader or "").rpartition(":")[0] or pod, domain)
        return replace(quorum, peers=tuple(
            replace(peer, silent=limit) if peer.state == AVAILABLE and not peer.leader else peer
            for peer in quorum.peers))

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
        log = answer_or(None, partial(self._client.log, self._pod(host), container_of(domain), LOG_TAIL))
        return quorum if log is None else replace(quorum, term=last_term(log))

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

    def with_priorities(self, quorum: Quorum, domain: str, pods: list[dict]) -> Quorum:
        """Return the quorum with the priorities of its peers, which only the command shows.

        Raises QuorumUnknown when no master answers the command.
        """
        listed = {peer.address: peer.priority for peer in self._ask_command(domain, pods)[0].peers}
        return replace(quorum, peers=tuple(
            replace(peer, priority=listed.get(peer.address)) for peer in quorum.peers))

    def _ask_any(self, pods: list[dict], command: list[str], parse: Callable[[str], Quorum],
                 subject: str, refusal: str = "") -> tuple[Quorum, str]:
        """Return what the first pod answers. refusal: why nothing but this command can; empty if it can."""
        refusals, forbidden = [], 0
        for pod in pods:
            name = pod["metadata"]["name"]
            try:
                return parse(self._run(name, command, CLI_TIMEOUT)), name
            except (ApiError, QuorumUnknown) as err:
                refusals.append(f"{name}: {err}")
                forbidden += isinstance(err, Forbidden)
        if refusal and refusals and forbidden == len(refusals):
            raise Forbidden(f"{self._unanswered(subject)}: {'; '.join([refusal, *refusals])}", 403)
        raise QuorumUnknown(f"{self._unanswered(subject)}: {'; '.join(refusals) or 'there is no master pod'}")

    def _unanswered(self, subject: str) -> str:
        runtime = fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime)
        return f"could not read {subject} from any master of {runtime}"


def _quorum_of(domain: str) -> str:
    return f"the {domain} quorum"
