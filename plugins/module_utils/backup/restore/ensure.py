# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores a backup into new journals of all masters: the function of the module alluxio_restore. Drives IO.

Each step observes what remains to be done, so the next run continues an interrupted restoration.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from ...api.client import Client
from ...api.deadline import Deadline
from ...api.guarded import GuardedClient
from ...errors import InvalidInput, QuorumUnknown
from ...fluid import operations
from ...fluid.operations import Restoration
from ...masters import lease
from ...progress import Reporter
from .. import catalog, create as backup_create, subject
from ..catalog import Backup
from ..repository import Repository
from ..restore_template import OLD
from ..subject import Subject
from ..transfer import Spool
from . import plan, preconditions, results
from .plan import Plan
from .restorer import Restorer
from .stages import Stages


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
    preconditions.require_restorable(cache)
    if check_mode:
        return _restore(cache, params, check_mode, reporter)
    while True:
        if _needs_leader(cache, params):
            preconditions.await_leader(cache)
        try:
            with lease.held(
                    client, cache.ref, deadline, f"restoration of backup {params['backup']}") as fenced:
                held = Subject.read(fenced, params, deadline).under_lease()
                preconditions.require_restorable(held)
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
    return under_way is None or bool(Stages(cache.pods(), under_way, cache.masters).named(OLD))


def _restore(cache: Subject, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    with closing(Spool()) as spool:
        with subject.opened(cache, params, read_only=check_mode) as repository:
            planned = _plan(cache, params, repository, spool)
            chosen, before = planned.chosen, planned.existing.tree
            if not planned.changes:
                return results.result(False, chosen, before, before)
            if check_mode or not repository:
                return results.result(True, chosen, before)
            safety = _safety_backup(cache, params, planned, repository, reporter)
        restarted, after = Restorer(cache, planned.restoration, planned.existing.leader).run(spool)
    result = results.result(True, chosen, before, after, safety, restarted)
    results.require_same_tree(chosen, after, result)
    if reason := results.unverified(chosen, after):
        reporter.warn(reason)
    return result


def _plan(cache: Subject, params: dict, repository: Repository | None, spool: Spool) -> Plan:
    """Read the chosen backup into the spool; return what remains to be done.

    Raises FluidError before any master is deleted if that would be in vain.
    """
    under_way = operations.under_way(cache.workload)
    chosen = plan.choose(repository.listed() if repository else [], params, cache.ref, under_way)
    if repository:
        repository.get(chosen, spool)
    preconditions.require_readable(chosen, spool)
    restoration = plan.continued(chosen, under_way) or Restoration(
        chosen.name, chosen.sha256, catalog.time_of(cache.client.server_time()))
    planned = Plan(chosen, restoration, Stages(cache.pods(), restoration, cache.masters),
                   under_way is not None)
    if planned.replaces:
        discard = params["discard_journals_of"] is not None
        planned = replace(planned, existing=preconditions.existing(cache, discard))
        if planned.changes:
            preconditions.require_nodes(cache)
    return planned


def _safety_backup(cache: Subject, params: dict, planned: Plan, repository: Repository,
                   reporter: Reporter) -> Backup | None:
    """Back up the metadata that is replaced, and return the backup. Warns of metadata that is lost."""
    if loss := planned.loss():
        reporter.warn(loss)
        return None
    if not planned.replaces or params["skip_safety_backup"]:
        return None
    return backup_create.make(cache, repository, made_before=planned.chosen.name)
