# SPDX-License-Identifier: GPL-3.0-or-later
"""The wait for Fluid's controllers, for its CSI plugin on each node that runs pods, and for Datasets. IO,
read-only.

Ready pods of the plugin are not enough: mounts on a node fail until its kubelet has registered the driver.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..api import bulk
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.guarded import GuardedClient
from ..errors import InvalidInput
from ..fluid.components import CSI_DRIVER
from ..fluid.kinds import DATASET
from ..fluid.lookup import registered_nodes
from ..k8s import kinds, scheduling
from ..k8s.kinds import ObjectRef
from ..k8s.names import require_namespace
from ..k8s.nodes import is_unready, name_of
from ..k8s.pods import is_finished, is_ready, unready_reason
from ..k8s.wait_status import WaitStatus
from ..progress import Reporter

CSI_PLUGIN = "csi-nodeplugin-fluid"
_PAUSE = 2.0  # seconds; each observation lists the nodes


@dataclass(frozen=True)
class Nodes:
    """The nodes that need the CSI plugin, and why others of them run no pods for now, by name."""

    serving: tuple[str, ...]
    excluded: dict[str, str]


def require_valid(params: dict) -> None:
    """Raise InvalidInput for invalid options."""
    require_namespace(params["namespace"])
    _refs(params["bound_datasets"])


def wait(client: Client, params: dict, _check_mode: bool, reporter: Reporter) -> dict:
    """Return the module's result once Fluid can serve. Raises WaitTimeout, and ServerUnavailable if no API
    server answers the first look.
    """
    deadline = Deadline(params["wait_timeout"], reporter.progress)
    readiness = Readiness(GuardedClient(client, deadline), params["namespace"], params["label_selectors"],
                          params["csi"], _refs(params["bound_datasets"]))
    what = f"Fluid in namespace {params['namespace']} to be ready"
    # Not in the wait, which an unavailable API server does not end.
    first = [readiness.observe()]
    deadline.poll_until(
        what, lambda: first.pop() if first else readiness.observe(), _PAUSE,
        lambda progress: deadline.timeout(what, progress, **readiness.figures()))
    for name, reason in readiness.nodes.excluded.items():
        reporter.warn(f"Fluid does not serve node {name}, which {reason}: it was not waited for")
    for name, reason in readiness.lost.items():
        reporter.warn(f"Deployment {name} in namespace {params['namespace']} is unavailable: {reason}")
    for ref in sorted(readiness.deleted):
        reporter.warn(f"{DATASET.describe(ref)} is terminating or was deleted: it was not waited for")
    return {"changed": False, **readiness.figures()}


def _refs(texts: list[str]) -> list[ObjectRef]:
    """Return the Datasets that the option names. Raises InvalidInput for another form."""
    refs = []
    for text in texts:
        namespace, slash, name = text.partition("/")
        if not (namespace and slash and name) or "/" in name:
            raise InvalidInput(f"bound_datasets has {text}: expected <namespace>/<name>")
        refs.append(ObjectRef(namespace, name))
    return refs


class Readiness:
    """What has to be ready. label_selectors: of Fluid's Deployments. csi: whether the plugin is needed.

    datasets: those that have to be Bound.
    """

    def __init__(self, client: Client, namespace: str, label_selectors: list[str], csi: bool,
                 datasets: list[ObjectRef] | None = None) -> None:
        self._client = client
        self._namespace = namespace
        self._selector = ",".join(label_selectors)
        self._csi = csi
        self._datasets = datasets or []
        self.nodes = Nodes((), {})
        self.lost: dict[str, str] = {}  # Deployments whose pods are all on lost nodes, and what to do
        self.deleted: set[ObjectRef] = set()  # Datasets that are terminating, or were

    def figures(self) -> dict:
        """Return the nodes as the module returns them."""
        return {"nodes": list(self.nodes.serving), "excluded_nodes": [
            {"name": name, "reason": reason} for name, reason in self.nodes.excluded.items()],
            "lost_controllers": sorted(self.lost)}

    def observe(self) -> WaitStatus:
        """Return done if all is ready, else what is not."""
        lacks = self._lacking_controllers()
        if self._csi:
            lacks += self._lacking_plugins()
        # Without its controllers a phase is that of the past.
        lacks = lacks or self._unbound()
        return WaitStatus(not lacks, "; ".join(lacks))

    def _unbound(self) -> list[str]:
        found = bulk.read(self._client, DATASET, self._datasets)
        self.deleted |= {ref for ref, each in found.items() if each["metadata"].get("deletionTimestamp")}
        phases = {ref: (found.get(ref, {}).get("status") or {}).get("phase")
                  for ref in self._datasets if ref not in self.deleted}
        return [f"{DATASET.describe(ref)} {'does not exist' if ref not in found else f'has phase {phase}'}, "
                "expected Bound" for ref, phase in phases.items() if phase != "Bound"]

    def _lacking_controllers(self) -> list[str]:
        found = [each for each in self._client.list(kinds.DEPLOYMENT, self._namespace, self._selector)
                 if _is_of_fluid(each)]
        if not found:
            return ["its Deployments do not exist yet"]
        unavailable = [each for each in found if _unavailable(each)]
        down = {name_of(each) for each in self._client.list(kinds.NODE)
                if is_unready(each)} if unavailable else set()
        pods = {each["metadata"]["name"]: self._pods(each) for each in unavailable}
        remedies = {name: self._remedy(each, down) for name, each in pods.items()}
        self.lost = {name: remedy for name, remedy in remedies.items() if remedy}
        return [_unavailable(each) + _reasons(pods[name]) for each in unavailable
                if (name := each["metadata"]["name"]) not in self.lost]

    def _pods(self, deployment: dict) -> list[dict]:
        """Return the pods of a Deployment.

        Kubernetes keeps pods that were evicted, long after others have replaced them. They are left out.
        """
        labels = deployment["spec"].get("selector", {}).get("matchLabels") or {}
        selector = ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
        return [pod for pod in self._client.list(kinds.POD, self._namespace, selector)
                if not is_finished(pod)] if selector else []

    def _remedy(self, pods: list[dict], down: set[str]) -> str:
        """Return what to do about a Deployment whose pods are all on the nodes that are down, else nothing.

        Fluid's controllers tolerate every taint, so Kubernetes never moves them (charts/fluid/fluid).
        """
        places = {pod["spec"].get("nodeName") or "" for pod in pods}
        if not places or not places <= down:
            return ""
        names = sorted(pod["metadata"]["name"] for pod in pods)
        return (f"pod {' and '.join(names)} is on node {' and '.join(sorted(places))}, which is not Ready, "
                "and tolerates that. If the node does not return, run: "
                f"kubectl delete pod --force -n {self._namespace} {' '.join(names)}")

    def _lacking_plugins(self) -> list[str]:
        plugin = self._client.get(kinds.DAEMON_SET, ObjectRef(self._namespace, CSI_PLUGIN))
        if plugin is None:
            return [f"DaemonSet {CSI_PLUGIN} does not exist yet"]
        self.nodes = split(list(self._client.list(kinds.NODE)), plugin)
        pods = list(self._client.list(kinds.POD, self._namespace, f"app={CSI_PLUGIN}"))
        ready = {pod["spec"].get("nodeName") for pod in pods if is_ready(pod)}
        registered = registered_nodes(self._client)
        lacks = {f"no ready pod of {CSI_PLUGIN}": [name for name in self.nodes.serving if name not in ready],
                 f"not registered {CSI_DRIVER}": [name for name in self.nodes.serving
                                                  if name in ready and name not in registered]}
        outdated = _outdated(plugin, len(self.nodes.excluded))
        return [f"{', '.join(names)} {'have' if len(names) > 1 else 'has'} {what}"
                for what, names in lacks.items() if names] + ([outdated] if outdated else [])


def split(nodes: list[dict], plugin: dict) -> Nodes:
    """Return the nodes for which the DaemonSet of the plugin has pods, those that run none for now apart.

    The DaemonSet excludes virtual kubelets by its node affinity (charts/fluid/fluid/templates/csi).
    """
    demands = scheduling.demands_of(plugin["spec"]["template"]["spec"])
    chosen = [node for node in nodes if scheduling.would_accept(node, demands)]
    excluded = {name_of(node): reason for node in chosen if (reason := scheduling.closed(node))}
    return Nodes(tuple(name_of(node) for node in chosen if name_of(node) not in excluded), excluded)


def _is_of_fluid(deployment: dict) -> bool:
    """Return whether a Deployment is a controller or the webhook of Fluid: the namespace may have others.

    Each has its own name as a label (charts/fluid/fluid/templates).
    """
    metadata = deployment["metadata"]
    return (metadata.get("labels") or {}).get("control-plane") == metadata["name"]


def _unavailable(deployment: dict) -> str:
    """Return why a Deployment is not available in its newest version; empty if it is.

    updatedReplicas counts pods that are not ready, too. An earlier one stays until these are (kubectl rollout
    status has the same rule).
    """
    desired, status = deployment["spec"].get("replicas", 1), deployment.get("status") or {}
    updated = status.get("updatedReplicas") or 0
    ready = min(status.get("availableReplicas") or 0, updated)
    what = f"Deployment {deployment['metadata']['name']}"
    if ready < desired or _unobserved(deployment):
        return f"{what} has {ready} of {desired} replicas available"
    earlier = (status.get("replicas") or 0) - updated
    return f"{what} still runs {earlier} of its earlier replicas" if earlier > 0 else ""


def _reasons(pods: list[dict]) -> str:
    """Return why pods are not ready, as the end of a sentence; empty without such a pod."""
    found = [f"pod {pod['metadata']['name']} is not ready ({unready_reason(pod)})"
             for pod in pods if not is_ready(pod)]
    return f": {', '.join(found)}" if found else ""


def _unobserved(existing: dict) -> bool:
    """Return whether the controller of the object has not processed its newest version."""
    observed = (existing.get("status") or {}).get("observedGeneration") or 0
    return observed < existing["metadata"].get("generation", 0)


def _outdated(plugin: dict, excluded: int) -> str:
    """Return why the pods of the plugin are not all of its newest version; empty if they are.

    excluded: nodes whose pods are not updated; while one is unavailable, others may not be updated either.
    """
    status = plugin.get("status") or {}
    desired, updated = status.get("desiredNumberScheduled") or 0, status.get("updatedNumberScheduled") or 0
    if _unobserved(plugin) or (updated < desired and not excluded):
        return f"DaemonSet {CSI_PLUGIN} has updated {updated} of {desired} pods"
    return ""
