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
            warn(f"{what} has {masters} masters and {desired} are declared now: run datacache.fluid.alluxio_rollout, which adds or removes "
                 "them one at a time")
        paths = [path for path in paths if path != runtime.MASTER_COUNT]
        try:
            property_check.require_known(client, params["namespace"], params["name"], property_check.changed(merged.changes))
        except ApiError as err:
            if err.status != 403:
                raise
            warn(f"whether Alluxio knows the changed properties is not known: {err}")
        rolled = runtime.applied_by_rollout(paths, masters)
        if rolled:
            warn(f"{what} is running and Fluid does not apply these changes; run datacache.fluid.alluxio_rollout, which brings the masters "
                 f"to them one at a time: {_fields(rolled)}")
        ignored = runtime.applied_only_at_creation(paths, masters)
        if ignored:
            warn(f"{what} is running and Fluid reads these fields only when it creates a runtime, so the change has no effect "
                 f"until the runtime is created anew: {_fields(ignored)}")

    return guard


def _require_scalable(what: str, masters: int, desired: int) -> None:
    if changes_journal(masters, desired):
        raise InvalidInput(
            f"{what} has {masters} masters and {desired} were asked for: a single master keeps its journal in the UFS format and several "
            "in the EMBEDDED one, so neither can become the other; leave master_replicas as it is, or set recreate: true, which rebuilds "
            "the cache: cached data is lost and fetched anew from the under-store, and what is only in Alluxio is lost, so back up the "
            "metadata first with datacache.fluid.alluxio_backup")


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
        warn(f"whether {masters} masters find a node each is not known: {err}")
        return
    selector = (params.get("master") or {}).get("node_selector") or {}
    fit = [node["metadata"]["name"] for node in nodes if scheduling.accepts(node, selector)]
    if len(fit) < masters:
        raise InvalidInput(
            f"{masters} masters with network_mode HostNetwork need {masters} schedulable nodes, and {len(fit)} of {len(nodes)} nodes take "
            f"them ({', '.join(fit) or 'none'}): use fewer masters, network_mode ContainerNetwork, or more nodes")
