# SPDX-License-Identifier: GPL-3.0-or-later
"""The start of a pod that reads a cache. IO."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import timedelta

from ...api.client import Client
from ...api.deadline import Deadline
from ...api.waiter import Waiter
from ...apply.field_manager import MANAGER
from ...errors import FluidError, Forbidden, InvalidInput, KindNotFound
from ...fluid import diagnosis
from ...fluid.components import SIDECAR
from ...fluid.kinds import DATASET
from ...fluid.lookup import needs_sidecar
from ...fluid.status import gone
from ...k8s.kinds import POD, ObjectRef, ref_to
from ...k8s.names import require_name, require_namespace
from ...k8s.pods import claims_of, is_finished, never_starts, unready_reason
from ...k8s.quantity import parse_time
from ...k8s.wait_status import WaitStatus
from ...progress import Reporter


def require_valid(params: dict) -> None:
    """Raise InvalidInput for a definition that is not that of a pod."""
    definition = params["definition"]
    if definition.get("kind") != POD.kind:
        raise InvalidInput(f"definition has the kind {definition.get('kind')!r}: expected {POD.kind}")
    metadata = definition.get("metadata") or {}
    if prefix := _prefix(metadata):
        require_name(f"{prefix}0", "definition.metadata.generateName with a digit:")
    else:
        require_name(metadata.get("name") or "")
    require_namespace(metadata.get("namespace") or "")


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Start the pod in place of one of that name, and wait until it is ready.

    Raises WaitFailed for a pod that ends, and WaitTimeout with the reason and the newest events.
    """
    result = {"changed": check_mode, "name": params["definition"]["metadata"].get("name") or "", "node": ""}
    try:
        if not result["name"] and not check_mode:
            params = {**params, "definition": _named(params["definition"])}
            result["name"] = params["definition"]["metadata"]["name"]
        if result["name"]:
            _replace(client, params, check_mode, reporter, result)
    except FluidError as err:
        err.details.update(changed=result["changed"] and not check_mode, name=result["name"])
        raise
    return result


def _replace(client: Client, params: dict, check_mode: bool, reporter: Reporter, result: dict) -> None:
    """Replace the pod. result: gets what was changed, and the node of the new pod."""
    definition = params["definition"]
    ref = ref_to(definition)
    waiter = Waiter(client, Deadline(params["wait_timeout"], reporter.progress),
                    lambda name: diagnosis.explain_runtime(client, ObjectRef(ref.namespace, name)))
    existing = client.get(POD, ref)
    if existing is not None:
        client.delete(POD, ref, existing["metadata"]["uid"], check_mode)
        result["changed"] = True
    if check_mode:
        return
    if existing is not None:
        waiter.until("be absent", POD, ref, gone(existing["metadata"]["uid"]))
    created = client.create(POD, _mounting(client, definition), MANAGER)
    result["changed"] = True
    _remove_overdue(client, created)
    started = waiter.until("be ready", POD, ref, _ready)
    result["node"] = (started or {})["spec"].get("nodeName", "")


def _prefix(metadata: dict) -> str:
    return "" if metadata.get("name") else metadata.get("generateName") or ""


def _named(definition: dict) -> dict:
    """Return the pod with a generated name. The API server would generate another for a repeated request."""
    metadata = definition["metadata"]
    return {**definition, "metadata": {**metadata, "name": _prefix(metadata) + secrets.token_hex(3)}}


def _remove_overdue(client: Client, created: dict) -> None:
    """Delete the pods of interrupted runs: with the same labels, and older than their own time limit.

    A younger one, also a finished one, may be that of a run at the same time. By the API server's clock.
    """
    metadata = created["metadata"]
    labels = metadata.get("labels") or {}
    if not metadata.get("generateName") or not labels:
        return
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    for pod in list(client.list(POD, metadata["namespace"], selector)):
        seconds = pod["spec"].get("activeDeadlineSeconds")
        if seconds and _age(pod, created) > timedelta(seconds=seconds):
            client.delete(POD, ref_to(pod), pod["metadata"]["uid"])


def _age(pod: dict, newest: dict) -> timedelta:
    born, now = (parse_time(each["metadata"]["creationTimestamp"]) for each in (pod, newest))
    return now - born


def _mounting(client: Client, definition: dict) -> dict:
    """Return the pod with what mounting the claims of Datasets takes.

    It gets the tolerations of the Datasets unless it has its own, since the nodes of a cache may be a tainted
    pool, on which alone its files can be read; and a sidecar where Fluid's CSI plugin is off.
    """
    datasets = _datasets(client, definition)
    if not datasets:
        return definition
    metadata, spec = dict(definition["metadata"]), dict(definition["spec"])
    if not spec.get("tolerations") and (tolerations := _tolerations(datasets)):
        spec["tolerations"] = tolerations
    if needs_sidecar(client):
        metadata["labels"] = {**(metadata.get("labels") or {}), **SIDECAR}
    return {**definition, "metadata": metadata, "spec": spec}


def _datasets(client: Client, definition: dict) -> list[dict]:
    """Return the Datasets whose claims the pod mounts, those that the account may read."""
    found = []
    for name in sorted(claims_of(definition)):
        with suppress(Forbidden, KindNotFound):
            found.append(client.get(DATASET, ObjectRef(definition["metadata"]["namespace"], name)))
    return [each for each in found if each]


def _tolerations(datasets: list[dict]) -> list[dict]:
    found: list[dict] = []
    for dataset in datasets:
        found += [each for each in (dataset.get("spec") or {}).get("tolerations") or [] if each not in found]
    return found


def _ready(pod: dict | None) -> WaitStatus:
    if pod is None:
        return WaitStatus(False, failed="it was deleted")
    if is_finished(pod):
        return WaitStatus(
            False, failed=f"it has ended with phase {pod['status']['phase']}: read its log with kubectl logs "
            f"{pod['metadata']['name']}")
    reason = unready_reason(pod)
    if never_starts(pod):
        return WaitStatus(False, failed=reason)
    return WaitStatus(not reason, reason)
