# SPDX-License-Identifier: GPL-3.0-or-later
"""The PodDisruptionBudget of a runtime's masters, which lets one of them be evicted at a time. IO.

Drains, autoscalers and rollouts evict pods. With the budget they exclude each other: a second eviction is
refused until all masters are ready again. The runtime owns the budget, so it is deleted with it.
"""

from __future__ import annotations

from dataclasses import replace

from ..api import bulk
from ..api.client import Client
from ..apply import last_applied, reconcile
from ..apply.field_manager import MANAGER
from ..apply.reconcile import Outcome, Write
from ..errors import FluidError, Forbidden
from ..fluid import kinds as fluid_kinds
from ..fluid.names import disruption_budget_name, master_labels
from ..k8s.kinds import POD_DISRUPTION_BUDGET, ObjectRef, annotations_of
from ..k8s.selectors import selects

_Budgets = dict[str, dict]


def ensure_for_runtimes(client: Client, items: list[dict], outcomes: list[Outcome | FluidError],
                        force_conflicts: bool, dry_run: bool) -> list[Outcome | FluidError]:
    """Give runtimes with several masters their budgets, or remove these; return the updated outcomes.

    The budgets of each namespace are read in one list, and only if a runtime there has several masters.
    """
    pairs = list(zip(items, outcomes, strict=True))
    namespaces = sorted({item["namespace"] for item, outcome in pairs if _concerns(item, outcome, dry_run)})
    if not namespaces:
        return outcomes
    read = bulk.work(namespaces, lambda namespace: _budgets(client, namespace))
    budgets = dict(zip(namespaces, read, strict=True))
    write = Write(dry_run=dry_run, force_conflicts=force_conflicts)

    def ensure(pair: tuple[dict, Outcome | FluidError]) -> Outcome | FluidError:
        item, outcome = pair
        if isinstance(outcome, FluidError) or not _concerns(item, outcome, dry_run):
            return outcome
        try:
            return _ensure(client, item, outcome, budgets[item["namespace"]], write)
        except FluidError as err:
            return replace(outcome, error=err)

    return bulk.work(pairs, ensure)


def manifest(runtime: dict) -> dict:
    """Return the budget of an existing AlluxioRuntime's masters."""
    name, namespace = runtime["metadata"]["name"], runtime["metadata"]["namespace"]
    owner = fluid_kinds.owned_by_runtime(name, runtime["metadata"]["uid"])
    return {"apiVersion": POD_DISRUPTION_BUDGET.api_version, "kind": POD_DISRUPTION_BUDGET.kind,
            "metadata": {"name": disruption_budget_name(name), "namespace": namespace,
                         "ownerReferences": [owner]},
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": master_labels(name)}}}


def _concerns(item: dict, outcome: Outcome | FluidError, dry_run: bool) -> bool:
    """Return whether the runtime has several masters and exists; in check mode a new one does not yet."""
    return (item["master_replicas"] > 1 and isinstance(outcome, Outcome) and not outcome.error
            and outcome.existing is not None and not (dry_run and outcome.created))


def _budgets(client: Client, namespace: str) -> _Budgets:
    return {each["metadata"]["name"]: each for each in client.list(POD_DISRUPTION_BUDGET, namespace)}


def _ensure(client: Client, item: dict, outcome: Outcome, budgets: _Budgets | FluidError,
            write: Write) -> Outcome:
    if isinstance(budgets, FluidError):
        if item["disruption_budget"] or not isinstance(budgets, Forbidden):
            raise budgets
        return outcome  # nobody who may not read budgets has created one
    ref = ObjectRef(item["namespace"], disruption_budget_name(item["name"]))
    existing = budgets.get(ref.name)
    if item["disruption_budget"] and not _other_budget(item["name"], budgets):
        desired = manifest(outcome.existing or {})
        done = reconcile.apply(client, POD_DISRUPTION_BUDGET, desired, write, existing)
    elif existing is not None and last_applied.annotation(MANAGER) in annotations_of(existing):
        done = reconcile.remove(client, POD_DISRUPTION_BUDGET, ref, write.dry_run, existing)
    else:
        return outcome
    # The budget of a new runtime is part of its creation, which check mode cannot show.
    return outcome if outcome.created or not done.changed else replace(outcome, changed=True, diff={
        side: {**outcome.diff[side], "disruption_budget": done.diff[side]} for side in ("before", "after")})


def _other_budget(runtime: str, budgets: _Budgets) -> bool:
    """Return whether another budget selects the masters: Kubernetes evicts no pod that has two."""
    own = disruption_budget_name(runtime)
    labels = {"app": "alluxio", "heritage": "Helm", "name": f"{runtime}-master", **master_labels(runtime)}
    return any(selects(each["spec"].get("selector"), labels)
               for name, each in budgets.items() if name != own)
