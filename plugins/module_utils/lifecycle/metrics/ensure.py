# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects for the metrics of one cache, and their removal. IO.

The runtime owns the objects, so they are deleted with it. An unchanged run costs one GET for the runtime and
one for each object.
"""

from __future__ import annotations

from ...api.bulk import ref_of
from ...api.client import Client
from ...apply import last_applied, reconcile
from ...apply.field_manager import MANAGER
from ...apply.reconcile import Outcome, Write
from ...errors import InvalidInput, KindNotFound, PreconditionFailed
from ...fluid import kinds as fluid_kinds
from ...k8s.kinds import Kind, ObjectRef, annotations_of, ref_to
from ...k8s.names import require_identity, require_metadata
from ...progress import Reporter
from . import manifests

# What a definition must contain to be changed for one cache.
_CONTENTS = {"service_monitor": ("selector", "matchLabels"), "prometheus_rule": ("groups",),
             "dashboard": ("templating", "list")}


def require_valid(params: dict) -> None:
    """Raise InvalidInput for an invalid name, label or definition. Sends no request."""
    require_identity(params)
    require_metadata({**params, "annotations": None})
    if params["state"] == "absent":
        return
    for option, keys in _CONTENTS.items():
        value = params[option]
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if value is None:
            raise InvalidInput(f"{option} has no {'.'.join(keys)}: take the file of that name from the "
                               "folder roles/deploy/files/metrics of this collection")


def ensure(client: Client, params: dict, check_mode: bool, _reporter: Reporter) -> dict:
    """Create, change or delete the objects.

    Raises PreconditionFailed if the cluster lacks the kinds of the Prometheus Operator, and without a runtime
    that is scraped; check mode predicts that the run creates the runtime.
    """
    ref = ref_of(params)
    if params["state"] == "absent":
        return _result(ref, _removed(client, ref, check_mode))
    existing = _existing(client, ref)
    runtime = _runtime(client, ref)
    if runtime is None:
        if not check_mode:
            raise PreconditionFailed(
                f"{fluid_kinds.ALLUXIO_RUNTIME.describe(ref)} does not exist, whose masters serve the "
                "metrics: deploy the cache first")
        return {"changed": True, "objects": _names(ref, list(manifests.OBJECTS))}
    _require_scraped(runtime)
    write = Write(dry_run=check_mode, force_conflicts=params["force_conflicts"])
    return _result(ref, {kind: reconcile.apply(client, kind, manifest, write, existing[kind])
                         for kind, manifest in manifests.manifests(runtime, params).items()})


def _existing(client: Client, ref: ObjectRef) -> dict[Kind, dict | None]:
    try:
        return {kind: client.get(kind, manifests.object_ref(ref, kind)) for kind in manifests.OBJECTS}
    except KindNotFound as err:
        raise PreconditionFailed(
            f"the cluster lacks a resource definition of {manifests.GROUP}, which the metrics of a cache "
            "need: install the Prometheus Operator first, or deploy without metrics "
            f"(fluid_metrics: false). The server reported: {err}") from err


def _runtime(client: Client, ref: ObjectRef) -> dict | None:
    """Return the runtime; None also without Fluid."""
    try:
        return client.get(fluid_kinds.ALLUXIO_RUNTIME, ref)
    except KindNotFound:
        return None


def _require_scraped(runtime: dict) -> None:
    """Fluid labels the Services of masters only without disablePrometheus (pkg/ddc/alluxio/transform.go)."""
    what = fluid_kinds.ALLUXIO_RUNTIME.describe(ref_to(runtime))
    if runtime["metadata"].get("deletionTimestamp"):
        raise PreconditionFailed(f"{what} is terminating: wait until it is absent, then deploy the cache")
    if runtime["spec"].get("disablePrometheus"):
        raise PreconditionFailed(
            f"{what} has disablePrometheus: true, so that its Services lack the label by which Prometheus "
            "finds them. Fluid reads the field at creation only: recreate the runtime with "
            "disable_prometheus: false, or deploy without metrics (fluid_metrics: false)")


def _removed(client: Client, ref: ObjectRef, check_mode: bool) -> dict[Kind, Outcome]:
    """Delete the objects that this collection has created."""
    outcomes = {}
    for kind in manifests.OBJECTS:
        own = manifests.object_ref(ref, kind)
        try:
            existing = client.get(kind, own)
        except KindNotFound:
            continue
        if existing and last_applied.annotation(MANAGER) in annotations_of(existing):
            outcomes[kind] = reconcile.remove(client, kind, own, check_mode, existing)
    return outcomes


def _result(ref: ObjectRef, outcomes: dict[Kind, Outcome]) -> dict:
    changed = {kind: outcome for kind, outcome in outcomes.items() if outcome.changed}
    return {
        "changed": bool(changed), "objects": _names(ref, list(outcomes)),
        "diff": [{"before_header": name, "after_header": name, **outcome.diff}
                 for name, outcome in zip(_names(ref, list(changed)), changed.values(), strict=True)]}


def _names(ref: ObjectRef, kinds: list[Kind]) -> list[str]:
    return [kind.describe(manifests.object_ref(ref, kind)) for kind in kinds]
