# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the masters of a running runtime to what its AlluxioRuntime declares, never more than one of them away. IO.

Between two acts all peers of both Raft groups are AVAILABLE; the keeper sees to that. Nothing is remembered between runs but a
note on the StatefulSet that a rollout is in progress: what is left to do is seen.
"""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Callable, Mapping

from ..alluxio import elections
from ..alluxio.raft import Peer
from ..api.client import Client
from ..errors import ApiError, QuorumUnknown, WaitTimeout
from ..fluid import names as fluid_names
from ..fluid.components import DOMAINS, MASTER
from ..k8s.pods import unready_reason
from ..masters.catch_up import CatchUp
from ..masters.group import Masters
from ..quorum import peer_services
from ..quorum.healer import QuorumHealer
from ..quorum.plan import RaftGroup
from ..quorum.stale_clients import ScaleOutNote
from . import plan as rollout_plan, rendering, verification
from .master_objects import MasterObjects, desired_revision
from .plan import Pod, Step
from .planner import Plan, RolloutOptions, RolloutPlanner

_PAUSE = 0.5  # seconds between two looks at a pod


class RolloutExecutor:
    """One rollout of one runtime. warn, tell: take what a person should know, at the end and meanwhile."""

    def __init__(self, client: Client, namespace: str, name: str, desired: RolloutOptions, warn: Callable[[str], None],
                 report_progress: Callable[[str], None] = lambda _text: None, clock: Callable[[], float] = time.monotonic,
                 sleep: Callable[[float], None] = time.sleep,
                 now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self._options = desired
        self._warn = warn
        self._report_progress = report_progress
        self._clock = clock
        self._sleep = sleep
        self._now = now
        self._deadline = clock() + desired.timeout
        self._known = 0
        self._site = MasterObjects(client, namespace, name)
        self._masters = Masters(client, namespace, name)
        self.done: list[Step] = []

    def plan(self) -> Plan:
        """Return what there is to do. Raises InvalidInput for what cannot be done; nothing is touched."""
        planner = RolloutPlanner(
            self._client, self._namespace, self._name, self._options, self._site, self._await_revision, self._healer, self._warn)
        return planner.plan()

    # -- acting -------------------------------------------------------------------------------

    def run(self, plan: Plan) -> None:
        """Do what the plan says. Each restart looks anew at what it needs."""
        members, desired = plan.existing.members, plan.existing.declared
        reasons = {step.pod: step.reason for step in plan.steps if step.action == rollout_plan.RESTART}
        self._require_whole(members, reasons)
        self._known = plan.existing.known
        self._site.mark(str(self._known))
        self._site.configure(plan.existing.spec, max(members, desired), self._options.spread)
        self.done += [step for step in plan.steps if step.action == rollout_plan.CONFIGURE]
        self._restart_outdated(members, only_unavailable=True)
        self._shrink(members, desired)
        self._site.configure(plan.existing.spec, desired, self._options.spread)
        # Before others are added: once these are there the leadership is not moved any more.
        self._restart_outdated(min(members, desired))
        self._grow(members, desired, plan.existing.growth)
        self._healer(desired).ensure_complete()
        self._await_journals(desired)
        self._site.remove_services(desired)
        verification.require_in_force(self._client, self._namespace, self._name, plan.existing.spec, self._site.pods())
        self._site.mark(None)

    def _require_whole(self, members: int, reasons: Mapping[str, str]) -> list[RaftGroup]:
        """Wait for all peers, unless the only one that is away is one that is to be restarted: that may be its cure.

        Nor is one waited for that is to be restarted and is being deleted, as in the drain of its node: it goes first.

        A stale peer is one that is away as well, which the keeper removes. Returns the groups as they are then.
        """
        groups = [self._healer(members).see(domain) for domain in DOMAINS]
        unavailable = _unavailable(groups)
        if len(unavailable) > 1 or not unavailable <= reasons.keys() or any(raft_group.stale for raft_group in groups):
            terminating = {master.pod for raft_group in groups for master in raft_group.masters if master.terminating} & reasons.keys()
            return self._healer(members).ensure_complete(departing=terminating.pop() if len(terminating) == 1 else "")
        return groups

    def _grow(self, members: int, desired: int, growth: ScaleOutNote | None) -> None:
        known = min(self._known, members)
        if known >= desired:
            if growth and (growth.known >= desired or not self._site.late_clients(self._site.workload())):
                self._site.forget_growth()
            return
        self._site.note_growth(growth, known)
        if members < desired:
            self._rank_before_new_ones(members)
        for index in range(members, desired):
            self._healer(index).ensure_complete()
            self._add(index)
        late = self._site.late_clients(self._site.workload())
        if late:
            self._warn(late.warning(self._name, desired))

    def _rank_before_new_ones(self, members: int) -> None:
        """Let masters that are added from now on lead only when no other can: clients do not know them yet."""
        self._healer(members).ensure_complete()
        quorum, asked = self._masters.quorum(MASTER)
        if not self._masters.rank_before_new_ones(asked, quorum.leader or ""):
            self._warn("masters that are added may lead as soon as the others, though workers and FUSE pods do not know them yet")

    def _shrink(self, members: int, desired: int) -> None:
        pods = rollout_plan.pods_of(self._name, self._site.pods())
        highest = max([members - 1, *(pod.index for pod in pods)])
        for index in range(highest, desired - 1, -1):
            self._remove(index)

    def _add(self, index: int) -> None:
        name = fluid_names.master_pod(self._name, index)
        self._report_progress(f"adding master {name}")
        self._site.add_service(index)
        self._site.scale(index + 1)
        self._await_running(name, "")
        self._healer(index + 1).ensure_complete()
        self.done.append(Step(rollout_plan.ADD, name, "it is declared"))

    def _remove(self, index: int) -> None:
        name = fluid_names.master_pod(self._name, index)
        self._report_progress(f"removing master {name}")
        if self._site.workload()["spec"]["replicas"] > index:
            self._healer(index + 1).ensure_complete()
            self._await_journals(index + 1, but=name)
            pods = rollout_plan.pods_of(self._name, self._site.pods())
            self._transfer_leadership(name, index + 1, rollout_plan.leader_candidates(pods, name, self._outdated(pods), index))
            self._site.scale(index)
            self._end(name)
        self._await_gone(name)
        self._healer(index).ensure_complete()  # a peer that no master has is removed from both groups
        self.done.append(Step(rollout_plan.REMOVE, name, "it is not declared any more"))

    def _restart_outdated(self, members: int, only_unavailable: bool = False) -> None:
        """Restart one outdated master after the other. only_away: just one that is away already."""
        while True:
            pods = rollout_plan.pods_of(self._name, self._site.pods())
            reasons = self._outdated(pods)
            if not reasons:
                return
            groups = self._require_whole(members, reasons)
            if only_unavailable and not _unavailable(groups):
                return
            self._restart(self._next(pods, reasons, groups), pods, reasons, members)

    def _outdated(self, pods: list[Pod]) -> dict[str, str]:
        """Why pods are outdated. One that this run has made anew is not too old, whatever the clocks say."""
        revision = self._await_revision()
        renewed = {step.pod for step in self.done if step.action == rollout_plan.RESTART}
        found = rollout_plan.outdated(pods, revision, self._options.restarted_after)
        current = {pod.name for pod in pods if pod.revision == revision}
        return {name: reason for name, reason in found.items() if name not in renewed & current}

    def _next(self, pods: list[Pod], reasons: dict[str, str], groups: list[RaftGroup]) -> Pod:
        """The next pod to restart: one that is away comes first, since another one would be the second to be away."""
        unavailable = _unavailable(groups) & reasons.keys()
        leaders = [leading.pod for raft_group in reversed(groups) if (leading := raft_group.leading()) is not None]
        return rollout_plan.order(pods, unavailable or reasons, leaders)[0]

    def _restart(self, pod: Pod, pods: list[Pod], reasons: dict[str, str], members: int) -> None:
        self._report_progress(f"restarting master {pod.name}: {reasons[pod.name]}")
        self._await_journals(members, but=pod.name)
        self._transfer_leadership(pod.name, members, rollout_plan.leader_candidates(pods, pod.name, reasons, members))
        self._require_whole(members, {pod.name: ""})  # the last look before it goes
        if self._site.delete_pod(pod.name, pod.uid):
            self._end(pod.name)
        self._await_running(pod.name, pod.uid)
        self._healer(members).ensure_complete()
        self.done.append(Step(rollout_plan.RESTART, pod.name, reasons[pod.name]))

    def _transfer_leadership(self, name: str, members: int, leader_candidates: list[str]) -> None:
        """Let the master hand over to one of the heirs if it leads, and if that is better than to let the others notice its loss."""
        healer = self._healer(members)
        leading = healer.see(MASTER).leading()
        if leading is not None and leading.pod == name and self._transfers_first(members):
            healer.transfer_leadership(name, leader_candidates)

    def _transfers_first(self, members: int) -> bool:
        if self._known < members:
            return True  # one of those that clients do not know yet could be elected
        try:
            present = self._masters.configuration()
        except (ApiError, QuorumUnknown):
            present = {}  # it may not be asked, or is too busy to answer; then Alluxio's defaults count
        return elections.transfer_beats_election(present, rendering.of_masters(self._site.config_map()["data"]))

    def _end(self, name: str) -> None:
        """End the JVMs of a pod that is being deleted: the first process of a master's container passes no signal on to its own."""
        for domain in DOMAINS:
            try:
                self._masters.end(name, domain)
            except ApiError:
                pass  # it has ended, or may not be told to: then the pod's grace period passes

    # -- waiting ------------------------------------------------------------------------------

    def _healer(self, members: int) -> QuorumHealer:
        left = max(1.0, self._deadline - self._clock())
        return QuorumHealer(
            self._client, self._namespace, self._name, members, left, self._report_progress, self._clock, self._sleep, self._now,
                      self._masters)

    def _await_revision(self) -> str:
        """Wait until the StatefulSet's controller has seen its newest template; return the revision of it."""
        while True:
            found = desired_revision(self._site.workload())
            if found:
                return found
            self._pause("the StatefulSet's controller to see its newest template")

    def _await_running(self, name: str, not_uid: str) -> None:
        """Wait until another pod of that name runs, with all its containers."""
        while True:
            pod = next((each for each in self._site.pods() if each["metadata"]["name"] == name), None)
            if pod is not None and pod["metadata"]["uid"] != not_uid and _runs(pod):
                return
            self._pause(f"{name} to run: {_unready_reason(pod, not_uid)}")

    def _await_gone(self, name: str) -> None:
        while any(each["metadata"]["name"] == name for each in self._site.pods()):
            self._pause(f"{name} to be gone")

    def _await_journals(self, members: int, but: str = "") -> None:
        """Wait until all masters but one have the whole journal of both groups: then that one is not the only one to have something."""
        names = [name for name in peer_services.names(self._name, members) if name != but]
        left = {(domain, name): CatchUp() for domain in DOMAINS for name in names}
        while True:
            peers = {(domain, peer.address.rpartition(":")[0]): peer for domain in DOMAINS for peer in _peers(self._masters, domain)}
            left = {key: each for key, each in left.items() if not each.done(peers.get(key), self._clock())}
            if not left:
                return
            self._pause(f"{min(left)[1]} to have the whole journal of the {min(left)[0]} group")

    def _pause(self, what: str) -> None:
        self._report_progress(f"waiting for {what}")
        if self._clock() >= self._deadline:
            raise WaitTimeout(
                f"waited {self._options.timeout:g} seconds in all, at last for {what}; what is left to do is done by the next run")
        self._sleep(_PAUSE)


def _peers(masters: Masters, domain: str) -> tuple[Peer, ...]:
    try:
        return masters.quorum(domain)[0].peers
    except QuorumUnknown:
        return ()


def _unavailable(groups: list[RaftGroup]) -> set[str]:
    return {master.pod for raft_group in groups for master in raft_group.masters if master.unavailable}


def _runs(pod: dict) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses") or []
    return bool(statuses) and all((each.get("state") or {}).get("running") for each in statuses)


def _unready_reason(pod: dict | None, not_uid: str) -> str:
    if pod is None:
        return "it is not there yet"
    if pod["metadata"]["uid"] == not_uid:
        return "the old one is ending"
    return unready_reason(pod) or "its containers start"
