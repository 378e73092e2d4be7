# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the parts of a cache run, who reads it, and in which versions: from what was read anyway. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..alluxio.raft import Quorum
from ..fluid.names import claim_name
from ..k8s import nodes as k8s_nodes, pods as k8s_pods
from ..redaction import masked_text
from . import observed as seen
from .cluster_promises import DATASET_CONTROLLER
from .observed import Observed
from .sample import PART_OF

# Application pods beyond are counted only: the result goes into each event of AWX.
MOST_APPLICATIONS = 100
_COMPONENTS = {"master": seen.MASTER_ROLE, "worker": seen.WORKER_ROLE, "fuse": seen.FUSE_ROLE}
# The begin of the names of the chart's containers; a service mesh may add others.
_ALLUXIO = "alluxio-"
_ZONE = "topology.kubernetes.io/zone"
# The tag of an image, not the port of its registry.
_TAG = re.compile(r":([^/:@]+)(?:@.*)?$")


def topology(observed: Observed, cache: str, quorums: Mapping[str, Quorum]) -> dict:
    """Return nodes, pods, applications, groups and under-stores of a cache. quorums: by domain.

    The nodes are those that run a pod of the cache or of an application. What was refused is empty.
    """
    pods = [_pod(role, pod) for role, label in _COMPONENTS.items() for pod in _component(observed, label)]
    users = list(_applications(observed, cache))
    applications = [_pod("application", pod) for pod in users[:MOST_APPLICATIONS]]
    used = {pod["node"] for pod in [*pods, *applications]}
    nodes = [_node(node) for node in observed.known(seen.NODES) or () if k8s_nodes.name_of(node) in used]
    return {"nodes": sorted(nodes, key=lambda node: node["name"]), "pods": [*pods, *applications],
            "more_applications": len(users) - len(applications),
            "quorums": {domain: quorum.as_dict() for domain, quorum in quorums.items()},
            "under_stores": _under_stores(observed)}


def versions(observed: Observed) -> dict:
    """Return the versions that run: of the kubelets, and the images' tags of Fluid and of each component."""
    controller = (observed.known(seen.CONTROLLERS) or {}).get(DATASET_CONTROLLER) or {}
    template = (controller.get("spec") or {}).get("template") or {}
    kubelets = _unique(((node.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion")
                       for node in observed.known(seen.NODES) or ())
    return {"kubernetes": kubelets, "fluid": _tags([template]),
            **{role: _tags(_component(observed, label), _ALLUXIO) for role, label in _COMPONENTS.items()}}


def _component(observed: Observed, label: str) -> list[dict]:
    pods = observed.component(label) if observed.knows(seen.PODS) else []
    return sorted(pods, key=lambda pod: pod["metadata"]["name"])


def _applications(observed: Observed, cache: str) -> Iterable[dict]:
    """Yield the pods that mount the claim; not those of a verification or a drill, nor finished ones."""
    claim, own = claim_name(cache), (f"{cache}-verify", f"{cache}-drill")
    for pod in sorted(observed.known(seen.PODS) or (), key=lambda pod: pod["metadata"]["name"]):
        labels = pod["metadata"].get("labels") or {}
        if (claim in k8s_pods.claims_of(pod) and not k8s_pods.is_finished(pod)
                and labels.get(PART_OF) not in own):
            yield pod


def _pod(role: str, pod: dict) -> dict:
    ready = k8s_pods.is_ready(pod)
    return {"name": pod["metadata"]["name"], "role": role, "node": pod.get("spec", {}).get("nodeName") or "",
            "ready": ready, "reason": "" if ready else masked_text(k8s_pods.unready_reason(pod).strip())}


def _node(node: dict) -> dict:
    labels = node["metadata"].get("labels") or {}
    return {"name": k8s_nodes.name_of(node), "ready": k8s_nodes.is_ready(node),
            "schedulable": not node.get("spec", {}).get("unschedulable"), "zone": labels.get(_ZONE, "")}


def _under_stores(observed: Observed) -> list[dict]:
    """Return name and address of each mount; its options may be credentials."""
    spec: dict[str, Any] = (observed.known(seen.DATASET) or {}).get("spec") or {}
    return [{"name": each.get("name") or "", "mount_point": masked_text(each.get("mountPoint") or "")}
            for each in spec.get("mounts") or []]


def _tags(owners: Iterable[dict], prefix: str = "") -> list[str]:
    """Return the tags of the images of pods or of a pod template. prefix: of the containers' names."""
    containers = (each for owner in owners for each in (owner.get("spec") or {}).get("containers") or []
                  if each["name"].startswith(prefix))
    images = (each.get("image") or "" for each in containers)
    return _unique(match[1] if (match := _TAG.search(image)) else image for image in images)


def _unique(texts: Iterable[str | None]) -> list[str]:
    return sorted({text for text in texts if text})
