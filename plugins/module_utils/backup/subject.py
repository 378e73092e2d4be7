# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache of a backup or restoration: its runtime, its leader, and the claim with its backups. IO."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..alluxio.raft import quorum_size
from ..api import pod_exec
from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.waiter import Waiter
from ..errors import ApiError, InvalidInput, PreconditionFailed, QuorumUnknown, WaitTimeout
from ..fluid import diagnosis, kinds as fluid_kinds
from ..fluid.components import MASTER
from ..fluid.lookup import require_not_terminating, require_runtime
from ..fluid.names import claim_name, stateful_set_name
from ..k8s import kinds
from ..k8s.kinds import ObjectRef
from ..k8s.names import require_identity, require_name
from ..k8s.wait_status import WaitStatus
from ..masters.group import Masters
from . import catalog, helper_pod, restore_template
from .catalog import Tree
from .dump import Leader
from .helper_pod import Claim, Image
from .repository import Repository

# Seconds. A leader is elected within this time, with Alluxio's default election timeout of at most 20 s.
_ELECTION = 30.0
# Seconds. A new leader is in safe mode and lists no files until workers had time to register.
_SAFE_MODE = 60.0
_PAUSE = 1.0


def require_valid(params: dict) -> None:
    """Raise InvalidInput for invalid options, without a request."""
    require_identity(params)
    require_name(params["claim"])
    catalog.require_path(params["path"])
    if params["wait_timeout"] < 1:
        raise InvalidInput(f"wait_timeout is {params['wait_timeout']}: expected at least one second")
    if params["claim"] == claim_name(params["name"]):
        raise InvalidInput(f"claim {params['claim']} is the Dataset's own: its content is deleted with "
                           "the cache; name another claim")


@dataclass(frozen=True)
class Subject:
    """One cache. runtime, stateful_set: None if absent. timeout: seconds for each command in a pod."""

    client: Client
    ref: ObjectRef
    runtime: dict | None
    stateful_set: dict | None
    deadline: Deadline
    timeout: float

    @classmethod
    def read(cls, client: Client, params: dict, deadline: Deadline) -> Subject:
        """Read the runtime and its masters' StatefulSet."""
        pod_exec.require_own_identity(client)
        ref = ref_of(params)
        workload = ObjectRef(ref.namespace, stateful_set_name(ref.name))
        return cls(client, ref, client.get(fluid_kinds.ALLUXIO_RUNTIME, ref),
                   client.get(kinds.STATEFUL_SET, workload), deadline,
                   params["wait_timeout"])

    @property
    def described(self) -> str:
        """The runtime's kind, name and namespace, for messages."""
        return fluid_kinds.ALLUXIO_RUNTIME.describe(self.ref)

    @property
    def workload(self) -> dict:
        """The masters' StatefulSet. Raises PreconditionFailed if the runtime or its masters are absent."""
        require_not_terminating(self.runtime or require_runtime(self.client, self.ref))
        if self.stateful_set is None:
            raise PreconditionFailed(f"{self.described} has no masters yet (StatefulSet "
                                     f"{stateful_set_name(self.ref.name)} does not exist): wait until it is "
                                     "ready")
        return self.stateful_set

    def require_masters(self) -> None:
        """Raise PreconditionFailed as workload does."""
        _workload = self.workload

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

    def leader(self) -> Leader:
        """Return the master that leads a majority, once it is elected.

        Raises QuorumUnknown when there is none after the time of an election.
        """
        group = Masters(self.client, self.ref, self.deadline.clock)

        def question() -> WaitStatus:
            try:
                quorum, _pod = group.single() if self.masters == 1 else group.quorum(MASTER)
            except QuorumUnknown as err:
                return WaitStatus(False, str(err))
            # A single master is addressed by <pod>.<namespace>.
            pod = (quorum.leader or "").rpartition(":")[0].partition(".")[0]
            # A leader without a majority serves its web port for minutes but lists no files.
            leads = bool(pod) and quorum.available >= quorum_size(self.masters)
            return WaitStatus(leads, quorum.lacks(self.masters), value=pod)

        try:
            pod = self.poll_until("a leader", question, _PAUSE, self.deadline.within(_ELECTION))
        except WaitTimeout as err:
            raise QuorumUnknown(str(err), **err.details) from err
        return Leader(self.client, ObjectRef(self.ref.namespace, pod), self.timeout)

    def leader_and_tree(self) -> tuple[Leader, Tree]:
        """Return the leading master and its tree.

        Raises QuorumUnknown without a leader, and WaitTimeout when neither it nor its successor lists files.
        """
        def question() -> WaitStatus:
            leader = self.leader()
            try:
                return WaitStatus(True, value=(leader, leader.tree()))
            except ApiError as err:
                return WaitStatus(False, str(err))

        return self.poll_until("the file tree", question, _PAUSE, self.deadline.within(_SAFE_MODE))

    def backup_name(self) -> str:
        """Return the name of a backup that is made now."""
        return catalog.name_of(self.ref, self.deadline.clock.utc_now())


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
    with helper_pod.started(client, claim, _image(subject, params["image"]), subject.waiter()) as pod:
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
