# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way, read from the cluster when a wait has failed. IO, read-only."""

from __future__ import annotations

import re

from ..api.client import Client
from ..errors import ApiError
from ..k8s import kinds, pods
from . import kinds as fluid_kinds, status
from .names import release_selector

_NEWEST = 5
_LOG_LINES = 5
# What Fluid's chart appends to a runtime's name for its parts; another runtime's name may begin the same.
_PARTS = r"(-(master|worker|fuse|jobmaster|jobworker|config)\b.*)?\Z"


def explain_runtime(client: Client, namespace: str, name: str) -> list[str]:
    """Return a line for each pod of the runtime that is not ready, and the newest warning events."""
    try:
        lines = [line for pod in client.list(kinds.POD, namespace, release_selector(name)) for line in _pod_lines(client, pod)]
        return lines + _warnings(client, namespace, name)
    except ApiError as err:
        return [f"no more is known: {err}"]


def _pod_lines(client: Client, pod: dict) -> list[str]:
    reason = pods.unready_reason(pod)
    if not reason:
        return []
    name = pod["metadata"]["name"]
    lines = [f"pod {name}: {reason}"]
    for container in pod.get("status", {}).get("containerStatuses") or []:
        if container.get("restartCount") and not container.get("ready"):
            lines.append(f"pod {name}, last lines of {container['name']}: {_last_lines(client, pod, container['name'])}")
    return lines


def _last_lines(client: Client, pod: dict, container: str) -> str:
    """The end of the log of the run that crashed; the present run has not said why yet."""
    try:
        text = client.log(pod["metadata"]["namespace"], pod["metadata"]["name"], container, _LOG_LINES, previous=True)
    except ApiError as err:
        return f"not known, {err}"
    return " | ".join(text.splitlines())


def _warnings(client: Client, namespace: str, name: str) -> list[str]:
    ours = re.compile(re.escape(name) + _PARTS)
    events = [event for event in client.list(kinds.EVENT, namespace, field_selector="type=Warning")
              if ours.match(event["involvedObject"].get("name", ""))]
    events.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
    return [f"event on {event['involvedObject'].get('kind')} {event['involvedObject']['name']}: {event.get('reason')}: "
            f"{(event.get('message') or '').strip()}"
            for event in events[-_NEWEST:]]


def pods_using(client: Client, namespace: str, claims: list[str]) -> dict[str, list[dict]]:
    """Return, by claim, the pods that mount it and have not ended: {name, namespace, phase, node}."""
    users: dict[str, list[dict]] = {claim: [] for claim in claims}
    for pod in client.list(kinds.POD, namespace):
        if pods.is_finished(pod):
            continue
        for claim in pods.claims_of(pod) & users.keys():
            users[claim].append({
                "name": pod["metadata"]["name"], "namespace": namespace,
                "phase": pod.get("status", {}).get("phase", ""), "node": pod.get("spec", {}).get("nodeName", "")})
    return users


def nothing_more(_client: Client, _namespace: str | None, _name: str) -> list[str]:
    """For objects that no pods stand behind."""
    return []


def explain_deletion(client: Client, namespace: str, name: str) -> list[str]:
    """Return what keeps Fluid from letting go of a Dataset or runtime: users, references, controllers that do not run."""
    lines = []
    for find in (_users, _references, _idle_controllers, _warnings):
        try:
            lines += find(client, namespace, name)
        except ApiError as err:
            lines.append(f"not known: {err}")
    return lines


def explain_claim_deletion(client: Client, namespace: str, name: str) -> list[str]:
    """Return the pods that use a claim."""
    try:
        return _users(client, namespace, name)
    except ApiError as err:
        return [f"not known: {err}"]


def explain_volume_deletion(client: Client, _namespace: str | None, name: str) -> list[str]:
    """Return the claim that a volume is bound to, and the pods that use it."""
    try:
        claim = ((client.get(kinds.PERSISTENT_VOLUME, name) or {}).get("spec") or {}).get("claimRef")
        if not claim:
            return []
        return [f"it is bound to claim {claim['name']} in namespace {claim['namespace']}"] + _users(
            client, claim["namespace"], claim["name"])
    except ApiError as err:
        return [f"not known: {err}"]


def _users(client: Client, namespace: str, name: str) -> list[str]:
    return [f"pod {pod['name']}{' on node ' + pod['node'] if pod['node'] else ''} uses the claim {name}: delete it first"
            for pod in pods_using(client, namespace, [name])[name]]


def references_to(client: Client, namespace: str, name: str) -> list[str]:
    """Return the Datasets, as namespace/name, that mount the Dataset of that name (Fluid notes them in its status)."""
    existing = client.get(fluid_kinds.DATASET, name, namespace) or {}
    return existing.get("status", {}).get("datasetRef") or []


def _references(client: Client, namespace: str, name: str) -> list[str]:
    return [f"Dataset {each} refers to this one: delete it first" for each in references_to(client, namespace, name)]


def _idle_controllers(client: Client, namespace: str, name: str) -> list[str]:
    """The controllers whose finalizer an object of that name bears, when no replica of them is ready to take it away."""
    objects = [client.get(kind, name, namespace) or {} for kind in (fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME)]
    finalizers = [each for existing in objects for each in existing.get("metadata", {}).get("finalizers") or []]
    lines = []
    for controller in {status.FINALIZER_CONTROLLERS[each] for each in finalizers if each in status.FINALIZER_CONTROLLERS}:
        found = list(client.list(kinds.DEPLOYMENT, field_selector="metadata.name=" + controller))
        ready = sum(each.get("status", {}).get("readyReplicas", 0) for each in found)
        desired = sum(each["spec"].get("replicas", 0) for each in found)
        if not ready:
            lines.append(
                f"the finalizer's controller, Deployment {controller}, has {ready} of {desired} replicas ready: start it, and it takes the "
                         "finalizer away")
    return lines
