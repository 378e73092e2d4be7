# SPDX-License-Identifier: GPL-3.0-or-later
"""What a leader's web server tells, through the API server's pod proxy: no command in a pod, no JVM. IO, read-only.

Only the leader of a group serves its web port; a standby refuses the connection.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from ..alluxio.properties import ELECTION_TIMEOUT_DEFAULTS, ELECTION_TIMEOUT_MAX, election_timeout
from ..alluxio.raft import AVAILABLE, Quorum
from ..alluxio.ratis_metrics import read_quorum
from ..api import bulk
from ..api.client import Client
from ..errors import PodUnreachable
from ..fluid.components import MASTER, raft_component, web_port

# The leader of a cache answers within 0.1 s; a node that is cut off does not refuse, it is silent.
_TIMEOUT = 5.0
_METRICS = "/metrics/prometheus/"


@dataclass(frozen=True)
class GroupView:
    """What the masters' web ports say. quorum and pod: of the leader, None without one.

    silent: how many ports were asked, when none of them answered; else 0. unreachable: pods whose port did not even refuse. That
    is no running standby, whatever Kubernetes says of its pod, which it believes to be ready for most of a minute after its node's end.
    """

    quorum: Quorum | None
    pod: str | None
    silent: int
    unreachable: frozenset[str] = field(default_factory=frozenset)

    @property
    def leaderless(self) -> bool:
        """Whether at least one port was found closed and none open: there is no leader that the API server could miss."""
        return self.quorum is None and self.silent > len(self.unreachable)

    @property
    def gone(self) -> frozenset[str]:
        """The pods from which nothing comes, neither here nor to the leader."""
        heard = {peer.address.rpartition(":")[0] for peer in self.quorum.peers if peer.state == AVAILABLE} if self.quorum else set()
        return self.unreachable - heard


class MasterWebApi:
    """Asks the web ports of one runtime's masters."""

    def __init__(self, client: Client, namespace: str) -> None:
        self._client = client
        self._namespace = namespace
        self._silence: dict[tuple[str, str], float] = {}

    def ask(self, domain: str, pods: list[dict]) -> GroupView:
        """Ask all pods at once which of them leads the domain's group, and how it sees the group.

        Raises ApiError without the permission for get on pods/proxy.
        """
        started = [pod for pod in pods if pod.get("status", {}).get("podIP") and web_port(pod, domain)]
        answers = bulk.work(started, lambda pod: self._ask(pod, domain, _METRICS)) if started else []
        found, unreachable = [], set()
        for pod, answer in zip(started, answers, strict=True):
            if isinstance(answer, PodUnreachable):
                unreachable.add(pod["metadata"]["name"])
                continue
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                quorum = read_quorum(answer.decode("utf-8", "replace"), self._silent_for(pod, domain))
                found.append((quorum, pod["metadata"]["name"]))
        # A leader that was cut off may believe in itself until it learns of its successor, whom more members answer.
        leading = sorted((each for each in found if each[0] is not None), key=lambda each: each[0].available)
        quorum, name = leading[-1] if leading else (None, None)
        return GroupView(quorum, name, 0 if found else len(started), frozenset(unreachable))

    def configuration(self, pod: dict, domain: str = MASTER) -> dict[str, str] | None:
        """The properties that are in force in the leader's process, as texts; None when the pod does not lead.

        A property that has no value is left out, and so is one that Alluxio does not know.
        """
        answer = self.get(pod, domain, raft_component(domain).info_path)
        if answer is None:
            return None
        try:
            found = json.loads(answer).get("configuration") or {}
        except ValueError:
            return None
        return {key: _as_text(value) for key, value in found.items() if value is not None}

    def get(self, pod: dict, domain: str, path: str) -> bytes | None:
        """What the pod's web port answers on a path; None when it does not lead."""
        try:
            return self._ask(pod, domain, path)
        except PodUnreachable:
            return None

    def _ask(self, pod: dict, domain: str, path: str) -> bytes | None:
        return self._client.proxied(self._namespace, pod["metadata"]["name"], web_port(pod, domain), path, _TIMEOUT)

    def _silent_for(self, pod: dict, domain: str) -> float:
        """Seconds of silence after which Alluxio calls a follower UNAVAILABLE."""
        key = (pod["metadata"].get("uid", ""), domain)
        if key not in self._silence:
            configuration = self.configuration(pod, domain) or {}
            if ELECTION_TIMEOUT_MAX not in configuration:
                return ELECTION_TIMEOUT_DEFAULTS[ELECTION_TIMEOUT_MAX]
            self._silence[key] = election_timeout(ELECTION_TIMEOUT_MAX, configuration)
        return self._silence[key]


def _as_text(value: object) -> str:
    """A property's value as Alluxio's own settings write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
