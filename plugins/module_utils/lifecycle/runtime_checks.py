# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused of a runtime's change after a look at the cluster, before anything is written. IO, read-only."""

from __future__ import annotations

from typing import Callable

from ..api.client import Client
from ..apply.merge import MergeResult
from ..apply.reconcile import Guard
from ..errors import ApiError, InvalidInput
from ..fluid import kinds as fluid_kinds, runtime
from ..fluid.runtime import changes_journal, declared_masters
from ..k8s import kinds, scheduling
from . import property_check


def make(client: Client, params: dict, warn: Callable[[str], None]) -> Guard:
    """Return the guard of a runtime with these options."""
    what = fluid_kinds.ALLUXIO_RUNTIME.describe(params["name"], params["namespace"])

    def guard(existing: dict | None, merged: MergeResult) -> None:
        if existing is None:
            _require_nodes_for_masters(client, params, warn)
            return
        paths = [change.path for change in merged.changes]
        masters, desired = declared_masters(existing.get("spec") or {}), params["master_replicas"]
        if runtime.MASTER_COUNT in paths and masters != desired:
            _require_scalable(what, masters, desired)
            if desired > masters:
                _require_nodes_for_masters(client, params, warn)
            warn("%s has %d masters and %d are declared now: run datacache.fluid.alluxio_rollout, which adds or removes them one at a "
                 "time" % (what, masters, desired))
        paths = [path for path in paths if path != runtime.MASTER_COUNT]
        try:
            property_check.require_known(client, params["namespace"], params["name"], property_check.changed(merged.changes))
        except ApiError as err:
            if err.status != 403:
                raise
            warn("whether Alluxio knows the changed properties is not known: %s" % err)
        rolled = runtime.applied_by_rollout(paths, masters)
        if rolled:
            warn("%s is running and Fluid does not apply these changes; run datacache.fluid.alluxio_rollout, which brings the masters to "
                 "them one at a time: %s" % (what, _fields(rolled)))
        ignored = runtime.applied_only_at_creation(paths, masters)
        if ignored:
            warn("%s is running and Fluid reads these fields only when it creates a runtime, so the change has no effect "
                 "until the runtime is created anew: %s" % (what, _fields(ignored)))

    return guard


def _require_scalable(what: str, masters: int, desired: int) -> None:
    if changes_journal(masters, desired):
        raise InvalidInput(
            "%s has %d masters and %d were asked for: a single master keeps its journal in the UFS format and several in the EMBEDDED "
            "one, so neither can become the other; leave master_replicas as it is, or set recreate: true, which rebuilds the cache: "
            "cached data is lost and fetched anew from the under-store, and what is only in Alluxio is lost, so back up the metadata "
            "first with datacache.fluid.alluxio_backup" % (what, masters, desired))


def _fields(paths: list[tuple]) -> str:
    return ", ".join(".".join(path) for path in paths)


def _require_nodes_for_masters(client: Client, params: dict, warn: Callable[[str], None]) -> None:
    """Masters on the nodes' network all use the same ports, so that no two fit on one node."""
    masters = params["master_replicas"]
    if masters == 1 or not runtime.masters_share_hosts(params):
        return
    try:
        nodes = list(client.list(kinds.NODE))
    except ApiError as err:
        if err.status != 403:
            raise
        warn("whether %d masters find a node each is not known: %s" % (masters, err))
        return
    selector = (params.get("master") or {}).get("node_selector") or {}
    fit = [node["metadata"]["name"] for node in nodes if scheduling.accepts(node, selector)]
    if len(fit) < masters:
        raise InvalidInput(
            "%d masters with network_mode HostNetwork need %d schedulable nodes, and %d of %d nodes take them (%s): use fewer "
            "masters, network_mode ContainerNetwork, or more nodes"
            % (masters, masters, len(fit), len(nodes), ", ".join(fit) or "none"))
