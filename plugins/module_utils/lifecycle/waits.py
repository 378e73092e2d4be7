# SPDX-License-Identifier: GPL-3.0-or-later
"""The waits of our modules: what each one awaits, and what explains its timeout. IO, read-only.

Each takes the options of several objects and returns, by (namespace, name), the object that has
the awaited state or the error of the wait. The objects of a namespace share one watch, and all
objects share one deadline.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial

from ..api import bulk
from ..api.bulk import Key, Waited, key_of
from ..api.client import Client
from ..api.waiter import Waiter
from ..errors import ApiError, FluidError, KindNotFound, QuorumUnknown, WaitFailed
from ..fluid import dataset, diagnosis, kinds as fluid_kinds, status
from ..fluid.components import JOB_MASTER, MASTER
from ..fluid.names import claim_name, volume_name
from ..k8s import kinds, predicates
from ..k8s.kinds import Kind
from ..k8s.wait_status import Predicate, WaitStatus
from ..masters.group import Masters
from ..progress import Progress

# An answer of the quorum costs seconds itself, so a short pause is enough not to press the masters.
_QUORUM_PAUSE = 1.0
_DELETIONS = {
    kinds.PERSISTENT_VOLUME: diagnosis.explain_volume_deletion,
    kinds.PERSISTENT_VOLUME_CLAIM: diagnosis.explain_claim_deletion,
    kinds.POD: diagnosis.nothing_more,
}


def _each(client: Client, kind: Kind, state: str, awaited: dict[Key, Predicate], timeout: float, explain) -> Waited:
    """Wait for each object of one kind to satisfy its judge; explain(client, namespace, name) finds what is in the way."""
    by_namespace: dict[str, dict[str, Predicate]] = defaultdict(dict)
    for (namespace, name), predicate in awaited.items():
        by_namespace[namespace][name] = predicate
    report_progress = Progress.from_environment().report_progress
    waiters = {namespace: Waiter(client, timeout, partial(explain, client, namespace), report_progress) for namespace in by_namespace}
    return {(namespace, name): result for namespace, waiter in waiters.items()
            for name, result in waiter.until_each(state, kind, namespace, by_namespace[namespace]).items()}


def datasets_in_phase(client: Client, items: list[dict], phase: str, timeout: float) -> Waited:
    """Wait for Datasets to have the phase; an error at once for one that no runtime exists to bind."""
    orphans = _orphans(client, items) if phase == predicates.BOUND_PHASE else {}
    awaited = {key: status.dataset_in_phase(phase) for key in map(key_of, items) if key not in orphans}
    return orphans | _each(client, fluid_kinds.DATASET, "be " + phase, awaited, timeout, diagnosis.explain_runtime)


def _orphans(client: Client, items: list[dict]) -> Waited:
    objects = bulk.read(client, fluid_kinds.DATASET, map(key_of, items))
    return {key: error for key, existing in objects.items() if (error := _never_bound(client, key, existing))}


def _never_bound(client: Client, key: Key, existing: dict) -> WaitFailed | None:
    """Return the error for a Dataset that is not Bound and has no runtime of any kind."""
    if status.dataset_phase(existing) == predicates.BOUND_PHASE or dataset.is_reference(existing):
        return None
    namespace, name = key
    if any(_may_exist(client, kind, namespace, name) for kind in fluid_kinds.RUNTIMES):
        return None
    return WaitFailed(
        f"waited for {fluid_kinds.DATASET.describe(name, namespace)} to be Bound: nothing will bind it, because no runtime named {name} "
        f"exists in namespace {namespace}; create one, for example with datacache.fluid.alluxio_runtime, or do not wait")


def _may_exist(client: Client, kind: Kind, namespace: str, name: str) -> bool:
    """Tell whether the runtime exists, or may for all that we are allowed to know."""
    try:
        return client.get(kind, name, namespace) is not None
    except KindNotFound:
        return False
    except ApiError as err:
        if err.status != 403:
            raise
        return True


def runtimes_with_quorum(client: Client, items: list[dict], timeout: float) -> Waited:
    """Wait for runtimes to have masters and workers ready and, above one master, both quorums complete."""
    ready = {key: status.runtime_ready for key in map(key_of, items)}
    report_progress = Progress.from_environment().report_progress
    # Made before the first wait, so that their deadline is that of the whole.
    waiters = {key: Waiter(client, timeout, partial(diagnosis.explain_runtime, client, key[0]), report_progress) for key in ready}
    waited = _each(client, fluid_kinds.ALLUXIO_RUNTIME, "be ready", ready, timeout, diagnosis.explain_runtime)
    standing = [item for item in items if item["master_replicas"] > 1 and not isinstance(waited[key_of(item)], FluidError)]
    answers = bulk.work(standing, lambda item: _await_quorums(client, waiters[key_of(item)], item))
    errors = {key_of(item): answer for item, answer in zip(standing, answers, strict=True) if isinstance(answer, FluidError)}
    return waited | errors


def _await_quorums(client: Client, waiter: Waiter, item: dict) -> None:
    name, namespace = item["name"], item["namespace"]
    group = Masters(client, namespace, name)
    for domain in (MASTER, JOB_MASTER):
        what = f"the {domain} quorum of {fluid_kinds.ALLUXIO_RUNTIME.describe(name, namespace)}"
        waiter.ask_until(what, name, partial(_quorum, group, domain), _QUORUM_PAUSE)


def _quorum(group: Masters, domain: str) -> WaitStatus:
    """Whether the masters that run are the quorum: another number than is declared does until a rollout has brought them to it."""
    pods = group.pods()
    try:
        return status.quorum_formed(group.quorum(domain, pods)[0], len(pods))
    except QuorumUnknown as err:
        return WaitStatus(False, str(err))


def field_has_value(client: Client, kind: Kind, items: list[dict], path: str, value: object, timeout: float) -> Waited:
    """Wait for what a JMESPath expression finds in each object to be the value, or with None to be true at all."""
    predicate = predicates.field_is(path, value)
    state = f"have {path}{'' if value is None else f' at {value}'}"
    return _each(client, kind, state, {key: predicate for key in map(key_of, items)}, timeout, diagnosis.explain_runtime)


def volumes_bound(client: Client, items: list[dict], timeout: float) -> Waited:
    """Wait for the claims and volumes of Datasets to be Bound."""
    orphans = _orphans(client, items)
    claims = {(item["namespace"], claim_name(item["name"])): predicates.bound for item in items if key_of(item) not in orphans}
    waited = orphans | _each(client, kinds.PERSISTENT_VOLUME_CLAIM, "be Bound", claims, timeout, diagnosis.explain_runtime)
    keys = {volume_name(*key): key for key in map(key_of, items) if not isinstance(waited[key], FluidError)}
    awaited = {(None, volume): predicates.bound for volume in keys}
    volumes = _each(client, kinds.PERSISTENT_VOLUME, "be Bound", awaited, timeout, diagnosis.nothing_more)
    return waited | {keys[volume]: result for (_none, volume), result in volumes.items() if isinstance(result, FluidError)}


def gone(client: Client, kind: Kind, keys: list[Key], timeout: float) -> Waited:
    """Wait for objects to be gone; a timeout tells which pods and finalizers hold them."""
    explain = _DELETIONS.get(kind, diagnosis.explain_deletion)
    return _each(client, kind, "be gone", {key: status.absent for key in keys}, timeout, explain)
