# SPDX-License-Identifier: GPL-3.0-or-later
"""The promises of Fluid itself: its controllers, and the CSI plugin on each node. Pure."""

from __future__ import annotations

from ..k8s import nodes as k8s_nodes, pods as k8s_pods, scheduling
from . import observed as seen
from .observed import Observed
from .promise import KEPT, Expected, Promise, decide

DATASET_CONTROLLER, RUNTIME_CONTROLLER = "dataset-controller", "alluxioruntime-controller"
PLUGIN_LABEL = "app=csi-nodeplugin-fluid"
PLUGIN_NAME = "csi-nodeplugin-fluid"
# The chart excludes these nodes (Fluid 1.0.8, charts/fluid/fluid/templates/csi/daemonset.yaml).
_VIRTUAL = ("type", "virtual-kubelet")


def controller(name: str, observed: Observed, expected: Expected) -> Promise:
    """Return whether one or more replicas of the controller run, and all are ready."""
    status = (observed.get(seen.CONTROLLERS).get(name) or {}).get("status") or {}
    ready, replicas = status.get("readyReplicas", 0), status.get("replicas", 0)
    # Kubernetes keeps pods that were evicted, long after others have replaced them.
    pods = [pod for pod in observed.get(seen.FLUID_PODS) if not k8s_pods.is_finished(pod)
            and pod["metadata"]["name"].rpartition("-")[0].rpartition("-")[0] == name]
    missing = seen.unready(pods)
    return decide(
        name.replace("-", "_"), 0 < ready == replicas,
        f"Deployment {expected.fluid_namespace}/{name} has {ready} of {replicas} replicas ready"
        f"{seen.reasons(pods)}",
        "one or more, all ready",
        # It tolerates every taint, so that Kubernetes never moves it off a lost node.
        f"delete its pod {', '.join(seen.names(missing))} with --force, so that another node runs it"
        if observed.explaining(missing) else
        f"read its events with kubectl -n {expected.fluid_namespace} describe deployment {name}",
        {"ready": ready, "replicas": replicas}, observed.explaining(missing))


def csi_plugin(observed: Observed, expected: Expected) -> Promise:
    """Return whether each node that accepts the plugin runs it and has registered its driver.

    Cordoned and virtual nodes do not count.
    """
    plugin = observed.known(seen.PLUGIN)
    installed = any((observed.known(seen.CONTROLLERS) or {}).values())
    if installed and plugin is None and observed.knows(seen.PLUGIN) and not observed.get(seen.DRIVER):
        return Promise("csi_plugin", KEPT, "Fluid runs without its CSI plugin: sidecars mount the volume")
    nodes = [node for node in observed.get(seen.NODES) if _accepts(node, plugin)]
    running = {pod.get("spec", {}).get("nodeName") for pod in seen.ready(_plugin_pods(observed))}
    without = {k8s_nodes.name_of(node) for node in nodes} - running
    lost = without & observed.lost_nodes()
    if not without and (unregistered := observed.lacking_driver(map(k8s_nodes.name_of, nodes))):
        return _unregistered(unregistered, len(nodes), expected)
    return decide(
        "csi_plugin", not without,
        f"DaemonSet {expected.fluid_namespace}/{PLUGIN_NAME} has "
        + (f"no ready pod on {', '.join(sorted(without))}" if without
           else f"a ready pod on each of {len(nodes)} nodes"),
        "one on each schedulable node",
        "pods on these nodes cannot mount the volume; "
        + ("start the nodes, or remove them from the cluster" if lost == without else
           f"read kubectl -n {expected.fluid_namespace} describe pods -l {PLUGIN_LABEL}"),
        {"nodes": len(nodes), "without": sorted(without)}, lost if lost == without else ())


def _unregistered(names: set[str], nodes: int, expected: Expected) -> Promise:
    """Return the broken promise of ready pods that the kubelets of these nodes do not use."""
    return decide(
        "csi_plugin", False,
        f"DaemonSet {expected.fluid_namespace}/{PLUGIN_NAME} has a ready pod on each node, and "
        f"{', '.join(sorted(names))} {'have' if len(names) > 1 else 'has'} not registered its driver",
        "it registered on each schedulable node",
        "pods on these nodes cannot mount the volume; set csi.kubelet.rootDir of the chart to the kubelet's "
        "folder, or restart the pod of the plugin there",
        {"nodes": nodes, "without": sorted(names)})


def _plugin_pods(observed: Observed) -> list[dict]:
    key, _equals, value = PLUGIN_LABEL.partition("=")
    return [pod for pod in observed.get(seen.FLUID_PODS)
            if (pod["metadata"].get("labels") or {}).get(key) == value]


def _accepts(node: dict, plugin: dict | None) -> bool:
    """Return whether the plugin belongs on a node. Without the DaemonSet, the chart's tolerations count.

    Taints that Kubernetes sets for the state of a node do not count: each DaemonSet tolerates most of them.
    """
    template = ((plugin or {}).get("spec") or {}).get("template", {}).get("spec") or {}
    demands = scheduling.demands_of(template if plugin else {"tolerations": [{"operator": "Exists"}]})
    labels = node["metadata"].get("labels") or {}
    return (labels.get(_VIRTUAL[0]) != _VIRTUAL[1] and not node.get("spec", {}).get("unschedulable")
            and scheduling.would_accept(node, demands))
