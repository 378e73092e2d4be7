# SPDX-License-Identifier: GPL-3.0-or-later
"""Observes the Raft groups of one runtime's masters. IO, read-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial

from ...alluxio.raft import LOADING, OPEN
from ...api import bulk
from ...api.client import Client
from ...api.deadline import Deadline
from ...errors import FluidError
from ...fluid.components import DOMAINS, MASTER, container_of
from ...k8s.kinds import ObjectRef, annotations_of
from ...k8s.pods import container_run, node_is_lost, unready_reason
from ...masters.group import Masters
from .. import peer_services, plan as quorum_plan, tried_actions
from ..plan import Master, RaftGroup
from ..services import services_of
from .freshness import Freshness

# Seconds between two looks at the masters' logs while nobody leads.
_LOGS_PAUSE = 10.0


class GroupObserver:
    """Observes the groups, and remembers over all looks what a single one does not show.

    pods: names of the expected masters. noted: pods with tried actions, at the last look. answered_by: the
    pod that has reported the group that was observed last, or "".
    """

    def __init__(self, client: Client, runtime: ObjectRef, pods: Sequence[str], deadline: Deadline,
                 masters: Masters) -> None:
        self.noted: list[dict] = []
        self.answered_by = ""
        self._client = client
        self._runtime = runtime
        self._pods = pods
        self._deadline = deadline
        self._masters = masters
        # By domain and container: when its Raft port was first observed open, after it was loading.
        self._opened: dict[tuple[str, str], float | None] = {}
        self._freshness = Freshness(DOMAINS, client.waited)
        self._logs_read: float | None = None

    def observe(self, domain: str) -> RaftGroup:
        """Return the domain's group as Kubernetes and its leader report it now."""
        began = self._deadline.now()
        return self._group(began, *self._objects(), domain)

    def groups(self) -> list[RaftGroup]:
        """Return the groups of both domains as observed at the same time, the masters' first."""
        groups, began = [], self._deadline.now()
        for observed in bulk.work(list(DOMAINS), partial(self._group, began, *self._objects())):
            if isinstance(observed, FluidError):
                raise observed
            groups.append(observed)
        return groups

    def _objects(self) -> tuple[list[dict], dict[str, dict]]:
        """Return the master pods, and the Services of all masters by name."""
        pods = self._masters.pods()
        self.noted = [pod for pod in pods if tried_actions.ANNOTATION in annotations_of(pod)]
        return pods, services_of(self._client, self._runtime.namespace)

    def _group(self, began: float, pods: list[dict], services: dict[str, dict], domain: str) -> RaftGroup:
        """Return a domain's group by these objects. began: when they were asked for."""
        by_name = {pod["metadata"]["name"]: pod for pod in pods}
        view = self._masters.group_view(domain, pods)
        self.answered_by = view.pod or ""
        masters = tuple(self._master(domain, name, services.get(name), by_name.get(name), name in view.absent)
                        for name in self._pods)
        observed = quorum_plan.raft_group(domain, view.quorum, masters, by_name.keys())
        observed = replace(observed, masters=tuple(
            self._with_raft_server(domain, master, by_name[master.pod]) if quorum_plan.needs_check(master)
            else master for master in observed.masters))
        if domain == MASTER:
            observed = self._with_former_leader(observed, by_name)
        return replace(observed, young_until=self._freshness.young_until(
            domain, began, self._deadline.now(), self._client.waited))

    def _master(self, domain: str, name: str, service: dict | None, pod: dict | None,
                absent: bool) -> Master:
        address = peer_services.address(service, domain) if service else name + ":0"
        now, ages, key = self._deadline.now(), self._masters.ages, (domain, name)
        run = container_run(pod, container_of(domain)) if pod else ("", "", "")
        ages.observe(key, " ".join(run) if run[-1] else "", now)
        if pod is None:
            return Master(name, address, reason="its pod does not exist")
        if not run[-1] or node_is_lost(pod) or absent:
            return Master(name, address, reason=unready_reason(pod)
                          or "nothing answers at its address, on node "
                             f"{pod.get('spec', {}).get('nodeName', 'unknown')}")
        by_clock = (self._client.server_time() - _time(run[-1])).total_seconds()
        return Master(name, address, running=ages.age(key, by_clock, now),
                      terminating="deletionTimestamp" in pod["metadata"])

    def _with_raft_server(self, domain: str, master: Master, pod: dict) -> Master:
        """Add to an unavailable master the state of its Raft server, and what was tried for its container."""
        state = self._masters.raft_server(master.pod, domain, int(master.address.rpartition(":")[2]))
        key, now = (domain, " ".join(container_run(pod, container_of(domain)))), self._deadline.now()
        if state == LOADING:
            self._opened[key] = None
        elif self._opened.get(key, now) is None:
            self._opened[key] = now
        opened = self._opened.get(key)
        conflict = (domain == MASTER and state == OPEN and master.silent is not None
                    and master.silent < quorum_plan.UNRESPONSIVE_AFTER
                    and self._masters.has_conflict(master.pod))
        return replace(master, raft_server=state, joining=None if opened is None else now - opened,
                       tried=tried_actions.of_container(pod, domain, self._client.server_time()),
                       conflict=conflict)

    def _with_former_leader(self, observed: RaftGroup, pods: dict[str, dict]) -> RaftGroup:
        """Add, while nobody leads, since when masters that may start no election have stepped down.

        Such a master's web port may not answer, so it need not count as running.
        """
        if observed.leader is not None:
            self._logs_read = None
            return observed
        now = self._deadline.now()
        if self._logs_read is not None and now - self._logs_read < _LOGS_PAUSE:
            return observed
        self._logs_read = now
        return replace(observed, masters=tuple(
            replace(master, stepped_down=self._masters.stepped_down_for(master.pod),
                    tried=tried_actions.of_container(
                        pods[master.pod], MASTER, self._client.server_time()))
            if master.pod in pods and container_run(pods[master.pod], container_of(MASTER))[-1] else master
            for master in observed.masters))


def _time(started: str) -> datetime:
    return datetime.strptime(started, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
