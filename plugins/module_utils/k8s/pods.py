# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pod's status says. Pure."""

from __future__ import annotations


def is_ready(pod: dict) -> bool:
    """Tell whether a pod's Ready condition is true; it turns false when the pod's node no longer answers."""
    conditions = pod.get("status", {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def unready_reason(pod: dict) -> str:
    """Say why a pod is not ready, in one line; empty when it is ready or has done its work."""
    status = pod.get("status", {})
    if status.get("phase") == "Succeeded":
        return ""
    conditions = {condition["type"]: condition for condition in status.get("conditions") or []}
    if conditions.get("Ready", {}).get("status") == "True":
        return ""
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return "not scheduled: %s" % (scheduled.get("message") or scheduled.get("reason") or "no reason given")
    states = (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])
    for container in states:
        reason = _container_reason(container)
        if reason:
            return reason
    return f"phase {status.get('phase', 'unknown')}"


def _container_reason(container: dict) -> str:
    state = container.get("state") or {}
    waiting = state.get("waiting")
    if waiting and waiting.get("reason") not in ("PodInitializing", "ContainerCreating"):
        return f"container {container['name']} waits: {waiting.get('reason')} {waiting.get('message') or ''}"
    ended = state.get("terminated")
    if ended and ended.get("exitCode"):
        return f"container {container['name']} ended with exit code {ended['exitCode']} ({ended.get('reason')})"
    return ""


def claims_of(pod: dict) -> set[str]:
    """The names of the claims that a pod mounts."""
    volumes = pod.get("spec", {}).get("volumes") or []
    return {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if volume.get("persistentVolumeClaim")}


def is_finished(pod: dict) -> bool:
    """A pod that has ended holds no volume any more."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
