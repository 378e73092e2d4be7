# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores a backup into new journals of all masters: the function of the module alluxio_restore. Drives IO.

Each step observes what remains to be done, so the next run continues an interrupted restoration.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial

from ..alluxio.raft import Quorum, quorum_size
from ..api import bulk
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.guarded import GuardedClient
from ..api.pod_exec import PodShell
from ..apply import update
from ..errors import (
    ApiError,
    CommandUnfinished,
    Conflict,
    FluidError,
    Forbidden,
    InvalidInput,
    PreconditionFailed,
    QuorumLost,
    QuorumUnknown,
    ServerUnavailable,
    WaitTimeout,
)
from ..fluid import operations
from ..fluid.components import DOMAINS, MASTER_CONTAINER
from ..fluid.names import config_map_name, stateful_set_name
from ..fluid.operations import Restoration
from ..fluid.status import quorum_formed
from ..journal import addresses, lost_claim
from ..journal.lost_claim import Place
from ..k8s import kinds
from ..k8s.kinds import ObjectRef
from ..k8s.pods import has_started, unready_reason
from ..k8s.scheduling import accepts, demands_of
from ..k8s.wait_status import WaitStatus
from ..masters import lease
from ..masters.group import Masters
from ..progress import Reporter
from . import catalog, create as backup_create, restore_template, space, subject, transfer
from .catalog import Backup, Tree
from .restore_template import FILE, FOLDER, GO, OLD, STARTED, STARTING, WAITER, WAITING, stage
from .subject import Subject
from .transfer import Spool

# Seconds; short, since the master's journal is deleted with its pod.
_GRACE = 1
_POD_PAUSE = 0.5
_QUORUM_PAUSE = 1.0
_LOST_PAUSE = 5.0  # each look at claims lists the nodes
_READ = 1024 * 1024

# A file that an interrupted run has delivered is not sent again.
_HAVE = 'sha256sum <"$1" 2>/dev/null || true'
_PUT = transfer.COMPLETE + """\
complete "$1.partial" "$1" "$2" "$3" "$4" "$5"
mv "$1.partial" "$1"
"""
# A pod of the same name may have replaced the one that got the file.
_GO = 'if [ -e "$2" ]; then : >"$1"; else echo "the pod has no backup" >&2; exit 1; fi'


def require_valid(params: dict) -> None:
    """Raise InvalidInput for invalid options, without a request."""
    subject.require_valid(params)
    catalog.require_selectable(params["backup"])
    expected = f"{params['namespace']}/{params['name']}"
    if params["confirm"] != expected:
        raise InvalidInput(f"confirm is {params['confirm']!r}: a restoration replaces all metadata of "
                           f"the cache; expected {expected}")
    if params["discard_journals_of"] not in (None, expected):
        raise InvalidInput(f"discard_journals_of is {params['discard_journals_of']!r}: it permits to delete "
                           f"journals without a backup; expected {expected}")


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Restore the backup unless the cache has it already, or predict that; return the module's result."""
    deadline = Deadline(params["wait_timeout"], reporter.progress)
    client = GuardedClient(client, deadline)
    cache = Subject.read(client, params, deadline)
    _require_restorable(cache)
    if check_mode:
        return _restore(cache, params, check_mode, reporter)
    while True:
        if _needs_leader(cache, params):
            _await_leader(cache)
        try:
            with lease.held(
                    client, cache.ref, deadline, f"restoration of backup {params['backup']}") as fenced:
                held = Subject.read(fenced, params, deadline).under_lease()
                _require_restorable(held)
                return _restore(held, params, check_mode, reporter)
        except QuorumUnknown:  # the Lease is released for the heal that brings a leader
            if deadline.remaining() <= 0:
                raise
        cache = Subject.read(client, params, deadline)


def _needs_leader(cache: Subject, params: dict) -> bool:
    """Return whether the present metadata is backed up first: that of masters without the restored backup."""
    if params["discard_journals_of"] is not None:
        return False
    under_way = operations.under_way(cache.workload)
    return under_way is None or OLD in [stage(pod, under_way) for pod in cache.pods().values()]


def _restore(cache: Subject, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    under_way = operations.under_way(cache.workload)
    existing = _Existing()
    safety = None
    with closing(Spool()) as spool:
        with subject.opened(cache, params, read_only=check_mode) as repository:
            chosen = _choose(repository.listed() if repository else [], params, cache.ref, under_way)
            if repository:
                repository.get(chosen, spool)
            _require_readable(chosen, spool)
            restoration = _restoration(cache, chosen, under_way)
            # A restoration whose masters have all started is only ended: what they hold now is newer data.
            stages = [stage(pod, restoration) for pod in cache.pods().values()]
            replaces = not under_way or OLD in stages
            if replaces:
                existing = _existing(cache, params)
            before = existing.tree
            if chosen.holds(before) and not under_way:
                return _result(False, chosen, before, before)
            if replaces:
                _require_nodes(cache)
            if check_mode or not repository:
                return _result(True, chosen, before)
            if replaces and existing.lost:
                reporter.warn("the present metadata cannot be backed up before it is replaced: "
                              f"{existing.lost}")
            elif STARTED in stages and stages.count(WAITING) >= quorum_size(cache.masters):
                reporter.warn(f"{stages.count(STARTED)} of {cache.masters} masters have started from the "
                              "restoration under way, and the others begin with an empty journal: what was "
                              "written since is lost")
            elif replaces and not params["skip_safety_backup"]:
                safety = backup_create.make(cache, repository, made_before=chosen.name)
        restarted, after = Restorer(cache, restoration, existing.leader).run(spool)
    result = _result(True, chosen, before, after, safety, restarted)
    _require_same_tree(chosen, after, result)
    if after is None:
        reporter.warn(f"verify_tree is false: it was not verified that {chosen.name} was restored completely")
    elif not chosen.tree_sha256:
        reporter.warn(f"the tree of files changed during backup {chosen.name}, so it cannot be verified that "
                      f"the {after.paths} restored paths are complete")
    return result


def _result(changed: bool, chosen: Backup, before: Tree | None, after: Tree | None = None,
            safety: Backup | None = None,
            restarted: list[str] | None = None) -> dict:
    expected = Tree(chosen.tree_sha256, chosen.paths or 0) if chosen.tree_sha256 else None
    trees = {name: tree and asdict(tree)
             for name, tree in (("before", before), ("after", after), ("backup", expected))}
    return {
        "changed": changed,
        "backup": chosen.as_dict(),
        "safety_backup": safety.as_dict() if safety else {},
        "trees": trees,
        "restarted": restarted or [],
        "diff": {"before": trees["before"] or {}, "after": trees["backup"] or {}} if changed
        else {"before": {}, "after": {}},
    }


def _require_readable(chosen: Backup, spool: Spool) -> None:
    """Raise FluidError unless the file is a complete gzip stream, before any master is deleted."""
    try:
        with gzip.GzipFile(fileobj=spool.reader(), mode="rb") as unpacked:
            while unpacked.read(_READ):
                pass
    except (OSError, EOFError, zlib.error) as err:
        raise FluidError(f"backup {chosen.name} cannot be read: {err}; take another one") from err


def _require_restorable(cache: Subject) -> None:
    """Raise PreconditionFailed when new master pods would not begin with an empty journal."""
    if not restore_template.master_container(cache.workload):
        raise PreconditionFailed(
            f"StatefulSet {stateful_set_name(cache.ref.name)} has no container {MASTER_CONTAINER}: "
            "Fluid did not create it")
    if not restore_template.journal_is_fresh(cache.workload):
        raise PreconditionFailed(
            f"StatefulSet {stateful_set_name(cache.ref.name)} does not keep its journal on an emptyDir, so "
            "restarted masters would have the old journal, into which no backup can be restored")


@dataclass(frozen=True)
class _Existing:
    """The metadata before the restoration.

    leader: its pod, or "". tree: None if unknown. lost: why no leader can back it up, or "".
    """

    leader: str = ""
    tree: Tree | None = None
    lost: str = ""


def _existing(cache: Subject, params: dict) -> _Existing:
    """Return what the leader holds.

    Raises PreconditionFailed when no master leads although a majority has journals, unless these may be
    discarded: without a leader for some time, their metadata is not lost.
    """
    discard = params["discard_journals_of"] is not None
    try:
        leader, tree = cache.leader_and_tree(cache.election_time() if discard else None)
    except QuorumLost as err:
        return _Existing(lost=str(err))
    except QuorumUnknown as err:
        if discard:
            return _Existing(lost=f"discard_journals_of permits to delete the journals, and {err}")
        if cache.deadline.remaining() > 0:
            raise
        raise _without_leader(cache, err) from err
    return _Existing(leader.pod, tree)


def _await_leader(cache: Subject) -> None:
    """Wait as Subject.await_leader does. Raises PreconditionFailed as _existing does."""
    try:
        cache.await_leader()
    except QuorumUnknown as err:
        raise _without_leader(cache, err) from err


def _without_leader(cache: Subject, err: QuorumUnknown) -> PreconditionFailed:
    return PreconditionFailed(
        f"{err}. A majority of the masters has journals, which would be deleted without a backup: find out "
        "why they elect no leader, for example with datacache.fluid.alluxio_quorum, and run this again, or "
        f"set discard_journals_of: {cache.ref.namespace}/{cache.ref.name}", **err.details)


def _require_nodes(cache: Subject) -> None:
    """Raise PreconditionFailed if masters on the network of their nodes would find too few nodes.

    Nothing is checked without the permission to list nodes: the first master is replaced alone.
    """
    template = cache.workload["spec"]["template"]["spec"]
    if not template.get("hostNetwork"):
        return
    try:
        nodes = list(cache.client.list(kinds.NODE))  # read here, page by page
    except Forbidden:
        return
    accepting = [node["metadata"]["name"] for node in nodes if accepts(node, demands_of(template))]
    if len(accepting) < cache.masters:
        raise PreconditionFailed(
            f"the masters of {cache.described} need {cache.masters} nodes, one each on the host network, and "
            f"{len(accepting)} accept them ({', '.join(sorted(accepting)) or 'none'}): uncordon or add "
            "nodes, or a deleted master does not come back; then run this again")


def _choose(found: list[Backup], params: dict, runtime: ObjectRef, under_way: Restoration | None) -> Backup:
    """Return the requested backup; `latest` means that of a restoration under way, if there is one."""
    requested = under_way.backup if under_way and params["backup"] == catalog.LATEST else params["backup"]
    return catalog.choose(found, requested, runtime, params["force_foreign"])


def _restoration(cache: Subject, chosen: Backup, under_way: Restoration | None) -> Restoration:
    """Return the restoration of the chosen backup: the one under way, if it is of that backup."""
    if under_way and (under_way.backup, under_way.sha256) == (chosen.name, chosen.sha256):
        return under_way
    return Restoration(chosen.name, chosen.sha256, catalog.time_of(cache.client.server_time()))


def _require_same_tree(chosen: Backup, tree: Tree | None, details: dict) -> None:
    """Raise FluidError with the details when the restored tree is known to differ from the backup's."""
    if tree and chosen.tree_sha256 and not chosen.holds(tree):
        raise FluidError(
            f"backup {chosen.name} is restored, but the file tree is not the one that was backed up: "
            f"{tree.paths} paths with digest {tree.sha256}, expected {chosen.paths} with "
            f"{chosen.tree_sha256}; a client changes it, or the masters do not run "
            f"Alluxio {chosen.alluxio_version} as at the time of the backup", **details)


class Restorer:
    """The steps of one restoration, in the order in which run() calls them.

    Each one raises Conflict once the masters' pod template is no longer of this restoration: another run has
    begun or ended one, and masters that are deleted then would begin with an empty journal. leader: the pod
    that leads, which is not the first one to be deleted.
    """

    def __init__(self, cache: Subject, restoration: Restoration, leader: str = "") -> None:
        self._cache = cache
        self._leader = leader
        self._client = cache.client
        self._restoration = restoration
        self._workload = ObjectRef(cache.ref.namespace, stateful_set_name(cache.ref.name))
        self._spool: Spool | None = None
        self._started: set[str] = set()  # UIDs of pods that this run has started
        self._in_doubt = False
        self._looks_next = 0.0  # when the claims of new masters are looked at again

    def run(self, spool: Spool) -> tuple[list[str], Tree | None]:
        """Restart all masters from the backup; return the replaced ones and the restored tree."""
        self.begin()
        restarted = self.replace()
        self.deliver(spool)
        self.await_quorum()
        self.end()
        return restarted, self._cache.leader_and_tree(max(0, self._cache.deadline.remaining()))[1]

    def begin(self) -> None:
        """Prepare the peers of new journals and the masters' pod template, unless they are prepared."""
        self._list_masters()
        self._patch(lambda existing: None if operations.under_way(existing) == self._restoration
                    else restore_template.begin(existing, self._restoration))

    def _list_masters(self) -> None:
        """Let the ConfigMap list exactly the masters that run, which new journals begin with as peers.

        An interrupted rollout lists masters that it was to add, or those that it has removed. With them new
        journals may lack a majority for ever.
        """
        ref = ObjectRef(self._cache.ref.namespace, config_map_name(self._cache.ref.name))
        patch_of = partial(addresses.listing, self._cache.ref.name, self._cache.masters)
        existing = self._client.get(kinds.CONFIG_MAP, ref)
        if existing is not None and patch_of(existing):
            update.change(self._client, kinds.CONFIG_MAP, ref, patch_of)

    def end(self) -> None:
        """Undo begin() in the template; a master that restarts later gets its journal from the leader."""
        def patch_of(existing: dict) -> dict | None:
            if operations.under_way(existing) is None:
                return None
            self._require_own(existing)
            return restore_template.end(existing)
        self._patch(patch_of)

    def _patch(self, patch_of: Callable[[dict], dict | None]) -> None:
        update.change(self._client, kinds.STATEFUL_SET, self._workload, patch_of)

    def _require_own(self, existing: dict | None = None) -> None:
        """Raise Conflict unless the pod template is of this restoration. existing: as read."""
        existing = existing or update.require(self._client, kinds.STATEFUL_SET, self._workload)
        found = operations.under_way(existing)
        if found != self._restoration:
            what = f"another run restores backup {found.backup}" if found else "another run has ended it"
            raise Conflict(
                f"the restoration of backup {self._restoration.backup} into {self._cache.described} is no "
                f"longer in the pod template of StatefulSet {self._workload.name}: {what}; wait until no "
                "other run of datacache.fluid.alluxio_restore works on this cache, then run this again")

    def replace(self) -> list[str]:
        """Delete masters without the prepared template; return their names once all wait for the file.

        One is deleted alone, and the others only when it waits: a new master that finds no node or image
        costs no majority. If it does not wait before the deadline, the template is cleaned again.
        """
        deleted: dict[str, str] = {}  # name to UID
        known_to_start = False

        def question() -> WaitStatus:
            nonlocal known_to_start
            self._require_own()
            pods = self._cache.pods()
            stages = {name: stage(pod, self._restoration) for name, pod in pods.items()}
            ready = sum(each in (WAITING, STARTED) for each in stages.values())
            known_to_start = known_to_start or ready > 0
            old = [name for name in sorted(pods) if stages[name] == OLD]
            due = [name for name in (old if known_to_start else self._first(pods, old))
                   if deleted.get(name) != pods[name]["metadata"]["uid"]]
            lost = self._cache.lost(due, pods)
            for name in due:
                self._delete(pods[name], lost.get(name))
                deleted[name] = pods[name]["metadata"]["uid"]
            self._replace_unscheduled(pods, [name for name in pods if stages[name] == STARTING])
            others = "".join(
                f"; {name}: {_old_node(pods[name]) if stages[name] == OLD else unready_reason(pods[name])}"
                for name in sorted(pods) if stages[name] == STARTING
                or stages[name] == OLD and (name in deleted or _is_terminating(pods[name])))
            return WaitStatus(ready == len(pods) == self._cache.masters,
                              f"{ready} of {self._cache.masters} masters wait for the backup{others}")

        try:
            self._cache.poll_until("new masters", question, _POD_PAUSE)
        except WaitTimeout as err:
            if known_to_start:
                raise
            self._abandon()
            raise WaitTimeout(
                f"{err}\nThe other masters were not deleted, and the pod template is as it was: remove the "
                "cause, then run this again", **err.details) from err
        return sorted(deleted)

    def _delete(self, pod: dict, lost: Place | None = None) -> None:
        """Delete a master's pod. lost: its claim is lost with its node, and goes first.

        Then the StatefulSet's controller creates both anew. Kubernetes keeps a claim while a scheduled pod
        uses it, so such a pod is deleted by force.
        """
        metadata = pod["metadata"]
        if lost is not None and lost.claim is not None and not lost.claim_goes:
            self._cache.deadline.report_action(f"delete {lost.claim_name}: {lost_claim.reason(lost)}")
            # Sent once: a node that returns meanwhile keeps its journal. _replace_unscheduled() repeats it.
            with suppress(ServerUnavailable):
                self._client.once().delete(kinds.PERSISTENT_VOLUME_CLAIM, self._pod(lost.claim_name),
                                           lost.claim["metadata"]["uid"])
        self._client.delete(kinds.POD, self._pod(metadata["name"]), metadata["uid"],
                            grace=0 if lost is not None else _GRACE)

    def _replace_unscheduled(self, pods: dict[str, dict], starting: list[str]) -> None:
        """Delete the new masters whose claims are lost: of a node that was lost since, or deleted too late.

        One whose claim is terminating waits: its deletion would bring another such pod.
        """
        unscheduled = [name for name in starting if not pods[name].get("spec", {}).get("nodeName")]
        if not unscheduled or self._cache.deadline.now() < self._looks_next:
            return
        self._looks_next = self._cache.deadline.now() + _LOST_PAUSE
        for name, place in self._cache.lost(unscheduled, pods).items():
            if place.claim is None or not place.claim_goes:
                self._delete(pods[name], place)

    def _first(self, pods: dict[str, dict], old: list[str]) -> list[str]:
        """Return the one master to delete first; none while another is missing, terminating or starting."""
        steady = [name for name in old if not _is_terminating(pods[name])]
        if len(steady) < self._cache.masters:
            return []
        return [min(steady, key=lambda name: (
            has_started(pods[name], MASTER_CONTAINER), name == self._leader, name))]

    def _abandon(self) -> None:
        """Undo begin(), and let a master that does not start do so from the template of before.

        It may have begun to wait meanwhile, and nobody would send it the file.
        """
        self.end()
        for name, pod in self._cache.pods().items():
            if stage(pod, self._restoration) in (STARTING, WAITING):
                self._client.delete(kinds.POD, self._pod(name), pod["metadata"]["uid"], grace=_GRACE)

    def deliver(self, spool: Spool) -> None:
        """Send the file to each waiting master, then start all of them together.

        A drain may evict a master while it waits, since no PodDisruptionBudget protects a Pending pod
        (Kubernetes, eviction.go: canIgnorePDB). The pod that replaces it waits as well, and gets the file.
        """
        self._spool = spool
        self._started.clear()
        self._cache.poll_until("masters that wait for the backup", self._deliver, _POD_PAUSE)

    def _deliver(self) -> WaitStatus:
        self._require_own()
        pods = self._cache.pods()
        stages = {name: stage(pod, self._restoration) for name, pod in pods.items()}
        ready = sum(each in (WAITING, STARTED) for each in stages.values())
        if not ready == len(pods) == self._cache.masters:
            return WaitStatus(False, f"{ready} of {self._cache.masters} masters wait for the backup")
        waiting = self._waiting(pods)
        try:
            self._send(list(waiting))
        except Forbidden:
            raise
        except ApiError as err:
            # A start whose stream broke may have succeeded; then the container of the next one has ended.
            self._in_doubt = self._in_doubt or isinstance(err, (CommandUnfinished, ServerUnavailable))
            if not self._in_doubt and _uids(self._cache.pods()) == _uids(pods):
                raise
            return WaitStatus(False, str(err))
        self._started.update(waiting.values())
        return WaitStatus(_uids(self._cache.pods()) == _uids(pods), "a master was replaced")

    def _waiting(self, pods: dict[str, dict]) -> dict[str, str]:
        """Return the UIDs of the masters that wait for the file, by name; without those just started."""
        return {name: uid for name, uid in _uids(pods).items()
                if stage(pods[name], self._restoration) == WAITING and uid not in self._started}

    def _send(self, waiting: list[str]) -> None:
        if self._spool is None:
            return
        self._cache.deadline.report_progress(
            f"sending the backup to {', '.join(waiting) or 'no master: all have it'}")
        shells = [PodShell(self._client, self._pod(name), WAITER, self._cache.timeout, bounded=True,
                           repeats=True) for name in waiting]
        for shell in shells:
            found = shell.run("look for the backup", _HAVE, FILE).split()
            if not found or found[0] != self._restoration.sha256:
                space.require_in_pod(shell, FOLDER, transfer.needed_bytes(self._spool.size), "the backup")
                transfer.store(shell, "store the backup", _PUT, FILE, self._restoration.sha256,
                               spool=self._spool)
        self._require_own()
        # The first election is shorter when all peers start at once. The container ends with the script, so
        # nothing may follow in it.
        for failure in bulk.work(
                shells, lambda shell: replace(shell, bounded=False, repeats=False).run(
                    "start the master", _GO, GO, FILE)) if shells else []:
            if isinstance(failure, FluidError):
                raise failure

    def await_quorum(self) -> None:
        """Wait until both quorums are complete, or until a single master leads."""
        group = Masters(self._client, self._cache.ref, self._cache.deadline.clock)
        questions: list[tuple[str, Callable[[], tuple[Quorum, str]]]] = [
            ("its leading master", group.single)] if self._cache.masters == 1 else [
            (f"the {domain} quorum", partial(group.quorum, domain)) for domain in DOMAINS]
        for awaited, ask in questions:
            self._cache.poll_until(awaited, partial(self._formed, ask), _QUORUM_PAUSE)

    def _formed(self, ask: Callable[[], tuple[Quorum, str]]) -> WaitStatus:
        self._require_own()
        if self._waiting(self._cache.pods()):
            self._deliver()
        try:
            return quorum_formed(ask()[0], self._cache.masters)
        except (QuorumUnknown, ApiError) as err:
            return WaitStatus(False, str(err))

    def _pod(self, name: str) -> ObjectRef:
        return ObjectRef(self._cache.ref.namespace, name)


def _uids(pods: dict[str, dict]) -> dict[str, str]:
    return {name: pod["metadata"].get("uid", "") for name, pod in pods.items()}


def _is_terminating(pod: dict) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))


def _old_node(pod: dict) -> str:
    return f"the old pod still exists on node {pod.get('spec', {}).get('nodeName', 'unknown')}"
