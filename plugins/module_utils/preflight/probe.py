# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a pod gets Alluxio's image and reaches the under-stores. IO."""

from __future__ import annotations

from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.waiter import Waiter
from ..apply.field_manager import MANAGER
from ..errors import ApiError, WaitFailed, WaitTimeout
from ..fluid.status import absent
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, ref_to
from ..progress import Reporter
from . import finding, origins
from .finding import Finding

_LINES = 100


def run(client: Client, params: dict, reporter: Reporter) -> list[Finding]:
    """Start one pod in the cache's namespace, delete it, and return what it has found."""
    cache, dataset = ref_of(params["runtime"]), params["dataset"]
    targets = origins.targets(dataset, bool(params["runtime"].get("hadoop_config")))
    body = origins.manifest(cache, params["probe_image"], params["runtime"].get("image_pull_secrets") or [],
                            targets, dataset.get("tolerations") or [], params["wait_timeout"])
    waiter = Waiter(client, Deadline(params["wait_timeout"], reporter.progress))
    ref = ref_to(body)
    try:
        _remove(client, waiter, ref)
        created = client.create(kinds.POD, body, MANAGER)
    except (ApiError, WaitTimeout) as err:
        return [Finding(finding.WARNING, "probe", f"no pod was started: {err}")]
    try:
        waiter.until("have tried the under-stores", kinds.POD, ref, origins.has_ended)
        log = client.log(ref, origins.CONTAINER, _LINES)
    except (ApiError, WaitFailed, WaitTimeout) as err:
        return [origins.failure(_last_seen(client, ref),
                                f"pod {ref.name} with image {params['probe_image']}: {err}")]
    finally:
        client.delete(kinds.POD, ref, created["metadata"]["uid"], grace=0)
    return origins.findings(log, targets)


def _last_seen(client: Client, ref: ObjectRef) -> dict | None:
    try:
        return client.get(kinds.POD, ref)
    except ApiError:
        return None


def _remove(client: Client, waiter: Waiter, ref: ObjectRef) -> None:
    """Delete the pod of an interrupted run, and wait until it is gone."""
    existing = client.get(kinds.POD, ref)
    if existing is not None:
        client.delete(kinds.POD, ref, existing["metadata"]["uid"])
        waiter.until("be absent", kinds.POD, ref, absent)
