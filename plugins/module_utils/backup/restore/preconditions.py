# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold before a restoration deletes the first master. IO, read-only."""

from __future__ import annotations

import gzip
import zlib

from ...errors import FluidError, Forbidden, PreconditionFailed, QuorumLost, QuorumUnknown
from ...fluid.components import MASTER_CONTAINER
from ...fluid.names import stateful_set_name
from ...k8s import kinds
from ...k8s.scheduling import accepts, demands_of
from .. import restore_template
from ..catalog import Backup
from ..subject import Subject
from ..transfer import Spool
from .plan import Existing

_READ = 1024 * 1024


def require_restorable(cache: Subject) -> None:
    """Raise PreconditionFailed when new master pods would not begin with an empty journal."""
    if not restore_template.master_container(cache.workload):
        raise PreconditionFailed(
            f"StatefulSet {stateful_set_name(cache.ref.name)} has no container {MASTER_CONTAINER}: "
            "Fluid did not create it")
    if not restore_template.journal_is_fresh(cache.workload):
        raise PreconditionFailed(
            f"StatefulSet {stateful_set_name(cache.ref.name)} does not keep its journal on an emptyDir, so "
            "restarted masters would have the old journal, into which no backup can be restored")


def require_readable(chosen: Backup, spool: Spool) -> None:
    """Raise FluidError unless the file is a complete gzip stream."""
    try:
        with gzip.GzipFile(fileobj=spool.reader(), mode="rb") as unpacked:
            while unpacked.read(_READ):
                pass
    except (OSError, EOFError, zlib.error) as err:
        raise FluidError(f"backup {chosen.name} cannot be read: {err}; take another one") from err


def require_nodes(cache: Subject) -> None:
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


def existing(cache: Subject, discard: bool) -> Existing:
    """Return what the leader holds. discard: whether journals may be deleted without a backup.

    Raises PreconditionFailed when no master leads although a majority has journals, unless these may be
    discarded: without a leader for some time, their metadata is not lost.
    """
    try:
        leader, tree = cache.leader_and_tree(cache.election_time() if discard else None)
    except QuorumLost as err:
        return Existing(lost=str(err))
    except QuorumUnknown as err:
        if discard:
            return Existing(lost=f"discard_journals_of permits to delete the journals, and {err}")
        if cache.deadline.remaining() > 0:
            raise
        raise _without_leader(cache, err) from err
    return Existing(leader.pod, tree)


def await_leader(cache: Subject) -> None:
    """Wait as Subject.await_leader does. Raises PreconditionFailed as existing() does."""
    try:
        cache.await_leader()
    except QuorumUnknown as err:
        raise _without_leader(cache, err) from err


def _without_leader(cache: Subject, err: QuorumUnknown) -> PreconditionFailed:
    return PreconditionFailed(
        f"{err}. A majority of the masters has journals, which would be deleted without a backup: find out "
        "why they elect no leader, for example with datacache.fluid.alluxio_quorum, and run this again, or "
        f"set discard_journals_of: {cache.ref.namespace}/{cache.ref.name}", **err.details)
