# SPDX-License-Identifier: GPL-3.0-or-later
"""What backing up, listing and restoring have in common: their subject, the claim, and the making of a backup. IO."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import Callable, Iterator

from ..alluxio.raft import quorum_size
from ..api import pod_exec
from ..api.client import Client
from ..api.waiter import Waiter
from ..errors import ApiError, InvalidInput, QuorumUnknown, WaitTimeout
from ..fluid import diagnosis, kinds as fluid_kinds
from ..fluid.components import MASTER
from ..fluid.names import claim_name, stateful_set_name
from ..k8s import kinds
from ..k8s.names import require_identity, require_name
from ..k8s.wait_status import WaitStatus
from ..masters.group import Masters
from ..progress import Progress
from . import catalog, helper_pod, restore_template
from .catalog import Backup, Tree
from .dump import Leader
from .helper_pod import Claim, Image
from .repository import Spool, Store

# Seconds within which a leader is elected, by Alluxio's default election timeout of 20 s at most.
_ELECTION = 30.0
# Seconds. Until the workers had time to register, a new leader is in its safe mode and tells of no files.
_SAFE_MODE = 60.0
_PAUSE = 1.0
# A namespace that changes during every one of so many backups is backed up all the same, but cannot be compared.
_ROUNDS = 3


@dataclass(frozen=True)
class Subject:
    """A runtime and its masters' StatefulSet; None for what does not exist."""

    name: str
    namespace: str
    runtime: dict | None
    stateful_set: dict | None

    @property
    def masters(self) -> int:
        """How many masters run; the runtime may declare another number, which no rollout has applied yet."""
        return self.stateful_set["spec"].get("replicas") or 1


def require_valid(params: dict) -> None:
    """Raise InvalidInput for options that are refused without asking the cluster."""
    require_identity(params)
    require_name(params["claim"])
    catalog.require_path(params["path"])
    if params["timeout"] < 1:
        raise InvalidInput(f"timeout is {params['timeout']:.0f}: expected a number of seconds above zero")
    if params["claim"] == claim_name(params["name"]):
        raise InvalidInput(f"claim {params['claim']} is the Dataset's own: what it holds is gone when the cache is; name another claim")


def subject_of(client: Client, params: dict) -> Subject:
    """Read the runtime and its masters' StatefulSet."""
    pod_exec.require_own_identity(client)
    name, namespace = params["name"], params["namespace"]
    return Subject(name, namespace, client.get(fluid_kinds.ALLUXIO_RUNTIME, name, namespace),
                   client.get(kinds.STATEFUL_SET, stateful_set_name(name), namespace))


def require_runtime(subject: Subject) -> None:
    """Raise InvalidInput unless the runtime exists with its masters, and stays."""
    what = fluid_kinds.ALLUXIO_RUNTIME.describe(subject.name, subject.namespace)
    if subject.runtime is None:
        raise InvalidInput(f"{what} does not exist: check name and namespace")
    if subject.runtime["metadata"].get("deletionTimestamp"):
        raise InvalidInput(f"{what} is being deleted")
    if subject.stateful_set is None:
        raise InvalidInput(
            f"{what} has no masters yet (StatefulSet {stateful_set_name(subject.name)} does not exist): wait until it is ready")


def waiter_of(client: Client, params: dict) -> Waiter:
    return Waiter(client, params["timeout"], partial(diagnosis.explain_runtime, client, params["namespace"]),
                  Progress.from_environment().report_progress)


@contextmanager
def opened(client: Client, subject: Subject, params: dict, waiter: Waiter, read_only: bool = False) -> Iterator[Store | None]:
    """Yield the store of the claim and path that the options name, through a helper pod that is gone afterwards.

    Yields None for a claim that nothing has written to yet and that is only to be read. Raises InvalidInput
    when the claim does not exist or has lost its volume.
    """
    name, namespace = params["claim"], subject.namespace
    existing = client.get(kinds.PERSISTENT_VOLUME_CLAIM, name, namespace)
    what = kinds.PERSISTENT_VOLUME_CLAIM.describe(name, namespace)
    if existing is None:
        raise InvalidInput(f"{what} does not exist: make it first, in the cache's namespace")
    phase = existing.get("status", {}).get("phase") or "Pending"
    if existing["metadata"].get("deletionTimestamp") or phase == "Lost":
        raise InvalidInput("%s cannot be used: %s" % (what, "it is being deleted" if phase != "Lost" else "its volume is lost"))
    if read_only and phase != "Bound":
        yield None
        return
    uid = subject.runtime["metadata"]["uid"] if subject.runtime else None
    claim = Claim(name, namespace, subject.name, uid, read_only)
    with helper_pod.started(client, claim, _image(subject, params["image"]), waiter) as pod:
        yield Store(client, namespace, pod, params["path"], params["timeout"])


def _image(subject: Subject, given: str | None) -> Image:
    """The image of the masters, and their user, whose files the claim may hold already; or the given image."""
    if subject.stateful_set is None:
        if not given:
            raise InvalidInput("image is required: %s has no masters whose image the helper pod could have"
                               % fluid_kinds.ALLUXIO_RUNTIME.describe(subject.name, subject.namespace))
        return Image(given)
    master = restore_template.master_container(subject.stateful_set)
    spec = subject.stateful_set["spec"]["template"]["spec"]
    user = master.get("securityContext") or {}
    return Image(given or master["image"], "IfNotPresent", tuple(each["name"] for each in spec.get("imagePullSecrets") or []),
                 user.get("runAsUser"), user.get("runAsGroup"))


def leader_of(client: Client, subject: Subject, timeout: float) -> Leader:
    """Return the master that leads a majority, waiting for one that is being elected. timeout: seconds for each of its commands.

    Raises QuorumUnknown when there is none after the time that an election takes.
    """
    group = Masters(client, subject.namespace, subject.name)
    leading: list[str] = []

    def question() -> WaitStatus:
        try:
            quorum, _asked = group.single() if subject.masters == 1 else group.quorum(MASTER)
        except QuorumUnknown as err:
            return WaitStatus(False, str(err))
        # A single master is addressed by <pod>.<namespace>.
        leading.append((quorum.leader or "").rpartition(":")[0].partition(".")[0])
        # A leader that has lost its majority serves its web port for minutes, but tells of no files.
        return WaitStatus(bool(leading[-1]) and quorum.available >= quorum_size(subject.masters), quorum.lacks(subject.masters))

    try:
        _ask_until(client, subject, "a leader", question, _ELECTION)
    except WaitTimeout as err:
        raise QuorumUnknown(str(err), **err.details) from err
    return Leader(client, subject.namespace, leading[-1], timeout)


def leader_and_tree(client: Client, subject: Subject, timeout: float) -> tuple[Leader, Tree]:
    """Return the leading master and the tree that it tells of. timeout: seconds for each of its commands.

    Raises QuorumUnknown without a leader, and WaitTimeout when the leader, or its successor, does not tell.
    """
    found: list[tuple[Leader, Tree]] = []

    def question() -> WaitStatus:
        leader = leader_of(client, subject, timeout)
        try:
            found.append((leader, leader.tree()))
        except ApiError as err:
            return WaitStatus(False, str(err))
        return WaitStatus(True)

    _ask_until(client, subject, "the file tree", question, _SAFE_MODE)
    return found[-1]


def _ask_until(client: Client, subject: Subject, what: str, question: Callable[[], WaitStatus], seconds: float) -> None:
    of = fluid_kinds.ALLUXIO_RUNTIME.describe(subject.name, subject.namespace)
    waiter = waiter_of(client, {"namespace": subject.namespace, "timeout": seconds})
    waiter.ask_until(f"{what} of {of}", subject.name, question, _PAUSE)


def now() -> datetime:
    return datetime.now(timezone.utc)


def expected(subject: Subject) -> str:
    """The name that a backup would have that is made now."""
    return catalog.name_of(subject.namespace, subject.name, now())


def make(client: Client, subject: Subject, store: Store, timeout: float, made_before: str | None = None) -> Backup:
    """Back up the runtime's metadata into the store. Raises as leader_and_tree does.

    made_before: the backup that is about to be restored.
    """
    master, tree = leader_and_tree(client, subject, timeout)
    left = _ROUNDS
    while True:
        left -= 1
        with closing(Spool()) as spool:
            begun = now()
            name = catalog.name_of(subject.namespace, subject.name, begun)
            dumped = master.dump(name, spool)
            before, tree = tree, master.tree()
            if before != tree and left:
                continue
            held = tree if before == tree else None
            backup = Backup(
                name=name, namespace=subject.namespace, runtime=subject.name, uid=subject.runtime["metadata"]["uid"],
                created=catalog.time_of(begun), leader=master.pod, size_bytes=spool.size, sha256=spool.sha256,
                tree_sha256=held and held.sha256, paths=held and held.paths, made_before=made_before, **dumped)
            store.put(backup, spool)
            return backup
