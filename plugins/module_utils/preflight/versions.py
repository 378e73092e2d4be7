# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions of Kubernetes and Fluid, and the CSI plugin on the nodes. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from ..k8s import nodes as k8s_nodes
from . import finding
from .finding import Finding

# Below it the claims of a StatefulSet are not deleted with it (StatefulSetAutoDeletePVC is beta since 1.27).
_KUBERNETES = (1, 27)
# The definitions of a Dataset and an AlluxioRuntime are equal in these releases.
_FLUID_SINCE, _FLUID_UNTIL = (1, 0, 5), (1, 0, 8)
_NUMBERS = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
_TAG = re.compile(r":([^/@:]+)(?:@|\Z)")
_NAMED = 5
# Part of the kubelet's version of distributions without the kubeconfig that Fluid's chart mounts (its
# templates/csi/daemonset.yaml; fluid-cloudnative/fluid#4104, #4203 and #4496).
_DISTRIBUTIONS = {"+k3s": "K3s", "+rke2": "RKE2", "-eks-": "EKS", "+k0s": "k0s", "-gke.": "GKE"}


def kubernetes(version: str) -> Iterator[Finding]:
    """Yield the version of the API server, as /version reports it."""
    numbers = numbers_of(version)
    if numbers and numbers[:2] < _KUBERNETES:
        yield Finding(finding.WARNING, "versions", f"Kubernetes is {version}, expected 1.27 or newer: claims "
                      "of journals stay after a cleanup", "delete the claims alluxio-journal-* yourself")
    else:
        yield Finding(finding.INFO, "versions", f"Kubernetes is {version or 'of an unknown version'}")


def fluid(controller: dict | None) -> Iterator[Finding]:
    """Yield the version of Fluid. controller: the Deployment of its dataset controller; None without it."""
    if controller is None:
        yield Finding(finding.INFO, "versions", "Fluid is not installed",
                      "the playbook deploy_ha installs it")
        return
    version = fluid_version(controller)
    numbers = numbers_of(version)
    if numbers and not _FLUID_SINCE <= numbers <= _FLUID_UNTIL:
        yield Finding(finding.WARNING, "versions",
                      f"Fluid is {version}, and releases from 1.0.5 to 1.0.8 are known",
                      "try the deployment on a cluster for tests first")
    else:
        yield Finding(finding.INFO, "versions", f"Fluid is {version or 'of an unknown version'}")


def fluid_version(controller: dict) -> str:
    """Return the version of a controller, from the label of its chart or the tag of its image."""
    label = (controller["metadata"].get("labels") or {}).get("helm.sh/chart", "")
    if label.startswith("fluid-"):
        return label.removeprefix("fluid-")
    images = [container.get("image") or "" for container in _pod_spec(controller).get("containers") or []]
    tags = [found[1] for image in images if (found := _TAG.search(image))]
    return next(iter(tags), "")


def _pod_spec(existing: dict) -> dict:
    """Return the spec of the pods of a Deployment or DaemonSet."""
    return ((existing.get("spec") or {}).get("template") or {}).get("spec") or {}


def numbers_of(version: str) -> tuple[int, int, int] | None:
    """Return the numbers of a version such as v1.34.4 or 1.0.8-abc; None without any."""
    found = _NUMBERS.match(version)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def csi(plugin: dict | None, csi_nodes: Iterable[dict], names: Collection[str],
        driver: str) -> Iterator[Finding]:
    """Yield the nodes whose kubelet has not registered Fluid's driver. plugin: its DaemonSet.

    names: of the nodes that accept pods of the cache.
    """
    if plugin is None:
        return
    registered = {k8s_nodes.name_of(node) for node in csi_nodes
                  if any(each["name"] == driver for each in (node.get("spec") or {}).get("drivers") or [])}
    lacking = sorted(set(names) - registered)
    if lacking:
        shown = ", ".join(lacking[:_NAMED])
        yield Finding(
            finding.ERROR if len(lacking) == len(set(names)) else finding.WARNING, "csi",
            f"the kubelet of {len(lacking)} of {len(set(names))} nodes has not registered {driver}: {shown}; "
            f"the plugin uses {_root(plugin) or 'an unknown folder'}",
            "set csi.kubelet.rootDir in fluid_chart_values to the kubelet's --root-dir, and see that "
            "csi-nodeplugin-fluid runs there")


def distributions(nodes: Iterable[dict]) -> Iterator[Finding]:
    """Yield each distribution on whose nodes the CSI plugin does not start with the defaults of the chart."""
    found: dict[str, list[str]] = {}
    for node in nodes:
        version = ((node.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion") or ""
        for part, name in _DISTRIBUTIONS.items():
            if part in version:
                found.setdefault(name, []).append(k8s_nodes.name_of(node))
    for name, on in found.items():
        yield Finding(
            finding.WARNING, "csi",
            f"the kubelet of {', '.join(sorted(on)[:_NAMED])} is that of {name}, which has no "
            "/etc/kubernetes/kubelet.conf: the CSI plugin of Fluid's chart does not start there by default",
            "set csi.useNodeAuthorization to false in fluid_chart_values, and csi.kubelet.rootDir to the "
            "kubelet's --root-dir, before the installation")


def _root(plugin: dict) -> str:
    """Return the kubelet's folder of which the plugin mounts the registration of plugins."""
    volumes = _pod_spec(plugin).get("volumes") or []
    paths = [(volume.get("hostPath") or {}).get("path") or "" for volume in volumes]
    return next((path.split("/plugins", maxsplit=1)[0] for path in paths if "/plugins" in path), "")
