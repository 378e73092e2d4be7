# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes a runtime and creates it anew where its masters need a journal of another type. IO; waits for the deletion.

Everything that can be refused is refused before the deletion. A run that was cut off behind it leaves no runtime, or one that is
being deleted, and the next run goes on from there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Callable

from ..api.client import Client
from ..apply import reconcile
from ..apply.merge import MergeResult
from ..apply.merge_patch import merge_patch
from ..apply.reconcile import Outcome, Write
from ..errors import AlreadyExists, Conflict, FluidError
from ..fluid import diagnosis, kinds as fluid_kinds, names as fluid_names, runtime
from ..fluid.names import claim_name
from ..fluid.runtime import changes_journal, declared_masters
from ..k8s import kinds
from . import waits

_KIND = fluid_kinds.ALLUXIO_RUNTIME


def apply(client: Client, params: dict, existing: dict, write: Write, timeout: float, warn: Callable[[str], None]) -> Outcome | None:
    """Recreate the live runtime with these options; None when it can stay, or recreate is not allowed.

    timeout: seconds for the runtime to be gone, and then for its pods. In check mode the server is asked for dry runs. Raises
    Conflict when pods use the claim, other Datasets refer to this one, or another field manager holds a field that would change. What
    fails after the deletion is the outcome's error.
    """
    masters, desired = declared_masters(existing.get("spec") or {}), params["master_replicas"]
    if not params["recreate"] or not changes_journal(masters, desired):
        return None
    name, namespace = params["name"], params["namespace"]
    what = _KIND.describe(name, namespace)
    manifest = runtime.manifest(params)
    merged, outcome = reconcile.compare(_KIND, manifest, write, existing)
    _require_unused(client, what, params)
    if write.guard:
        write.guard(None, merged)
    predicted = _predicted(client, existing, reconcile.body_of(manifest, write), write.manager)
    warn(f"{what} has {masters} masters and {desired} are declared, so the cache is rebuilt: cached data is fetched anew from the "
         "under-store, and what was only in Alluxio is lost")
    client.delete(_KIND, name, namespace, existing["metadata"]["uid"], write.dry_run)
    if write.dry_run:
        return replace(outcome, existing=predicted, created=True)
    try:
        _await_gone(client, namespace, name, timeout)
        made = reconcile.apply(client, _KIND, manifest, replace(write, guard=_unless_created(write.guard)), None)
    except FluidError as err:
        return Outcome(True, None, {"before": {"state": "present"}, "after": {"state": "absent"}}, error=FluidError(
            f"{what} was deleted to be created anew, which is not done yet: remove what is in the way and run this again, it goes on from "
            f"there: {err}", **err.details))
    return replace(outcome, existing=made.existing, created=made.created)


def _require_unused(client: Client, what: str, params: dict) -> None:
    claim = claim_name(params["name"])
    pods = diagnosis.pods_using(client, params["namespace"], [claim])[claim]
    if pods:
        raise Conflict(
            f"{what} cannot be recreated while pods use its claim {claim}, because Fluid's deletion would wait for them: "
            f"{', '.join((pod['name'] for pod in pods))}; delete them, or scale down what makes them, then run this again")
    references = diagnosis.references_to(client, params["namespace"], params["name"])
    if references:
        raise Conflict(f"{what} cannot be recreated while other Datasets read through it, which would lose their volume: "
                       f"{', '.join(references)}; delete them, then run this again")


def _predicted(client: Client, existing: dict, body: dict, manager: str) -> dict:
    """Return the runtime as the server would create it; what the server refuses is an error before anything is deleted.

    The name is taken, so a change of the live one is asked for instead; that it is taken is what a create must be refused for.
    """
    try:
        client.create(_KIND, body, manager, dry_run=True)
    except AlreadyExists:
        pass  # it may be created, once the name is free
    kept = {key: value for key, value in existing["metadata"].items() if key not in ("labels", "annotations")}
    target = {**existing, "spec": body["spec"], "metadata": {**kept, **body["metadata"]}}
    found = client.patch(
        _KIND, body["metadata"]["name"], body["metadata"]["namespace"], merge_patch(existing, target), manager, dry_run=True)
    return {**{key: found[key] for key in body}, "metadata": {key: found["metadata"][key] for key in body["metadata"]}}


def _await_gone(client: Client, namespace: str, name: str, timeout: float) -> None:
    """Wait until the runtime and its pods are gone: they end some time after it, and the new masters have the same names."""
    _require_all(waits.gone(client, _KIND, [(namespace, name)], timeout))
    pods = [pod["metadata"]["name"] for pod in client.list(kinds.POD, namespace, fluid_names.release_selector(name))
            if _is_fluids(pod)]
    if pods:
        _require_all(waits.gone(client, kinds.POD, [(namespace, pod) for pod in pods], timeout))


def _is_fluids(pod: dict) -> bool:
    """Tell a runtime's pod from one of another chart whose release has the same name (charts/alluxio/templates)."""
    return pod["metadata"]["labels"].get("role", "").startswith("alluxio-")


def _require_all(waited: waits.Waited) -> None:
    for result in waited.values():
        if isinstance(result, FluidError):
            raise result


def _unless_created(guard: reconcile.Guard | None) -> reconcile.Guard | None:
    """The guard for a runtime that somebody else created meanwhile; for our own it was asked before the deletion."""
    def run(existing: dict | None, merged: MergeResult) -> None:
        if existing is not None and guard:
            guard(existing, merged)
    return run
