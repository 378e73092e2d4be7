# SPDX-License-Identifier: GPL-3.0-or-later
"""Readiness, claims and containers of a pod. Pure."""

from __future__ import annotations

from collections.abc import Collection

# Reasons for which a container never starts (kubelet, pkg/kubelet/images).
_PERMANENT = ("InvalidImageName", "ErrImageNeverPull")
# Reasons for which it does not run now, and that another definition may mend (pkg/kubelet/kuberuntime).
_FAILING = (*_PERMANENT, "ErrImagePull", "ImagePullBackOff", "CreateContainerConfigError",
            "CreateContainerError", "RunContainerError", "CrashLoopBackOff")


def is_ready(pod: dict) -> bool:
    """Return whether a pod's Ready condition is true; it turns false when the pod's node stops answering."""
    conditions = pod.get("status", {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def node_is_lost(pod: dict) -> bool:
    """Return whether the pod is not ready although its containers are: its node has stopped answering.

    The node lifecycle controller then sets the pod's condition alone. A container that is not ready by its
    own probe is no such sign.
    """
    containers = pod.get("status", {}).get("containerStatuses") or []
    return not is_ready(pod) and all(each.get("ready", True) for each in containers)


def is_unschedulable(pod: dict) -> bool:
    """Return whether the scheduler has found no node for the pod."""
    conditions = pod.get("status", {}).get("conditions") or []
    return any(each["type"] == "PodScheduled" and each["status"] == "False"
               and each.get("reason") == "Unschedulable" for each in conditions)


def unready_reason(pod: dict) -> str:
    """Return why a pod is not ready, in one line; empty if it is ready or has succeeded."""
    status = pod.get("status", {})
    if status.get("phase") == "Succeeded" or is_ready(pod):
        return ""
    conditions = {condition["type"]: condition for condition in status.get("conditions") or []}
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        reason = scheduled.get("message") or scheduled.get("reason") or "no reason given"
        return f"not scheduled: {reason}"
    for container in _containers(status):
        if reason := _container_reason(container):
            return reason
    return f"phase {status.get('phase', 'unknown')}"


def never_starts(pod: dict) -> bool:
    """Return whether a container waits for what only another definition of its pod can give."""
    return _waits_for(pod, _PERMANENT)


def fails_to_start(pod: dict) -> bool:
    """Return whether a container does not run for a reason that another definition of its pod may mend."""
    return _waits_for(pod, _FAILING)


def _waits_for(pod: dict, reasons: Collection[str]) -> bool:
    return any(((each.get("state") or {}).get("waiting") or {}).get("reason") in reasons
               for each in _containers(pod.get("status", {})))


def _containers(status: dict) -> list[dict]:
    return (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])


def _container_reason(container: dict) -> str:
    state = container.get("state") or {}
    waiting = state.get("waiting")
    if waiting and waiting.get("reason") not in ("PodInitializing", "ContainerCreating"):
        return (f"container {container['name']} is waiting: {waiting.get('reason')} "
                f"{waiting.get('message') or ''}")
    terminated = state.get("terminated")
    if terminated and terminated.get("exitCode"):
        return (f"container {container['name']} terminated with exit code {terminated['exitCode']} "
                f"({terminated.get('reason')})")
    return ""


def container_status(pod: dict, container: str) -> dict:
    """Return the status of a pod's container; {} without one."""
    statuses = pod.get("status", {}).get("containerStatuses") or []
    return next((each for each in statuses if each["name"] == container), {})


def container_runs(pod: dict, container: str) -> bool:
    """Return whether a container of that name runs in the pod."""
    return bool((container_status(pod, container).get("state") or {}).get("running"))


def container_run(pod: dict, container: str) -> tuple[str, str, str]:
    """Return what identifies one run of a pod's container: the UID of the pod, the ID, the start time.

    The start time is empty unless the container runs.
    """
    status = container_status(pod, container)
    started = ((status.get("state") or {}).get("running") or {}).get("startedAt", "")
    return pod["metadata"].get("uid", ""), status.get("containerID", ""), started


def claims_of(pod: dict) -> set[str]:
    """Return the names of the claims that a pod mounts."""
    volumes = pod.get("spec", {}).get("volumes") or []
    return {volume["persistentVolumeClaim"]["claimName"]
            for volume in volumes if volume.get("persistentVolumeClaim")}


def is_finished(pod: dict) -> bool:
    """Return whether a pod has succeeded or failed; such a pod no longer holds its volumes."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def has_started(pod: dict, container: str) -> bool:
    """Return whether a container has run in this pod, on a node that answers: its files can be read again.

    A terminating pod loses its files.
    """
    status = container_status(pod, container)
    states = {**(status.get("state") or {}), **(status.get("lastState") or {})}
    ran = "running" in states or "terminated" in states
    return ran and not node_is_lost(pod) and not pod["metadata"].get("deletionTimestamp")
