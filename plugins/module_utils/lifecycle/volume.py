# SPDX-License-Identifier: GPL-3.0-or-later
"""The PersistentVolumes and claims that Fluid makes for Datasets. Drives IO."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Callable

from ..api import bulk
from ..api.bulk import Key, key_of
from ..api.client import Client
from ..apply import last_applied, reconcile
from ..apply.merge import changed_fields, merge
from ..apply.reconcile import Outcome, Write
from ..errors import Conflict, FluidError, InvalidInput
from ..fluid import diagnosis, kinds as fluid_kinds
from ..fluid.manifest import compact, text_map
from ..fluid.names import claim_name, volume_name
from ..k8s import kinds, quantity
from ..k8s.kinds import Kind
from ..k8s.names import require_dns_1035, require_namespace
from . import waits

# The annotation Fluid reads when it makes the volume (pkg/utils/dataset.go).
CAPACITY_ANNOTATION = "pvc.fluid.io/resources.requests.storage"
# A record of its own: the module dataset keeps another on the same Dataset.
MANAGER = "volume.datacache.fluid"

Existing = dict  # Kind to {Key: object}


_UNTOUCHED = Outcome(False, None)


@dataclass(frozen=True)
class Binding:
    """What became of one Dataset's annotation, claim and volume, and the pods that use the claim.

    error: what failed after something may have been changed.
    """

    dataset: Outcome = _UNTOUCHED
    claim: Outcome = _UNTOUCHED
    volume: Outcome = _UNTOUCHED
    pods: tuple[dict, ...] = ()
    error: FluidError | None = None

    def as_result(self) -> dict:
        """The module's result for one Dataset."""
        parts = {"dataset": self.dataset, "persistent_volume_claim": self.claim, "persistent_volume": self.volume}
        changed = {key: outcome for key, outcome in parts.items() if outcome.changed}
        entry = {
            "changed": bool(changed),
            "diff": {side: {key: outcome.diff[side] for key, outcome in changed.items()} for side in ("before", "after")},
            "persistent_volume": self.volume.result(),
            "persistent_volume_claim": self.claim.result(),
            "pods": list(self.pods),
        }
        return {**entry, "error": str(self.error), **self.error.details} if self.error else entry

    def as_entry(self) -> dict:
        """The entry of one Dataset of a list: all of it, because the module is also there to read pods and volumes."""
        return self.as_result()


def require_valid(params: dict) -> None:
    """Raise InvalidInput for a name that Fluid cannot use or a capacity that is no quantity."""
    require_dns_1035("Dataset name", params["name"])
    require_namespace(params["namespace"])
    if params["capacity"] is not None:
        quantity.require_positive("capacity", params["capacity"])


def ensure(client: Client, items: list[dict], wait_timeout: float | None, force_conflicts: bool, dry_run: bool,
           warn: Callable[[str], None]) -> list[Binding | FluidError]:
    """Manage capacity, then, after waiting for the binding when a timeout is given, labels and reclaim policies."""
    write = Write(manager=MANAGER, dry_run=dry_run, force_conflicts=force_conflicts, create=False)
    datasets = bulk.read(client, fluid_kinds.DATASET, map(key_of, items))
    annotated = bulk.work(items, lambda item: reconcile.apply(
        client, fluid_kinds.DATASET, _dataset(item), write, datasets.get(key_of(item))))
    waited: waits.Waited = {}
    if wait_timeout is not None and not dry_run:
        standing = [item for item, outcome in zip(items, annotated, strict=True) if not isinstance(outcome, FluidError)]
        waited = waits.volumes_bound(client, standing, wait_timeout) if standing else {}
    waits_first = wait_timeout is not None
    objects, pods = _read(client, items), _pods(client, items)

    def manage(pair: tuple[dict, Outcome | FluidError]) -> Binding:
        item, outcome = pair
        if isinstance(outcome, FluidError):
            raise outcome
        binding = Binding(outcome, pods=pods[key_of(item)])
        try:
            if isinstance(error := waited.get(key_of(item)), FluidError):
                raise error
            for part, kind, manifest in (("claim", kinds.PERSISTENT_VOLUME_CLAIM, _claim(item)),
                                         ("volume", kinds.PERSISTENT_VOLUME, _volume(item))):
                binding = replace(binding, **{part: _manage(client, kind, manifest, write, objects, waits_first)})
        except FluidError as err:
            return replace(binding, error=err)
        _warn_of_other_capacity(item, binding.volume.existing, warn)
        return binding

    return bulk.work(list(zip(items, annotated, strict=True)), manage)


def remove(client: Client, items: list[dict], wait_timeout: float | None, dry_run: bool) -> list[Binding | FluidError]:
    """Remove claims and volumes that no Dataset owns any more, and with a timeout wait until they are gone."""
    owned = bulk.read_if_known(client, fluid_kinds.DATASET, map(key_of, items))
    objects, pods = _read(client, items), _pods(client, items)

    def delete(item: dict) -> Binding:
        if key_of(item) in owned:
            raise Conflict("%s exists, and its volume and claim belong to it: delete the Dataset, and Fluid removes both"
                           % fluid_kinds.DATASET.describe(item["name"], item["namespace"]))
        removed = [_remove(client, kind, key, objects, wait_timeout, dry_run) for kind, key in _keys(item).items()]
        return Binding(_UNTOUCHED, *removed, pods[key_of(item)])

    return bulk.work(items, delete)


def _keys(item: dict) -> dict[Kind, Key]:
    """The claim first: a volume that is claimed is not let go."""
    return {
        kinds.PERSISTENT_VOLUME_CLAIM: (item["namespace"], claim_name(item["name"])),
        kinds.PERSISTENT_VOLUME: (None, volume_name(item["namespace"], item["name"])),
    }


def _read(client: Client, items: list[dict]) -> Existing:
    desired = [_keys(item) for item in items]
    return {kind: bulk.read(client, kind, [keys[kind] for keys in desired])
            for kind in (kinds.PERSISTENT_VOLUME_CLAIM, kinds.PERSISTENT_VOLUME)}


def _pods(client: Client, items: list[dict]) -> dict[Key, tuple[dict, ...]]:
    """The pods that use each claim; the pods of a namespace are listed once."""
    claims: dict[str, list[str]] = defaultdict(list)
    for item in items:
        claims[item["namespace"]].append(claim_name(item["name"]))
    return {(namespace, name): tuple(pods) for namespace, names in claims.items()
            for name, pods in diagnosis.pods_using(client, namespace, names).items()}


def _manage(client: Client, kind: Kind, manifest: dict, write: Write, objects: Existing, waits_first: bool) -> Outcome:
    metadata = manifest["metadata"]
    existing = objects[kind].get((metadata.get("namespace"), metadata["name"]))
    if existing is not None:
        return reconcile.apply(client, kind, manifest, write, existing)
    desired = merge({}, {}, last_applied.desired_of(manifest))
    if desired.changes and write.dry_run and waits_first:
        return Outcome(True, None, changed_fields({}, desired.target, desired.changes), desired.changes)
    if desired.changes:
        raise InvalidInput(
            f"{kind.describe(metadata['name'], metadata.get('namespace'))} does not exist yet, so its labels and reclaim policy cannot be "
            "set: Fluid makes it once a runtime has bound the Dataset; set wait: true")
    return Outcome(False, None)


def _remove(client: Client, kind: Kind, key: Key, objects: Existing, wait_timeout: float | None, dry_run: bool) -> Outcome:
    namespace, name = key
    outcome = reconcile.remove(client, kind, name, namespace, dry_run, objects[kind].get(key))
    if wait_timeout is not None and not dry_run and outcome.existing is not None:
        result = waits.gone(client, kind, [key], wait_timeout)[key]
        if isinstance(result, FluidError):
            raise result
    # What is absent, or on its way there, is no result; check mode cannot know more than that.
    return replace(outcome, existing=None)


def _dataset(item: dict) -> dict:
    capacity = item["capacity"]
    return _object(item["name"], item["namespace"], annotations={CAPACITY_ANNOTATION: capacity} if capacity else None)


def _volume(item: dict) -> dict:
    manifest = _object(volume_name(item["namespace"], item["name"]), None, labels=text_map(item["labels"]))
    if item["reclaim_policy"]:
        manifest["spec"] = {"persistentVolumeReclaimPolicy": item["reclaim_policy"]}
    return manifest


def _claim(item: dict) -> dict:
    return _object(claim_name(item["name"]), item["namespace"], labels=text_map(item["labels"]))


def _object(name: str, namespace: str | None, **metadata: dict | None) -> dict:
    return {"metadata": compact(name=name, namespace=namespace, **metadata)}


def _warn_of_other_capacity(item: dict, existing: dict | None, warn: Callable[[str], None]) -> None:
    found = (existing or {}).get("spec", {}).get("capacity", {}).get("storage")
    if item["capacity"] and found and not quantity.equal(found, item["capacity"]):
        warn("%s has capacity %s, not %s: Fluid reads the capacity only when it makes the volume, so the new one holds "
             "once the runtime is created anew"
             % (kinds.PERSISTENT_VOLUME.describe(existing["metadata"]["name"]), found, item["capacity"]))
