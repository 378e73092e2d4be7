# SPDX-License-Identifier: GPL-3.0-or-later
"""Rebuilds one master whose node is lost for good with its journal, from the leader's journal. IO.

Also one whose journal conflicts with the leader's, which Ratis never mends (alluxio/logs.py).

Each action depends on what is observed at that moment, so the next run continues an interrupted one:

1. Transfer the leadership from a leader that keeps a connection to the lost master, see
   masters/connections.py. Ratis keeps it for the next pod behind the same address
   (PeerProxyMap.computeIfAbsent), and such a leader serves nobody while that pod joins (seen on the lab). If
   the followers keep one too, the next leader restarts before. The other processes with such a connection
   restart at the end, when the groups are complete.
2. Remove the master's peer from both groups: an old process that returns has no vote.
3. Delete the claim on the lost volume. The finalizer kubernetes.io/pvc-protection keeps it while a scheduled
   pod uses it.
4. Delete the pod. The StatefulSet's controller creates no pod while its claim is terminating (Kubernetes,
   createPersistentVolumeClaims), and creates both anew afterwards. By an outdated cache it may create the pod
   too early; that pod finds no claim and is deleted once the claim is gone.
5. Wait until a pod is scheduled again, until both groups are complete, and until it has the whole journal.

An annotation of the StatefulSet lasts from the first action to the end. It distinguishes a master that is
being rebuilt from one that must not be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from ..alluxio.raft import quorum_size
from ..api.client import Client
from ..api.deadline import Deadline
from ..apply.update import annotate
from ..errors import ApiError, Forbidden, PreconditionFailed, QuorumUnknown, WaitTimeout
from ..fluid import kinds as fluid_kinds, names as fluid_names
from ..fluid.components import DOMAINS, JOURNAL_VOLUME, MASTER, container_of
from ..fluid.operations import REBUILD
from ..journal import lost_claim, template
from ..journal.lost_claim import Place
from ..k8s import kinds
from ..k8s.kinds import Kind, ObjectRef, annotations_of
from ..k8s.pods import container_run, unready_reason
from ..k8s.wait_status import WaitStatus
from ..masters import catch_up
from ..masters.catch_up import CatchUps
from .healer import ActionRecord, QuorumHealer
from .plan import REMOVE, RESTART, TRANSFER, Master, RaftGroup, Step, catching_up

DELETE_CLAIM = "delete_claim"
DELETE_POD = "delete_pod"
_PAUSE = 2.0  # seconds; each observation lists the nodes
_CONFLICT = "its journal has an entry that the leader's has not, and Ratis keeps the first entry of a journal"
_ENDS_WITHIN = 30.0  # seconds until an end that shows no effect is tried again


@dataclass(frozen=True)
class _Observed:
    """The groups and the objects of the master. marked: whether its rebuilding has begun. lost: why it cannot
    run again with its journal, empty if it can. connected: domain and pod of the other masters that keep a
    connection to it.
    """

    groups: Sequence[RaftGroup]
    place: Place
    marked: bool
    lost: str
    connected: frozenset[tuple[str, str]] = frozenset()


class Rebuild:
    """Rebuilds the master in one pod. healer: of the runtime's masters; its actions receive those of this."""

    def __init__(self, client: Client, runtime: ObjectRef, pod: str, healer: QuorumHealer,
                 deadline: Deadline) -> None:
        self._client = client
        self._runtime = runtime
        self._name = pod
        self._claim = f"{JOURNAL_VOLUME}-{pod}"
        self._workload = self._ref(fluid_names.stateful_set_name(runtime.name))
        self._healer = healer
        self._deadline = deadline
        self._active = False  # whether the master has to be rebuilt
        # By domain and pod: the container whose process this run has ended, and when it did.
        self._ended: dict[tuple[str, str], tuple[tuple[str, str, str], float]] = {}
        self._removed: set[str] = set()  # domains from which this run has removed the peer
        self._replaced = ""  # UID of the pod whose claim this run has deleted

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
            self._poll(f"the loss of {self._name} to show in both groups", question)
        return groups

    def plan(self, groups: Sequence[RaftGroup]) -> list[ActionRecord]:
        """Return the actions that the master needs, [] for one that takes part.

        Raises PreconditionFailed for a master that must not be rebuilt.
        """
        if self._takes_part(groups):
            return []
        observed = self._observe(groups)
        if not observed.marked or (
                not observed.lost and observed.place.scheduled and not observed.place.ready):
            self._require_lost(observed)
        steps = self._steps(observed)
        return steps + self._late_restarts(observed) if steps else []

    def begun(self) -> bool:
        """Return whether the rebuilding of this master has begun and has not ended."""
        workload = self._client.get(kinds.STATEFUL_SET, self._workload)
        return workload is not None and self._is_marked(workload)

    def begin(self) -> None:
        """Check the preconditions and set the annotation, before anything else is changed."""
        groups = self.groups()
        planned, begun = self.plan(groups), self.begun()
        self._active = bool(planned) or begun
        if planned and not begun:
            observed = self._observe(groups)
            uid = (observed.place.pod or {"metadata": {}})["metadata"].get("uid", "")
            value = f"{self._name} {uid}" if observed.lost == _CONFLICT else self._name
            annotate(self._client, kinds.STATEFUL_SET, self._workload, REBUILD, value)

    def run(self) -> None:
        """Perform the actions, until the master's pod is scheduled with a claim that is not lost."""
        if self._active:
            self._poll(f"{self._name} to be scheduled", self._advance)

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
        self._poll(f"{self._name} to have the complete journal", question)
        self._disconnect_followers()
        annotate(self._client, kinds.STATEFUL_SET, self._workload, REBUILD, None)

    # -- what is observed -----------------------------------------------------------------------

    def _observe(self, groups: Sequence[RaftGroup]) -> _Observed:
        workload = self._client.get(kinds.STATEFUL_SET, self._workload)
        if workload is None:
            raise PreconditionFailed(
                f"{kinds.STATEFUL_SET.describe(self._workload)} does not exist, so nothing would create the "
                "master again: wait until Fluid has created it; nothing was changed")
        on_claim = template.on_claims(workload)
        claim = self._client.get(
            kinds.PERSISTENT_VOLUME_CLAIM, self._ref(self._claim)) if on_claim else None
        volume_name = claim["spec"].get("volumeName") if claim else None
        volume = self._client.get(
            kinds.PERSISTENT_VOLUME, ObjectRef(None, volume_name)) if volume_name else None
        place = Place(self._name, self._claim, on_claim, self._client.get(kinds.POD, self._ref(self._name)),
                      claim, volume, list(self._client.list(kinds.NODE)))
        lost = lost_claim.reason(place)
        connected = self._connected(groups) if lost and not place.claim_goes else frozenset()
        lost = lost or self._conflict(groups, place, workload)
        return _Observed(groups, place, self._is_marked(workload), lost, connected)

    def _conflict(self, groups: Sequence[RaftGroup], place: Place, workload: dict) -> str:
        """Return that the journal of a running master conflicts with the leader's; empty if it does not.

        The log shows it as long as the master is a peer; the annotation remembers the pod until its end.
        """
        if place.pod is None or any(
                self._master(each).available for each in groups if each.domain == MASTER):
            return ""
        pod, uid = _mark(workload)
        if pod == self._name:
            return _CONFLICT if uid == place.pod["metadata"]["uid"] else ""
        if not place.ready or not self._healer.masters.has_conflict(self._name):
            return ""
        return _CONFLICT

    def _connected(self, groups: Sequence[RaftGroup]) -> frozenset[tuple[str, str]]:
        """Return the domain and pod of the other masters that keep a connection to the lost one.

        Without those that this run has restarted: a node that hangs may accept connections again.
        """
        service = self._client.get(kinds.SERVICE, self._ref(self._name))
        address = (service or {"spec": {}})["spec"].get("clusterIP") or "None"
        if address == "None":
            return frozenset()
        return frozenset(
            (each.domain, master.pod) for each in groups for master in each.masters
            if master.pod != self._name and master.stays and not self._has_ended(each.domain, master.pod)
            and self._healer.masters.is_connected(
                master.pod, each.domain, address, int(self._master(each).address.rpartition(":")[2])))

    def _is_marked(self, workload: dict) -> bool:
        return _mark(workload)[0] == self._name

    def _takes_part(self, groups: Sequence[RaftGroup]) -> bool:
        return all(not self._master(observed).unavailable for observed in groups)

    def _unnoticed(self, groups: Sequence[RaftGroup]) -> str:
        """Return what the groups still have to notice of the loss of a lost master; empty for nothing."""
        if not all(each.leading() for each in groups):
            return "the other masters elect a leader"
        if any(self._master(each).available for each in groups) and self._is_lost(groups):
            return "its last answer was within the election timeout"
        return ""

    def _is_lost(self, groups: Sequence[RaftGroup]) -> bool:
        with suppress(PreconditionFailed):  # without a StatefulSet no master can be rebuilt
            return self._observe(groups).lost not in ("", _CONFLICT)
        return False

    def _master(self, observed: RaftGroup) -> Master:
        return next(master for master in observed.masters if master.pod == self._name)

    # -- what follows from it -------------------------------------------------------------------

    def _require_lost(self, observed: _Observed) -> None:
        """Raise PreconditionFailed unless the master is lost, and the others are a complete majority."""
        what = f"{self._name} of {fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime)} is not rebuilt"
        for each in observed.groups:
            # Job masters have a journal of their own.
            if self._master(each).available and (each.domain == MASTER or observed.lost != _CONFLICT):
                raise PreconditionFailed(
                    f"{what}: expected a master that is in no group AVAILABLE, observed that it is in the "
                    f"{each.domain} group: run alluxio_quorum without rebuild; nothing was changed")
        if not observed.lost:
            raise PreconditionFailed(
                f"{what}: expected a node that is lost for good, observed: "
                f"{lost_claim.refusal(observed.place)}; nothing was changed")
        shortcoming = self._shortcoming(observed)
        if shortcoming:
            raise PreconditionFailed(
                f"{what}: expected all other masters AVAILABLE and one of them leading, observed: "
                f"{shortcoming}: run alluxio_quorum without rebuild first; nothing was changed")

    def _shortcoming(self, observed: _Observed) -> str:
        """Return why the other masters are no complete majority of both groups; empty if they are."""
        return next(filter(None, (self._group_shortcoming(each, observed) for each in observed.groups)), "")

    def _group_shortcoming(self, group: RaftGroup, observed: _Observed) -> str:
        leading = group.leading()
        if leading is None or (leading.pod == self._name and not self._leads_jobs(group, observed)):
            return f"{group.leader or 'no master'} leads the {group.domain} group"
        others = [master for master in group.masters if master.pod != self._name]
        unavailable = [master.pod for master in others if master.unavailable]
        if unavailable:
            return f"{', '.join(unavailable)} unavailable in the {group.domain} group"
        # The group without the peer must commit the change of members.
        listed = group.listed - bool(self._master(group).state)
        if len(others) < quorum_size(listed):
            return f"{len(others)} of the {listed} other peers of the {group.domain} group are masters"
        return ""

    def _leads_jobs(self, group: RaftGroup, observed: _Observed) -> bool:
        """Return whether the job master of a master whose journal conflicts leads its group."""
        leading = group.leading()
        return (observed.lost == _CONFLICT and group.domain != MASTER
                and leading is not None and leading.pod == self._name)

    def _job_transfer(self, observed: _Observed) -> list[ActionRecord]:
        """Return the transfer of the job masters' leadership that a removal of the leader needs before."""
        return [ActionRecord(each.domain, Step(TRANSFER, master.address, observed.lost, master.address))
                for each in observed.groups if self._leads_jobs(each, observed)
                for master in [next(master for master in each.masters if master.pod != self._name)]]

    def _steps(self, observed: _Observed) -> list[ActionRecord]:
        """Return the actions that a lost master needs from now on."""
        place, lost = observed.place, observed.lost
        replaced = place.pod is not None and place.pod["metadata"]["uid"] == self._replaced
        if not lost and not replaced:
            return []
        records = []
        if lost:  # a pod that is not scheduled has not joined again
            records = self._disconnections(observed) + self._job_transfer(observed) + [
                ActionRecord(each.domain, Step(REMOVE, master.address, lost, master.address))
                for each in observed.groups if each.domain not in self._removed
                and (master := self._master(each)).state]
        if lost and place.on_claim and not place.claim_goes:
            records.append(ActionRecord(MASTER, Step(DELETE_CLAIM, self._claim, lost)))
        if place.pod is not None and (replaced or not self._awaits_claim(place)):
            records.append(
                ActionRecord(MASTER, Step(DELETE_POD, self._name, lost or "its claim was deleted")))
        return records

    def _disconnections(self, observed: _Observed) -> list[ActionRecord]:
        """Return the steps after which no leader keeps a connection to the lost master."""
        return [ActionRecord(each.domain, step) for each in observed.groups
                for step in self._fresh_leader(each, observed.connected)]

    def _fresh_leader(self, group: RaftGroup, connected: frozenset[tuple[str, str]]) -> list[Step]:
        """Return the steps in one group whose leader keeps a connection; none otherwise."""
        followers = [master for master in group.masters if master.stays
                     and master.address not in (group.leader, self._master(group).address)]
        keeping = [master for master in followers if (group.domain, master.pod) in connected]
        leading = group.leading()
        if leading is None or not followers or (group.domain, leading.pod) not in connected:
            return []
        # The transfer of job masters is the restart of their leader, so any other may lead next.
        if group.domain == MASTER:
            candidate = next((each for each in followers if each not in keeping), followers[0])
            keeping = [each for each in keeping if each == candidate]
        else:
            candidate = followers[0]
        transfer = Step(
            TRANSFER, candidate.address, f"{leading.pod} {self._why_disconnect()}", candidate.address)
        return [*map(self._restart, keeping), transfer]

    def _late_restarts(self, observed: _Observed) -> list[ActionRecord]:
        """Return the restarts that follow once the groups are complete, for the plan."""
        first = self._disconnections(observed)
        ended = {(each.domain, each.step.target) for each in first if each.step.action == RESTART}
        ended |= {(each.domain, each.leader or "") for each in observed.groups if each.domain != MASTER
                  and any(record.domain == each.domain for record in first)}
        return [ActionRecord(each.domain, self._restart(master)) for each in observed.groups
                for master in each.masters if (each.domain, master.pod) in observed.connected
                and (each.domain, master.address) not in ended]

    def _disconnect_followers(self) -> None:
        """Restart the followers that keep a connection, one after the other, while the groups are complete.

        Only a leader needs a connection to a peer. Each restarts once, also if it is connected again. A
        master whose journal conflicted has closed its connections.
        """
        workload = self._client.get(kinds.STATEFUL_SET, self._workload)
        if workload is not None and _mark(workload)[1]:
            return
        for domain in DOMAINS:
            self._poll(f"the {domain} followers to keep no connection to {self._name}",
                       partial(self._disconnect_follower, domain))

    def _disconnect_follower(self, domain: str) -> WaitStatus:
        """Restart the next follower that keeps a connection, and await it; done when there is none."""
        holder = self._keeping_follower(domain)
        if holder is None:
            return WaitStatus(True)
        group, master = holder
        reason = self._disconnect(ActionRecord(domain, self._restart(master)), group, _incomplete)
        if not reason:
            self._poll(f"{master.pod} to end its connection",
                       lambda: WaitStatus(not (reason := self._ending()), reason))
        self._healer.ensure_complete()
        return WaitStatus(False, reason or f"{master.pod} has restarted")

    def _keeping_follower(self, domain: str) -> tuple[RaftGroup, Master] | None:
        """Return a follower that keeps a connection, with its group; None without one."""
        group = next(each for each in self._healer.groups() if each.domain == domain)
        connected = self._connected([group])
        return next(((group, master) for master in group.masters
                     if (domain, master.pod) in connected and master.address != group.leader), None)

    def _restart(self, master: Master) -> Step:
        return Step(RESTART, master.address, f"{master.pod} {self._why_disconnect()}", master.address)

    def _why_disconnect(self) -> str:
        return f"keeps a connection to {self._name}, which its node has not closed"

    @staticmethod
    def _awaits_claim(place: Place) -> bool:
        """Return whether a pod that is not scheduled only has to wait until its claim is gone.

        Its deletion would bring another such pod.
        """
        return place.on_claim and place.claim is not None and place.claim_goes and not place.node

    # -- acting -----------------------------------------------------------------------------------

    def _advance(self) -> WaitStatus:
        """Observe and perform the next action; done once the pod is scheduled and needs none."""
        observed = self._observe(self._healer.groups())
        steps = self._steps(observed)
        if not steps:
            if observed.place.scheduled:
                return WaitStatus(True)
            return WaitStatus(False, observed.lost or _unscheduled_reason(observed.place.pod))
        shortcoming = self._shortcoming(observed) or self._ending() or self._catching_up(steps[0], observed)
        if shortcoming:
            return WaitStatus(False, shortcoming)
        if self._deadline.remaining() > 0:
            return self._perform(steps[0], observed)
        return WaitStatus(False, steps[0].step.reason)

    def _catching_up(self, record: ActionRecord, observed: _Observed) -> str:
        """Return why the leadership cannot move yet; empty if it can, or for another action."""
        if (record.domain, record.step.action) != (MASTER, TRANSFER):
            return ""
        [group] = [each for each in observed.groups if each.domain == MASTER]
        others = [master for master in group.masters if master.pod != self._name]
        return (catching_up(others) or ("", ""))[1]

    def _perform(self, record: ActionRecord, observed: _Observed) -> WaitStatus:
        """Perform one action. One that is refused is tried again after the next observation."""
        step = record.step
        if step.action in (TRANSFER, RESTART):
            reason = self._disconnect(
                record, next(each for each in observed.groups if each.domain == record.domain),
                lambda groups: self._shortcoming(replace(observed, groups=groups)))
            return WaitStatus(False, reason or f"{step.action} {step.target}")
        self._deadline.report_action(f"{record.domain}: {step.action} {step.target}: {step.reason}")
        try:
            if step.action == REMOVE:
                self._remove_peer(record.domain, step.target, observed)
            elif step.action == DELETE_CLAIM:
                self._replaced = (observed.place.pod or {"metadata": {"uid": ""}})["metadata"]["uid"]
                self._delete(kinds.PERSISTENT_VOLUME_CLAIM, observed.place.claim)
            else:
                self._delete(kinds.POD, observed.place.pod, grace=0)
        except Forbidden:
            raise
        except (ApiError, QuorumUnknown) as err:
            return WaitStatus(False, f"{step.action} {step.target} was refused: {err}")
        self._healer.actions.append(record)
        return WaitStatus(False, f"{step.action} {step.target}")

    def _disconnect(self, record: ActionRecord, before: RaftGroup,
                    shortcoming: Callable[[Sequence[RaftGroup]], str]) -> str:
        """Perform a step that ends connections, and remember the container that it ends.

        Commands in the masters have shown the connections, which takes seconds, so a last look comes between.
        before: the group that the step follows from. shortcoming: why groups cannot spare a process. Returns
        why nothing was sent, empty if it was.
        """
        groups = self._healer.groups()
        group = next(each for each in groups if each.domain == record.domain)
        if reason := shortcoming(groups):
            return reason
        if group.leader != before.leader:
            return f"{group.leader} leads the {group.domain} group instead of {before.leader}"
        ends = record.step.target if record.step.action == RESTART else group.leader or ""
        if record.step.action == RESTART or record.domain != MASTER:
            key = record.domain, ends.rpartition(":")[0]
            container = self._container(*key)
            if sent := self._healer.perform(record, group):
                self._ended[key] = container, self._deadline.now()
        else:
            sent = self._healer.perform(record, group)
        return "" if sent else f"{record.step.action} {record.step.target} was not sent"

    def _ending(self) -> str:
        """Return which container that this run has ended a moment ago still runs; empty for none.

        Kubernetes notices the end of a process a second later.
        """
        for (domain, pod), (container, at) in self._ended.items():
            if self._deadline.now() - at < _ENDS_WITHIN and self._container(domain, pod) == container:
                return f"{pod} ends its {domain} process"
        return ""

    def _has_ended(self, domain: str, pod: str) -> bool:
        """Return whether this run has ended the process, and another one runs since."""
        return (domain, pod) in self._ended and self._container(domain, pod) != self._ended[domain, pod][0]

    def _container(self, domain: str, pod: str) -> tuple[str, str, str]:
        existing = self._client.get(kinds.POD, self._ref(pod))
        return container_run(existing, container_of(domain)) if existing else ("", "", "")

    def _remove_peer(self, domain: str, address: str, observed: _Observed) -> None:
        """Remove the peer. A leader's gauges may still list one that has left; Ratis then changes nothing
        (RaftServerImpl.setConfigurationAsync: hasNoChange).
        """
        groups = self._healer.groups()  # what was observed since the first look takes seconds
        if shortcoming := self._shortcoming(replace(observed, groups=groups)):
            raise QuorumUnknown(shortcoming)
        for each in groups:
            if each.domain == domain and (leading := each.leading()) is not None:
                self._healer.acting(each).remove_peer(leading.pod, domain, address)
                self._removed.add(domain)

    def _delete(self, kind: Kind, existing: dict | None, grace: int | None = None) -> None:
        """Delete the object. Sent once: a node that returns in the meantime keeps its journal."""
        if existing is not None:
            self._client.once().delete(
                kind, self._ref(existing["metadata"]["name"]), existing["metadata"]["uid"], grace=grace)

    def _poll(self, awaited: str, question: Callable[[], WaitStatus]) -> None:
        self._deadline.poll_until(awaited, question, _PAUSE, partial(self._timed_out, awaited))

    def _timed_out(self, awaited: str, progress: str) -> WaitTimeout:
        return WaitTimeout(f"timed out after {self._deadline.seconds:g} s while waiting for {awaited}: "
                           f"{progress}; run this again with the same rebuild to continue")

    def _ref(self, name: str) -> ObjectRef:
        return ObjectRef(self._runtime.namespace, name)


def _incomplete(groups: Sequence[RaftGroup]) -> str:
    return next((f"the {each.domain} group is not complete" for each in groups if not each.complete()), "")


def _unscheduled_reason(pod: dict | None) -> str:
    if pod is None:
        return "the StatefulSet's controller has not created it yet"
    return unready_reason(pod) or "it is not scheduled yet"


def _mark(workload: dict) -> tuple[str, str]:
    """Return the pod that is being rebuilt, and its UID if its journal conflicts; empty for none."""
    pod, _sep, uid = annotations_of(workload).get(REBUILD, "").partition(" ")
    return pod, uid
