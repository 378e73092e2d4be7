# SPDX-License-Identifier: GPL-3.0-or-later
"""The volumes and claims that Fluid creates for Datasets. IO."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..api import bulk
from ..api.bulk import WaitResults, ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..apply import last_applied, reconcile
from ..apply.merge import changed_fields, merge
from ..apply.reconcile import Outcome, Write
from ..errors import FluidError, PreconditionFailed
from ..fluid import diagnosis, kinds as fluid_kinds
from ..fluid.manifest import compact, text_map
from ..fluid.names import claim_name, volume_name
from ..fluid.status import created_by_fluid
from ..k8s import kinds, predicates, quantity
from ..k8s.kinds import Kind, ObjectRef, ref_to
from ..k8s.names import require_dns_1035, require_namespace
from . import waits

# The annotation that Fluid reads when it creates the volume (pkg/utils/dataset.go).
CAPACITY_ANNOTATION = "pvc.fluid.io/resources.requests.storage"
# Another field manager than that of the module dataset, which has its own last-applied record on the Dataset.
MANAGER = "volume.datacache.fluid"

# The objects of each kind by their references.
Existing = dict[Kind, "dict[ObjectRef, dict]"]

_UNCHANGED = Outcome(False, None)


@dataclass(frozen=True)
class Binding:
    """The outcomes of one Dataset's annotation, claim and volume, and the pods that use the claim.

    error: a failure after which objects may have changed.
    """

    dataset: Outcome = _UNCHANGED
    claim: Outcome = _UNCHANGED
    volume: Outcome = _UNCHANGED
    pods: tuple[dict, ...] = ()
    error: FluidError | None = None

    def as_result(self) -> dict:
        """Return the module's result for one Dataset."""
        parts = {"dataset": self.dataset, "persistent_volume_claim": self.claim,
                 "persistent_volume": self.volume}
        changed = {key: outcome for key, outcome in parts.items() if outcome.changed}
        entry = {
            "changed": bool(changed),
            "diff": {side: {key: outcome.diff[side] for key, outcome in changed.items()}
                     for side in ("before", "after")},
            "persistent_volume": self.volume.result(),
            "persistent_volume_claim": self.claim.result(),
            "pods": list(self.pods),
        }
        return {**entry, "error": str(self.error), **self.error.details} if self.error else entry

    # The entry of one Dataset of a list is complete, because the module also serves to read pods and volumes.
    as_entry = as_result


def require_valid(params: dict) -> None:
    """Raise InvalidInput for a name that Fluid cannot use and for a capacity that is no quantity."""
    require_dns_1035("Dataset name", params["name"])
    require_namespace(params["namespace"])
    if params["capacity"] is not None:
        quantity.require_positive("capacity", params["capacity"])


def ensure(client: Client, items: list[dict], deadline: Deadline | None, force_conflicts: bool, dry_run: bool,
           warn: Callable[[str], None]) -> list[Binding | FluidError]:
    """Apply capacities, then labels and reclaim policies.

    deadline: for the wait for bound volumes in between, None to skip it.
    """
    write = Write(manager=MANAGER, dry_run=dry_run, force_conflicts=force_conflicts, create=False)
    datasets = bulk.read(client, fluid_kinds.DATASET, map(ref_of, items))
    annotated = bulk.work(items, lambda item: reconcile.apply(
        client, fluid_kinds.DATASET, _dataset(item), write, datasets.get(ref_of(item))))
    waited: WaitResults = {}
    if deadline is not None and not dry_run:
        pending = [item for item, outcome in zip(items, annotated, strict=True)
                   if not isinstance(outcome, FluidError)]
        waited = waits.volumes_bound(client, pending, deadline.again()) if pending else {}
    waits_first = deadline is not None
    objects, pods = read(client, items), _pods(client, items)

    def manage(pair: tuple[dict, Outcome | FluidError]) -> Binding:
        item, outcome = pair
        if isinstance(outcome, FluidError):
            raise outcome
        binding = Binding(outcome, pods=pods[ref_of(item)])
        try:
            if isinstance(error := waited.get(ref_of(item)), FluidError):
                raise error
            binding = replace(binding, claim=_manage(
                client, kinds.PERSISTENT_VOLUME_CLAIM, _claim(item), write, objects, waits_first))
            binding = replace(binding, volume=_manage(
                client, kinds.PERSISTENT_VOLUME, _volume(item), write, objects, waits_first))
        except FluidError as err:
            return replace(binding, error=err)
        if warning := _other_capacity(item, binding.volume.existing):
            warn(warning)
        return binding

    return bulk.work(list(zip(items, annotated, strict=True)), manage)


def difference(item: dict, dataset: dict, claim: dict | None, volume: dict | None) -> str:
    """Return what ensure would change, wait for or warn of; empty for nothing. Sends no request.

    item: the options. dataset, claim, volume: the objects; None for one that does not exist.
    """
    write = Write(manager=MANAGER, dry_run=True, create=False)
    parts = ((fluid_kinds.DATASET, _dataset(item), dataset),
             (kinds.PERSISTENT_VOLUME_CLAIM, _claim(item), claim),
             (kinds.PERSISTENT_VOLUME, _volume(item), volume))
    for kind, manifest, existing in parts:
        if text := reconcile.difference(kind, manifest, write, existing):
            return text
        if kind is not fluid_kinds.DATASET and not (found := predicates.bound(existing)).done:
            return f"{kind.describe(ref_to(manifest))} is not Bound: {found.progress}"
    return _other_capacity(item, volume)


def remove(client: Client, items: list[dict], deadline: Deadline | None,
           dry_run: bool) -> list[Binding | FluidError]:
    """Delete claims and volumes without a Dataset. deadline: for their absence, None to skip the wait."""
    owned = bulk.read_if_known(client, fluid_kinds.DATASET, map(ref_of, items))
    objects, pods = read(client, items), _pods(client, items)

    def delete(item: dict) -> Binding:
        _require_of_fluid(objects, item)
        if ref_of(item) in owned:
            raise PreconditionFailed(
                f"{fluid_kinds.DATASET.describe(ref_of(item))} exists and owns its volume and "
                "claim: delete the Dataset instead, and Fluid deletes both")
        claim, volume = (
            _remove(client, kind, ref, objects, deadline, dry_run) for kind, ref in refs(item).items())
        return Binding(_UNCHANGED, claim, volume, pods[ref_of(item)])

    return bulk.work(items, delete)


def _require_of_fluid(objects: Existing, item: dict) -> None:
    """Raise PreconditionFailed for a claim or volume that only has the name of the Dataset's."""
    for kind, ref in refs(item).items():
        existing = objects[kind].get(ref)
        if existing is not None and not created_by_fluid(existing):
            raise PreconditionFailed(f"{kind.describe(ref)} was not created by Fluid and may hold data: "
                                     "delete it by hand if nothing uses it")


def refs(item: dict) -> dict[Kind, ObjectRef]:
    """Return the claim, then the volume: a bound volume cannot be deleted."""
    return {
        kinds.PERSISTENT_VOLUME_CLAIM: ObjectRef(item["namespace"], claim_name(item["name"])),
        kinds.PERSISTENT_VOLUME: ObjectRef(None, volume_name(ref_of(item))),
    }


def read(client: Client, items: list[dict]) -> Existing:
    desired = [refs(item) for item in items]
    return {kind: bulk.read(client, kind, [each[kind] for each in desired])
            for kind in (kinds.PERSISTENT_VOLUME_CLAIM, kinds.PERSISTENT_VOLUME)}


def _pods(client: Client, items: list[dict]) -> dict[ObjectRef, tuple[dict, ...]]:
    """Return the pods that use each claim; lists the pods of each namespace once."""
    claims: dict[str, list[str]] = defaultdict(list)
    for item in items:
        claims[item["namespace"]].append(claim_name(item["name"]))
    return {ObjectRef(namespace, name): tuple(pods) for namespace, names in claims.items()
            for name, pods in diagnosis.pods_using(client, namespace, names).items()}


def _manage(client: Client, kind: Kind, manifest: dict, write: Write, objects: Existing,
            waits_first: bool) -> Outcome:
    existing = objects[kind].get(ref_to(manifest))
    if existing is not None:
        return reconcile.apply(client, kind, manifest, write, existing)
    desired = merge({}, {}, last_applied.desired_of(manifest))
    if desired.changes and write.dry_run and waits_first:
        return Outcome(True, None, changed_fields({}, desired.target, desired.changes), desired.changes)
    if desired.changes:
        raise PreconditionFailed(
            f"{kind.describe(ref_to(manifest))} does not exist yet, so its labels and reclaim policy cannot "
            "be set: Fluid creates it when a runtime binds the Dataset; set wait: true")
    return Outcome(False, None)


def _remove(client: Client, kind: Kind, ref: ObjectRef, objects: Existing, deadline: Deadline | None,
            dry_run: bool) -> Outcome:
    outcome = reconcile.remove(client, kind, ref, dry_run, objects[kind].get(ref))
    if deadline is not None and not dry_run and outcome.existing is not None:
        uids = {ref: outcome.existing["metadata"]["uid"]}
        waits.require_all(waits.absent(client, kind, [ref], deadline.again(), uids))
    # An absent or terminating object is no result; check mode cannot predict more than that.
    return replace(outcome, existing=None)


def _dataset(item: dict) -> dict:
    capacity = item["capacity"]
    return _object(
        item["name"], item["namespace"], annotations={CAPACITY_ANNOTATION: capacity} if capacity else None)


def _volume(item: dict) -> dict:
    manifest = _object(volume_name(ref_of(item)), None, labels=text_map(item["labels"]))
    if item["reclaim_policy"]:
        manifest["spec"] = {"persistentVolumeReclaimPolicy": item["reclaim_policy"]}
    return manifest


def _claim(item: dict) -> dict:
    return _object(claim_name(item["name"]), item["namespace"], labels=text_map(item["labels"]))


def _object(name: str, namespace: str | None, **metadata: dict | None) -> dict:
    return {"metadata": compact(name=name, namespace=namespace, **metadata)}


def _other_capacity(item: dict, existing: dict | None) -> str:
    """Return a warning if the volume has another capacity than the declared one, else an empty text."""
    found = (existing or {}).get("spec", {}).get("capacity", {}).get("storage")
    if not existing or not item["capacity"] or not found or quantity.equal(found, item["capacity"]):
        return ""
    return (f"{kinds.PERSISTENT_VOLUME.describe(ref_to(existing))} has capacity {found}, not "
            f"{item['capacity']}: Fluid reads the capacity only when it creates the volume, so the new one "
            "takes effect when the runtime is deleted and created again")
