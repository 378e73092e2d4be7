# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods that do not start although a node has accepted them, and pods that are missing. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from ..fluid.names import stateful_set_name, worker_set_name
from ..k8s import pods as k8s_pods
from ..verify import observed as seen
from . import finding
from .facts import (
    EVENTS,
    FLUID_EVENTS,
    SETTLED,
    STATEFUL_SETS,
    Facts,
    at,
    containers,
    described,
    moment,
    pod_label,
)
from .finding import Finding

_NOT_STARTED = ("ContainerCreating", "PodInitializing")
# The kubelet repeats these events while it cannot start a pod (k8s.io/kubernetes, pkg/kubelet/events).
_REASONS = ("FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox",
            "FailedCreatePodContainer", "NetworkNotReady")
# Causes that hold up no master or worker, so that such a pod has another one.
_OF_OTHERS = (finding.OLD_DEFINITIONS, finding.FUSE_NOT_MOUNTED)
_PAST_MOUNTS = ("Pulling", "Pulled", "Created", "Started")
_REMEDIES = (
    (re.compile(r"sandbox|network", re.IGNORECASE), "repair the network plugin (CNI) of the node"),
    (re.compile(r"Multi-Attach|attached to"),
     "end the pod that has the volume, or delete the VolumeAttachment of a node that is lost"),
    (re.compile(r"CSI driver"), "let the volume's CSI driver run on the node"),
    (re.compile(r"not found|non-?existent", re.IGNORECASE),
     "create the Secret, ConfigMap or claim that the message names, or correct its name"))


def not_started(facts: Facts) -> Iterator[Finding]:
    """Find pods whose containers the kubelet does not start, for lack of a volume or of a network."""
    for pod in facts.own_pods():
        if not facts.waits(pod) or not any(map(_is_created, containers(pod))):
            continue
        for event in facts.warnings("Pod", pod["metadata"]["name"]):
            if event.get("reason") in _REASONS and not _has_pulled(pod, event, facts):
                message = event.get("message") or ""
                yield Finding(finding.POD_NOT_STARTED, pod_label(pod), described(event), next(
                    (remedy for pattern, remedy in _REMEDIES if pattern.search(message)),
                    "see the events of the pod, which the archive has"), certain=facts.concerns(pod))
                break


def _has_pulled(pod: dict, event: dict, facts: Facts) -> bool:
    """Return whether the kubelet has reached the images of a pod since the event, after its volumes."""
    return any(each.get("reason") in _PAST_MOUNTS and moment(each) > moment(event)
               and each["involvedObject"].get("name") == pod["metadata"]["name"]
               for each in (*facts.each(EVENTS), *facts.each(FLUID_EVENTS)))


def _is_created(status: dict) -> bool:
    return ((status.get("state") or {}).get("waiting") or {}).get("reason") in _NOT_STARTED


def not_ready(facts: Facts, found: Collection[Finding]) -> Iterator[Finding]:
    """Find masters and workers that are missing or not ready, if nothing else that was found holds them up.

    Without this rule a cache that lacks a worker would look healthy when its events are gone.
    """
    if any(each.certain and each.cause not in _OF_OTHERS for each in found):
        return
    for name, role in ((stateful_set_name(facts.cache.name), seen.MASTER_ROLE),
                       (worker_set_name(facts.cache.name), seen.WORKER_ROLE)):
        pods = facts.component(role)
        existing = next((each for each in facts.each(STATEFUL_SETS) if each["metadata"]["name"] == name), {})
        desired = (existing.get("spec") or {}).get("replicas") or 0
        if facts.known(seen.PODS) is not None and existing and facts.waits(existing) and len(pods) < desired:
            yield Finding(finding.PODS_NOT_READY, f"StatefulSet {facts.cache.namespace}/{name}",
                          f"{len(pods)} of {desired} pods exist",
                          f"read kubectl -n {facts.cache.namespace} describe statefulset {name}")
        for pod in pods:
            if reason := _held(pod, facts):
                yield Finding(finding.PODS_NOT_READY, pod_label(pod), reason, "read kubectl -n "
                              f"{facts.cache.namespace} describe pod {pod['metadata']['name']}")


def _held(pod: dict, facts: Facts) -> str:
    """Return why a pod does not serve for longer than a start or an end takes; empty for one that may."""
    deleted = pod["metadata"].get("deletionTimestamp")
    if deleted:
        holders = pod["metadata"].get("finalizers") or []
        return "" if at(deleted) > facts.read_at - SETTLED else (
            f"it is terminating since {deleted}{', held by ' if holders else ''}{', '.join(holders)}")
    if k8s_pods.is_ready(pod) or k8s_pods.is_finished(pod) or not facts.waits(pod):
        return ""
    return f"it is not ready: {k8s_pods.unready_reason(pod).strip() or 'no reason is known'}"
