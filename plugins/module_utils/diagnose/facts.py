# SPDX-License-Identifier: GPL-3.0-or-later
"""What was read of a cache for its diagnosis, and views of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..alluxio.raft import Quorum
from ..fluid.names import claim_name
from ..k8s import pods as k8s_pods
from ..k8s.kinds import ObjectRef
from ..verify import observed as seen
from ..verify.cluster_promises import PLUGIN_NAME
from ..verify.observed import Observed
from ..verify.read_promises import MountView

# What is read beside the subjects of verify/observed.py. RELEASED: the pods of the runtime are part of PODS.
EVENTS, FLUID_EVENTS, STATEFUL_SETS, CLAIMS, VOLUMES = "events", "fluid_events", "sets", "claims", "volumes"
SERVICES, DEFINITIONS, CSI_NODES, DNS_PODS, ALL_PODS = (
    "services", "definitions", "csi_nodes", "dns_pods", "all_pods")
# An older line of a log, or event, may be of a fault that is over.
_RECENT = timedelta(minutes=15)
# Pods, deletions and elections need this long at most on a slow cluster that works.
SETTLED = timedelta(minutes=2)
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d) ")
# A line of a log by Alluxio begins with a time; the lines of a stack trace do not.
_BEGINS = re.compile(r"\d{4}-\d\d-\d\d[ T]|\+ |[IWEF]\d{4} |\{|time=")
_SHOWN = 300


@dataclass(frozen=True)
class Log:
    """The newest lines of a container's log. lines: with the kubelet's time before each."""

    pod: str
    container: str
    previous: bool
    lines: Sequence[str]

    @property
    def name(self) -> str:
        """The container for messages."""
        return f"{self.pod}/{self.container}{' (previous run)' if self.previous else ''}"

    def records(self, since: datetime) -> Iterator[str]:
        """Yield the entries since that time, the lines of a stack trace with the line above them."""
        entry: list[str] = []
        for line in self.lines:
            stamp, text = _STAMP.match(line), _STAMP.sub("", line, count=1)
            if stamp and _moment_of(stamp) < since:
                continue
            if entry and _BEGINS.match(text):
                yield "\n".join(entry)
                entry = []
            entry.append(text)
        if entry:
            yield "\n".join(entry)


def _moment_of(stamp: re.Match) -> datetime:
    """Return the time of a line; a kubelet may write that of its own zone."""
    return datetime.fromisoformat(stamp[1] + ("+00:00" if stamp[2] == "Z" else stamp[2]))


@dataclass(frozen=True)
class Facts:
    """What was read. read_at: the API server's time. quorums: by domain the group, None without one, and the
    reason. missing: the kinds that the cluster does not know. unread: what could not be read, and why.
    """

    cache: ObjectRef
    fluid_namespace: str
    observed: Observed
    read_at: datetime
    logs: Sequence[Log] = ()
    quorums: Mapping[str, tuple[Quorum | None, str]] = field(default_factory=dict)
    views: Sequence[MountView] = ()
    missing: frozenset[str] = frozenset()
    unread: Sequence[str] = ()

    @property
    def label(self) -> str:
        """The cache for messages."""
        return f"{self.cache.namespace}/{self.cache.name}"

    @property
    def recently(self) -> datetime:
        """The time since which a log line or an event counts."""
        return self.read_at - _RECENT

    def known(self, subject: str) -> Any:
        """Return an answer; None if it was refused."""
        return self.observed.known(subject)

    @property
    def refusals(self) -> list[str]:
        """Why the cache itself could not be read; without its parts nothing shows that it has no fault."""
        parts = (seen.DATASET, seen.RUNTIME, seen.PODS)
        return [str(error) for part in parts if (error := self.observed.refusal(part))]

    def each(self, subject: str) -> list[dict]:
        """Return the objects of a list; none if it was refused."""
        return self.observed.known(subject) or []

    def component(self, *roles: str) -> list[dict]:
        """Return the pods of components of the runtime."""
        return [pod for role in roles for pod in self.observed.component(role)] if self.known(
            seen.PODS) is not None else []

    def release(self) -> list[dict]:
        """Return the pods of the runtime."""
        return [pod for pod in self.each(seen.PODS)
                if (pod["metadata"].get("labels") or {}).get("release") == self.cache.name]

    def own_pods(self) -> list[dict]:
        """Return the pods of the runtime, and those beside Fluid's controllers."""
        return [*self.release(), *self.each(seen.FLUID_PODS)]

    def unfinished(self) -> list[dict]:
        """Return own_pods() without those that have ended, which a ReplicaSet leaves after an eviction."""
        return [pod for pod in self.own_pods() if not k8s_pods.is_finished(pod)]

    def users(self) -> list[dict]:
        """Return the pods of applications that mount the claim."""
        name = claim_name(self.cache.name)
        return [pod for pod in self.each(seen.PODS)
                if name in k8s_pods.claims_of(pod) and not k8s_pods.is_finished(pod)]

    def concerns(self, pod: dict) -> bool:
        """Return whether the cache needs a pod. One of the CSI plugin serves the pods of its node."""
        if not pod["metadata"]["name"].startswith(PLUGIN_NAME):
            return True
        node = pod.get("spec", {}).get("nodeName")
        return any(node == each.get("spec", {}).get("nodeName") for each in [*self.release(), *self.users()])

    def warnings(self, kind: str, name: str) -> list[dict]:
        """Return the recent warnings about an object, newest first."""
        found = [event for event in [*self.each(EVENTS), *self.each(FLUID_EVENTS)]
                 if event.get("type") == "Warning" and event["involvedObject"].get("kind") == kind
                 and event["involvedObject"].get("name") == name and moment(event) >= self.recently]
        return sorted(found, key=moment, reverse=True)

    def records(self, pattern: re.Pattern, pods: Iterable[str] | None = None) -> Iterator[tuple[Log, str]]:
        """Yield the recent entries of logs that match. pods: the names of their pods, of all if None."""
        names = None if pods is None else set(pods)
        for log in self.logs:
            if names is None or log.pod in names:
                yield from ((log, entry) for entry in log.records(self.recently) if pattern.search(entry))

    def waits(self, existing: dict) -> bool:
        """Return whether an object exists for longer than its start takes."""
        created = existing["metadata"].get("creationTimestamp")
        return not created or at(created) < self.read_at - SETTLED

    def quorum_holds(self) -> bool:
        """Return whether each group that was read has a leader and all peers AVAILABLE."""
        return all(quorum is not None and quorum.leader and quorum.available == len(quorum.peers)
                   for quorum, _reason in self.quorums.values())

    def unready(self) -> list[dict]:
        """Return the pods of the runtime that are not ready and not finished."""
        return [pod for pod in self.release()
                if not k8s_pods.is_ready(pod) and not k8s_pods.is_finished(pod)]


def at(text: str) -> datetime:
    """Return a time of Kubernetes (RFC 3339, UTC)."""
    return datetime.fromisoformat(text[:19] + "+00:00")


def moment(event: dict) -> datetime:
    """Return when an event happened last."""
    series = (event.get("series") or {}).get("lastObservedTime")
    return at(series or event.get("lastTimestamp") or event.get("eventTime")
              or event["metadata"].get("creationTimestamp") or "1970-01-01T00:00:00Z")


def described(event: dict) -> str:
    """Return an event for messages."""
    return f"event {event.get('reason')}: {short(event.get('message') or '')}"


def short(text: str) -> str:
    """Return a text in one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "..."


def quoted(entry: str, pattern: re.Pattern) -> str:
    """Return an entry of a log in one line of bounded length: its first line, and what matches."""
    lines = entry.splitlines()
    matching = next((line for line in lines if pattern.search(line)), lines[0])
    found = pattern.search(matching)
    if found and found.end() > _SHOWN:
        matching = "..." + matching[max(0, found.start() - _SHOWN // 2):]
    first = lines[0] if len(lines[0]) <= _SHOWN else lines[0][:_SHOWN // 3] + "..."
    return short(matching) if matching == lines[0] else f"{first} | {short(matching)}"


def pod_label(pod: dict) -> str:
    """Return a pod for messages."""
    node = pod.get("spec", {}).get("nodeName")
    return (f"Pod {pod['metadata'].get('namespace')}/{pod['metadata']['name']}"
            f"{f' on node {node}' if node else ''}")


def containers(pod: dict) -> list[dict]:
    """Return the statuses of all containers of a pod."""
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
