# SPDX-License-Identifier: GPL-3.0-or-later
"""Recreation of a runtime whose masters need a journal of another type. IO; waits for the deletion.

All checks precede the deletion. An interrupted run leaves the runtime terminating or absent, from where the
next run continues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..apply import reconcile
from ..apply.merge import MergeResult
from ..apply.predicted import predicted, require_deletable
from ..apply.reconcile import Outcome, Write
from ..errors import FluidError, PreconditionFailed
from ..fluid import diagnosis, kinds as fluid_kinds, runtime
from ..fluid.names import claim_name, release_selector
from ..fluid.runtime import changes_journal, declared_masters
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, ref_to
from ..masters.lease import held
from . import waits

_KIND = fluid_kinds.ALLUXIO_RUNTIME


def apply(client: Client, params: dict, existing: dict, write: Write, deadline: Deadline,
          warn: Callable[[str], None]) -> Outcome | None:
    """Recreate the existing runtime with these options; return None if it can stay or must not be recreated.

    deadline: for the absence of the runtime; that of its pods has the same time again. Check mode sends dry
    runs. Raises PreconditionFailed if pods use the claim or other Datasets refer to this one, and Conflict if
    another field manager holds a field that would change. An error after the deletion becomes the outcome's
    error.
    """
    masters, desired = declared_masters(existing.get("spec") or {}), params["master_replicas"]
    if params["recreate"] is None or not changes_journal(masters, desired):
        return None
    ref = ref_of(params)
    what = _KIND.describe(ref)
    manifest = runtime.manifest(params)
    merged, outcome = reconcile.compare(_KIND, manifest, write, existing)
    _require_unused(client, what, ref)
    if write.guard:
        write.guard(None, merged)
    new = predicted(client, _KIND, existing, reconcile.body_of(manifest, write), write.manager)
    warn(f"{what} has {masters} masters and {desired} are declared, so the cache is rebuilt: cached data is "
         "fetched from the under-store again, and data that was only in Alluxio is lost")
    if write.dry_run:
        require_deletable(client, _KIND, existing)
        return replace(outcome, existing=new, created=True)
    with held(client, ref, deadline.again(), "recreate the runtime") as holder:
        _require_unused(holder, what, ref)  # it may have taken a while to get the Lease
        return _recreated(holder, existing, manifest, outcome, write, deadline)


def _recreated(client: Client, existing: dict, manifest: dict, outcome: Outcome, write: Write,
               deadline: Deadline) -> Outcome:
    """Delete the runtime and create it again. An error after the deletion becomes the outcome's error."""
    ref = ref_to(existing)
    client.delete(_KIND, ref, existing["metadata"]["uid"])
    try:
        _await_absent(client, existing, deadline)
        created = reconcile.apply(
            client, _KIND, manifest, replace(write, guard=_unless_created(write.guard)), None)
    except FluidError as err:
        return reconcile.not_created_again(_KIND.describe(ref), err)
    return replace(outcome, existing=created.existing, created=created.created)


def _require_unused(client: Client, what: str, ref: ObjectRef) -> None:
    claim = claim_name(ref.name)
    pods = diagnosis.pods_using(client, ref.namespace, [claim])[claim]
    if pods:
        raise PreconditionFailed(
            f"{what} cannot be recreated while pods use its claim {claim}, because Fluid's deletion would "
            f"wait for them: {', '.join(pod['name'] for pod in pods)}; delete them or scale down their "
            "workload, then run this again")
    references = diagnosis.references_to(client, ref)
    if references:
        raise PreconditionFailed(
            f"{what} cannot be recreated while other Datasets refer to it and would lose "
            f"their volume: {', '.join(references)}; delete them, then run this again")


def _await_absent(client: Client, existing: dict, deadline: Deadline) -> None:
    """Wait for the absence of the runtime and then of its pods, because the new masters have their names."""
    ref = ref_to(existing)
    waits.require_all(waits.absent(client, _KIND, [ref], deadline, {ref: existing["metadata"]["uid"]}))
    # Another chart's release of the same name has pods of other roles (Fluid: charts/alluxio/templates).
    pods = [ref_to(pod) for pod in client.list(kinds.POD, ref.namespace, release_selector(ref.name))
            if pod["metadata"]["labels"].get("role", "").startswith("alluxio-")]
    if pods:
        waits.require_all(waits.absent(client, kinds.POD, pods, deadline.again()))


def _unless_created(guard: reconcile.Guard | None) -> reconcile.Guard | None:
    """Return a guard that checks only a runtime that another client has created meanwhile.

    The guard was already called for the runtime to create, before the deletion.
    """
    def run(existing: dict | None, merged: MergeResult) -> None:
        if existing is not None and guard:
            guard(existing, merged)
    return run
