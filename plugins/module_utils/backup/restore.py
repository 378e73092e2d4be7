# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring a backup into fresh journals of all masters. Each step finds out what is left to do, so that an
interrupted restoration is continued by calling them all again. IO.
"""

from __future__ import annotations

import gzip
import zlib
from typing import Callable

from ..api import bulk, pod_exec
from ..api.client import Client
from ..api.waiter import Waiter
from ..apply.field_manager import MANAGER, ROUNDS
from ..errors import ApiError, Conflict, FluidError, InvalidInput, QuorumUnknown, WriteConflict
from ..fluid import kinds as fluid_kinds, operations
from ..fluid.components import JOB_MASTER, MASTER
from ..fluid.names import master_selector, stateful_set_name
from ..fluid.operations import Restoration
from ..fluid.status import quorum_formed
from ..k8s import kinds
from ..k8s.pods import unready_reason
from ..k8s.wait_status import WaitStatus
from ..masters.group import Masters
from . import catalog, create as backup_create, restore_template
from .catalog import Backup, Tree
from .create import Subject
from .repository import Spool
from .restore_template import FILE, GO, OLD, STARTED, STARTING, WAITER, WAITING, stage

# Seconds. What a master would still write goes with its journal.
_GRACE = 1
_POD_PAUSE = 0.5
_QUORUM_PAUSE = 1.0
_READ = 1024 * 1024

# What an interrupted run has brought already is not sent again.
_HAVE = 'sha256sum <"$1" 2>/dev/null || true'
_PUT = """\
head -c "$3" | base64 -d >"$1.partial" || exit
found=$(sha256sum <"$1.partial")
[ "${found%% *}" = "$2" ] || { echo "SHA-256 ${found%% *} arrived, expected $2" >&2; exit 1; }
mv "$1.partial" "$1"
"""
_GO = ': >"$1"'


def require_readable(chosen: Backup, spool: Spool) -> None:
    """Raise FluidError unless the file is a whole gzip stream, which Alluxio would find out too late."""
    try:
        with gzip.GzipFile(fileobj=spool.reader(), mode="rb") as unpacked:
            while unpacked.read(_READ):
                pass
    except (OSError, EOFError, zlib.error) as err:
        raise FluidError(f"backup {chosen.name} cannot be read: {err}; take another one") from err


def require_restorable(subject: Subject) -> None:
    """Raise InvalidInput when new master pods would come back with their old journals."""
    if not restore_template.master_container(subject.stateful_set):
        raise InvalidInput(
            f"StatefulSet {stateful_set_name(subject.name)} has no container {restore_template.MASTER}: it is not one that Fluid made")
    if not restore_template.journal_is_fresh(subject.stateful_set):
        raise InvalidInput(f"StatefulSet {stateful_set_name(subject.name)} keeps its journal on something else than an emptyDir, so "
                           "masters would come back with the old one, which a backup cannot be put into")


def present_tree(client: Client, subject: Subject, timeout: float) -> Tree | None:
    """The tree that the leader has; None when none leads a majority."""
    try:
        return backup_create.leader_and_tree(client, subject, timeout)[1]
    except QuorumUnknown:
        return None


def choose(found: list[Backup], params: dict, under_way: Restoration | None) -> Backup:
    """The backup that is meant; of a restoration under way `latest` means the one that it began with."""
    requested = under_way.backup if under_way and params["backup"] == catalog.LATEST else params["backup"]
    return catalog.choose(found, requested, params["namespace"], params["name"], params["force_foreign"])


def require_same_tree(chosen: Backup, tree: Tree, details: dict) -> None:
    """Raise FluidError, with the details, when the restored tree is not the one that was backed up, if that is known."""
    if chosen.tree_sha256 and not chosen.holds(tree):
        raise FluidError(
            f"backup {chosen.name} is restored, but the file tree is not the one that was backed up: {tree.paths} paths with digest "
            f"{tree.sha256}, expected {chosen.paths} with {chosen.tree_sha256}; something changes it, or this is not the Alluxio "
            f"{chosen.alluxio_version} that made the backup", **details)


class Restorer:
    """The steps, in the order in which run() calls them. tell: takes what is being done, for who watches."""

    def __init__(self, client: Client, subject: Subject, waiter: Waiter, timeout: float, report_progress: Callable[[str], None]) -> None:
        self._client = client
        self._subject = subject
        self._waiter = waiter
        self._timeout = timeout
        self._report_progress = report_progress

    def run(self, chosen: Backup, under_way: Restoration | None, spool: Spool) -> tuple[list[str], Tree]:
        """Restart all masters from the backup; return those that were replaced, and the tree that they hold then."""
        restoration = Restoration(chosen.name, chosen.sha256, catalog.time_of(backup_create.now()))
        if under_way and (under_way.backup, under_way.sha256) == (chosen.name, chosen.sha256):
            restoration = under_way
        self.begin(restoration)
        restarted = self.replace(restoration)
        self.deliver(restoration, spool)
        self.await_quorum()
        self.end()
        return restarted, backup_create.leader_and_tree(self._client, self._subject, self._timeout)[1]

    def begin(self, restoration: Restoration) -> None:
        """Set the masters' template up, unless it is."""
        self._patch(lambda existing: None if operations.under_way(existing) == restoration
                    else restore_template.begin(existing, restoration))

    def end(self) -> None:
        """Take everything out of the template again; a master that is restarted later copies from the leader."""
        self._patch(lambda existing: restore_template.end(existing) if operations.under_way(existing) else None)

    def _patch(self, patch_of: Callable[[dict], dict | None]) -> None:
        name, namespace = stateful_set_name(self._subject.name), self._subject.namespace
        for _attempt in range(ROUNDS):
            existing = self._client.get(kinds.STATEFUL_SET, name, namespace)
            if existing is None:
                raise Conflict(f"{kinds.STATEFUL_SET.describe(name, namespace)} is gone: the runtime was deleted meanwhile")
            patch = patch_of(existing)
            if patch is None:
                return
            try:
                self._client.patch(kinds.STATEFUL_SET, name, namespace, patch, MANAGER)
                return
            except WriteConflict:
                continue
        raise Conflict(f"{kinds.STATEFUL_SET.describe(name, namespace)} changed {ROUNDS} times between our read and our write: see who "
                       "writes it in its metadata.managedFields")

    def replace(self, restoration: Restoration) -> list[str]:
        """Delete every master that is not of this restoration, wait until all wait for the file, and return whom it deleted."""
        deleted: dict[str, str] = {}  # name to UID

        def question() -> WaitStatus:
            pods = self._pods()
            stages = {name: stage(pod, restoration) for name, pod in pods.items()}
            for name, pod in pods.items():
                if stages[name] == OLD and deleted.get(name) != pod["metadata"]["uid"]:
                    self._client.delete(kinds.POD, name, self._subject.namespace, pod["metadata"]["uid"], grace=_GRACE)
                    deleted[name] = pod["metadata"]["uid"]
            settled = sum(each in (WAITING, STARTED) for each in stages.values())
            unsettled = ["%s: %s" % (name, _place(pods[name]) if stages[name] == OLD else unready_reason(pods[name]))
                         for name in sorted(pods) if stages[name] in (OLD, STARTING)]
            return WaitStatus(settled == len(pods) == self._subject.masters, f"{settled} of {self._subject.masters} masters wait for the "
                                                                             f"backup{''.join(('; ' + each for each in unsettled))}")

        self._ask_until("new masters", question, _POD_PAUSE)
        return sorted(deleted)

    def deliver(self, restoration: Restoration, spool: Spool) -> None:
        """Give the file to each master that waits, then let all of them start together."""
        waiting = [name for name, pod in self._pods().items() if stage(pod, restoration) == WAITING]
        self._report_progress(f"sending the backup to {', '.join(waiting) or 'no master: all have it'}")
        for pod in waiting:
            found = self._run(pod, "look", _HAVE, FILE).split()
            if not found or found[0] != restoration.sha256:
                command = _command("put", _PUT, FILE, restoration.sha256, str(pod_exec.encoded_length(spool.size)))
                _require_success(pod, pod_exec.send(
                    self._client, self._subject.namespace, pod, WAITER, command, spool.chunks(), self._timeout))
        # Their first election is over sooner when none has to look for the others.
        for failure in bulk.work(waiting, lambda pod: self._run(pod, "go", _GO, GO)) if waiting else []:
            if isinstance(failure, FluidError):
                raise failure

    def await_quorum(self) -> None:
        """Wait until all masters, and all job masters, are AVAILABLE peers with one leader; of one master until it leads."""
        group = Masters(self._client, self._subject.namespace, self._subject.name)
        questions = [("its leading master", group.single)] if self._subject.masters == 1 else [
            (f"the {domain} quorum", lambda domain=domain: group.quorum(domain)) for domain in (MASTER, JOB_MASTER)]
        for what, ask in questions:
            self._ask_until(what, lambda ask=ask: self._formed(ask), _QUORUM_PAUSE)

    def _formed(self, ask: Callable) -> WaitStatus:
        try:
            return quorum_formed(ask()[0], self._subject.masters)
        except (QuorumUnknown, ApiError) as err:
            return WaitStatus(False, str(err))

    def _ask_until(self, what: str, question: Callable[[], WaitStatus], pause: float) -> None:
        of = fluid_kinds.ALLUXIO_RUNTIME.describe(self._subject.name, self._subject.namespace)
        self._waiter.ask_until(f"{what} of {of}", self._subject.name, question, pause)

    def _pods(self) -> dict[str, dict]:
        return {pod["metadata"]["name"]: pod for pod in self._client.list(
            kinds.POD, self._subject.namespace, master_selector(self._subject.name))}

    def _run(self, pod: str, what: str, script: str, *args: str) -> str:
        return _require_success(pod, pod_exec.execute(
            self._client, self._subject.namespace, pod, WAITER, _command(what, script, *args), self._timeout))


def _place(pod: dict) -> str:
    return f"not gone yet from node {pod.get('spec', {}).get('nodeName', 'unknown')}"


def _command(what: str, script: str, *args: str) -> list[str]:
    return ["sh", "-c", script, what, *args]


def _require_success(pod: str, result: pod_exec.ExecResult) -> str:
    if result.code != 0:
        raise ApiError(f"cannot give the backup to {pod}: exit code {result.code}: {result.stderr.strip()[-300:] or 'no words'}")
    return result.stdout
