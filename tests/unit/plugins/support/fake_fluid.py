# SPDX-License-Identifier: GPL-3.0-or-later
"""Fluid's controllers and Kubernetes' garbage collection over one cache in the cluster in memory.

They act every second, as long as they run. A pod on a lost node stays terminating until it is deleted
without grace period.
"""

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

NAMESPACE = "data"
DELETED = {"metadata": {"deletionTimestamp": "2026-11-23T12:00:00Z"}}
RENDERED = {"app": "alluxio", "heritage": "Helm"}


class FakeFluid:
    """A cache of three masters and a FUSE pod. lost: nodes that do not answer. hangs: whether the runtime's
    controller waits for a command in a master on such a node.
    """

    def __init__(self, cluster, name="hbase", masters=3):
        self.cluster, self.name = cluster, name
        self.lost = set()
        self._delete = cluster.delete
        cluster.delete = self._delete_pods
        self.labels = {**RENDERED, "release": name}
        self._put(fluid_kinds.DATASET, name, finalizers=["fluid-dataset-controller-finalizer"])
        uid = cluster.stored(fluid_kinds.DATASET, name, NAMESPACE)["metadata"]["uid"]
        self._put(fluid_kinds.ALLUXIO_RUNTIME, name, finalizers=["alluxio-runtime-controller-finalizer"],
                  ownerReferences=[{"kind": "Dataset", "name": name, "uid": uid}])
        created = {"annotations": {"CreatedBy": "fluid"}}
        self._put(kinds.PERSISTENT_VOLUME_CLAIM, name, **created)
        cluster.put(kinds.PERSISTENT_VOLUME, {"metadata": {"name": f"{NAMESPACE}-{name}", **created}})
        for kind, suffix in ((kinds.STATEFUL_SET, "master"), (kinds.STATEFUL_SET, "worker"),
                             (kinds.DAEMON_SET, "fuse"), (kinds.CONFIG_MAP, "config")):
            self._put(kind, f"{name}-{suffix}", labels=self.labels)
        self._put(kinds.CONFIG_MAP, f"sh.helm.release.v1.{name}.v1", labels={"owner": "helm", "name": name})
        self._put(kinds.CONFIG_MAP, f"{name}-alluxio-values")
        owner = [{"kind": "AlluxioRuntime", "name": name}]
        self._put(kinds.LEASE, f"{name}-masters", ownerReferences=owner)
        self._put(kinds.POD_DISRUPTION_BUDGET, f"{name}-masters", ownerReferences=owner)
        for index in range(masters):
            self._put(kinds.SERVICE, f"{name}-master-{index}", labels=self.labels)
            self._put(kinds.PERSISTENT_VOLUME_CLAIM, f"alluxio-journal-{name}-master-{index}",
                      labels={"name": f"{name}-master", "role": "alluxio-master"})
            self.put_pod(f"{name}-master-{index}", f"node{index}", release=name, role="alluxio-master")
            self.put_node(f"node{index}", labels={
                f"fluid.io/s-alluxio-{NAMESPACE}-{name}": "true", f"fluid.io/s-{NAMESPACE}-{name}": "true",
                f"fluid.io/s-h-alluxio-m-{NAMESPACE}-{name}": "2GiB", "fluid.io/dataset-num": "2",
                f"fluid.io/f-{NAMESPACE}-{name}": "true", "kubernetes.io/hostname": f"node{index}"})
        self.put_pod(f"{name}-fuse-x", "node0", release=name, role="alluxio-fuse")
        for name_of in ("dataset-controller", "alluxioruntime-controller"):
            self.scale(name_of, 1)
        self._tick()

    def _put(self, kind, name, **metadata):
        self.cluster.put(kind, {"metadata": {"name": name, "namespace": NAMESPACE, **metadata}})

    def put_pod(self, name, node, claim=None, **labels):
        volumes = [{"persistentVolumeClaim": {"claimName": claim}}] if claim else []
        self.cluster.put(kinds.POD, {
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
            "spec": {"nodeName": node, "volumes": volumes},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})

    def put_node(self, name, ready=True, **metadata):
        self.cluster.put(kinds.NODE, {
            "metadata": {"name": name, **metadata},
            "status": {"conditions": [{"type": "Ready", "status": "True" if ready else "Unknown"}]}})

    def scale(self, controller, replicas, ready=None):
        self.cluster.put(kinds.DEPLOYMENT, {
            "metadata": {"name": controller, "namespace": "fluid-system"}, "spec": {"replicas": replicas},
            "status": {"readyReplicas": replicas if ready is None else ready}})

    def uninstall(self):
        """Fluid's namespace is deleted: its controllers are absent."""
        for controller in ("dataset-controller", "alluxioruntime-controller"):
            self.cluster.vanish(kinds.DEPLOYMENT, controller, "fluid-system")

    def lose_definitions(self):
        """Fluid's definitions and the objects of these kinds are absent; the rendered objects stay."""
        for kind in (fluid_kinds.DATASET, *fluid_kinds.RUNTIMES):
            if self.cluster.stored(kind, self.name, NAMESPACE):
                self.cluster.vanish(kind, self.name, NAMESPACE)
            self.cluster.missing_kinds.add(kind)

    def lose_node(self, name):
        """The node does not answer: it and its pods are not Ready."""
        self.lost.add(name)
        self.cluster.change(kinds.NODE, name, None, {
            "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}})
        for pod in self.pods():
            if pod["spec"]["nodeName"] == name:
                self.cluster.change(kinds.POD, pod["metadata"]["name"], NAMESPACE, {
                    "status": {"conditions": [{"type": "Ready", "status": "False"}]}})

    def pods(self):
        return list(self.cluster._select(kinds.POD, NAMESPACE, "", ""))

    def left(self):
        """The kinds and names of all that exists of the cache, nodes by their labels."""
        found = []
        for (kind, namespace, name), existing in self.cluster._objects.items():
            if kind == kinds.NODE:
                found += [f"{name} {label}" for label in existing["metadata"].get("labels") or {}
                          if self.name in label]
            elif self.name in name or namespace == NAMESPACE:
                found.append(f"{kind.kind} {name}")
        return sorted(found)

    # -- inside ---------------------------------------------------------------------------------

    def _tick(self):
        self._reconcile()
        self._collect()
        self.cluster.later(1, self._tick)

    def _runs(self, controller):
        existing = self.cluster.stored(kinds.DEPLOYMENT, controller, "fluid-system")
        return bool(existing and existing["status"]["readyReplicas"])

    def _existing(self, kind):
        return None if kind in self.cluster.missing_kinds else self.cluster.stored(kind, self.name, NAMESPACE)

    def _reconcile(self):
        dataset, runtime = map(self._existing, (fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME))
        used = any(volume.get("persistentVolumeClaim", {}).get("claimName") == self.name
                   for pod in self.pods() for volume in pod["spec"].get("volumes") or [])
        if (dataset and dataset["metadata"].get("deletionTimestamp") and self._runs("dataset-controller")
                and not used and not (dataset.get("status") or {}).get("datasetRef")):
            self._finish(fluid_kinds.DATASET, dataset, "fluid-dataset-controller-finalizer")
        if runtime and runtime["metadata"].get("deletionTimestamp") and self._runs(
                "alluxioruntime-controller") and not self._hangs():
            for kind, name in ((kinds.PERSISTENT_VOLUME_CLAIM, self.name),
                               (kinds.PERSISTENT_VOLUME, f"{NAMESPACE}-{self.name}"),
                               (kinds.CONFIG_MAP, f"sh.helm.release.v1.{self.name}.v1"),
                               (kinds.CONFIG_MAP, f"{self.name}-alluxio-values")):
                if self.cluster.stored(kind, name, NAMESPACE):
                    self.cluster.vanish(kind, name, NAMESPACE)
            for node in list(self.cluster._select(kinds.NODE, None, "", "")):
                self.cluster.change(kinds.NODE, node["metadata"]["name"], None, {"metadata": {"labels": {
                    label: None for label in node["metadata"].get("labels") or {} if self.name in label}}})
            self._finish(fluid_kinds.ALLUXIO_RUNTIME, runtime, "alluxio-runtime-controller-finalizer")

    def _hangs(self):
        """Whether a command in the first master hangs."""
        return any(pod["metadata"]["name"] == f"{self.name}-master-0" and pod["spec"]["nodeName"] in self.lost
                   for pod in self.pods())

    def _finish(self, kind, existing, finalizer):
        """Remove a finalizer; those of others stay."""
        others = [each for each in existing["metadata"]["finalizers"] if each != finalizer]
        if others:
            self.cluster.change(kind, self.name, NAMESPACE, {"metadata": {"finalizers": others}})
        else:
            self.cluster.vanish(kind, self.name, NAMESPACE)

    def _collect(self):
        """Remove the dependents of an absent runtime, and the pods and claims of absent workloads.

        Of a kind that the cluster does not know, the garbage collector removes no dependents.
        """
        known = fluid_kinds.ALLUXIO_RUNTIME not in self.cluster.missing_kinds
        if known and not self._existing(fluid_kinds.ALLUXIO_RUNTIME):
            for kind in (kinds.STATEFUL_SET, kinds.DAEMON_SET, kinds.SERVICE, kinds.CONFIG_MAP, kinds.LEASE,
                         kinds.POD_DISRUPTION_BUDGET):
                for each in list(self.cluster._select(kind, NAMESPACE, "", "")):
                    labels = each["metadata"].get("labels") or {}
                    if labels.get("release") == self.name or each["metadata"].get("ownerReferences"):
                        self.cluster.vanish(kind, each["metadata"]["name"], NAMESPACE)
        for part, kind in (("master", kinds.STATEFUL_SET), ("fuse", kinds.DAEMON_SET)):
            if self.cluster.stored(kind, f"{self.name}-{part}", NAMESPACE):
                continue
            for pod in self.pods():
                if pod["metadata"]["labels"].get("role") == f"alluxio-{part}":
                    self._delete_pods(kinds.POD, kinds.ref_to(pod), pod["metadata"]["uid"])
            if part == "master" and known:
                for claim in list(self.cluster._select(
                        kinds.PERSISTENT_VOLUME_CLAIM, NAMESPACE, "role=alluxio-master", "")):
                    self.cluster.vanish(kinds.PERSISTENT_VOLUME_CLAIM, claim["metadata"]["name"], NAMESPACE)

    def _delete_pods(self, kind, ref, uid, dry_run=False, grace=None, orphan=False):
        existing = self.cluster.stored(kind, ref.name, ref.namespace)
        if kind == kinds.POD and existing and existing["spec"]["nodeName"] in self.lost and grace != 0:
            self.cluster._ask("delete", kind, ref.namespace, write=True)
            if not existing["metadata"].get("deletionTimestamp"):
                self.cluster.change(kind, ref.name, ref.namespace, DELETED)
            return True
        return self._delete(kind, ref, uid, dry_run, grace, orphan)
