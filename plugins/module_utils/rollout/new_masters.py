# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the masters of a new runtime their final StatefulSet before they start. IO.

Fluid creates the StatefulSet with the fields that it knows. As soon as it exists it is replaced by one with
the journal volume, the gate, the readiness probe, and what a rollout would change. So no master of a new
runtime restarts later. An existing runtime is left to the rollout, whose restarts keep the quorum.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..api import bulk
from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.waiter import Waiter
from ..apply.merge_patch import patched
from ..apply.reconcile import Outcome, update_with_retry
from ..apply.update import patch_as_read, require
from ..errors import FluidError
from ..fluid import diagnosis, kinds as fluid_kinds, names as fluid_names
from ..journal import replacement, template, volume
from ..journal.replacement import Note, Replacement
from ..k8s import kinds
from ..k8s.kinds import ObjectRef
from ..k8s.wait_status import WaitStatus
from ..masters.lease import held
from ..quorum import stable_addresses
from . import rendering


def prepare(client: Client, items: list[dict], outcomes: list[Outcome | FluidError], deadline: Deadline,
            wait: bool, dry_run: bool) -> list[Outcome | FluidError]:
    """Prepare the masters of runtimes that this run created; return the updated outcomes.

    wait: whether to wait until Fluid has created their StatefulSets; otherwise the rollout does the work.
    Finishes what an earlier run began for other runtimes.
    """
    def prepared(pair: tuple[dict, Outcome | FluidError]) -> Outcome | FluidError:
        item, outcome = pair
        if isinstance(outcome, FluidError) or outcome.error or outcome.existing is None or dry_run:
            return outcome
        try:
            if outcome.created:
                if wait and item["master_replicas"] > 1:
                    with _held(client, item, deadline) as (holder, own):
                        _NewMasters(holder, item, outcome.existing, own).prepare()
            elif replacement.is_noted(outcome.existing):
                with _held(client, item, deadline) as (holder, own):
                    _NewMasters(holder, item, outcome.existing, own).resume()
        except FluidError as err:
            return replace(outcome, error=err)
        return outcome

    return bulk.work(list(zip(items, outcomes, strict=True)), prepared)


@contextmanager
def _held(client: Client, item: dict, deadline: Deadline) -> Iterator[tuple[Client, Deadline]]:
    """Hold the Lease of the masters; yield its client and a deadline of the same length."""
    with held(client, ref_of(item), deadline.again(), "prepare the masters of a new runtime") as holder:
        yield holder, deadline.again()


class _NewMasters:
    """The masters of one runtime. item: its options. runtime: the AlluxioRuntime as it was read."""

    def __init__(self, client: Client, item: dict, runtime: dict, deadline: Deadline) -> None:
        self._client = client
        self._item = item
        self._runtime = runtime
        self._deadline = deadline
        self._ref = ref_of(item)
        self._workload = ObjectRef(self._ref.namespace, fluid_names.stateful_set_name(self._ref.name))
        self._replacement = Replacement(client, self._ref, deadline, self._stabilize)

    def prepare(self) -> None:
        """Replace the StatefulSet as soon as Fluid has created it.

        Once Fluid has found the masters ready it may have mounted under-stores; then they stay as they are.
        """
        waiter = Waiter(self._client, self._deadline, lambda _name: diagnosis.explain_runtime(
            self._client, self._ref))
        waiter.until("exist", kinds.STATEFUL_SET, self._workload, _exists)
        if self._are_new():
            self._replacement.run(update_with_retry(
                kinds.STATEFUL_SET.describe(self._workload), self._render), self._are_new)

    def resume(self) -> None:
        """Finish an interrupted replacement."""
        self._replacement.resume()

    def _are_new(self) -> bool:
        existing = require(self._client, fluid_kinds.ALLUXIO_RUNTIME, self._ref)
        return (existing.get("status") or {}).get("masterPhase") != "Ready"

    def _render(self) -> Note:
        """Write the ConfigMap, and return the replacement of the StatefulSet."""
        config = ObjectRef(self._ref.namespace, fluid_names.config_map_name(self._ref.name))
        workload = require(self._client, kinds.STATEFUL_SET, self._workload)
        config_map = require(self._client, kinds.CONFIG_MAP, config)
        found = rendering.render(self._ref.name, self._runtime["spec"], config_map, workload,
                                 self._item["master_replicas"], self._item.get("spread_masters"))
        if found.config:
            patch_as_read(self._client, kinds.CONFIG_MAP, config_map, found.config)
        return Note(workload["metadata"]["uid"], template.replacement(
            self._ref.name, patched(workload, found.workload), volume.declared(self._runtime),
            probe=self._item["stable_peer_addresses"]), keeps_pods=False)

    def _stabilize(self) -> None:
        """Replace the Services while no master runs: no name has to resolve in between."""
        if self._item["stable_peer_addresses"]:
            stable_addresses.ensure(self._client, self._ref, self._item["master_replicas"])


def _exists(existing: dict | None) -> WaitStatus:
    return WaitStatus(existing is not None, "Fluid has not created it yet")
