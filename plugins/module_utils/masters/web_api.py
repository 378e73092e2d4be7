# SPDX-License-Identifier: GPL-3.0-or-later
"""What the web servers of a runtime's masters report, through the API server's pod proxy. IO, read-only.

Only the leader of a group serves its web port; a standby refuses the connection, or shows its role where
alluxio.standby.master.web.enabled is set. No command runs in a pod, so no JVM has to start.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from ..alluxio.properties import ELECTION_TIMEOUT_DEFAULTS, ELECTION_TIMEOUT_MAX, election_timeout
from ..alluxio.raft import AVAILABLE, Quorum
from ..alluxio.ratis_metrics import is_standby, read_quorum
from ..api import bulk
from ..api.client import Client
from ..errors import PodUnreachable
from ..fluid.components import MASTER, raft_component, web_port
from ..k8s.kinds import ref_to

# Seconds. The leader answers within 0.1; a node that is cut off does not refuse a connection but is silent.
# Every look at a group with such a node takes this long, and so does the report of a lost majority.
_TIMEOUT = 3.0
# Seconds. A successor exists after election.timeout.min (10 s) of silence, and hears answers twice in it.
_SAME_SILENCE = 2.0
_METRICS = "/metrics/prometheus/"
_INFO = "/api/v1/master/info"


@dataclass(frozen=True)
class GroupView:
    """A Raft group as the masters' web ports show it. quorum and pod: of the leader, None without one.

    unanswered: number of ports that were tried if none answered, else 0. unreachable: pods whose port did not
    even refuse the connection. Such a pod is no running standby, although Kubernetes counts it as ready for
    most of a minute after its node has failed. refusal: why the ports may not be read, else empty.
    """

    quorum: Quorum | None
    pod: str | None
    unanswered: int
    unreachable: frozenset[str] = field(default_factory=frozenset)
    refusal: str = ""

    @property
    def leaderless(self) -> bool:
        """Whether no port is open and at least one refuses: the API server cannot have missed a leader."""
        return self.quorum is None and self.unanswered > len(self.unreachable)

    @property
    def absent(self) -> frozenset[str]:
        """The pods that reach neither the API server nor the leader."""
        available = {peer.address.rpartition(":")[0]
                     for peer in self.quorum.peers if peer.state == AVAILABLE} if self.quorum else set()
        return self.unreachable - available


class MasterWebApi:
    """Reads the web ports of one runtime's masters."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._unavailable_after: dict[tuple[str, str], float] = {}

    def ask(self, domain: str, pods: list[dict]) -> GroupView:
        """Read the port of each pod concurrently; return the view of the domain's leader.

        Raises ApiError without get on pods/proxy.
        """
        started = [pod for pod in pods if pod.get("status", {}).get("podIP") and web_port(pod, domain)]
        answers = bulk.work(started, lambda pod: self._ask(pod, domain, _METRICS)) if started else []
        leading: list[tuple[Quorum, str]] = []
        answered, unreachable = False, set()
        for pod, answer in zip(started, answers, strict=True):
            if isinstance(answer, PodUnreachable):
                unreachable.add(pod["metadata"]["name"])
                continue
            if isinstance(answer, Exception):
                raise answer
            text = "" if answer is None else answer.decode("utf-8", "replace")
            if answer is not None and not is_standby(text):
                answered = True
                quorum = read_quorum(text, self._silence_limit(pod, domain))
                if quorum is not None:
                    leading.append((quorum, pod["metadata"]["name"]))
        unanswered = 0 if answered else len(started)
        if not leading:
            return GroupView(None, None, unanswered, frozenset(unreachable))
        # A leader that was cut off counts itself as leader until it hears of its successor, and its followers
        # as AVAILABLE for up to election.timeout.max. A majority answers its successor alone.
        latest = min(quorum.silent for quorum, _name in leading) + _SAME_SILENCE
        quorum, name = max(reversed(leading), key=lambda each: (each[0].silent <= latest, each[0].available))
        return GroupView(quorum, name, unanswered, frozenset(unreachable))

    def configuration(self, pod: dict, domain: str = MASTER) -> dict[str, str] | None:
        """Return the properties in force in the leader's process as text; None when the pod does not lead.

        Properties without a value are left out, and so are keys that Alluxio does not know.
        """
        answer = self.get(pod, domain, raft_component(domain).info_path)
        if answer is None:
            return None
        try:
            found = json.loads(answer).get("configuration") or {}
        except ValueError:
            return None
        return {key: _as_text(value) for key, value in found.items() if value is not None}

    def version(self, pod: dict) -> str | None:
        """Return the version of Alluxio in the leader's process, such as 2.9.4; None when it does not "
          "lead."""
        answer = self.get(pod, MASTER, _INFO)
        try:
            found = json.loads(answer).get("version") if answer is not None else None
        except (AttributeError, ValueError):
            return None
        return found if isinstance(found, str) else None

    def get(self, pod: dict, domain: str, path: str) -> bytes | None:
        """Return the web port's answer for a path; None when the pod does not lead."""
        try:
            return self._ask(pod, domain, path)
        except PodUnreachable:
            return None

    def _ask(self, pod: dict, domain: str, path: str) -> bytes | None:
        return self._client.proxied(ref_to(pod), web_port(pod, domain) or 0, path, _TIMEOUT)

    def _silence_limit(self, pod: dict, domain: str) -> float:
        """Return the seconds without an answer after which Alluxio counts a follower as UNAVAILABLE."""
        key = (pod["metadata"].get("uid", ""), domain)
        if key not in self._unavailable_after:
            configuration = self.configuration(pod, domain) or {}
            if ELECTION_TIMEOUT_MAX not in configuration:
                return ELECTION_TIMEOUT_DEFAULTS[ELECTION_TIMEOUT_MAX]
            self._unavailable_after[key] = election_timeout(ELECTION_TIMEOUT_MAX, configuration)
        return self._unavailable_after[key]


def _as_text(value: object) -> str:
    """Return a property's value as Alluxio's own configuration writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
