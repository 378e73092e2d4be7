# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cluster must have before a data operation is created. IO, read-only."""

from __future__ import annotations

from ...alluxio import loads
from ...api.client import Client
from ...apply.merge import MergeResult
from ...apply.reconcile import Guard
from ...errors import PreconditionFailed
from ...fluid import dataset, kinds as fluid_kinds, status
from ...fluid.data_operations import state
from ...k8s.kinds import Kind, ObjectRef
from ...k8s.predicates import BOUND_PHASE
from ...masters.group import Masters

_KINDS = {kind.kind: kind for kind in fluid_kinds.OPERATIONS}
# A running DataMigrate sets the other phase (pkg/controllers/v1alpha1/datamigrate/implement.go).
_USABLE = (BOUND_PHASE, "DataMigrating")
# The types of runtimes whose engine has the operation (Fluid 1.0.8, pkg/ddc/*/operate.go). With another one
# the operation fails without a condition.
_ENGINES = {
    fluid_kinds.DATA_LOAD: ("alluxio", "goosefs", "jindo", "juicefs"),
    fluid_kinds.DATA_MIGRATE: ("juicefs",),
    fluid_kinds.DATA_PROCESS: ("alluxio", "efc", "jindo", "juicefs", "thin", "vineyard"),
}


def guard_of(client: Client, kind: Kind, item: dict) -> Guard:
    """Return the guard that raises PreconditionFailed before an operation is created that cannot complete.

    item: the options, with "wait". Changes that an existing operation can take are not checked.
    """
    def guard(existing: dict | None, merged: MergeResult) -> None:
        if existing is None:
            spec = merged.target["spec"]
            _require_predecessor(client, ObjectRef(item["namespace"], item["name"]), kind, spec)
            _require_datasets(client, kind, item, spec)
    return guard


def _require_predecessor(client: Client, ref: ObjectRef, kind: Kind, spec: dict) -> None:
    """Check the operation of runAfter: Fluid waits forever for one that is absent or has failed."""
    before = spec.get("runAfter")
    if not before:
        return
    other = _KINDS[before["kind"]]
    other_ref = ObjectRef(before.get("namespace") or ref.namespace, before["name"])
    what = f"run_after of {kind.describe(ref)} names {other.describe(other_ref)}"
    if (other, other_ref) == (kind, ref):
        raise PreconditionFailed(f"{what}, the operation itself: expected another one")
    existing = client.get(other, other_ref)
    if existing is None:
        raise PreconditionFailed(f"{what}, which does not exist: create it first")
    if state.phase(existing) == state.FAILED:
        raise PreconditionFailed(f"{what}, which has failed, and Fluid would wait for it forever: run that "
                                 "operation again first")


def _require_datasets(client: Client, kind: Kind, item: dict, spec: dict) -> None:
    """Check the Datasets of the operation; the first one is that whose runtime executes it."""
    sides = [spec] if spec.get("dataset") else [spec.get("to") or {}, spec.get("from") or {}]
    used = [side["dataset"] for side in sides if side.get("dataset")]
    for number, each in enumerate(used):
        ref = ObjectRef(each.get("namespace") or item["namespace"], each["name"])
        existing = client.get(fluid_kinds.DATASET, ref)
        if existing is None:
            raise PreconditionFailed(f"{fluid_kinds.DATASET.describe(ref)} does not exist: create it first")
        if number == 0:
            _require_executable(client, kind, ref, existing, item, spec)


def _require_executable(client: Client, kind: Kind, ref: ObjectRef, existing: dict, item: dict,
                        spec: dict) -> None:
    what = fluid_kinds.DATASET.describe(ref)
    if ref.namespace != item["namespace"]:
        raise PreconditionFailed(f"{what} is in another namespace than the {kind.kind}, {item['namespace']}, "
                                 "and Fluid lets such an operation fail: create it in the Dataset's "
                                 "namespace")
    if status.dataset_phase(existing) not in _USABLE:
        if item["wait"]:  # the operation starts when the Dataset is bound
            _require_bindable(client, ref, existing)
            return
        raise PreconditionFailed(f"{what} is {status.dataset_phase(existing) or 'without a phase'}, expected "
                                 "Bound: wait until it is, or set wait: true")
    types = [each.get("type") for each in (existing.get("status") or {}).get("runtimes") or []]
    known = [each for each in types if each]
    if known and not set(known) & set(_ENGINES[kind]):
        raise PreconditionFailed(
            f"{what} is bound by a runtime of type {', '.join(known)}, for which Fluid 1.0.8 has no "
            f"{kind.kind}: expected one of {', '.join(_ENGINES[kind])}")
    if kind == fluid_kinds.DATA_LOAD and dataset.ALLUXIO_TYPE in known:
        _require_loadable(client, ref, spec)


def _require_bindable(client: Client, ref: ObjectRef, existing: dict) -> None:
    from .. import waits  # here, because few operations are created for an unbound Dataset

    if reason := waits.unbindable(client, ref, existing):
        raise PreconditionFailed(f"{fluid_kinds.DATASET.describe(ref)} is "
                                 f"{status.dataset_phase(existing) or 'without a phase'}, and {reason}")


def _require_loadable(client: Client, ref: ObjectRef, spec: dict) -> None:
    """Check that Alluxio executes the script of Fluid's chart, and has a worker for each replica."""
    runtime = client.get(fluid_kinds.ALLUXIO_RUNTIME, ref) or {}
    workers = (runtime.get("spec") or {}).get("replicas") or 0
    most = max([target.get("replicas") or 1 for target in spec.get("target") or []], default=1)
    if most > workers:
        raise PreconditionFailed(
            f"target has {most} replicas and {fluid_kinds.ALLUXIO_RUNTIME.describe(ref)} has {workers} "
            "workers: Alluxio would load no block for which it finds too few workers, and report success; "
            "declare fewer replicas or more workers")
    version = Masters(client, ref).version()
    if version is not None and not loads.has_distributed_load(version):
        raise PreconditionFailed(
            f"{fluid_kinds.ALLUXIO_RUNTIME.describe(ref)} runs Alluxio {version}, which has no command "
            "distributedLoad, so Fluid's DataLoad fails there: use datacache.fluid.alluxio_load, which loads "
            "through Alluxio's masters")
