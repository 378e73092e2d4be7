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
from ..k8s.pods import pod_trouble
from ..masters.catch_up import CatchingUp
from ..masters.group import Masters
from ..quorum import peer_services
from ..quorum.healer import Keeper
from ..quorum.plan import Group
from ..quorum.stale_clients import Growth
from . import plan as rollout_plan, rendering, verification
from .master_objects import Workloads, wanted_revision
from .plan import Pod, Step
from .planner import Plan, Planner, Wish

_PAUSE = 0.5  # seconds between two looks at a pod


class Roller:
    """One rollout of one runtime. warn, tell: take what a person should know, at the end and meanwhile."""

    def __init__(self, client: Client, namespace: str, name: str, wish: Wish, warn: Callable[[str], None],
                 tell: Callable[[str], None] = lambda _text: None, clock: Callable[[], float] = time.monotonic,
                 sleep: Callable[[float], None] = time.sleep,
                 now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self._wish = wish
        self._warn = warn
        self._tell = tell
        self._clock = clock
        self._sleep = sleep
        self._now = now
        self._deadline = clock() + wish.timeout
        self._known = 0
        self._site = Workloads(client, namespace, name)
        self._masters = Masters(client, namespace, name)
        self.done: list[Step] = []

    def plan(self) -> Plan:
        """Return what there is to do. Raises InvalidInput for what cannot be done; nothing is touched."""
        planner = Planner(self._client, self._namespace, self._name, self._wish, self._site, self._await_revision, self._keeper, self._warn)
        return planner.plan()

    # -- acting -------------------------------------------------------------------------------

    def run(self, plan: Plan) -> None:
        """Do what the plan says. Each restart looks anew at what it needs."""
        members, wanted = plan.live.members, plan.live.declared
        reasons = {step.pod: step.reason for step in plan.steps if step.act == rollout_plan.RESTART}
        self._require_whole(members, reasons)
        self._known = plan.live.known
        self._site.mark(str(self._known))
        self._site.configure(plan.live.spec, max(members, wanted), self._wish.spread)
        self.done += [step for step in plan.steps if step.act == rollout_plan.CONFIGURE]
        self._restart_outdated(members, only_away=True)
        self._shrink(members, wanted)
        self._site.configure(plan.live.spec, wanted, self._wish.spread)
        # Before others are added: once these are there the leadership is not moved any more.
        self._restart_outdated(min(members, wanted))
        self._grow(members, wanted, plan.live.growth)
        self._keeper(wanted).settle()
        self._await_journals(wanted)
        self._site.remove_services(wanted)
        verification.require_in_force(self._client, self._namespace, self._name, plan.live.spec, self._site.pods())
        self._site.mark(None)

    def _require_whole(self, members: int, reasons: Mapping[str, str]) -> list[Group]:
        """Wait for all peers, unless the only one that is away is one that is to be restarted: that may be its cure.

        Nor is one waited for that is to be restarted and is being deleted, as in the drain of its node: it goes first.

        A stale peer is one that is away as well, which the keeper removes. Returns the groups as they are then.
        """
        groups = [self._keeper(members).see(domain) for domain in DOMAINS]
        away = _away(groups)
        if len(away) > 1 or not away <= reasons.keys() or any(group.stale for group in groups):
            leaving = {master.pod for group in groups for master in group.masters if master.leaving} & reasons.keys()
            return self._keeper(members).settle(going=leaving.pop() if len(leaving) == 1 else "")
        return groups

    def _grow(self, members: int, wanted: int, growth: Growth | None) -> None:
        known = min(self._known, members)
        if known >= wanted:
            if growth and (growth.known >= wanted or not self._site.late_clients(self._site.workload())):
                self._site.forget_growth()
            return
        self._site.note_growth(growth, known)
        if members < wanted:
            self._rank_before_new_ones(members)
        for index in range(members, wanted):
            self._keeper(index).settle()
            self._add(index)
        late = self._site.late_clients(self._site.workload())
        if late:
            self._warn(late.warning(self._name, wanted))

    def _rank_before_new_ones(self, members: int) -> None:
        """Let masters that are added from now on lead only when no other can: clients do not know them yet."""
        self._keeper(members).settle()
        quorum, asked = self._masters.quorum(MASTER)
        if not self._masters.rank_before_new_ones(asked, quorum.leader or ""):
            self._warn("masters that are added may lead as soon as the others, though workers and FUSE pods do not know them yet")

    def _shrink(self, members: int, wanted: int) -> None:
        pods = rollout_plan.pods_of(self._name, self._site.pods())
        highest = max([members - 1, *(pod.index for pod in pods)])
        for index in range(highest, wanted - 1, -1):
            self._remove(index)

    def _add(self, index: int) -> None:
        name = fluid_names.master_pod(self._name, index)
        self._tell("adding master %s" % name)
        self._site.add_service(index)
        self._site.scale(index + 1)
        self._await_running(name, "")
        self._keeper(index + 1).settle()
        self.done.append(Step(rollout_plan.ADD, name, "it is declared"))

    def _remove(self, index: int) -> None:
        name = fluid_names.master_pod(self._name, index)
        self._tell("removing master %s" % name)
        if self._site.workload()["spec"]["replicas"] > index:
            self._keeper(index + 1).settle()
            self._await_journals(index + 1, but=name)
            pods = rollout_plan.pods_of(self._name, self._site.pods())
            self._give_way(name, index + 1, rollout_plan.heirs(pods, name, self._outdated(pods), index))
            self._site.scale(index)
            self._end(name)
        self._await_gone(name)
        self._keeper(index).settle()  # a peer that no master has is removed from both groups
        self.done.append(Step(rollout_plan.REMOVE, name, "it is not declared any more"))

    def _restart_outdated(self, members: int, only_away: bool = False) -> None:
        """Restart one outdated master after the other. only_away: just one that is away already."""
        while True:
            pods = rollout_plan.pods_of(self._name, self._site.pods())
            reasons = self._outdated(pods)
            if not reasons:
                return
            groups = self._require_whole(members, reasons)
            if only_away and not _away(groups):
                return
            self._restart(self._next(pods, reasons, groups), pods, reasons, members)

    def _outdated(self, pods: list[Pod]) -> dict[str, str]:
        """Why pods are outdated. One that this run has made anew is not too old, whatever the clocks say."""
        revision = self._await_revision()
        renewed = {step.pod for step in self.done if step.act == rollout_plan.RESTART}
        found = rollout_plan.outdated(pods, revision, self._wish.restarted_after)
        current = {pod.name for pod in pods if pod.revision == revision}
        return {name: reason for name, reason in found.items() if name not in renewed & current}

    def _next(self, pods: list[Pod], reasons: dict[str, str], groups: list[Group]) -> Pod:
        """The next pod to restart: one that is away comes first, since another one would be the second to be away."""
        away = _away(groups) & reasons.keys()
        leaders = [leading.pod for group in reversed(groups) if (leading := group.leading()) is not None]
        return rollout_plan.order(pods, away or reasons, leaders)[0]

    def _restart(self, pod: Pod, pods: list[Pod], reasons: dict[str, str], members: int) -> None:
        self._tell("restarting master %s: %s" % (pod.name, reasons[pod.name]))
        self._await_journals(members, but=pod.name)
        self._give_way(pod.name, members, rollout_plan.heirs(pods, pod.name, reasons, members))
        self._require_whole(members, {pod.name: ""})  # the last look before it goes
        if self._site.delete_pod(pod.name, pod.uid):
            self._end(pod.name)
        self._await_running(pod.name, pod.uid)
        self._keeper(members).settle()
        self.done.append(Step(rollout_plan.RESTART, pod.name, reasons[pod.name]))

    def _give_way(self, name: str, members: int, heirs: list[str]) -> None:
        """Let the master hand over to one of the heirs if it leads, and if that is better than to let the others notice its loss."""
        keeper = self._keeper(members)
        leading = keeper.see(MASTER).leading()
        if leading is not None and leading.pod == name and self._hands_over(members):
            keeper.hand_over(name, heirs)

    def _hands_over(self, members: int) -> bool:
        if self._known < members:
            return True  # one of those that clients do not know yet could be elected
        try:
            present = self._masters.configuration()
        except (ApiError, QuorumUnknown):
            present = {}  # it may not be asked, or is too busy to answer; then Alluxio's defaults count
        return elections.hands_over_sooner(present, rendering.of_masters(self._site.config_map()["data"]))

    def _end(self, name: str) -> None:
        """End the JVMs of a pod that is being deleted: the first process of a master's container passes no signal on to its own."""
        for domain in DOMAINS:
            try:
                self._masters.end(name, domain)
            except ApiError:
                pass  # it has ended, or may not be told to: then the pod's grace period passes

    # -- waiting ------------------------------------------------------------------------------

    def _keeper(self, members: int) -> Keeper:
        left = max(1.0, self._deadline - self._clock())
        return Keeper(self._client, self._namespace, self._name, members, left, self._tell, self._clock, self._sleep, self._now,
                      self._masters)

    def _await_revision(self) -> str:
        """Wait until the StatefulSet's controller has seen its newest template; return the revision of it."""
        while True:
            found = wanted_revision(self._site.workload())
            if found:
                return found
            self._pause("the StatefulSet's controller to see its newest template")

    def _await_running(self, name: str, not_uid: str) -> None:
        """Wait until another pod of that name runs, with all its containers."""
        while True:
            pod = next((each for each in self._site.pods() if each["metadata"]["name"] == name), None)
            if pod is not None and pod["metadata"]["uid"] != not_uid and _runs(pod):
                return
            self._pause("%s to run: %s" % (name, _trouble(pod, not_uid)))

    def _await_gone(self, name: str) -> None:
        while any(each["metadata"]["name"] == name for each in self._site.pods()):
            self._pause("%s to be gone" % name)

    def _await_journals(self, members: int, but: str = "") -> None:
        """Wait until all masters but one have the whole journal of both groups: then that one is not the only one to have something."""
        names = [name for name in peer_services.names(self._name, members) if name != but]
        left = {(domain, name): CatchingUp() for domain in DOMAINS for name in names}
        while True:
            peers = {(domain, peer.address.rpartition(":")[0]): peer for domain in DOMAINS for peer in _peers(self._masters, domain)}
            left = {key: each for key, each in left.items() if not each.done(peers.get(key), self._clock())}
            if not left:
                return
            self._pause("%s to have the whole journal of the %s group" % (min(left)[1], min(left)[0]))

    def _pause(self, what: str) -> None:
        self._tell("waiting for %s" % what)
        if self._clock() >= self._deadline:
            raise WaitTimeout("waited %g seconds in all, at last for %s; what is left to do is done by the next run"
                              % (self._wish.timeout, what))
        self._sleep(_PAUSE)


def _peers(masters: Masters, domain: str) -> tuple[Peer, ...]:
    try:
        return masters.quorum(domain)[0].peers
    except QuorumUnknown:
        return ()


def _away(groups: list[Group]) -> set[str]:
    return {master.pod for group in groups for master in group.masters if master.away}


def _runs(pod: dict) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses") or []
    return bool(statuses) and all((each.get("state") or {}).get("running") for each in statuses)


def _trouble(pod: dict | None, not_uid: str) -> str:
    if pod is None:
        return "it is not there yet"
    if pod["metadata"]["uid"] == not_uid:
        return "the old one is ending"
    return pod_trouble(pod) or "its containers start"
