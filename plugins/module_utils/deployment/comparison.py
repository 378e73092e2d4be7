# SPDX-License-Identifier: GPL-3.0-or-later
"""Declared caches compared with those of the cluster, many at once. IO, read-only.

A cache is unchanged if the modules validate_cache, namespace, dataset, dataset_volume, alluxio_runtime,
alluxio_rollout and alluxio_quorum would neither change anything nor wait nor warn nor fail. The rest is left
to them, which explain it. Parts of the objects are validated by dry runs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from ..api import bulk
from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..apply import reconcile
from ..apply.reconcile import Outcome, Write
from ..errors import FluidError
from ..fluid import dataset as fluid_dataset, kinds as fluid_kinds, runtime as fluid_runtime, status
from ..journal import claims, replacement, volume as journal_volume
from ..k8s.kinds import ObjectRef
from ..k8s.predicates import BOUND_PHASE
from ..lifecycle import cache_checks, dataset_changes, disruption_budget, volume as lifecycle_volume
from ..lifecycle.surroundings import namespaces
from ..progress import Reporter
from ..quorum import peer_services, services as quorum_services
from ..rollout import ensure as rollout
from ..rollout.planner import RolloutOptions

_READ_ONLY = Write(dry_run=True)
# Seconds for what reads the masters of one cache; nothing waits.
_TIMEOUT = 60


class Cache(NamedTuple):
    """The options of one cache's Dataset, runtime and volume, as their modules read them."""

    dataset: dict
    runtime: dict
    volume: dict

    @property
    def ref(self) -> ObjectRef:
        return ref_of(self.runtime)


class _Objects(NamedTuple):
    """The existing objects of all caches, by their references."""

    datasets: dict[ObjectRef, dict]
    runtimes: dict[ObjectRef, dict]
    volumes: lifecycle_volume.Existing


def differences(client: Client, caches: list[Cache]) -> list[str]:
    """Return for each cache the first difference from its declaration; empty for an unchanged cache.

    Of several declarations of one cache at most one can be right, so all of them count as different.
    """
    counts = Counter(cache.ref for cache in caches)
    by_namespace: dict[str, list[Cache]] = defaultdict(list)
    for cache in caches:
        if counts[cache.ref] == 1:
            by_namespace[cache.runtime["namespace"]].append(cache)
    groups = list(by_namespace.values())
    found = {ref: f"{ref.namespace}/{ref.name} is declared {number} times"
             for ref, number in counts.items() if number > 1}
    for group, result in zip(groups, bulk.work(groups, partial(_of_namespace, client)), strict=True):
        found |= dict.fromkeys((each.ref for each in group), str(result)) if isinstance(
            result, FluidError) else result
    return [found[cache.ref] for cache in caches]


def _of_namespace(client: Client, caches: list[Cache]) -> dict[ObjectRef, str]:
    """Return the differences of the caches of one namespace, whose objects are read by lists."""
    refs = [cache.ref for cache in caches]
    if text := _of_surroundings(client, caches[0].runtime["namespace"]):
        return dict.fromkeys(refs, text)
    objects = _Objects(
        bulk.read(client, fluid_kinds.DATASET, refs), bulk.read(client, fluid_kinds.ALLUXIO_RUNTIME, refs),
        lifecycle_volume.read(client, [cache.volume for cache in caches]))
    found = dict(zip(refs, _each(caches, lambda cache: _of_objects(client, cache, objects)), strict=True))
    for step in (_of_budgets, _of_services, _of_masters):
        pending = [cache for cache in caches if not found[cache.ref]]
        found |= zip((cache.ref for cache in pending), step(client, pending, objects), strict=True)
    return found


def _of_surroundings(client: Client, namespace: str) -> str:
    """Return what the module namespace would do to the namespace, or would warn of."""
    warnings: list[str] = []
    options = {"name": namespace, "state": "present", "require_fluid": False}
    found = namespaces.ensure(client, options, True, _reporter(warnings))
    return next(iter(warnings), "") or ("" if found["existed"] else f"namespace {namespace} does not exist")


def _reporter(warnings: list[str]) -> Reporter:
    """Return a reporter that collects the warnings."""
    return Reporter(warnings.append, lambda _state: None)


def _each(caches: list[Cache], difference: Callable[[Cache], str]) -> list[str]:
    """Return the difference of each cache; that of one which cannot be compared is the reason."""
    return [str(each) if isinstance(each, FluidError) else each for each in bulk.work(caches, difference)]


def _of_objects(client: Client, cache: Cache, objects: _Objects) -> str:
    """Return the first difference of the cache's own objects."""
    warnings = cache_checks.warnings(cache.dataset, cache.runtime)
    cache_checks.require_known_fields(client, cache.dataset, cache.runtime)
    cache_checks.require_nodes(client, cache.dataset, cache.runtime, warnings.append)
    dataset, runtime = objects.datasets.get(cache.ref), objects.runtimes.get(cache.ref)
    return (next(iter(warnings), "")
            or _of_dataset(cache, dataset)
            or _of_runtime(client, cache, runtime)
            or lifecycle_volume.difference(cache.volume, dataset or {}, *(
                objects.volumes[kind].get(ref) for kind, ref in lifecycle_volume.refs(cache.volume).items())))


def _of_dataset(cache: Cache, existing: dict | None) -> str:
    what = fluid_kinds.DATASET.describe(cache.ref)
    manifest = fluid_dataset.manifest(cache.dataset)
    if text := reconcile.difference(fluid_kinds.DATASET, manifest, _READ_ONLY, existing):
        return text
    if dataset_changes.noted(existing or {}):
        return f"{what} has paths that wait for being mounted again"
    found = status.dataset_in_phase(BOUND_PHASE)(existing)
    return "" if found.done else f"{what} is not Bound: {found.progress}"


def _of_runtime(client: Client, cache: Cache, existing: dict | None) -> str:
    what = fluid_kinds.ALLUXIO_RUNTIME.describe(cache.ref)
    warnings: list[str] = []
    declared = existing and claims.resolved(client, cache.runtime, existing, warnings.append)
    manifest = fluid_runtime.manifest(journal_volume.with_declaration(cache.runtime, declared or None))
    if text := reconcile.difference(fluid_kinds.ALLUXIO_RUNTIME, manifest, _READ_ONLY, existing):
        return text
    if replacement.is_noted(existing or {}):
        return f"{what} has masters whose replacement is not complete"
    found = status.runtime_ready(existing)
    return next(iter(warnings), "") or ("" if found.done else f"{what} is not ready: {found.progress}")


def _of_budgets(client: Client, caches: list[Cache], objects: _Objects) -> list[str]:
    """Return what the module alluxio_runtime would do to the disruption budgets of the masters."""
    items = [cache.runtime for cache in caches]
    outcomes: list[Outcome | FluidError] = [Outcome(False, objects.runtimes[cache.ref]) for cache in caches]
    outcomes = disruption_budget.ensure_for_runtimes(client, items, outcomes, False, True)
    return [_of_outcome(cache, outcome) for cache, outcome in zip(caches, outcomes, strict=True)]


def _of_outcome(cache: Cache, outcome: Outcome | FluidError) -> str:
    error = outcome if isinstance(outcome, FluidError) else outcome.error
    if error:
        return str(error)
    what = fluid_kinds.ALLUXIO_RUNTIME.describe(cache.ref)
    changed = isinstance(outcome, Outcome) and outcome.changed
    return f"{what} has not the declared disruption budget" if changed else ""


def _of_services(client: Client, caches: list[Cache], _objects: _Objects) -> list[str]:
    """Return what the module alluxio_runtime would do to the Services of the masters, or would wait for."""
    stable = [cache.ref for cache in caches if cache.runtime["stable_peer_addresses"]]
    services = quorum_services.services_of(client, stable[0].namespace) if stable else {}
    return [_of_addresses(cache, services) if cache.ref in stable else "" for cache in caches]


def _of_addresses(cache: Cache, services: dict[str, dict]) -> str:
    masters = cache.runtime["master_replicas"]
    lacking = peer_services.lacking(cache.ref.name, masters, services)
    what = fluid_kinds.ALLUXIO_RUNTIME.describe(cache.ref)
    return f"{what} lacks stable Services {', '.join(lacking)}" if lacking else ""


def _of_masters(client: Client, caches: list[Cache], _objects: _Objects) -> list[str]:
    """Return what the rollout and the completion of the quorums would do to several masters."""
    return _each(caches, partial(_of_group, client))


def _of_group(client: Client, cache: Cache) -> str:
    if cache.runtime["master_replicas"] == 1:
        return ""
    warnings: list[str] = []
    deadline = Deadline(_TIMEOUT)
    plan = rollout.planned(
        client, cache.ref, RolloutOptions(cache.runtime["spread_masters"]), deadline, warnings.append)
    what = f"the masters of {fluid_kinds.ALLUXIO_RUNTIME.describe(cache.ref)}"
    if plan.changes:
        return f"{what} differ from their declaration"
    settled = rollout.is_settled(client, cache.ref, plan, deadline)
    return next(iter(warnings), "") or ("" if settled else f"{what} have no complete quorums")
