# SPDX-License-Identifier: GPL-3.0-or-later
"""The masters of one runtime and what they say of their Raft quorums. IO, read-only."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable

from . import kinds
from .client import Client
from .errors import ApiError, QuorumUnknown
from .quorum import Quorum, last_term, parse_master_info, parse_quorum_info
from .streams import execute

MASTER = "MASTER"
JOB_MASTER = "JOB_MASTER"

_CONTAINER = "alluxio-master"
_JOB_CONTAINER = "alluxio-job-master"
# Without a leader the CLI retries for minutes; 3 to 7 seconds is what an answer takes.
_CLI_TIMEOUT = 30.0
_LOG_TAIL = 2000


class Masters:
    """Asks any master that answers; none of them is special."""

    def __init__(self, client: Client, namespace: str, name: str) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name

    def pods(self) -> list[dict]:
        """The master pods, those whose containers are ready first."""
        selector = "release=%s,role=alluxio-master" % self._name
        return sorted(self._client.list(kinds.POD, self._namespace, selector), key=lambda pod: not _is_ready(pod))

    def quorum(self, domain: str) -> tuple[Quorum, str]:
        """Return the Raft group of the masters or job masters, and the pod that told.

        Raises QuorumUnknown, with each pod's reason, when no master answers.
        """
        command = ["alluxio", "fsadmin", "journal", "quorum", "info", "-domain", domain]
        return self._ask_any(command, parse_quorum_info, "its %s quorum" % domain)

    def single(self) -> tuple[Quorum, str]:
        """Return a single master as the group of one that it is, and the pod that told."""
        return self._ask_any(["alluxio", "fs", "masterInfo"], parse_master_info, "its leading master")

    def _ask_any(self, command: list[str], parse: Callable[[str], Quorum], subject: str) -> tuple[Quorum, str]:
        refusals = []
        for pod in self.pods():
            name = pod["metadata"]["name"]
            try:
                return parse(self._run(name, command)), name
            except (ApiError, QuorumUnknown) as err:
                refusals.append("%s: %s" % (name, err))
        raise QuorumUnknown("no master of AlluxioRuntime %s in namespace %s tells of %s: %s" % (
            self._name, self._namespace, subject, "; ".join(refusals) or "there is no master pod"))

    def _run(self, pod: str, command: list[str]) -> str:
        said = execute(self._client, self._namespace, pod, _CONTAINER, command, _CLI_TIMEOUT)
        if said.code != 0:
            raise QuorumUnknown("exit code %d: %s" % (said.code, (said.stderr or said.stdout).strip()[-300:]))
        return said.stdout

    def with_term(self, quorum: Quorum, domain: str) -> Quorum:
        """Return the quorum with the Raft term that its leader's log last named, if it still does."""
        container = _JOB_CONTAINER if domain == JOB_MASTER else _CONTAINER
        host = (quorum.leader or "").rpartition(":")[0]
        leader = next((pod for pod in self.pods() if pod["metadata"]["name"] == host), None)
        if leader is None:
            return quorum
        log = self._client.log(self._namespace, host, container, _LOG_TAIL)
        return replace(quorum, term=last_term(log))


def _is_ready(pod: dict) -> bool:
    conditions = pod.get("status", {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
