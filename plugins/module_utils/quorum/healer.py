# SPDX-License-Identifier: GPL-3.0-or-later
"""Completes the Raft groups of one runtime's masters, step by step. IO.

plan.py chooses each step from what is observed at that moment; this file observes the group, performs the
step and waits for its effect. No step depends on an earlier run, so the next run continues an interrupted
one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial

from ..alluxio.raft import LOADING, OPEN
from ..api import bulk
from ..api.client import Client
from ..api.deadline import Deadline
from ..errors import (
    ApiError,
    CommandUnfinished,
    Conflict,
    FluidError,
    Forbidden,
    InvalidInput,
    OldLook,
    QuorumLost,
    QuorumUnknown,
    ServerUnavailable,
    WaitTimeout,
)
from ..fluid import kinds as fluid_kinds
from ..fluid.components import DOMAINS, MASTER, container_of, raft_component
from ..k8s import kinds, scheduling
from ..k8s.kinds import ObjectRef, annotations_of
from ..k8s.pods import container_run, is_ready, node_is_lost, unready_reason
from ..k8s.wait_status import WaitStatus
from ..masters.group import Masters
from ..masters.shortage import Shortage
from . import peer_services, plan as quorum_plan, priorities, tried_actions
from .plan import ActionRecord, RaftGroup, Step
from .services import services_of

# Seconds. A master's process that restarts is back before the majority is reported as lost (3 to 4 s,
# measured). With the 3 s timeout of a silent pod, before and after, a loss is reported within 15 s.
_LOST_AFTER = 8.0
# Seconds from one look to the next, with that timeout; more of it may be an outage of the API server.
_USUAL_LOOK = 5.0
_PAUSE = 0.5
# Seconds from the end of a look to an act that follows from it, for the note and the Lease's renewal.
_YOUNG = 3.0
# Seconds. A look takes up to this with silent pods, or one and a half times as long as the one before where
# commands show the groups. A longer one has waited for an API server.
_LOOK_WITHIN = 15.0
_TIMES_PREVIOUS = 1.5
# Seconds between two looks at the masters' logs while nobody leads.
_LOGS_PAUSE = 10.0


class QuorumHealer:
    """Heals the Raft groups of one runtime's masters.

    expected: number of masters. masters: those of another healer, with what they have observed. All calls
    together end before the deadline. tolerates_lost: whether the groups are complete without masters that
    cannot run until a node returns; lost has the reason of each. in_doubt: whether a transfer may have left
    priorities behind. The caller holds the Lease of the masters (masters/lease.py) for every method that is
    no read.
    """

    def __init__(self, client: Client, runtime: ObjectRef, expected: int, deadline: Deadline,
                 masters: Masters | None = None, tolerates_lost: bool = False) -> None:
        self.masters = masters or Masters(client, runtime, deadline.clock)
        self.actions: list[ActionRecord] = []
        self.lost: dict[str, str] = {}
        self.in_doubt = False
        self._tolerates_lost = tolerates_lost
        self._client = client
        self._runtime = runtime
        self._pods = peer_services.names(runtime.name, expected)
        self._deadline = deadline
        self._history: dict[tuple[str, str, str], float] = {}
        # By domain and container: when its Raft port was first observed open, after it was loading.
        self._opened: dict[tuple[str, str], float | None] = {}
        self._noted: list[dict] = []
        self._answered_by = ""
        self._took: dict[str, float] = {}  # seconds of the last look, by domain
        # Seconds for which the client had waited for an API server at the end of that look.
        self._waited = dict.fromkeys(DOMAINS, client.waited)
        self._logs_read: float | None = None

    def address(self, domain: str, pod: str) -> str:
        """Return the address, host:port, of the master in that pod as its Raft peers know it.

        Raises Conflict while its Service does not exist.
        """
        service = self._client.get(kinds.SERVICE, self._ref(pod))
        if service is None:
            raise Conflict(
                f"{kinds.SERVICE.describe(self._ref(pod))} does not exist, so the master has no address: run "
                "alluxio_runtime with stable_peer_addresses")
        return _address(service, domain)

    def require_master(self, pod: str, option: str = "leader") -> None:
        """Raise InvalidInput unless the runtime declares a master of that name. option: which names it."""
        if pod not in self._pods:
            raise InvalidInput(
                f"{option} {pod} is no master of {self._described()}, which has {', '.join(self._pods)}")

    def observe(self, domain: str) -> RaftGroup:
        """Return the domain's group as Kubernetes and its leader report it now."""
        began = self._deadline.now()
        return self._observe(began, *self._objects(), domain)

    def _objects(self) -> tuple[list[dict], dict[str, dict]]:
        """Return the master pods, and the Services of all masters by name."""
        pods = self.masters.pods()
        self._noted = [pod for pod in pods if tried_actions.ANNOTATION in annotations_of(pod)]
        return pods, services_of(self._client, self._runtime.namespace)

    def _observe(self, began: float, pods: list[dict], services: dict[str, dict], domain: str) -> RaftGroup:
        """Return a domain's group by these objects. began: when they were asked for."""
        by_name = {pod["metadata"]["name"]: pod for pod in pods}
        view = self.masters.group_view(domain, pods)
        self._answered_by = view.pod or ""
        masters = tuple(self._master(domain, name, services.get(name), by_name.get(name), name in view.absent)
                        for name in self._pods)
        observed = quorum_plan.raft_group(domain, view.quorum, masters, by_name.keys())
        observed = replace(observed, masters=tuple(
            self._with_raft_server(domain, master, by_name[master.pod]) if quorum_plan.needs_check(master)
            else master for master in observed.masters))
        if domain == MASTER:
            observed = self._with_former_leader(observed, by_name)
        return replace(observed, young_until=self._young_until(domain, began))

    def _young_until(self, domain: str, began: float) -> float:
        """Return until when an act may follow from a look that ends now; one that took too long allows none.
        """
        ended = self._deadline.now()
        took, previous = ended - began, self._took.get(domain, 0.0)
        waited, before = self._client.waited, self._waited[domain]
        self._waited[domain] = waited
        if waited - before > _YOUNG:
            return began
        self._took[domain] = took
        return ended + _YOUNG if took <= max(_LOOK_WITHIN, _TIMES_PREVIOUS * previous) else began

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
            replace(master, stepped_down=self.masters.stepped_down_for(master.pod),
                    tried=tried_actions.of_container(
                        pods[master.pod], MASTER, self._client.server_time()))
            if master.pod in pods and container_run(pods[master.pod], container_of(MASTER))[-1] else master
            for master in observed.masters))

    def groups(self) -> list[RaftGroup]:
        """Return the groups of both domains as observed at the same time, the masters' first."""
        groups, began = [], self._deadline.now()
        for observed in bulk.work(list(DOMAINS), partial(self._observe, began, *self._objects())):
            if isinstance(observed, FluidError):
                raise observed
            groups.append(observed)
        return groups

    def tolerant(self, observed: RaftGroup) -> RaftGroup:
        """Return the group with the reason of each master that is lost, if such masters are tolerated."""
        self.lost = {}
        if not self._tolerates_lost or not any(master.unavailable for master in observed.masters):
            return observed
        pods = [pod for pod in self.masters.pods() if not is_ready(pod)]
        try:
            self.lost = scheduling.lost_places(pods, self._client.list(kinds.NODE)) if pods else {}
        except Forbidden:
            return observed
        return replace(observed, masters=tuple(
            replace(master, lost=self.lost.get(master.pod, "")) for master in observed.masters))

    def plan(self, groups: Sequence[RaftGroup], desired_leader: str = "") -> list[ActionRecord]:
        """Return the next step of each of the groups that changes something; perform none."""
        records = []
        for observed in groups:
            leader = self._leader_address(observed.domain, desired_leader)
            step = quorum_plan.next_step(observed, self._ages(observed.domain), leader)
            records += [ActionRecord(observed.domain, step)] if step.changes else []
        return records

    def ensure_complete(self, desired_leader: str = "", domains: Sequence[str] = DOMAINS,
                        departing: str = "") -> list[RaftGroup]:
        """Return the groups once each has exactly the expected peers, all AVAILABLE, and the desired leader.

        desired_leader: pod that must lead the masters; empty for any. departing: pod that may be unavailable
        or terminating. Raises QuorumLost when too few masters run to elect a leader, and WaitTimeout.
        """
        groups = [self._ensure_complete(domain, self._leader_address(domain, desired_leader), departing)
                  for domain in domains]
        tried_actions.remove(self._client, self._noted)
        return groups

    def transfer_leadership(self, pod: str, successors: Sequence[str]) -> None:
        """Transfer the leadership of the masters from a pod to the first successor that is AVAILABLE.

        Does nothing when the pod does not lead. Raises Conflict when no successor is AVAILABLE.
        """
        observed = self._ensure_complete(MASTER, "", pod)
        leading = observed.leading()
        if leading is None or leading.pod != pod:
            return
        candidates = {
            master.pod: master for master in observed.masters if master.stays and master.pod != pod}
        successor = next((name for name in successors if name in candidates), None)
        if successor is None:
            raise Conflict(f"{pod} leads and none of {', '.join(successors) or 'the other masters'} is an "
                           "AVAILABLE peer that can take over: run alluxio_quorum first")
        self._ensure_complete(MASTER, candidates[successor].address, pod)

    def acting(self, observed: RaftGroup) -> Masters:
        """Return the masters for acts that follow from this look. Raises OldLook once they would be late."""
        return self.masters.acting(partial(self._require_young, observed))

    def perform(self, record: ActionRecord, observed: RaftGroup) -> bool:
        """Perform a step in the group as observed; return whether it was sent.

        One that is refused is reported, and counts as tried.
        """
        return self._perform(record.domain, record.step, observed)

    def candidate_off_node(self, node: str) -> str:
        """Return the pod that must lead so that the leader is not on the node; empty when it already is not.

        Raises Conflict when no master on another node is AVAILABLE.
        """
        observed = self.observe(MASTER)
        nodes = {pod["metadata"]["name"]: pod.get("spec", {}).get("nodeName") for pod in self.masters.pods()}
        leading = observed.leading()
        if leading is None or nodes.get(leading.pod) != node:
            return ""
        candidates = [master.pod for master in observed.masters
                      if master.stays and nodes.get(master.pod) not in (None, node)]
        if not candidates:
            raise Conflict(f"{leading.pod} leads on node {node} and no master of {self._described()} is "
                           "AVAILABLE on another: make one AVAILABLE first")
        return candidates[0]

    def _ensure_complete(self, domain: str, desired_leader: str, departing: str = "") -> RaftGroup:
        quorum = f"the {domain} quorum of {self._described()}"
        shortage = Shortage(_USUAL_LOOK)

        def question() -> WaitStatus:
            try:
                observed = self.tolerant(self.observe(domain))
            except ServerUnavailable:
                # nobody has observed the group meanwhile
                shortage.seconds(False, self._deadline.now(), self._client.waited)
                raise
            step = quorum_plan.next_step(observed, self._ages(domain), desired_leader, departing)
            if step.action == quorum_plan.NOTHING:
                return WaitStatus(True, value=observed)
            short = step.action == quorum_plan.LOST
            if shortage.seconds(short, self._deadline.now(), self._client.waited) > _LOST_AFTER:
                raise QuorumLost(
                    f"{quorum} has lost its majority: {step.reason}. Nothing was restarted, because the "
                    "unavailable masters may hold the only copy of the newest metadata: bring their nodes or "
                    "pods back first; if they are lost for good, restore a backup with the playbook "
                    "datacache.fluid.restore")
            if step.changes and self._deadline.remaining() > 0:
                self._perform(domain, step, observed)
            return WaitStatus(False, step.reason)

        return self._deadline.poll_until(quorum, question, _PAUSE, partial(self._timed_out, quorum))

    def _timed_out(self, quorum: str, progress: str) -> WaitTimeout:
        done = "; ".join(f"{each.step.action} {each.step.target}" for each in self.actions) or "none"
        return WaitTimeout(f"timed out after {round(self._deadline.seconds, 1):g} s while waiting for "
                           f"{quorum}: {progress}; actions so far: {done}")

    def _perform(self, domain: str, step: Step, observed: RaftGroup) -> bool:
        """Perform a step; return whether it was sent. The next observation decides what follows.

        A refused one counts as tried. One that no API server received, or whose look is too old, does not.
        """
        self.actions.append(ActionRecord(domain, step))
        self._deadline.report_action(f"{domain}: {step.action} {step.target}: {step.reason}")
        noted = any(master.address == step.subject and not master.available for master in observed.masters)
        subject = self._ref(step.subject.rpartition(":")[0])
        restarts = step.action == quorum_plan.RESTART
        if noted and restarts:
            tried_actions.record(self._client, subject, domain, step.action)
        try:
            self._act(domain, step, observed)
        except Forbidden:
            raise
        except (OldLook, ServerUnavailable) as err:
            self.actions.pop()
            if noted and restarts:
                tried_actions.forget(self._client, subject, domain, step.action)
            self._deadline.report_progress(f"{step.action} of {step.target} was not sent: {err}")
            return False
        except (ApiError, QuorumUnknown) as err:
            self._deadline.report_progress(f"{step.action} of {step.target} was refused: {err}")
        # A transfer takes up to minutes; its effect counts from its end.
        self._history[domain, step.action, step.subject] = self._deadline.now()
        if noted and not restarts:
            tried_actions.record(self._client, subject, domain, step.action)
        return True

    def _act(self, domain: str, step: Step, observed: RaftGroup) -> None:
        """Send the command of a step, unless the look is too old."""
        pod = step.target.rpartition(":")[0]
        masters = self.acting(observed)
        if step.action == quorum_plan.REMOVE:
            masters.remove_peer(self._answered_by, domain, step.target)
        elif step.action == quorum_plan.RESTART and _hangs(observed, step.target):
            masters.kill(pod, domain)
        elif step.action == quorum_plan.RESTART:
            masters.restart(pod, domain)
        elif domain == MASTER:
            self._elect(masters, step.target)
        else:
            # Alluxio has no command for job masters. Their journal holds only jobs, and another member
            # has a copy.
            masters.restart((observed.leader or "").rpartition(":")[0], domain)

    def _require_young(self, observed: RaftGroup) -> None:
        """Raise OldLook if an act that follows from this look would come too late."""
        if (late := self._deadline.now() - observed.young_until) > 0:
            raise OldLook(f"the look at the {observed.domain} group is {late:.1f} s too old")

    def _elect(self, masters: Masters, address: str) -> None:
        """Transfer the leadership; a refused transfer leaves priorities behind, which are reset to 1.

        It is noted before, until its priorities are known to be reset. An unfinished command may still set
        them after a reset.
        """
        priorities.note(self._client, self._runtime, address)
        self.in_doubt = True
        try:
            masters.elect(self._answered_by, address)
        except (Forbidden, OldLook, ServerUnavailable):  # not sent
            self._forget_transfer()
            raise
        except (ApiError, QuorumUnknown) as err:
            if self._reset_priorities() and not isinstance(err, CommandUnfinished):
                self._forget_transfer()
            raise
        self._forget_transfer()

    def _reset_priorities(self) -> bool:
        """Return whether the priorities were reset.

        A transfer may take minutes, so the leader is looked for again: the reset would be a transfer to a
        former one.
        """
        with suppress(ApiError, QuorumUnknown):
            quorum, answered_by = self.masters.quorum(MASTER)
            if quorum.leader:
                return self.masters.reset_priorities(answered_by, quorum.leader)
        return False

    def _forget_transfer(self) -> None:
        self.in_doubt = False
        priorities.forget(self._client, self._runtime)

    def _ages(self, domain: str) -> dict[tuple, float]:
        """Return the seconds since each step in the domain, by (action, subject)."""
        return {(action, subject): self._deadline.now() - at
                for (each, action, subject), at in self._history.items() if each == domain}

    def _leader_address(self, domain: str, pod: str) -> str:
        """Return the address of the desired leader; empty for job masters, which have none."""
        if not pod or domain != MASTER:
            return ""
        self.require_master(pod)
        return self.address(domain, pod)

    def _ref(self, name: str) -> ObjectRef:
        return ObjectRef(self._runtime.namespace, name)

    def _described(self) -> str:
        return fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime)

    def _master(self, domain: str, name: str, service: dict | None, pod: dict | None,
                absent: bool) -> quorum_plan.Master:
        address = _address(service, domain) if service else name + ":0"
        now, ages, key = self._deadline.now(), self.masters.ages, (domain, name)
        run = container_run(pod, container_of(domain)) if pod else ("", "", "")
        ages.observe(key, " ".join(run) if run[-1] else "", now)
        if pod is None:
            return quorum_plan.Master(name, address, reason="its pod does not exist")
        if not run[-1] or node_is_lost(pod) or absent:
            return quorum_plan.Master(name, address, reason=unready_reason(pod)
                                      or "nothing answers at its address, on node "
                                         f"{pod.get('spec', {}).get('nodeName', 'unknown')}")
        by_clock = (self._client.server_time() - _time(run[-1])).total_seconds()
        return quorum_plan.Master(name, address, running=ages.age(key, by_clock, now),
                                  terminating="deletionTimestamp" in pod["metadata"])

    def _with_raft_server(self, domain: str, master: quorum_plan.Master, pod: dict) -> quorum_plan.Master:
        """Add to an unavailable master the state of its Raft server, and what was tried for its container."""
        state = self.masters.raft_server(master.pod, domain, int(master.address.rpartition(":")[2]))
        key, now = (domain, " ".join(container_run(pod, container_of(domain)))), self._deadline.now()
        if state == LOADING:
            self._opened[key] = None
        elif self._opened.get(key, now) is None:
            self._opened[key] = now
        opened = self._opened.get(key)
        conflict = (domain == MASTER and state == OPEN and master.silent is not None
                    and master.silent < quorum_plan.UNRESPONSIVE_AFTER
                    and self.masters.has_conflict(master.pod))
        return replace(master, raft_server=state, joining=None if opened is None else now - opened,
                       tried=tried_actions.of_container(pod, domain, self._client.server_time()),
                       conflict=conflict)


def _hangs(observed: RaftGroup, address: str) -> bool:
    """Return whether a process may not end by SIGTERM, as its shutdown waits for the same as it does."""
    return any(master.stepped_down for master in observed.masters if master.address == address)


def _address(service: dict, domain: str) -> str:
    name = raft_component(domain).raft_port
    port = next((each["port"] for each in service["spec"]["ports"] if each.get("name") == name), 0)
    return f"{service['metadata']['name']}:{port}"


def _time(started: str) -> datetime:
    return datetime.strptime(started, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
