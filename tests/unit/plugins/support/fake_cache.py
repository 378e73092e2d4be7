# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole cache in the cluster in memory that keeps all its promises, with Fluid and its nodes."""

from fake_raft import NAMESPACE, FakeRaft

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline, pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import CSI_DRIVER
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.verify import info

FLUID = "fluid-system"
CONTROLLERS = ("dataset-controller", "alluxioruntime-controller")
DEAD = "ls: cannot open directory '/data': Transport endpoint is not connected"

# What the module cache_probe returns for a whole Dataset of 80 MiB.
PROBE = {"pod": "hbase-verify-probe", "files": 7, "listed_all": True, "size": 80 * 1024 ** 2,
         "complete": True, "first_seconds": 5.65, "second_seconds": 0.27, "cached_before": "0.0%",
         "listing_errors": [], "reading_errors": []}


def condition(holds):
    return [{"type": "Ready", "status": str(holds)}]


class FakeCache:
    """A cache of three masters and two workers on three nodes. answers: of commands in application pods, by
    pod: a result or an error. commands: (pod, container, last argument) of those that were run.
    """

    def __init__(self, cluster, monkeypatch):
        self.cluster = cluster
        self.raft = FakeRaft(cluster)
        self.answers, self.commands = {}, []
        for index in range(3):
            self.put_node(f"node{index}")
            self.put_pod(f"csi-nodeplugin-fluid-{index}", FLUID, f"node{index}", app="csi-nodeplugin-fluid")
            self.register(f"node{index}", CSI_DRIVER)
        for index in range(2):
            self.put_pod(f"hbase-worker-{index}", NAMESPACE, f"node{index}", release="hbase",
                         role="alluxio-worker")
        self.put_pod("hbase-fuse-x", NAMESPACE, "node0", release="hbase", role="alluxio-fuse")
        cluster.put(kinds.DAEMON_SET, {
            "metadata": {"name": "csi-nodeplugin-fluid", "namespace": FLUID},
            "spec": {"template": {"spec": {"tolerations": [{"operator": "Exists"}]}}}})
        for name in CONTROLLERS:
            cluster.put(kinds.DEPLOYMENT, {"metadata": {"name": name, "namespace": FLUID},
                                           "status": {"replicas": 1, "readyReplicas": 1}})
            self.put_pod(f"{name}-abcde-fghij", FLUID, "node0")
        cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {
            "metadata": {"name": "hbase", "namespace": NAMESPACE},
            "spec": {"replicas": 2, "master": {"replicas": 3}},
            "status": {"masterPhase": "Ready", "workerPhase": "Ready"}})
        cluster.put(fluid_kinds.DATASET, {
            "metadata": {"name": "hbase", "namespace": NAMESPACE}, "spec": {},
            "status": {"phase": "Bound", "fileNum": "7", "ufsTotal": "80.00MiB", "cacheStates": {
                "cached": "80.00MiB", "cacheCapacity": "4.00GiB", "cachedPercentage": "100.0%"}}})
        cluster.put(kinds.PERSISTENT_VOLUME_CLAIM, {
            "metadata": {"name": "hbase", "namespace": NAMESPACE},
            "spec": {"volumeName": "data-hbase", "accessModes": ["ReadOnlyMany"]},
            "status": {"phase": "Bound"}})
        cluster.put(kinds.PERSISTENT_VOLUME,
                    {"metadata": {"name": "data-hbase"}, "spec": {}, "status": {"phase": "Bound"}})
        monkeypatch.setattr(info, "Masters", lambda *_args: self.raft)
        monkeypatch.setattr(pod_exec, "execute", self._execute)
        monkeypatch.setattr(deadline, "SYSTEM_CLOCK", cluster.virtual_clock())

    # -- what a test arranges -----------------------------------------------------------------

    def put_node(self, name, ready=True, unschedulable=False, taints=(), **labels):
        spec = {"taints": list(taints)} | ({"unschedulable": True} if unschedulable else {})
        self.cluster.put(kinds.NODE, {"metadata": {"name": name, "labels": labels}, "spec": spec,
                                      "status": {"conditions": condition(ready)}})

    def register(self, node, *drivers):
        """The kubelet of the node has registered these CSI drivers."""
        self.cluster.put(kinds.CSI_NODE, {
            "metadata": {"name": node}, "spec": {"drivers": [{"name": each} for each in drivers] or None}})

    def put_pod(self, name, namespace, node, ready=True, **labels):
        self.cluster.put(kinds.POD, {
            "metadata": {"name": name, "namespace": namespace, "labels": labels}, "spec": {"nodeName": node},
            "status": {"phase": "Running", "conditions": condition(ready)}})

    def put_application(self, name, node="node0", running=True, **labels):
        """Put a pod that mounts the claim at /data in its second container."""
        state = {"running": {"startedAt": "2026-11-23T11:00:00Z"}} if running else {"terminated": {}}
        self.cluster.put(kinds.POD, {
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
            "spec": {"nodeName": node, "volumes": [
                {"name": "other", "emptyDir": {}},
                {"name": "files", "persistentVolumeClaim": {"claimName": "hbase"}}],
                "containers": [
                    {"name": "helper", "volumeMounts": [{"name": "other", "mountPath": "/tmp"}]},
                    {"name": "app", "volumeMounts": [{"name": "files", "mountPath": "/data"}]}]},
            "status": {"phase": "Running" if running else "Succeeded", "conditions": condition(running),
                       "containerStatuses": [{"name": each, "state": state} for each in ("helper", "app")]}})

    def dataset(self, **status):
        """Change the Dataset's status."""
        self.cluster.change(fluid_kinds.DATASET, "hbase", NAMESPACE, {"status": status})

    def lose_node(self, name):
        """The node has stopped answering: it and its pods are not Ready, its master is UNAVAILABLE."""
        self.put_node(name, ready=False, taints=[
            {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"},
            {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}])
        for namespace in (NAMESPACE, FLUID):
            for pod in list(self.cluster._select(kinds.POD, namespace, "", "")):
                if pod["spec"].get("nodeName") == name:
                    self.cluster.change(kinds.POD, pod["metadata"]["name"], namespace,
                                        {"status": {"conditions": condition(False)}})
        for domain in ("MASTER", "JOB_MASTER"):
            self.raft.lose(int(name[-1]), domain)

    def _execute(self, _client, pod, container, command, _timeout):
        self.commands.append((pod.name, container, command[-1]))
        answer = self.answers.get(pod.name, ExecResult(0, "", ""))
        if isinstance(answer, Exception):
            raise answer
        return answer
