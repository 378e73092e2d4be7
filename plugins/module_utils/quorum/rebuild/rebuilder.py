# SPDX-License-Identifier: GPL-3.0-or-later
"""Rebuilds one master whose node is lost for good with its journal, from the leader's journal. IO."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from ...api.client import Client
from ...api.deadline import Deadline
from ...apply.update import annotate
from ...errors import PreconditionFailed, WaitTimeout
from ...fluid import kinds as fluid_kinds, names as fluid_names
from ...fluid.operations import REBUILD
from ...k8s import kinds
from ...k8s.kinds import ObjectRef
from ...k8s.wait_status import WaitStatus
from ...masters import catch_up
from ...masters.catch_up import CatchUps
from ..healer import QuorumHealer
from ..plan import ActionRecord, RaftGroup
from . import connections, plan as rebuild_plan
from .ended_processes import EndedProcesses
from .executor import Executor
from .followers import Followers
from .observed import Observed, master_of
from .observer import Observer
from .waits import poll


class Rebuilder:
    """Rebuilds the master in one pod: one whose node is lost for good, or whose journal conflicts with the
    leader's, which Ratis never mends (alluxio/logs.py).

    Each action depends on what is observed at that moment, so the next run continues an interrupted one:

    1. Transfer the leadership from a leader that keeps a connection to the lost master, see connections.py
       and masters/connections.py. If the followers keep one too, the next leader restarts before.
    2. Remove the master's peer from both groups: an old process that returns has no vote.
    3. Delete the claim on the lost volume. The finalizer kubernetes.io/pvc-protection keeps it while a
       scheduled pod uses it.
    4. Delete the pod. The StatefulSet's controller creates no pod while its claim is terminating (Kubernetes,
       createPersistentVolumeClaims), and creates both anew afterwards. By an outdated cache it may create the
       pod too early; that pod finds no claim and is deleted once the claim is gone.
    5. Wait until a pod is scheduled again, until both groups are complete, and until it has the whole
       journal.
    6. Restart the other processes that keep a connection.

    An annotation of the StatefulSet lasts from the first action to the end. It distinguishes a master that is
    being rebuilt from one that must not be. healer: of the runtime's masters; its actions receive those of
    this.
    """

    def __init__(self, client: Client, runtime: ObjectRef, pod: str, healer: QuorumHealer,
                 deadline: Deadline) -> None:
        self._client = client
        self._runtime = runtime
        self._name = pod
        self._workload = ObjectRef(runtime.namespace, fluid_names.stateful_set_name(runtime.name))
        self._healer = healer
        self._deadline = deadline
        self._active = False  # whether the master has to be rebuilt
        ended = EndedProcesses(client, runtime.namespace, deadline)
        self._observer = Observer(client, runtime, pod, healer.masters, ended)
        self._executor = Executor(client, healer, deadline, ended)

    def groups(self) -> list[RaftGroup]:
        """Return both groups, once they have noticed the loss of a lost master, or at the deadline.

        A lost leader leaves none until the next election. A leader calls a lost follower AVAILABLE until it
        was silent for election.timeout.max.
        """
        groups: list[RaftGroup] = []

        def question() -> WaitStatus:
            groups[:] = self._healer.groups()
            reason = self._unnoticed(groups)
            return WaitStatus(not reason, reason)
        with suppress(WaitTimeout):
            poll(self._deadline, f"the loss of {self._name} to show in both groups", question)
        return groups

    def _unnoticed(self, groups: Sequence[RaftGroup]) -> str:
        """Return what the groups still have to notice of the loss of a lost master; empty for nothing."""
        if not all(each.leading() for each in groups):
            return "the other masters elect a leader"
        if any(master_of(each, self._name).available for each in groups) and self._is_lost(groups):
            return "its last answer was within the election timeout"
        return ""

    def _is_lost(self, groups: Sequence[RaftGroup]) -> bool:
        with suppress(PreconditionFailed):  # without a StatefulSet no master can be rebuilt
            observed = self._observer.observe(groups)
            return bool(observed.lost) and not observed.conflicts
        return False

    def plan(self, groups: Sequence[RaftGroup]) -> list[ActionRecord]:
        """Return the actions that the master needs, [] for one that takes part.

        Raises PreconditionFailed for a master that must not be rebuilt.
        """
        if rebuild_plan.takes_part(groups, self._name):
            return []
        observed = self._observer.observe(groups)
        if not observed.marked or (
                not observed.lost and observed.place.scheduled and not observed.place.ready):
            rebuild_plan.require_lost(observed, fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime))
        steps = self._steps(observed)
        return steps + connections.late_restarts(observed) if steps else []

    def _steps(self, observed: Observed) -> list[ActionRecord]:
        return rebuild_plan.steps(observed, self._executor.removed, self._executor.replaced)

    def begun(self) -> bool:
        """Return whether the rebuilding of this master has begun and has not ended."""
        return self._observer.mark()[0] == self._name

    def begin(self) -> None:
        """Check the preconditions and set the annotation, before anything else is changed."""
        groups = self.groups()
        planned, begun = self.plan(groups), self.begun()
        self._active = bool(planned) or begun
        if planned and not begun:
            observed = self._observer.observe(groups)
            uid = (observed.place.pod or {"metadata": {}})["metadata"].get("uid", "")
            value = f"{self._name} {uid}" if observed.conflicts else self._name
            annotate(self._client, kinds.STATEFUL_SET, self._workload, REBUILD, value)

    def run(self) -> None:
        """Perform the actions, until the master's pod is scheduled with a claim that is not lost."""
        if self._active:
            poll(self._deadline, f"{self._name} to be scheduled", self._advance)

    def _advance(self) -> WaitStatus:
        """Observe and perform the next action; done once the pod is scheduled and needs none."""
        observed = self._observer.observe(self._healer.groups())
        steps = self._steps(observed)
        if not steps:
            if observed.place.scheduled:
                return WaitStatus(True)
            return WaitStatus(False, rebuild_plan.unscheduled_reason(observed))
        shortcoming = (rebuild_plan.shortcoming(observed) or self._executor.ended.pending()
                       or rebuild_plan.transfer_waits(steps[0], observed))
        if shortcoming:
            return WaitStatus(False, shortcoming)
        if self._deadline.remaining() > 0:
            return WaitStatus(False, self._executor.perform(steps[0], observed))
        return WaitStatus(False, steps[0].step.reason)

    def finish(self) -> None:
        """Wait until the rebuilt master has both complete journals; call it once both groups are complete."""
        if not self._active:
            return
        catch_ups = CatchUps()

        def question() -> WaitStatus:
            peers = {key: peer for observed in self._healer.groups()
                     for key, peer in observed.peers().items() if key[1] == self._name}
            lacking = catch_ups.lacking(peers, self._deadline.now())
            return WaitStatus(not lacking, catch_up.reason(lacking))
        poll(self._deadline, f"{self._name} to have the complete journal", question)
        _pod, conflicting = self._observer.mark()
        if not conflicting:  # a master whose journal conflicted has closed its connections
            Followers(self._name, self._healer, self._observer, self._executor,
                      self._deadline).disconnect()
        annotate(self._client, kinds.STATEFUL_SET, self._workload, REBUILD, None)
