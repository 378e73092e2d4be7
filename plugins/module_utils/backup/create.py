# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: the functions of the modules alluxio_backup and alluxio_backup_info. Drives IO."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace

from ..api.client import Client
from ..api.deadline import Deadline
from ..api.guarded import GuardedClient
from ..errors import ApiError, Forbidden, InvalidInput, QuorumLost, QuorumUnknown
from ..fluid import operations
from ..k8s import kinds
from ..masters import lease
from ..progress import Reporter
from . import catalog, subject
from .catalog import Backup, Tree
from .dump import Leader
from .repository import Repository
from .subject import Subject
from .transfer import Spool

# Attempts at a backup without a change of the tree meanwhile. The last one, or the one at the deadline,
# counts anyway, but its tree is unknown.
_ROUNDS = 3


def require_valid(params: dict) -> None:
    """Raise InvalidInput for invalid options, without a request."""
    subject.require_valid(params)
    if params["keep"] is not None and params["keep"] < 1:
        raise InvalidInput(f"keep is {params['keep']}: expected at least 1, or the run would remove its own "
                           "backup")
    if params["max_age"] is not None and params["max_age"] < 0:
        raise InvalidInput(f"max_age is {params['max_age']}: expected a number of seconds")


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Make a backup and remove old ones, or predict both in check mode; return the module's result."""
    deadline = Deadline(params["wait_timeout"], reporter.progress)
    client = GuardedClient(client, deadline)
    cache = Subject.read(client, params, deadline)
    cache.require_masters()  # before a helper pod runs
    with subject.opened(cache, params, read_only=check_mode) as repository, ExitStack() as held:
        acts = repository is not None and not check_mode
        found = catalog.of_runtime(repository.listed() if repository else [], cache.ref)
        intact = _intact(repository)
        recent = _newest_intact(cache, found, params["max_age"], intact)
        made = recent
        holder: Client = client
        if repository and acts and not recent:
            holder, made = _made(cache, params, repository, held)
        new = [] if recent else [made.name if made else cache.backup_name(each.name for each in found)]
        names = new + [each.name for each in found]
        keep = params["keep"] and params["keep"] - len(new)
        surplus = catalog.surplus(found, keep, intact, recent)
        if surplus and acts and holder is client:  # a restoration that has chosen one of them goes first
            holder = held.enter_context(lease.held(client, cache.ref, deadline, "removal of old backups"))
        removed = _removable(replace(cache, client=holder), params, surplus, found, reporter)
        if repository and acts:
            repository.by(holder).remove(removed)
    records = [made, *found] if made and not recent else found
    return {
        "changed": not recent or bool(removed),
        "backup": made.as_dict() if made else {},
        "removed": removed,
        "backups": [each.as_dict() for each in records if each.name not in removed],
        "diff": {"before": {"backups": [each.name for each in found]},
                 "after": {"backups": [name for name in names if name not in removed]}},
    }


def read(client: Client, params: dict, _check_mode: bool, reporter: Reporter) -> dict:
    """Return the backups in the claim, as the module's result."""
    deadline = Deadline(params["wait_timeout"], reporter.progress)
    cache = Subject.read(GuardedClient(client, deadline), params, deadline)
    with subject.opened(cache, params, read_only=True) as repository:
        found = repository.listed() if repository else []
        own = catalog.of_runtime(found, cache.ref)
        damaged = [each.name for each in own if repository and not repository.is_intact(each)] if params[
            "verify"] else []
    return {
        "changed": False,
        "backups": [each.as_dict() for each in own],
        "other_backups": [each.as_dict() for each in found if each not in own],
        **({"damaged": damaged} if params["verify"] else {}),
    }


def _intact(repository: Repository | None) -> Callable[[Backup], bool]:
    """Return the check of a backup's file against its record, which reads each file once."""
    known: dict[str, bool] = {}

    def is_intact(backup: Backup) -> bool:
        if backup.name not in known:
            known[backup.name] = repository is not None and repository.is_intact(backup)
        return known[backup.name]
    return is_intact


def _newest_intact(cache: Subject, own: list[Backup], max_age: int | None,
                   is_intact: Callable[[Backup], bool]) -> Backup | None:
    """Return the newest recent backup whose file matches its record; None without one."""
    if max_age is None:
        return None
    moment = cache.client.server_time()
    return next((each for each in own if each.is_recent(moment, max_age) and is_intact(each)), None)


def _removable(cache: Subject, params: dict, surplus: list[str], found: list[Backup],
               reporter: Reporter) -> list[str]:
    """Return those of the surplus backups that no restoration under way needs.

    Any runtime that can use the claim may restore them, with force_foreign. Warns and returns none without
    the permission to list StatefulSets.
    """
    if not surplus:
        return []
    try:
        restorations = [restoration for workload in cache.client.list(
            kinds.STATEFUL_SET, cache.ref.namespace) if (restoration := operations.under_way(workload))]
    except Forbidden as err:
        reporter.warn(f"{', '.join(surplus)} stay in claim {params['claim']}, although keep is "
                      f"{params['keep']}: a restoration may need them, and {err}")
        return []
    needed = {name for restoration in restorations
              for name in catalog.needed_by(restoration.backup, found)}
    return [name for name in surplus if name not in needed]


def _made(cache: Subject, params: dict, repository: Repository, held: ExitStack) -> tuple[Client, Backup]:
    """Make a backup under the Lease; return the client that requires it, until the stack is closed.

    While no master leads, the Lease is released for the heal that brings a leader. Raises PreconditionFailed
    if an interrupted restoration has left none: its masters wait for the file.
    """
    while True:
        current = cache
        try:
            cache.await_leader()
            holder = held.enter_context(lease.held(cache.client, cache.ref, cache.deadline, "backup"))
            current = Subject.read(holder, params, cache.deadline)
            return holder, make(current.under_lease(), repository)
        except (QuorumLost, QuorumUnknown) as err:
            operations.require_no_restoration(cache.described, current.workload)
            if isinstance(err, QuorumLost) or cache.deadline.remaining() <= 0:
                raise
            held.close()


def make(cache: Subject, repository: Repository, made_before: str | None = None) -> Backup:
    """Back up the runtime's metadata into the repository. Raises as Subject.leader_and_tree does.

    When the leader ends or leads no more, as in a node's drain, its successor begins anew. made_before: of a
    safety backup, the backup that is about to be restored.
    """
    while True:
        master, tree = cache.leader_and_tree()
        try:
            return _make_by(cache, repository, master, tree, made_before)
        except Forbidden:
            raise
        except ApiError as err:
            if not cache.has_lost(master):
                raise
            cache.deadline.report_progress(f"{master.pod} leads no more, its successor begins anew: {err}")


def _make_by(cache: Subject, repository: Repository, master: Leader, tree: Tree | None,
             made_before: str | None) -> Backup:
    taken = [each.name for each in repository.listed()]
    for left in reversed(range(_ROUNDS)):
        with closing(Spool()) as spool:
            begun = cache.backup_time(taken)
            name = catalog.name_of(cache.ref, begun)
            dumped = master.dump(name, spool)
            before, tree = tree, master.tree() if cache.verify_tree else None
            if before != tree and left and cache.deadline.remaining() > 0:
                continue
            held = tree if before == tree else None
            backup = Backup(
                name=name, namespace=cache.ref.namespace or "", runtime=cache.ref.name,
                uid=(cache.runtime or {})["metadata"]["uid"],
                created=catalog.time_of(begun), leader=master.pod, size_bytes=spool.size, sha256=spool.sha256,
                tree_sha256=held.sha256 if held else None, paths=held.paths if held else None,
                made_before=made_before, **dumped)
            cache.deadline.report_progress(f"storing backup {name} of {spool.size} bytes")
            repository.put(backup, spool)
            return backup
    raise AssertionError("the last round returns")
