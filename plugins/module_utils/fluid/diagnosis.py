# SPDX-License-Identifier: GPL-3.0-or-later
"""The causes of a timed-out wait, read from the cluster. IO, read-only."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps

from ..api.client import Client
from ..errors import ApiError, Forbidden, KindNotFound
from ..k8s import kinds, pods
from ..k8s.kinds import Kind, ObjectRef, ref_to
from ..redaction import masked_text
from . import kinds as fluid_kinds, status
from .components import JOURNAL_VOLUME
from .names import release_selector

_NEWEST = 5
# The reason of an event for a failed sync of a runtime (Fluid: pkg/common/event.go). It explains
# missing mounts, and pods of a runtime may have many newer warnings.
_SYNC_ERROR = "ErrorProcessRuntime"
_LOG_LINES = 5
# The suffixes of Fluid's chart for the objects of a runtime; another runtime's name may have the same prefix.
_PARTS = r"(-(master|worker|fuse|jobmaster|jobworker|config)\b.*)?\Z"

_NEXT_STEP = "the playbook diagnose (module cache_diagnosis) reads the logs too and names the probable cause"


def _unless_refused(
        explain: Callable[[Client, ObjectRef], list[str]]) -> Callable[[Client, ObjectRef], list[str]]:
    """Decorate an explanation so that it returns one line if the API server refuses a request.

    Its lines have no credentials: Fluid's event of a failed mount quotes the command with all options.
    """
    @wraps(explain)
    def explained(client: Client, ref: ObjectRef) -> list[str]:
        try:
            return [masked_text(line) for line in explain(client, ref)]
        except ApiError as err:
            return [f"the cause is unknown: {err}"]
    return explained


@_unless_refused
def explain_runtime(client: Client, ref: ObjectRef) -> list[str]:
    """Return a line for each unready pod of the runtime, and for its newest warning events."""
    runtime_pods = client.list(kinds.POD, ref.namespace, release_selector(ref.name))
    return [line for pod in runtime_pods for line in _pod_lines(client, pod)] + _warnings(client, ref)


def explain_start(client: Client, ref: ObjectRef) -> list[str]:
    """Return what explains a runtime that does not become ready, and the next step."""
    return [*explain_runtime(client, ref), _NEXT_STEP]


def explain_release(release: str) -> Callable[[Client, ObjectRef], list[str]]:
    """Return the explanation of a data operation: a line for each unready pod of its Helm release, and for
    the newest warning events on the operation and on the Dataset of its name.
    """
    @_unless_refused
    def explain(client: Client, ref: ObjectRef) -> list[str]:
        release_pods = client.list(kinds.POD, ref.namespace, release_selector(release))
        return [line for pod in release_pods for line in _pod_lines(client, pod)] + _warnings(client, ref)
    return explain


def _pod_lines(client: Client, pod: dict) -> list[str]:
    reason = pods.unready_reason(pod)
    if not reason:
        return []
    name = pod["metadata"]["name"]
    return [f"pod {name}: {reason}"] + [
        f"pod {name}, last lines of {container['name']}: {_last_lines(client, pod, container['name'])}"
        for container in pod.get("status", {}).get("containerStatuses") or []
        if container.get("restartCount") and not container.get("ready")]


def _last_lines(client: Client, pod: dict, container: str) -> str:
    """Return the last log lines of the previous run, which crashed; the current one may still run."""
    try:
        text = client.log(ref_to(pod), container, _LOG_LINES, previous=True)
    except ApiError as err:
        return f"unknown, {err}"
    return " | ".join(text.splitlines())


def _warnings(client: Client, ref: ObjectRef) -> list[str]:
    of_runtime = re.compile(f"({JOURNAL_VOLUME}-)?{re.escape(ref.name)}{_PARTS}")
    events = [event for event in client.list(kinds.EVENT, ref.namespace, field_selector="type=Warning")
              if of_runtime.match(event["involvedObject"].get("name", ""))]
    events.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
    first = [event for event in events[:-_NEWEST] if event.get("reason") == _SYNC_ERROR][-1:]
    if any(event.get("reason") == _SYNC_ERROR for event in events[-_NEWEST:]):
        first = []
    return [f"event on {event['involvedObject'].get('kind')} {event['involvedObject']['name']}: "
            f"{event.get('reason')}: {(event.get('message') or '').strip()}"
            for event in [*first, *events[-_NEWEST:]]]


def pods_using(client: Client, namespace: str | None, claims: list[str]) -> dict[str, list[dict]]:
    """Return the running pods that mount each claim, by its name: {name, namespace, phase, node}."""
    users: dict[str, list[dict]] = {claim: [] for claim in claims}
    for pod in client.list(kinds.POD, namespace):
        if pods.is_finished(pod):
            continue
        for claim in pods.claims_of(pod) & users.keys():
            users[claim].append({
                "name": pod["metadata"]["name"], "namespace": namespace,
                "phase": pod.get("status", {}).get("phase", ""),
                "node": pod.get("spec", {}).get("nodeName", "")})
    return users


def explain_nothing(_client: Client, _ref: ObjectRef) -> list[str]:
    """Return no lines, for objects without pods."""
    return []


def explain_deletion(client: Client, ref: ObjectRef) -> list[str]:
    """Return what blocks the deletion of a Dataset or runtime: pods, references, controllers, warnings."""
    explanations = (explain_claim_deletion, _references, _idle_controllers, _unless_refused(_warnings))
    return [line for explain in explanations for line in explain(client, ref)]


@_unless_refused
def explain_claim_deletion(client: Client, claim: ObjectRef) -> list[str]:
    """Return a line for each pod that uses the claim."""
    return [status.using_claim(pod, claim.name)
            for pod in pods_using(client, claim.namespace, [claim.name])[claim.name]]


@_unless_refused
def explain_volume_deletion(client: Client, volume: ObjectRef) -> list[str]:
    """Return a line for the claim that the volume is bound to, and for each pod that uses it."""
    claim = ((client.get(kinds.PERSISTENT_VOLUME, volume) or {}).get("spec") or {}).get("claimRef")
    if not claim:
        return []
    return [f"it is bound to claim {claim['name']} in namespace {claim['namespace']}",
            *explain_claim_deletion(client, ObjectRef(claim["namespace"], claim["name"]))]


def references_to(client: Client, ref: ObjectRef) -> list[str]:
    """Return the Datasets, as namespace/name, that mount the given one, from its status."""
    existing = client.get(fluid_kinds.DATASET, ref) or {}
    return existing.get("status", {}).get("datasetRef") or []


@_unless_refused
def _references(client: Client, ref: ObjectRef) -> list[str]:
    return [status.referring(each) for each in references_to(client, ref)]


def _readable(client: Client, kind: Kind, ref: ObjectRef) -> dict:
    """Return the object; {} if it is absent, its kind is not installed, or reading another kind of runtime
    is refused.
    """
    try:
        return client.get(kind, ref) or {}
    except KindNotFound:
        return {}
    except Forbidden:
        if kind in (fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME):
            raise
        return {}


@_unless_refused
def _idle_controllers(client: Client, ref: ObjectRef) -> list[str]:
    """Return a line for each controller whose finalizer blocks the deletion and that has no ready replica."""
    objects = [_readable(client, kind, ref) for kind in (fluid_kinds.DATASET, *fluid_kinds.RUNTIMES)]
    finalizers = [each for existing in objects
                  for each in existing.get("metadata", {}).get("finalizers") or []]
    lines = []
    for controller in {status.FINALIZER_CONTROLLERS[each]
                       for each in finalizers if each in status.FINALIZER_CONTROLLERS}:
        ready, desired = controller_replicas(client, controller)
        if not ready:
            lines.append(f"Deployment {controller}, which removes the finalizer, has {ready} of {desired} "
                         "replicas ready: start it")
    return lines


def controller_replicas(client: Client, controller: str) -> tuple[int, int]:
    """Return the ready and the desired replicas of a controller of Fluid; zeros if it does not exist."""
    found = list(client.list(kinds.DEPLOYMENT, field_selector="metadata.name=" + controller))
    return (sum(each.get("status", {}).get("readyReplicas", 0) for each in found),
            sum(each["spec"].get("replicas", 0) for each in found))


def namespace_of(client: Client, controller: str) -> str:
    """Return the namespace of a controller of Fluid; empty if it does not exist, or may not be looked for."""
    try:
        found = list(client.list(kinds.DEPLOYMENT, field_selector="metadata.name=" + controller))
    except Forbidden:
        return ""
    return found[0]["metadata"]["namespace"] if found else ""
