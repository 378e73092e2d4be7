# SPDX-License-Identifier: GPL-3.0-or-later
"""The waits for Datasets, runtimes and volumes, with explanations of timeouts. IO, read-only.

Each wait takes the options of several objects and returns, by reference, the object in the awaited state or
the error. The objects of a namespace share one watch, and all objects share one deadline.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial

from ..api import bulk
from ..api.bulk import WaitResults, ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.waiter import Waiter
from ..apply.reconcile import Outcome
from ..errors import FluidError, Forbidden, KindNotFound, QuorumUnknown, ServerUnavailable, WaitFailed
from ..fluid import dataset, diagnosis, kinds as fluid_kinds, status
from ..fluid.components import DOMAINS
from ..fluid.names import claim_name, volume_name
from ..k8s import kinds, predicates
from ..k8s.kinds import Kind, ObjectRef, ref_to
from ..k8s.pods import never_starts, unready_reason
from ..k8s.wait_status import Predicate, WaitStatus
from ..masters.group import Masters
from .losses import RuntimeLosses, Warn

# Returns the lines that explain the timeout of an object.
Explain = Callable[[Client, ObjectRef], "list[str]"]
# Seconds; short, because reading a quorum can itself take seconds.
_QUORUM_PAUSE = 1.0
# The roles of the pods that a ready runtime has.
_AWAITED = ("alluxio-master", "alluxio-worker")
_DELETIONS = {
    kinds.PERSISTENT_VOLUME: diagnosis.explain_volume_deletion,
    kinds.PERSISTENT_VOLUME_CLAIM: diagnosis.explain_claim_deletion,
    kinds.POD: diagnosis.explain_nothing,
}


def await_each(client: Client, kind: Kind, state: str, awaited: Mapping[ObjectRef, Predicate],
               deadline: Deadline, explain: Explain) -> WaitResults:
    """Wait for the predicate of each object of one kind. explain: explains the timeout of one."""
    by_namespace: dict[str | None, dict[str, Predicate]] = defaultdict(dict)
    for ref, predicate in awaited.items():
        by_namespace[ref.namespace][ref.name] = predicate
    return {ObjectRef(namespace, name): result for namespace, of_names in by_namespace.items()
            for name, result in _waiter(client, deadline, namespace, explain).until_each(
                state, kind, namespace, of_names).items()}


def _waiter(client: Client, deadline: Deadline, namespace: str | None, explain: Explain) -> Waiter:
    return Waiter(client, deadline, lambda name: explain(client, ObjectRef(namespace, name)))


def datasets_in_phase(client: Client, items: list[dict], phase: str, deadline: Deadline) -> WaitResults:
    """Wait for a phase of Datasets, and in Bound for their mounts.

    A Dataset fails at once without a runtime that could bind it.
    """
    orphans = _orphans(client, items) if phase == predicates.BOUND_PHASE else {}
    awaited = {ref: status.dataset_in_phase(phase) for ref in map(ref_of, items) if ref not in orphans}
    return orphans | await_each(
        client, fluid_kinds.DATASET, "be " + phase, awaited, deadline, diagnosis.explain_start)


def _orphans(client: Client, items: list[dict]) -> WaitResults:
    objects = bulk.read(client, fluid_kinds.DATASET, map(ref_of, items))
    return {ref: WaitFailed(f"waited for {fluid_kinds.DATASET.describe(ref)} to be Bound: {reason}")
            for ref, existing in objects.items() if (reason := unbindable(client, ref, existing))}


def unbindable(client: Client, ref: ObjectRef, existing: dict) -> str:
    """Return why nothing binds an unbound Dataset: it has no runtime of any kind that stays; else empty."""
    if status.dataset_phase(existing) == predicates.BOUND_PHASE:
        return ""
    refers = dataset.is_reference(existing)  # Fluid creates its runtime
    terminating = []
    for kind in (fluid_kinds.THIN_RUNTIME,) if refers else fluid_kinds.RUNTIMES:
        runtime = _read(client, kind, ref)
        if runtime and not runtime["metadata"].get("deletionTimestamp"):
            return ""
        terminating += [kind.kind] if runtime else []
    if terminating:
        return (f"its {terminating[0]} is terminating and binds it no more; wait until that is absent, then "
                "run this again")
    return "" if refers else (
        f"no runtime {ref.name} exists in namespace {ref.namespace} to bind it; create one, for example with "
        "datacache.fluid.alluxio_runtime, or set wait: false")


def _read(client: Client, kind: Kind, ref: ObjectRef) -> dict | None:
    """Return the object, if any; one that may exist because reading it is forbidden counts as existing."""
    try:
        return client.get(kind, ref)
    except KindNotFound:
        return None
    except Forbidden:
        return {"metadata": {}}


def with_datasets(client: Client, outcomes: list[Outcome | FluidError]) -> list[Outcome | FluidError]:
    """Return the outcomes of runtimes; one that is not ready and has no Dataset has an error.

    Fluid creates nothing for it (pkg/controllers/runtime_controller.go).
    """
    def checked(outcome: Outcome | FluidError) -> Outcome | FluidError:
        if isinstance(outcome, FluidError) or outcome.error or outcome.existing is None or (
                status.runtime_ready(outcome.existing).done):
            return outcome
        ref = ref_to(outcome.existing)
        reason = _unserved(ref, _read(client, fluid_kinds.DATASET, ref))
        return replace(outcome, error=WaitFailed(
            f"waited for {fluid_kinds.ALLUXIO_RUNTIME.describe(ref)} to be ready: {reason}")
        ) if reason else outcome

    return bulk.work(outcomes, checked)


def _unserved(runtime: ObjectRef, existing: dict | None) -> str:
    """Return why Fluid creates no pods for a runtime; empty if it does. existing: the Dataset."""
    if existing is None:
        return (f"no Dataset {runtime.name} exists in namespace {runtime.namespace}, without which Fluid "
                "creates no pods; create it before, with datacache.fluid.dataset, or set wait: false")
    if existing["metadata"].get("deletionTimestamp"):
        return "its Dataset is terminating; wait until that is absent, then run this again"
    return ""


def runtimes_with_quorum(client: Client, items: list[dict], deadline: Deadline,
                         tolerant: Mapping[ObjectRef, Warn] | None = None) -> WaitResults:
    """Wait for ready masters and workers and, with several masters, for complete quorums of both domains.

    tolerant: receives, for a runtime that ran before, a warning of each pod that cannot run until a node
    returns, and of each of several masters that fails to start. Such a runtime does not wait for these pods.
    """
    several = {ref_of(item) for item in items if item["master_replicas"] > 1}
    losses = {ref: RuntimeLosses(client, ref, warn, rolled=ref in several)
              for ref, warn in (tolerant or {}).items()}
    ready = {ref: _ready(client, ref, losses.get(ref)) for ref in map(ref_of, items)}
    waited = await_each(
        client, fluid_kinds.ALLUXIO_RUNTIME, "be ready", ready, deadline, diagnosis.explain_start)
    grouped = [ref_of(item) for item in items if item["master_replicas"] > 1
               and not isinstance(waited[ref_of(item)], FluidError)]
    results = bulk.work(grouped, lambda ref: _await_quorums(client, deadline, ref, losses.get(ref)))
    for ref, each in losses.items():
        if not isinstance(waited.get(ref), FluidError):
            each.report()
    return waited | {ref: result
                     for ref, result in zip(grouped, results, strict=True) if isinstance(result, FluidError)}


def _ready(client: Client, ref: ObjectRef, losses: RuntimeLosses | None) -> Predicate:
    """Return the predicate of a ready runtime, without what it has lost.

    It fails for a pod that waits for what only another declaration can give.
    """
    def predicate(existing: dict | None) -> WaitStatus:
        found = status.runtime_ready(existing)
        if losses is not None and existing is not None and not found.done:
            found = status.runtime_ready(existing, losses.observe())
        if existing is None or found.done:
            return found
        stuck = _never_starting(client, ref, losses.tolerated_masters() if losses else ())
        return WaitStatus(False, failed=f"{stuck}; correct the declaration") if stuck else found
    return predicate


def _never_starting(client: Client, ref: ObjectRef, tolerated: Collection[str]) -> str:
    """Return the first master or worker that never starts, with the reason; empty without one.

    tolerated: pods that are not waited for.
    """
    try:
        pods = list(client.list(kinds.POD, ref.namespace, f"release={ref.name}"))
    except (Forbidden, ServerUnavailable):
        return ""
    return next((f"pod {pod['metadata']['name']} never starts: {unready_reason(pod)}"
                 for pod in pods if never_starts(pod) and pod["metadata"]["name"] not in tolerated
                 and not pod["metadata"].get("deletionTimestamp")
                 and (pod["metadata"].get("labels") or {}).get("role") in _AWAITED), "")


def _await_quorums(client: Client, deadline: Deadline, ref: ObjectRef, losses: RuntimeLosses | None) -> None:
    masters = Masters(client, ref, deadline.clock)
    waiter = _waiter(client, deadline, ref.namespace, diagnosis.explain_runtime)
    for domain in DOMAINS:
        awaited = f"the {domain} quorum of {fluid_kinds.ALLUXIO_RUNTIME.describe(ref)}"
        waiter.poll_until(awaited, ref.name, partial(_quorum, masters, domain, losses), _QUORUM_PAUSE)


def _quorum(masters: Masters, domain: str, losses: RuntimeLosses | None) -> WaitStatus:
    """Return done if the existing masters are a complete quorum; until a rollout their number may differ.
    """
    pods = masters.pods()
    try:
        lost = losses.of_masters(pods) if losses else ()
        return status.quorum_formed(masters.quorum(domain, pods)[0], len(pods), lost)
    except QuorumUnknown as err:
        return WaitStatus(False, str(err))


def field_has_value(client: Client, kind: Kind, items: list[dict], path: str, value: object,
                    deadline: Deadline) -> WaitResults:
    """Wait until a JMESPath expression yields the value in each object. value: None for any true value."""
    predicate = predicates.field_is(path, value)
    state = f"have {path}" if value is None else f"have {path} at {value}"
    return await_each(client, kind, state, {ref: predicate for ref in map(ref_of, items)}, deadline,
                      diagnosis.explain_runtime)


def volumes_bound(client: Client, items: list[dict], deadline: Deadline) -> WaitResults:
    """Wait for the claims and volumes of Datasets to be Bound."""
    orphans = _orphans(client, items)
    claims = {ObjectRef(item["namespace"], claim_name(item["name"])): predicates.bound
              for item in items if ref_of(item) not in orphans}
    waited = orphans | await_each(
        client, kinds.PERSISTENT_VOLUME_CLAIM, "be Bound", claims, deadline, diagnosis.explain_runtime)
    datasets = {ObjectRef(None, volume_name(ref)): ref
                for ref in map(ref_of, items) if not isinstance(waited[ref], FluidError)}
    volumes = await_each(
        client, kinds.PERSISTENT_VOLUME, "be Bound", dict.fromkeys(datasets, predicates.bound),
        deadline.again(), diagnosis.explain_nothing)
    return waited | {datasets[volume]: result
                     for volume, result in volumes.items() if isinstance(result, FluidError)}


def absent(client: Client, kind: Kind, refs: Iterable[ObjectRef], deadline: Deadline,
           uids: Mapping[ObjectRef, str] | None = None) -> WaitResults:
    """Wait for the absence of objects; a timeout names the pods and finalizers that block it.

    uids: of deleted objects. One of the same name with another UID fails the wait.
    """
    explain = _DELETIONS.get(kind, diagnosis.explain_deletion)
    awaited = {ref: status.gone((uids or {}).get(ref, "")) for ref in refs}
    return await_each(client, kind, "be absent", awaited, deadline, explain)


def require_all(waited: WaitResults) -> None:
    """Raise the first error among the results of a wait."""
    for result in waited.values():
        if isinstance(result, FluidError):
            raise result
