# SPDX-License-Identifier: GPL-3.0-or-later
"""Completes the Raft groups of one runtime's masters, step by step. IO.

plan.py chooses each step from what is observed at that moment. healing/ observes the group and performs the
step, and this file waits for its effect. No step depends on an earlier run, so the next run continues an
interrupted one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ..api.client import Client
from ..api.deadline import Deadline
from ..errors import Conflict, Forbidden, InvalidInput, QuorumLost, ServerUnavailable, WaitFailed, WaitTimeout
from ..fluid import kinds as fluid_kinds
from ..fluid.components import DOMAINS, MASTER
from ..k8s import kinds, scheduling
from ..k8s.kinds import ObjectRef
from ..k8s.pods import is_ready
from ..k8s.wait_status import WaitStatus
from ..masters.group import Masters
from ..masters.processes import MasterProcesses
from ..masters.shortage import Shortage
from . import peer_services, plan as quorum_plan, tried_actions
from .healing.executor import StepExecutor
from .healing.observer import GroupObserver
from .plan import ActionRecord, RaftGroup

# Seconds. A master's process that restarts is back before the majority is reported as lost (3 to 4 s,
# measured). With the 3 s timeout of a silent pod, before and after, a loss is reported within 15 s.
_LOST_AFTER = 8.0
# Seconds from one look to the next, with that timeout; more of it may be an outage of the API server.
_USUAL_LOOK = 5.0
# Seconds in which a leader may still send other entries to a master whose journal seems to conflict.
_STUCK_AFTER = 30.0
_PAUSE = 0.5


class QuorumHealer:
    """Heals the Raft groups of one runtime's masters.

    expected: number of masters. masters: those of another healer, with what they have observed. All calls
    together end before the deadline. tolerates_lost: whether the groups are complete without masters that
    cannot run until a node returns; lost has the reason of each. The caller holds the Lease of the masters
    (masters/lease.py) for every method that is no read.
    """

    def __init__(self, client: Client, runtime: ObjectRef, expected: int, deadline: Deadline,
                 masters: Masters | None = None, tolerates_lost: bool = False) -> None:
        self.masters = masters or Masters(client, runtime, deadline.clock)
        self.lost: dict[str, str] = {}
        self._tolerates_lost = tolerates_lost
        self._client = client
        self._runtime = runtime
        self._pods = peer_services.names(runtime.name, expected)
        self._deadline = deadline
        self._observer = GroupObserver(client, runtime, self._pods, deadline, self.masters)
        self._executor = StepExecutor(client, runtime, deadline, self.masters)

    @property
    def actions(self) -> list[ActionRecord]:
        """The actions of this run, to which a caller may add its own."""
        return self._executor.actions

    @property
    def in_doubt(self) -> bool:
        """Whether a transfer may have left priorities behind."""
        return self._executor.in_doubt

    def address(self, domain: str, pod: str) -> str:
        """Return the address, host:port, of the master in that pod as its Raft peers know it.

        Raises Conflict while its Service does not exist.
        """
        service = self._client.get(kinds.SERVICE, self._ref(pod))
        if service is None:
            raise Conflict(
                f"{kinds.SERVICE.describe(self._ref(pod))} does not exist, so the master has no address: run "
                "alluxio_runtime with stable_peer_addresses")
        return peer_services.address(service, domain)

    def require_master(self, pod: str, option: str = "leader") -> None:
        """Raise InvalidInput unless the runtime declares a master of that name. option: which names it."""
        if pod not in self._pods:
            raise InvalidInput(
                f"{option} {pod} is no master of {self._described()}, which has {', '.join(self._pods)}")

    def observe(self, domain: str) -> RaftGroup:
        """Return the domain's group as Kubernetes and its leader report it now."""
        return self._observer.observe(domain)

    def groups(self) -> list[RaftGroup]:
        """Return the groups of both domains as observed at the same time, the masters' first."""
        return self._observer.groups()

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
            step = quorum_plan.next_step(observed, self._executor.ages(observed.domain), leader)
            records += [ActionRecord(observed.domain, step)] if step.changes else []
        return records

    def ensure_complete(self, desired_leader: str = "", domains: Sequence[str] = DOMAINS,
                        departing: str = "") -> list[RaftGroup]:
        """Return the groups once each has exactly the expected peers, all AVAILABLE, and the desired leader.

        desired_leader: pod that must lead the masters; empty for any. departing: pod that may be unavailable
        or terminating. Raises QuorumLost when too few masters run to elect a leader, WaitFailed
        when only a rebuild makes a master AVAILABLE, and WaitTimeout.
        """
        groups = [self._ensure_complete(domain, self._leader_address(domain, desired_leader), departing)
                  for domain in domains]
        tried_actions.remove(self._client, self._observer.noted)
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

    def acting(self, observed: RaftGroup) -> MasterProcesses:
        """Return the masters for acts that follow from this look. Raises OldLook once they would be late."""
        return self._executor.acting(observed)

    def perform(self, record: ActionRecord, observed: RaftGroup) -> bool:
        """Perform a step in the group as observed; return whether it was sent.

        One that is refused is reported, and counts as tried.
        """
        return self._executor.perform(record, observed, self._observer.answered_by)

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
        shortage, conflict = Shortage(_USUAL_LOOK), Shortage(_USUAL_LOOK)

        def question() -> WaitStatus:
            try:
                observed = self.tolerant(self.observe(domain))
            except ServerUnavailable:
                # nobody has observed the group meanwhile
                for each in (shortage, conflict):
                    each.seconds(False, self._deadline.now(), self._client.waited)
                raise
            step = quorum_plan.next_step(observed, self._executor.ages(domain), desired_leader, departing)
            if step.action == quorum_plan.NOTHING:
                return WaitStatus(True, value=observed)
            short = step.action == quorum_plan.LOST
            if shortage.seconds(short, self._deadline.now(), self._client.waited) > _LOST_AFTER:
                raise _majority_lost(quorum, step.reason)
            stuck = step.action == quorum_plan.STUCK
            if conflict.seconds(stuck, self._deadline.now(), self._client.waited) > _STUCK_AFTER:
                raise WaitFailed(f"waited for {quorum}: {step.reason}")
            if step.changes and self._deadline.remaining() > 0:
                self.perform(ActionRecord(domain, step), observed)
            return WaitStatus(False, step.reason)

        return self._deadline.poll_until(quorum, question, _PAUSE, partial(self._timed_out, quorum))

    def _timed_out(self, quorum: str, progress: str) -> WaitTimeout:
        done = "; ".join(f"{each.step.action} {each.step.target}" for each in self.actions) or "none"
        return self._deadline.timeout(quorum, progress, f"actions so far: {done}")

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


def _majority_lost(quorum: str, reason: str) -> QuorumLost:
    return QuorumLost(
        f"{quorum} has lost its majority: {reason}. Nothing was restarted, because the unavailable masters "
        "may hold the only copy of the newest metadata: bring their nodes or pods back first; if they are "
        "lost for good, restore a backup with the playbook datacache.fluid.restore")
