# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache of a backup or restoration: its runtime, its leader, and the claim with its backups. IO."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..alluxio import java_options
from ..alluxio.properties import ELECTION_TIMEOUT_MAX, election_timeout
from ..alluxio.raft import quorum_size
from ..api import pod_exec
from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.waiter import Waiter
from ..errors import (
    Forbidden,
    InvalidInput,
    PreconditionFailed,
    QuorumLost,
    QuorumUnknown,
    WaitTimeout,
)
from ..fluid import diagnosis, kinds as fluid_kinds, operations
from ..fluid.components import COMMON_JAVA_OPTIONS, MASTER, MASTER_CONTAINER, raft_component
from ..fluid.lookup import require_not_terminating, require_runtime
from ..fluid.names import claim_name, config_map_name, master_pod, master_selector, stateful_set_name
from ..fluid.operations import Restoration
from ..fluid.runtime import declared_masters
from ..journal import gate, lost_claim, observed_replicas, replacement, template
from ..journal.lost_claim import Place
from ..k8s import kinds
from ..k8s.kinds import ObjectRef
from ..k8s.names import require_identity, require_name
from ..k8s.pods import has_started
from ..k8s.wait_status import WaitStatus, answered
from ..masters.group import Masters
from ..masters.shortage import Shortage
from . import catalog, helper_pod, lost_journals, restore_template
from .catalog import Tree
from .dump import Leader
from .helper_pod import Claim, Image
from .repository import Repository

# Elections that have time to fail before masters count as lost: votes may be split, and a master that
# restarts meanwhile stands for the next one.
_ELECTIONS = 3
_PAUSE = 1.0
# Seconds from one look to the next, with the pause; more of it may be an outage of the API server.
_USUAL_LOOK = 2.0


def require_valid(params: dict) -> None:
    """Raise InvalidInput for invalid options, without a request."""
    require_identity(params)
    require_name(params["claim"])
    catalog.require_path(params["path"])
    if params["claim"] == claim_name(params["name"]):
        raise InvalidInput(f"claim {params['claim']} is the Dataset's own: its content is deleted with "
                           "the cache; name another claim")


@dataclass(frozen=True)
class Subject:
    """One cache. runtime, stateful_set: None if absent. timeout: seconds for each command in a pod.

    verify_tree: whether its tree of files is listed; otherwise it is None. patience: seconds to wait for a
    leader; None to wait until the deadline.
    """

    client: Client
    ref: ObjectRef
    runtime: dict | None
    stateful_set: dict | None
    deadline: Deadline
    timeout: float
    verify_tree: bool = True
    patience: float | None = None

    @classmethod
    def read(cls, client: Client, params: dict, deadline: Deadline) -> Subject:
        """Read the runtime and its masters' StatefulSet.

        Raises PreconditionFailed if a user scaled that below the majority.
        """
        pod_exec.require_own_identity(client)
        ref = ref_of(params)
        runtime = client.get(fluid_kinds.ALLUXIO_RUNTIME, ref)
        workload = client.get(kinds.STATEFUL_SET, ObjectRef(ref.namespace, stateful_set_name(ref.name)))
        if runtime:
            observed_replicas.require_majority(client, ref, workload, declared_masters(runtime["spec"]))
        return cls(client, ref, runtime, workload, deadline,
                   params["wait_timeout"], params.get("verify_tree", True))

    @property
    def described(self) -> str:
        """The runtime's kind, name and namespace, for messages."""
        return fluid_kinds.ALLUXIO_RUNTIME.describe(self.ref)

    @property
    def workload(self) -> dict:
        """The masters' StatefulSet. Raises PreconditionFailed if the runtime or its masters are absent."""
        runtime = self.runtime or require_runtime(self.client, self.ref)
        require_not_terminating(runtime)
        if self.stateful_set is None:
            workload = ObjectRef(self.ref.namespace, stateful_set_name(self.ref.name))
            if interrupted := replacement.interruption(runtime, workload):
                raise PreconditionFailed(
                    f"{interrupted}run datacache.fluid.alluxio_rollout, which creates it, then this again")
            raise PreconditionFailed(f"{self.described} has no masters yet (StatefulSet "
                                     f"{stateful_set_name(self.ref.name)} does not exist): wait until it is "
                                     "ready")
        return self.stateful_set

    def require_masters(self) -> dict:
        """Return the masters' StatefulSet, or raise PreconditionFailed as workload does."""
        return self.workload

    @property
    def masters(self) -> int:
        """Number of masters that run; the runtime may declare another one that no rollout has applied."""
        return self.workload["spec"].get("replicas") or 1

    def waiter(self, deadline: Deadline | None = None) -> Waiter:
        """Return a waiter whose timeouts list the unready parts of the runtime."""
        return Waiter(self.client, deadline or self.deadline,
                      lambda _name: diagnosis.explain_runtime(self.client, self.ref))

    def poll_until(self, awaited: str, question: Callable[[], WaitStatus], pause: float,
                   deadline: Deadline | None = None) -> Any:
        """Poll as Deadline.poll_until does, until the given or the cache's own deadline."""
        return self.waiter(deadline).poll_until(
            f"{awaited} of {self.described}", self.ref.name, question, pause)

    def election_time(self) -> float:
        """Return the seconds of several elections, with the longest timeout declared or in the ConfigMap."""
        config = self._config_map()
        declared = {**(self.runtime or {}).get("spec", {}).get("properties", {}),
                    **((self.runtime or {}).get("spec", {}).get("master") or {}).get("properties", {})}
        rendered = {**java_options.properties(config.get(COMMON_JAVA_OPTIONS, "")),
                    **java_options.properties(config.get(raft_component(MASTER).java_options, ""))}
        return _ELECTIONS * max(election_timeout(ELECTION_TIMEOUT_MAX, each) for each in (declared, rendered))

    def _config_map(self) -> dict[str, str]:
        """Return the Java options of the components; {} without the permission to read them."""
        ref = ObjectRef(self.ref.namespace, config_map_name(self.ref.name))
        with suppress(Forbidden):
            return (self.client.get(kinds.CONFIG_MAP, ref) or {}).get("data") or {}
        return {}

    def pods(self) -> dict[str, dict]:
        """Return the masters' pods by name."""
        return {pod["metadata"]["name"]: pod for pod in self.client.list(
            kinds.POD, self.ref.namespace, master_selector(self.ref.name))}

    def under_lease(self) -> Subject:
        """Return this cache with so much patience that a lost majority counts.

        A heal that could bring a leader needs the Lease.
        """
        return replace(self, patience=self.election_time() * (1 + 1 / _ELECTIONS))

    def await_leader(self) -> None:
        """Wait for a leader, or until too few masters have a journal to elect one.

        Raises QuorumUnknown when the masters elect no leader before the deadline.
        """
        group = Masters(self.client, self.ref, self.deadline.clock)

        def question() -> WaitStatus:
            pod, reason = self._leading(group)
            journals = self._journals()[0] if pod is None else self.masters
            return WaitStatus(pod is not None or journals < quorum_size(self.masters),
                              self._with_journals(reason, journals))

        self._poll_for_leader(question, self.deadline)

    def _poll_for_leader(self, question: Callable[[], WaitStatus], deadline: Deadline) -> Any:
        try:
            return self.poll_until("a leader", question, _PAUSE, deadline)
        except WaitTimeout as err:
            raise QuorumUnknown(str(err), **err.details) from err

    def _with_journals(self, reason: str, journals: int) -> str:
        return f"{reason}; {journals} of {self.masters} masters have a journal"

    def _leading(self, group: Masters) -> tuple[dict | None, str]:
        """Return the pod that leads a majority, or None and the reason."""
        try:
            quorum, _pod = group.single() if self.masters == 1 else group.quorum(MASTER)
        except QuorumUnknown as err:
            return None, str(err)
        # A single master is addressed by <pod>.<namespace>.
        name = (quorum.leader or "").rpartition(":")[0].partition(".")[0]
        # A leader without a majority serves its web port for minutes but lists no files.
        if not name or quorum.available < quorum_size(self.masters):
            return None, quorum.lacks(self.masters)
        pod = self.pods().get(name)
        return pod, "" if pod else f"the leader {name} was deleted"  # after it was asked, such as by a drain

    def leader(self, patience: float | None = None) -> Leader:
        """Return the master that leads a majority, once it is elected.

        Raises QuorumLost when fewer masters than a majority have a journal for the time of several elections,
        and QuorumUnknown when the others elect no leader before the deadline: to load a large journal takes
        minutes. patience: seconds instead of the cache's patience.
        """
        group = Masters(self.client, self.ref, self.deadline.clock)
        election_time, enough = self.election_time(), quorum_size(self.masters)
        shortage = Shortage(max(_USUAL_LOOK, election_time / _ELECTIONS))

        def question() -> WaitStatus:
            pod, reason = self._leading(group)
            if pod is not None:
                return WaitStatus(True, value=pod)
            journals, lost = self._journals()
            reason = "; ".join([reason, *map(lost_claim.reason, lost.values())])
            if shortage.seconds(journals < enough, self.deadline.now(), self.client.waited) >= election_time:
                raise QuorumLost(
                    f"{self.described} has lost its majority: {journals} of {self.masters} masters have a "
                    f"journal, and {enough} are needed to elect a leader: {reason}")
            return WaitStatus(False, self._with_journals(reason, journals))

        pod = self._poll_for_leader(question, self._patient(patience))
        return Leader(self.client, pod, self.timeout, self.deadline.report_progress)

    def _patient(self, patience: float | None) -> Deadline:
        """Return the deadline of a wait for a leader: that of the cache, unless its patience ends sooner."""
        if patience is not None:
            return self.deadline.within(patience)
        if self.patience is None or self.deadline.remaining() <= self.patience:
            return self.deadline
        return self.deadline.within(self.patience)

    def lost(self, names: Iterable[str], pods: dict[str, dict]) -> dict[str, Place]:
        """Return those of the named masters whose claims are lost with their nodes."""
        return lost_journals.lost(self.client, self.workload, names, pods)

    def _journals(self) -> tuple[int, dict[str, Place]]:
        """Return the number of masters with a journal, which may still elect a leader, and those that have
        lost it with their nodes.
        """
        pods = self.pods()
        started = {name for name, pod in pods.items() if has_started(pod, MASTER_CONTAINER)}
        if len(started) >= quorum_size(self.masters):
            return len(started), {}
        lost = self.lost(self._names(), pods)
        return len(started | self._on_claims(pods) - lost.keys()), lost

    def _names(self) -> list[str]:
        return [master_pod(self.ref.name, index) for index in range(self.masters)]

    def _on_claims(self, pods: dict[str, dict]) -> set[str]:
        """Return the masters whose journals are on Bound claims, whether or not their pods run.

        A pod that its gate holds back has an empty journal, and one that a restoration under way has replaced
        begins with the backup.
        """
        if not template.on_claims(self.workload):
            return set()
        under_way = operations.under_way(self.workload)
        bound = {each["metadata"]["name"] for each in self.client.list(
            kinds.PERSISTENT_VOLUME_CLAIM, self.ref.namespace, template.claim_selector(self.ref.name))
            if each.get("status", {}).get("phase") == "Bound"
            and not each["metadata"].get("deletionTimestamp")}
        claims = template.claim_names(self.ref.name, self.masters)
        return {name for name, claim in zip(self._names(), claims, strict=True)
                if claim in bound and not (name in pods and _begins_anew(pods[name], under_way))}

    def leader_and_tree(self, patience: float | None = None) -> tuple[Leader, Tree | None]:
        """Return the leading master and its tree.

        Raises QuorumLost and QuorumUnknown as leader does, and WaitTimeout when neither it nor its successor
        lists files before the deadline: a new leader is in safe mode until workers had time to register.
        Raises PreconditionFailed when the leader's disk is too full for the listing.
        """
        def question() -> WaitStatus:
            leader = self.leader(patience)
            return answered(lambda: (leader, leader.tree() if self.verify_tree else None))

        return self.poll_until("the file tree", question, _PAUSE)

    def has_lost(self, leader: Leader) -> bool:
        """Return whether this leader has ended, ends, or leads no more. Waits for a leader as leader does."""
        existing = self.pods().get(leader.pod)
        return (existing is None or bool(existing["metadata"].get("deletionTimestamp"))
                or not leader.still_runs(existing) or self.leader().pod != leader.pod)

    def backup_time(self, taken: Iterable[str] = ()) -> datetime:
        """Return the time of a backup that is made now, by the API server's clock.

        Backups come from several machines, whose clocks may differ. taken: the names that exist.
        """
        return catalog.free_time(self.ref, self.client.server_time(), taken)

    def backup_name(self, taken: Iterable[str] = ()) -> str:
        """Return the name of a backup that is made now. taken: the names that exist."""
        return catalog.name_of(self.ref, self.backup_time(taken))


def _begins_anew(pod: dict, under_way: Restoration | None) -> bool:
    return gate.holds_back(pod) or under_way is not None and restore_template.stage(pod, under_way) in (
        restore_template.STARTING, restore_template.WAITING)


@contextmanager
def opened(subject: Subject, params: dict, read_only: bool = False) -> Iterator[Repository | None]:
    """Yield the repository in the options' claim and path, through a helper pod that is deleted afterwards.

    Yields None for a read-only use of an unbound claim, which has no content. Raises PreconditionFailed when
    the claim does not exist, is terminating or has lost its volume.
    """
    client, ref = subject.client, ObjectRef(subject.ref.namespace, params["claim"])
    existing = client.get(kinds.PERSISTENT_VOLUME_CLAIM, ref)
    what = kinds.PERSISTENT_VOLUME_CLAIM.describe(ref)
    if existing is None:
        raise PreconditionFailed(f"{what} does not exist: create it first, in the cache's namespace")
    phase = existing.get("status", {}).get("phase") or "Pending"
    if existing["metadata"].get("deletionTimestamp") or phase == "Lost":
        raise PreconditionFailed(
            f"{what} cannot be used: {'its volume is lost' if phase == 'Lost' else 'it is terminating'}")
    if read_only and phase != "Bound":
        yield None
        return
    uid = subject.runtime["metadata"]["uid"] if subject.runtime else None
    claim = Claim(ref.name, subject.ref.namespace or "", subject.ref.name, uid, read_only)
    with helper_pod.started(client, claim, _image(subject, params["image"]), subject.waiter(),
                            subject.timeout) as pod:
        yield Repository(client, ObjectRef(subject.ref.namespace, pod), params["path"], subject.timeout)


def _image(subject: Subject, name: str | None) -> Image:
    """Return the named image, else that of the masters, with their user, who may own files in the claim."""
    if subject.stateful_set is None:
        if not name:
            raise InvalidInput(f"image is required: {subject.described} has no masters whose image the "
                               "helper pod can use")
        return Image(name)
    master = restore_template.master_container(subject.stateful_set)
    spec = subject.stateful_set["spec"]["template"]["spec"]
    user = master.get("securityContext") or {}
    return Image(name or master["image"], "IfNotPresent",
                 tuple(each["name"] for each in spec.get("imagePullSecrets") or []),
                 user.get("runAsUser"), user.get("runAsGroup"))
