# SPDX-License-Identifier: GPL-3.0-or-later
"""The PersistentVolume and claim that Fluid makes for a Dataset. Drives IO."""

from __future__ import annotations

from typing import Callable

from . import diagnosis, kinds, quantity, reconcile, waits
from .client import Client
from .errors import Conflict, InvalidInput, KindMissing
from .kinds import Kind
from .manifest import compact, text_map
from .naming import claim_name, require_dns_1035, require_namespace, volume_name
from .reconcile import Outcome, Write

# The annotation Fluid reads when it makes the volume (pkg/utils/dataset.go).
CAPACITY_ANNOTATION = "pvc.fluid.io/resources.requests.storage"
# A record of its own: the module dataset keeps another on the same Dataset.
MANAGER = "volume.datacache.fluid"


def require_valid(params: dict) -> None:
    """Raise InvalidInput for a name that Fluid cannot use or a capacity that is no quantity."""
    require_dns_1035("Dataset name", params["name"])
    require_namespace(params["namespace"])
    if params["capacity"] is not None:
        quantity.require_positive("capacity", params["capacity"])


def ensure(client: Client, params: dict, dry_run: bool, warn: Callable[[str], None]) -> dict:
    """Manage capacity, labels and reclaim policy, waiting for the binding first when asked to."""
    name, namespace = params["name"], params["namespace"]
    write = Write(manager=MANAGER, dry_run=dry_run, force_conflicts=params["force_conflicts"], create=False)
    outcomes = {"dataset": reconcile.apply(client, kinds.DATASET, _dataset(params), write)}
    if params["wait"] and not dry_run:
        waits.volume_bound(client, namespace, name, params["wait_timeout"])
    wishes = {
        "persistent_volume": (kinds.PERSISTENT_VOLUME, _volume(params)),
        "persistent_volume_claim": (kinds.PERSISTENT_VOLUME_CLAIM, _claim(params)),
    }
    for key, (kind, manifest) in wishes.items():
        outcomes[key] = _manage(client, kind, manifest, write)
    _warn_of_other_capacity(params, outcomes["persistent_volume"].live, warn)
    return _result(outcomes, diagnosis.pods_using(client, namespace, claim_name(name)))


def remove(client: Client, params: dict, dry_run: bool, _warn: Callable[[str], None]) -> dict:
    """Remove a claim and volume that no Dataset owns any more."""
    name, namespace = params["name"], params["namespace"]
    if _dataset_exists(client, name, namespace):
        raise Conflict(
            "%s exists, and its volume and claim belong to it: delete the Dataset, and Fluid removes both"
            % kinds.DATASET.describe(name, namespace))
    outcomes: dict[str, Outcome] = {}
    for key, kind, each, place in (
            ("persistent_volume_claim", kinds.PERSISTENT_VOLUME_CLAIM, claim_name(name), namespace),
            ("persistent_volume", kinds.PERSISTENT_VOLUME, volume_name(namespace, name), None)):
        outcomes[key] = reconcile.remove(client, kind, each, place, dry_run)
        if params["wait"] and not dry_run and outcomes[key].live is not None:
            waits.gone(client, kind, place, each, params["wait_timeout"], namespace)
            outcomes[key] = Outcome(outcomes[key].changed, None, outcomes[key].diff)
    return _result(outcomes, diagnosis.pods_using(client, namespace, claim_name(name)))


def _dataset_exists(client: Client, name: str, namespace: str) -> bool:
    try:
        return client.get(kinds.DATASET, name, namespace) is not None
    except KindMissing:
        return False


def _manage(client: Client, kind: Kind, manifest: dict, write: Write) -> Outcome:
    metadata = manifest["metadata"]
    live = client.get(kind, metadata["name"], metadata.get("namespace"))
    if live is not None:
        return reconcile.apply(client, kind, manifest, write)
    if set(metadata) - {"name", "namespace"} or "spec" in manifest:
        raise InvalidInput(
            "%s does not exist yet, so its labels and reclaim policy cannot be set: Fluid makes it once a runtime has "
            "bound the Dataset; set wait: true" % kind.describe(metadata["name"], metadata.get("namespace")))
    return Outcome(False, None)


def _dataset(params: dict) -> dict:
    capacity = params["capacity"]
    return _object(params["name"], params["namespace"], annotations={CAPACITY_ANNOTATION: capacity} if capacity else None)


def _volume(params: dict) -> dict:
    name = volume_name(params["namespace"], params["name"])
    manifest = _object(name, None, labels=text_map(params["labels"]))
    if params["reclaim_policy"]:
        manifest["spec"] = {"persistentVolumeReclaimPolicy": params["reclaim_policy"]}
    return manifest


def _claim(params: dict) -> dict:
    return _object(claim_name(params["name"]), params["namespace"], labels=text_map(params["labels"]))


def _object(name: str, namespace: str | None, **metadata: dict | None) -> dict:
    return {"metadata": compact(name=name, namespace=namespace, **metadata)}


def _warn_of_other_capacity(params: dict, live: dict | None, warn: Callable[[str], None]) -> None:
    found = (live or {}).get("spec", {}).get("capacity", {}).get("storage")
    if params["capacity"] and found and not quantity.equal(found, params["capacity"]):
        warn("PersistentVolume %s has capacity %s, not %s: Fluid reads the capacity only when it makes the volume, so the "
             "new one holds once the runtime is created anew" % (live["metadata"]["name"], found, params["capacity"]))


def _result(outcomes: dict[str, Outcome], pods: list[dict]) -> dict:
    changed = {key: outcome for key, outcome in outcomes.items() if outcome.changed}
    return {
        "changed": bool(changed),
        "diff": {side: {key: outcome.diff[side] for key, outcome in changed.items()} for side in ("before", "after")},
        "persistent_volume": outcomes["persistent_volume"].result(),
        "persistent_volume_claim": outcomes["persistent_volume_claim"].result(),
        "pods": pods,
    }
