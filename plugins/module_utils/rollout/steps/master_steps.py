# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds, removes and restarts one master, without a loss of either Raft group's majority. IO."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from ...api.deadline import Deadline
from ...api.guarded import GuardedClient
from ...errors import ApiError, CommandUnfinished, DisruptionForbidden, OldLook, QuorumUnknown
from ...fluid import names as fluid_names
from ...fluid.components import DOMAINS
from ...k8s.kinds import ObjectRef
from ...k8s.wait_status import WaitStatus
from ...masters.group import Masters
from ...quorum.healer import QuorumHealer
from ...quorum.plan import RaftGroup
from .. import plan as rollout_plan
from ..master_objects import MasterObjects
from ..plan import Pod, Step
from .last_look import YOUNG, LastLook
from .waits import RolloutWaits


class MasterSteps:
    """Acts on one master of a runtime at a time. Each step waits until both groups are complete."""

    def __init__(self, client: GuardedClient, runtime: ObjectRef, objects: MasterObjects, waits: RolloutWaits,
                 deadline: Deadline) -> None:
        self._client = client
        self._runtime = runtime
        self._name = runtime.name
        self._objects = objects
        self._waits = waits
        self._deadline = deadline
        self._masters = Masters(client, runtime, deadline.clock)

    def healer(self, members: int) -> QuorumHealer:
        """Return what completes both groups of that many masters."""
        # A second at least, so that a step that has begun is completed.
        deadline = self._deadline if self._deadline.remaining() >= 1 else self._deadline.within(1.0)
        return QuorumHealer(self._client, self._runtime, members, deadline, self._masters)

    def add(self, index: int) -> Step:
        """Add the master with that index."""
        name = fluid_names.master_pod(self._name, index)
        self._deadline.report_action(f"adding master {name}")
        self._objects.add_service(index)
        self._objects.scale(index + 1)
        self._waits.running(name, "")
        self.healer(index + 1).ensure_complete()
        return Step(rollout_plan.ADD, name, "it is declared")

    def remove(self, index: int, candidates_beside: Callable[[str], list[str]]) -> Step:
        """Remove the master with that index.

        candidates_beside: returns the pods that may take over the leadership of a pod, the best first.
        """
        name = fluid_names.master_pod(self._name, index)
        self._deadline.report_action(f"removing master {name}")
        if self._objects.workload()["spec"]["replicas"] > index:
            self._once_dispensable(
                name, index + 1, candidates_beside(name), partial(self._remove_peer, name, set()))
            self._objects.scale(index)
            self._end(name)
        self._waits.absent(name)
        self.healer(index).ensure_complete()
        return Step(rollout_plan.REMOVE, name, "it is not declared any more")

    def restart(self, pod: Pod, reason: str, members: int, candidates: list[str]) -> Step:
        """Evict the pod of a master and wait for its successor. candidates: as for remove."""
        self._deadline.report_action(f"restarting master {pod.name}: {reason}")
        evicted = self._once_dispensable(
            pod.name, members, candidates,
            lambda _groups, fresh: WaitStatus(True, value=self._objects.evict_pod(
                pod.name, pod.uid, fresh)))
        if evicted:
            self._end(pod.name)
        self._waits.running(pod.name, pod.uid)
        self.healer(members).ensure_complete()
        return Step(rollout_plan.RESTART, pod.name, reason)

    def _remove_peer(self, name: str, removed: set[str], groups: Sequence[RaftGroup],
                     fresh: Callable[[], None]) -> WaitStatus:
        """Remove a running master's peer from the next group, so that its end costs none a member.

        removed: the domains of those it has left; a leader may still list it there. Each removal takes
        seconds, so it follows a look of its own.
        """
        for observed in groups:
            peer = next((each for each in observed.masters if each.pod == name and each.state), None)
            leading = observed.leading()
            if peer is not None and leading is not None and observed.domain not in removed:
                self._masters.acting(fresh).remove_peer(leading.pod, observed.domain, peer.address)
                removed.add(observed.domain)
                return WaitStatus(False, f"{name} has left the {observed.domain} group")
        return WaitStatus(True)

    def _end(self, name: str) -> None:
        """End the JVMs of a terminating pod, whose containers' first processes do not pass signals on."""
        for domain in DOMAINS:
            # The process has ended already, or exec is forbidden; then the pod's grace period passes.
            with suppress(ApiError):
                self._masters.end(name, domain)

    def _once_dispensable(self, name: str, members: int, candidates: list[str],
                          act: Callable[[Sequence[RaftGroup], Callable[[], None]], WaitStatus]) -> Any:
        """Act on a master once a last look shows that both groups can spare it; return act's value.

        candidates: pods that may take over its leadership, the best first. act: gets the groups and a check
        that the look is still young, follows the look at once, and returns whether it is done. If not, or
        after a refusal by a budget, by the masters or by the check, as after a pause, another look follows.
        """
        look = LastLook(name)

        def question() -> WaitStatus:
            began = self._deadline.now()
            groups = self.healer(members).groups()
            self._client.once().before_command()  # renews the Lease, so that no renewal delays the act
            ended = self._deadline.now()
            shortcoming = look.shortcoming(groups, began, ended)
            if not look.complete(groups):
                self.healer(members).ensure_complete(departing=name)
                return WaitStatus(False, "the groups were not complete")
            if shortcoming:
                return WaitStatus(False, shortcoming)
            if look.leads(groups):
                # A former leader restarts its Raft server. The next one keeps its majority meanwhile only
                # if the others follow it at once.
                self.healer(members).transfer_leadership(name, candidates)
                return WaitStatus(False, f"{name} has led the masters")
            try:
                return act(groups, partial(self._require_fresh, ended))
            except (CommandUnfinished, DisruptionForbidden, QuorumUnknown) as err:
                return WaitStatus(False, str(err))

        return self._waits.poll(f"both groups to spare {name}", question)

    def _require_fresh(self, looked: float) -> None:
        """Raise OldLook if the end of a look is too long ago."""
        if (age := self._deadline.now() - looked) > YOUNG:
            raise OldLook(f"the look at the groups was {age:.1f} s ago")
