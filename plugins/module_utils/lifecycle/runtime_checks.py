# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of a runtime's change against the cluster, before the write. IO, read-only."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..api.bulk import ref_of
from ..api.client import Client
from ..apply.merge import MergeResult
from ..apply.reconcile import Guard
from ..errors import Forbidden, InvalidInput, KindNotFound, PreconditionFailed
from ..fluid import kinds as fluid_kinds, runtime
from ..fluid.dataset import demands_on_masters, is_of_alluxio, is_reference
from ..fluid.fields import overrides
from ..fluid.fields.runtime import RUNTIME
from ..fluid.rules import runtime as runtime_rules
from ..fluid.runtime import changes_journal, declared_masters
from ..k8s import kinds, scheduling
from ..k8s.kinds import ObjectRef
from ..k8s.nodes import name_of
from . import property_check

_NAMED_NODES = 3  # of those that refuse masters, in a message


def guard_of(client: Client, params: dict, warn: Callable[[str], None]) -> Guard:
    """Return the guard of a runtime with these options."""
    return _RuntimeGuard(client, params, warn).check


class _RuntimeGuard:
    """Checks a runtime before it is created or changed, and warns of changes that Fluid ignores."""

    def __init__(self, client: Client, params: dict, warn: Callable[[str], None]) -> None:
        self._client = client
        self._params = params
        self._warn = warn
        self._ref = ref_of(params)
        self._what = fluid_kinds.ALLUXIO_RUNTIME.describe(self._ref)
        self._desired = params["master_replicas"]

    def check(self, existing: dict | None, merged: MergeResult) -> None:
        """Raise InvalidInput or PreconditionFailed for what cannot be created or changed."""
        paths = [change.path for change in merged.changes]
        if existing is None:
            self._check_created(paths)
        else:
            self._check_changed(declared_masters(existing.get("spec") or {}), paths, merged)

    def _check_created(self, paths: list[tuple]) -> None:
        for line in overrides.applied(RUNTIME, self._params, runtime_rules.warnings):
            self._warn(f"{self._what}: {line}")
        dataset = _dataset_of(self._client, self._ref)
        _require_no_other_runtime(self._ref, dataset)
        if self._desired > 1:
            require_nodes_for_masters(self._client, self._params, dataset, self._warn)
        _warn_of_unread(self._what, paths, self._desired, self._warn)

    def _check_changed(self, masters: int, paths: list[tuple], merged: MergeResult) -> None:
        if runtime.MASTER_COUNT in paths and masters != self._desired:
            self._check_scaled(masters)
        paths = [path for path in paths if path != runtime.MASTER_COUNT]
        try:
            property_check.require_known(self._client, self._ref, property_check.changed(merged.changes))
        except Forbidden as err:
            self._warn(f"could not check whether Alluxio knows the changed properties: {err}")
        _warn_of_unread(self._what, paths, masters, self._warn)
        self._warn_of_unapplied(masters, paths)

    def _check_scaled(self, masters: int) -> None:
        _require_scalable(self._ref, masters, self._desired)
        if self._desired > masters and runtime.masters_share_hosts(self._params):
            require_nodes_for_masters(
                self._client, self._params, _dataset_of(self._client, self._ref), self._warn)
        self._warn(f"{self._what} has {masters} masters and {self._desired} are declared: run "
                   "datacache.fluid.alluxio_rollout, which adds or removes them one at a time")

    def _warn_of_unapplied(self, masters: int, paths: list[tuple]) -> None:
        rolled = runtime.applied_by_rollout(paths, masters)
        if rolled:
            self._warn(f"{self._what} is running and Fluid does not apply changes of {_fields(rolled)}: run "
                       "datacache.fluid.alluxio_rollout, which applies them to one master at a time")
        ignored = runtime.applied_only_at_creation(paths, masters)
        if ignored:
            self._warn(f"{self._what} is running and Fluid reads {_fields(ignored)} only when it creates a "
                       "runtime: the change has no effect until the runtime is deleted and created again")


def _require_no_other_runtime(ref: ObjectRef, dataset: dict | None) -> None:
    """Raise PreconditionFailed if a runtime of another kind serves the Dataset.

    Fluid compares names alone (api/v1alpha1/dataset_types.go, CanbeBound), so both would serve it.
    """
    if dataset is None or is_reference(dataset) or is_of_alluxio(dataset):
        return
    types = [each.get("type") or "" for each in dataset["status"]["runtimes"]]
    raise PreconditionFailed(
        f"{fluid_kinds.DATASET.describe(ref)} is bound to a runtime of type {', '.join(types)}, and Fluid "
        "would let two runtimes serve it: delete that runtime and wait until it is absent, or use another "
        "name")


def _warn_of_unread(what: str, paths: list[tuple], masters: int, warn: Callable[[str], None]) -> None:
    unread = runtime.never_applied(paths, masters)
    if unread:
        warn(f"{what}: Fluid 1.0.8 never reads {_fields(unread)}, which has no effect: leave it out")


def _require_scalable(ref: ObjectRef, masters: int, desired: int) -> None:
    if changes_journal(masters, desired):
        raise InvalidInput(
            f"{fluid_kinds.ALLUXIO_RUNTIME.describe(ref)} has {masters} masters and {desired} are desired: a "
            "single master has a journal of type UFS and several have one of type EMBEDDED, and neither can "
            f"be converted; keep master_replicas: {masters}, or set recreate: {ref.namespace}/{ref.name}, "
            "which rebuilds the cache: cached data is fetched from the under-store again and data that is "
            "only in Alluxio is lost, so back up the metadata first with datacache.fluid.alluxio_backup")


def _fields(paths: list[tuple]) -> str:
    return ", ".join(".".join(path) for path in paths)


def require_nodes_for_masters(
        client: Client, params: dict, dataset: dict | None, warn: Callable[[str], None]) -> None:
    """Raise InvalidInput if fewer nodes accept masters than the runtime has masters on the nodes' network.

    Those masters all use the same ports, so no two fit on one node. Without the permission to list nodes,
    only warns. dataset: that of the runtime, whose tolerations and affinity the masters get; None without it.
    """
    masters = params["master_replicas"]
    if not runtime.masters_share_hosts(params):
        return
    try:
        nodes = list(client.list(kinds.NODE))
    except Forbidden as err:
        warn(f"could not check whether each of {masters} masters finds its own node: {err}")
        return
    demands = demands_on_masters(dataset, (params.get("master") or {}).get("node_selector"))
    refusals = {name_of(node): scheduling.refusal(node, demands) for node in nodes}
    accepting = [name for name, refusal in refusals.items() if not refusal]
    if len(accepting) < masters:
        raise InvalidInput(
            f"{masters} masters with network_mode HostNetwork need {masters} schedulable nodes, and "
            f"{len(accepting)} of {len(nodes)} nodes accept them ({', '.join(accepting) or 'none'}"
            f"{_refusing(refusals)}): use "
            "fewer masters, network_mode ContainerNetwork, or more nodes")


def _refusing(refusals: Mapping[str, str]) -> str:
    """Return why the first nodes refuse masters, as the end of a list of nodes; empty if none does."""
    reasons = [f"{name} {refusal}" for name, refusal in refusals.items() if refusal]
    more = f"; {len(reasons) - _NAMED_NODES} more" if len(reasons) > _NAMED_NODES else ""
    return "".join(f"; {each}" for each in reasons[:_NAMED_NODES]) + more


def _dataset_of(client: Client, ref: ObjectRef) -> dict | None:
    """Return the Dataset of the runtime; None if it does not exist yet or may not be read."""
    try:
        return client.get(fluid_kinds.DATASET, ref)
    except (Forbidden, KindNotFound):
        return None
