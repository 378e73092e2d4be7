# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies an AlluxioRuntime's declaration to its running masters, one master at a time. IO."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..api.client import Client
from ..api.deadline import Deadline
from ..api.guarded import GuardedClient
from ..errors import CommandUnfinished, Forbidden, OldLook
from ..fluid import kinds as fluid_kinds, names as fluid_names
from ..fluid.operations import transfer_to
from ..k8s.kinds import ObjectRef
from ..k8s.wait_status import WaitStatus
from ..masters.lease import held
from ..quorum import priorities
from ..quorum.client_notes import ClientNotes
from ..quorum.plan import RaftGroup
from ..quorum.stale_clients import ScaleOutNote
from . import plan as rollout_plan, verification
from .master_objects import Mark, MasterObjects, ObservedObjects
from .plan import Pod, Step
from .planner import Plan, RolloutOptions, RolloutPlanner
from .steps.last_look import unavailable
from .steps.master_steps import MasterSteps
from .steps.waits import RolloutWaits


class RolloutExecutor:
    """One rollout of one runtime, by this algorithm:

    1. Acquire the Lease of the masters, and plan again under it.
    2. Wait until all peers of both Raft groups are AVAILABLE. Only a master that step 4 or 6 restarts may be
       unavailable, since its restart may be the remedy.
    3. Mark the StatefulSet and write ConfigMap and pod template, with update strategy OnDelete.
    4. Add a third master to two, of which neither can be spared. Restart an outdated master that is
       unavailable.
    5. Move the journals onto declared claims: replace the StatefulSet, and restart each master, by index.
       Remove masters from the highest index down, and write the configuration for the remaining ones. A
       master's peer leaves both groups before its pod ends.
    6. Restart the other outdated masters one at a time, leaders last. A leader transfers its leadership
       first. Then one look, younger than a second, must see both groups complete and all other journals
       caught up; only then the pod is evicted. After each restart all peers must be AVAILABLE.
    7. Add masters one at a time, with priorities that let them lead only if no other can.
    8. Wait until all journals are complete, verify the properties in force, and remove the mark.

    Every step depends on what is observed at that moment; between runs only the mark is kept. Running the
    rollout again therefore continues an interrupted run. warn: takes warnings for the module's result. All
    steps end before the deadline, and an unavailable API server does not end them earlier.
    """

    def __init__(self, client: Client, runtime: ObjectRef, options: RolloutOptions, deadline: Deadline,
                 warn: Callable[[str], None]) -> None:
        self._client = GuardedClient(client, deadline)
        self._runtime = runtime
        self._name = runtime.name
        self._options = options
        self._deadline = deadline
        self._warn = warn
        self._known_masters = 0
        self._objects = MasterObjects(self._client, runtime)
        self._waits = RolloutWaits(self._objects, deadline)
        self._steps = MasterSteps(self._client, runtime, self._objects, self._waits, deadline)
        self._notes = ClientNotes(self._client, runtime)
        self.done: list[Step] = []

    def plan(self) -> Plan:
        """Return what must be done, and change nothing.

        Raises InvalidInput and PreconditionFailed for what cannot be done.
        """
        return RolloutPlanner(self._client, self._runtime, self._options, self._objects,
                              self._waits.revision, self._steps.healer, self._warn).plan()

    def run(self) -> bool:
        """Plan and perform the rollout under the Lease of the masters; return whether there was a step.

        Raises LeaseHeld if another run acts on the masters until the deadline.
        """
        with held(self._client, self._runtime, self._deadline, "a rollout") as client:
            holder = RolloutExecutor(client, self._runtime, self._options, self._deadline, self._warn)
            holder.done = self.done
            plan = holder.plan()
            if plan.changes:
                holder._perform(plan)
            return plan.changes

    def _perform(self, plan: Plan) -> None:
        """Perform the plan; each restart checks its preconditions again."""
        desired = plan.existing.declared
        self._options = replace(self._options, restarted_after=plan.restarted_after)
        reasons = {step.pod: step.reason for step in plan.steps if step.action == rollout_plan.RESTART}
        if plan.existing.replacement_noted:
            self._forget_replacement()
        members = self._finish_removals(plan.existing.members, desired)
        self._require_complete(members, reasons)
        if plan.existing.interrupted_transfer and self._finish_transfer():
            self._record_done(*(step for step in plan.steps if step.action == rollout_plan.RESET_PRIORITIES))
        self._known_masters = plan.existing.known_masters
        self._objects.mark(Mark(self._known_masters, plan.restarted_after))
        self._objects.configure(plan.existing.spec, max(members, desired), self._options.spread)
        if plan.existing.changes_retention:
            self._objects.retain_claims(plan.existing.journal)
        self._record_done(*(step for step in plan.steps if step.action == rollout_plan.CONFIGURE))
        members = self._spare_one(members, desired, plan.existing.scale_out_note)
        if not plan.existing.move_interrupted:
            self._restart_outdated(members, only_unavailable=True)
        self._move_journals(members, plan.existing)
        self._shrink(members, desired)
        self._objects.configure(plan.existing.spec, desired, self._options.spread)
        # Added masters must not become leader until clients know them, so outdated ones restart before that.
        self._restart_outdated(min(members, desired))
        self._grow(members, desired, plan.existing.scale_out_note)
        self._steps.healer(desired).ensure_complete()
        self._waits.journals(lambda: self._steps.healer(desired).groups())
        self._objects.remove_services(desired)
        verification.require_in_force(self._client, self._runtime, plan.existing.spec, self._objects.pods())
        if transfer_to(self._objects.workload()):
            self._finish_transfer()
        self._objects.mark(None)

    def _forget_replacement(self) -> None:
        """Remove the note of a replacement, if the account may change the AlluxioRuntime: a restart need not.
        """
        try:
            self._objects.forget_replacement()
        except Forbidden as err:
            self._warn("the note of an interrupted replacement stays, until the playbook deploy_ha removes "
                       f"it: {err}")

    def _finish_transfer(self) -> bool:
        """Return whether the priorities are reset that an interrupted leadership transfer left behind."""
        settled = priorities.finish(self._client, self._runtime)
        if not settled:
            self._warn(priorities.warning(fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime)))
        return settled

    def _record_done(self, *steps: Step) -> None:
        for step in steps:
            self._deadline.report_action(f"done: {step.action} {step.pod or 'the masters'}: {step.reason}")
            self.done.append(step)

    def _spare_one(self, members: int, desired: int, note: ScaleOutNote | None) -> int:
        """Add the master without which no other can be restarted; return how many there are then."""
        early = rollout_plan.spare_first(members)
        if members == early or members >= desired:
            return members
        self._grow(members, early, note)
        return early

    def _move_journals(self, members: int, existing: ObservedObjects) -> None:
        """Replace the StatefulSet by one with claims, and restart each master onto its own.

        While a master without a claim remains, Kubernetes may not create a pod again. So no other master may
        be unavailable.
        """
        if not existing.moves_journals and not existing.move_interrupted:
            return
        self._require_complete(members, {})
        self._objects.move_journals(existing.journal, self._deadline)
        while (pod := rollout_plan.next_to_move(pods := self._pods())) is not None:
            self._require_complete(members, {})
            self._objects.require_claims()
            reasons = dict.fromkeys((each.name for each in pods if not each.on_claim), rollout_plan.MOVES)
            self._restart(pod, pods, {**self._outdated(pods), **reasons}, members)

    def _require_complete(self, members: int, reasons: Mapping[str, str]) -> list[RaftGroup]:
        """Wait for all peers and return the groups.

        reasons: by pods that will be restarted. Does not wait for the only unavailable peer if it is one of
        these, as its restart may be the remedy; nor for one of these that is terminating, as in a node's
        drain, which then restarts first. Stale peers count as unavailable; the healer removes them.
        """
        groups = self._steps.healer(members).groups()
        lost = unavailable(groups)
        if len(lost) > 1 or not lost <= reasons.keys() or any(
                raft_group.stale for raft_group in groups):
            terminating = {master.pod for raft_group in groups
                           for master in raft_group.masters if master.terminating} & reasons.keys()
            return self._steps.healer(members).ensure_complete(
                departing=terminating.pop() if len(terminating) == 1 else "")
        return groups

    def _grow(self, members: int, desired: int, note: ScaleOutNote | None) -> None:
        known = min(self._known_masters, members)
        if known >= desired:
            if note and (note.known_masters >= desired
                         or not self._notes.stale_clients(self._objects.workload())):
                self._notes.remove()
            return
        self._notes.write(note, known, self._objects.config_map())
        if members < desired:
            self._reset_priorities(members)
        for index in range(members, desired):
            self._steps.healer(index).ensure_complete()
            self._record_done(self._steps.add(index))
        stale = self._notes.stale_clients(self._objects.workload())
        if stale:
            self._warn(stale.warning(self._name, desired))

    def _reset_priorities(self, members: int) -> None:
        """Keep added masters, which clients do not know yet, from leading while another one can."""
        def question() -> WaitStatus:
            healer = self._steps.healer(members)
            observed = healer.ensure_complete()[0]
            leading = observed.leading()
            try:
                return WaitStatus(True, value=leading is not None and healer.acting(
                    observed).reset_priorities(leading.pod, leading.address))
            except (CommandUnfinished, OldLook) as err:  # the job masters may have been waited for meanwhile
                return WaitStatus(False, str(err))

        # A reset that no API server receives, or whose answer is lost, follows another look.
        if not self._waits.poll("the priorities of the present masters", question):
            self._warn("the priorities of the present masters could not be raised, so an added master may "
                       "become leader although workers and FUSE pods do not know it yet")

    def _shrink(self, members: int, desired: int) -> None:
        pods = self._pods()
        highest = max([members - 1, *(pod.index for pod in pods)])
        for index in range(highest, desired - 1, -1):
            self._remove(index)

    def _remove(self, index: int) -> None:
        def candidates_beside(name: str) -> list[str]:
            pods = self._pods()
            return rollout_plan.leader_candidates(pods, name, self._outdated(pods), index)
        self._record_done(self._steps.remove(index, candidates_beside))

    def _finish_removals(self, members: int, desired: int) -> int:
        """Remove masters whose peers an interrupted run has removed; return how many masters remain.

        Such a master runs, and only its restart would add it to the group again.
        """
        while members > desired and self._has_left(members - 1, members):
            self._remove(members - 1)
            members -= 1
        return members

    def _has_left(self, index: int, members: int) -> bool:
        """Return whether the group that has a leader lists all masters of lower index and not this one."""
        group = self._steps.healer(members).groups()[0]
        name = fluid_names.master_pod(self._name, index)
        return group.leading() is not None and {
            master.pod for master in group.masters if not master.state} == {name}

    def _restart_outdated(self, members: int, only_unavailable: bool = False) -> None:
        """Restart outdated masters one at a time. only_unavailable: stop once none of them is unavailable."""
        while True:
            pods = self._pods()
            reasons = self._outdated(pods)
            if not reasons:
                return
            groups = self._require_complete(members, reasons)
            if only_unavailable and not unavailable(groups):
                return
            self._restart(self._next(pods, reasons, groups), pods, reasons, members)

    def _outdated(self, pods: list[Pod]) -> dict[str, str]:
        """Return the reasons of outdated pods by name, without pods that this run has restarted."""
        revision = self._waits.revision()
        restarted = {step.pod for step in self.done if step.action == rollout_plan.RESTART}
        reasons = rollout_plan.outdated(pods, revision, self._options.restarted_after)
        current = {pod.name for pod in pods if pod.revision == revision}
        return {name: reason for name, reason in reasons.items() if name not in restarted & current}

    def _next(self, pods: list[Pod], reasons: dict[str, str], groups: list[RaftGroup]) -> Pod:
        """Return the next pod to restart: an unavailable one first, or two would be unavailable."""
        lost = unavailable(groups) & reasons.keys()
        leaders = [leading.pod
                   for raft_group in reversed(groups) if (leading := raft_group.leading()) is not None]
        return rollout_plan.order(pods, lost or reasons, leaders)[0]

    def _restart(self, pod: Pod, pods: list[Pod], reasons: dict[str, str], members: int) -> None:
        candidates = rollout_plan.leader_candidates(pods, pod.name, reasons, members)
        self._record_done(self._steps.restart(pod, reasons[pod.name], members, candidates))

    def _pods(self) -> list[Pod]:
        return rollout_plan.pods_of(self._name, self._objects.pods())
