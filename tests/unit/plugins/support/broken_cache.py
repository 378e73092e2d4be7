# SPDX-License-Identifier: GPL-3.0-or-later
"""A healthy cache in memory, and the ways to break it as Kubernetes, Fluid and Alluxio show it."""

from fake_cache import FLUID, FakeCache
from fake_raft import CONTAINERS, NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

LONG_AGO, RECENT = "2026-11-23T11:00:00Z", "2026-11-23T11:59:30Z"
STORE = "https://mirrors.example.org/apache/hbase/stable/"


def schema_of(paths):
    """The schema of a spec with these fields."""
    root = {}
    for path in paths:
        here = root
        for key in path.split("."):
            here = here.setdefault("properties", {}).setdefault(key.removesuffix("[]"), {})
            here = here.setdefault("items", {}) if key.endswith("[]") else here
    return root


class BrokenCache(FakeCache):
    """A cache that is healthy until a test breaks it."""

    def __init__(self, cluster, monkeypatch, recorded):
        super().__init__(cluster, monkeypatch)
        self._numbers = 0
        self.fields = {kind: list(fields) for kind, fields in recorded("fluid_fields.json").items()}
        self.put_definitions()
        cluster.change(fluid_kinds.DATASET, "hbase", NAMESPACE, {
            "metadata": {"creationTimestamp": LONG_AGO},
            "spec": {"mounts": [{"mountPoint": STORE, "name": "hbase"}]},
            "status": {"mounts": [{"mountPoint": STORE, "name": "hbase"}]}})
        cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {"spec": {
            "replicas": 2, "tieredstore": {"levels": [
                {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi"}]}}})
        for node in range(3):
            for container in CONTAINERS.values():
                self.log(f"hbase-master-{node}", "", container)
            cluster.put(kinds.CSI_NODE, {"metadata": {"name": f"node{node}"},
                                         "spec": {"drivers": [{"name": "fuse.csi.fluid.io"}]}})

    def put_definitions(self):
        for kind in (fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME):
            self.cluster.put(kinds.CUSTOM_RESOURCE_DEFINITION, {
                "metadata": {"name": kind.resource},
                "spec": {"versions": [{"name": "v1alpha1", "storage": True, "schema": {"openAPIV3Schema": {
                    "properties": {"spec": schema_of(self.fields[kind.kind])}}}}]}})

    def change_pod(self, name, status=None, spec=None, namespace=NAMESPACE):
        patch = {key: value for key, value in (("status", status), ("spec", spec)) if value}
        self.cluster.change(kinds.POD, name, namespace, patch)

    def unready(self, name, container="alluxio-worker", state=None, last=None, restarts=0,
                namespace=NAMESPACE, **status):
        """A pod is not ready, with the status of one container."""
        self.change_pod(name, namespace=namespace, status={
            "phase": "Pending", "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [{"name": container, "ready": False, "image": "alluxio/alluxio:2.9.4",
                                   "restartCount": restarts, "state": state or {}, "lastState": last or {}}],
            **status})

    def pending(self, name, message, namespace=NAMESPACE):
        """The scheduler finds no node for a pod."""
        self.change_pod(name, namespace=namespace, spec={"nodeName": None}, status={
            "phase": "Pending", "containerStatuses": None, "conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]})

    def event(self, kind, name, reason, message, namespace=NAMESPACE, when=RECENT, **more):
        self._numbers += 1
        self.cluster.put(kinds.EVENT, {
            "metadata": {"name": f"event-{self._numbers}", "namespace": namespace}, "type": "Warning",
            "reason": reason, "message": message, "lastTimestamp": when,
            "involvedObject": {"kind": kind, "name": name, "namespace": namespace}, **more})

    def log(self, pod, text, container=CONTAINERS["MASTER"], previous=False, when=RECENT):
        """Lines of a container's log, as the kubelet stamps them."""
        self.cluster.logs[pod, container, previous] = "".join(
            f"{when[:-1]}.123456789Z {line}\n" for line in text.splitlines())

    def scale(self, name, replicas):
        self.cluster.change(kinds.DEPLOYMENT, name, FLUID, {
            "spec": {"replicas": replicas}, "status": {"replicas": replicas, "readyReplicas": replicas}})

    def put_masters(self, on_claims=True):
        """Store the masters' StatefulSet, and a claim with a volume on the node of each master."""
        templates = [{"metadata": {"name": "alluxio-journal"}}] if on_claims else []
        self.cluster.put(kinds.STATEFUL_SET, {
            "metadata": {"name": "hbase-master", "namespace": NAMESPACE, "labels": {"release": "hbase"}},
            "spec": {"replicas": 3, "volumeClaimTemplates": templates}})
        for index in range(3):
            here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [f"node{index}"]}
            self.cluster.put(kinds.PERSISTENT_VOLUME_CLAIM, {
                "metadata": {"name": f"alluxio-journal-hbase-master-{index}", "namespace": NAMESPACE},
                "spec": {"volumeName": f"pv-{index}"}, "status": {"phase": "Bound"}})
            self.cluster.put(kinds.PERSISTENT_VOLUME, {
                "metadata": {"name": f"pv-{index}"}, "spec": {"nodeAffinity": {"required": {
                    "nodeSelectorTerms": [{"matchExpressions": [here]}]}}}})
            self.cluster.change(kinds.NODE, f"node{index}", None, {
                "metadata": {"labels": {"kubernetes.io/hostname": f"node{index}"}}})
