# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a pod gets Alluxio's image and reaches the under-stores. IO."""

from __future__ import annotations

from contextlib import suppress

from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.waiter import Waiter
from ..apply.field_manager import MANAGER
from ..errors import ApiError, Forbidden, WaitFailed, WaitTimeout, WriteConflict
from ..fluid.status import gone
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, ref_to
from ..progress import Reporter
from ..verify.cluster_promises import RUNTIME_CONTROLLER
from . import finding, origins
from .finding import Finding

_LINES = 100
# The default image of masters and workers, in the environment of Fluid's controller, and that of Fluid 1.0.8
# (charts/fluid/fluid/templates/controller/alluxioruntime_controller.yaml).
_IMAGE_VARIABLE, _IMAGE = "ALLUXIO_RUNTIME_IMAGE_ENV", "alluxio/alluxio-dev:2.9.0"


def run(client: Client, params: dict, fluid_namespace: str, reporter: Reporter) -> list[Finding]:
    """Start one pod in the cache's namespace, delete it, and return what it has found."""
    cache, dataset = ref_of(params["runtime"]), params["dataset"]
    image = params["probe_image"] or _default_image(client, fluid_namespace)
    targets = origins.targets(dataset, bool(params["runtime"].get("hadoop_config")))
    body = origins.manifest(cache, image, params["runtime"].get("image_pull_secrets") or [],
                            targets, dataset.get("tolerations") or [], params["wait_timeout"])
    waiter = Waiter(client, Deadline(params["wait_timeout"], reporter.progress))
    ref = ref_to(body)
    try:
        _remove(client, waiter, ref)
        created = client.create(kinds.POD, body, MANAGER)
    except (ApiError, WaitFailed, WaitTimeout) as err:
        return [Finding(finding.WARNING, "probe", f"no pod was started: {err}")]
    uid = created["metadata"]["uid"]
    try:
        waiter.until("have tried the under-stores", kinds.POD, ref, origins.has_ended)
        log = client.log(ref, origins.CONTAINER, _LINES)
    except (ApiError, WaitFailed, WaitTimeout) as err:
        return [_failure(_last_seen(client, ref), uid, f"pod {ref.name} with image {image}: {err}", err)]
    finally:
        with suppress(WriteConflict):  # the pod of another run
            client.delete(kinds.POD, ref, uid, grace=0)
    return origins.findings(log, targets)


def _default_image(client: Client, fluid_namespace: str) -> str:
    """Return the image that Fluid gives to masters and workers."""
    try:
        controller = client.get(kinds.DEPLOYMENT, ObjectRef(fluid_namespace, RUNTIME_CONTROLLER)) or {}
    except Forbidden:
        return _IMAGE
    pod = ((controller.get("spec") or {}).get("template") or {}).get("spec") or {}
    return next((variable["value"] for container in pod.get("containers") or []
                 for variable in container.get("env") or []
                 if variable["name"] == _IMAGE_VARIABLE and variable.get("value")), _IMAGE)


def _failure(pod: dict | None, uid: str, text: str, err: Exception) -> Finding:
    """Return the finding for a pod that has not ended well. pod: the one of that name; None without one."""
    if isinstance(err, WaitFailed) and (pod is None or pod["metadata"]["uid"] != uid):
        return Finding(finding.WARNING, "probe", text,
                       "run this again when no other run tries the under-stores of the cache")
    return origins.failure(pod, text)


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
        waiter.until("be absent", kinds.POD, ref, gone(existing["metadata"]["uid"]))
