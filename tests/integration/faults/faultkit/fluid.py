# SPDX-License-Identifier: GPL-3.0-or-later
"""What Fluid's controllers do, done by hand through the real API server: the api tier runs none of them.

Names of field managers, finalizers and objects are Fluid's (pkg/controllers/v1alpha1/dataset, pkg/utils/kubeclient).
"""

from .server import CLAIMS, DATASETS, VOLUMES, ApiServer

CONTROLLER = "dataset-controller"
CSI = "fluid-csi"
FINALIZER = "fluid-dataset-controller-finalizer"


class Fluid:
    """The controllers' part in one namespace."""

    def __init__(self, server: ApiServer, namespace: str) -> None:
        self.server = server
        self.namespace = namespace
        self._datasets = DATASETS.format(namespace=namespace)
        self._claims = CLAIMS.format(namespace=namespace)

    def bind(self, *names: str) -> None:
        """Say that these Datasets are Bound, and guard them with the controller's finalizer."""
        for name in names:
            path = "%s/%s" % (self._datasets, name)
            self.server.patch(path, {"metadata": {"finalizers": [FINALIZER]}}, CONTROLLER)
            self.server.patch(path + "/status", {"status": {"phase": "Bound", "conditions": []}}, CONTROLLER)

    def let_go(self, *names: str) -> None:
        """Take the finalizer away from these Datasets, as after a clean-up; one that is gone already is done."""
        for name in names:
            path = "%s/%s" % (self._datasets, name)
            if self.server.get(path):
                self.server.patch(path, {"metadata": {"finalizers": None}}, CONTROLLER)

    def make_volume(self, name: str) -> None:
        """Make the PersistentVolume and the claim of a Dataset, bound to each other.

        Kubernetes' own controller binds them too where it runs; what it would write is written here first.
        """
        volume = "%s-%s" % (self.namespace, name)
        volume_path, claim_path = "%s/%s" % (VOLUMES, volume), "%s/%s" % (self._claims, name)
        shared = {"accessModes": ["ReadOnlyMany"], "storageClassName": "fluid"}
        capacity = {"storage": "100Gi"}
        self.server.create(VOLUMES, {"metadata": {"name": volume}, "spec": {
            **shared, "capacity": capacity, "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {"name": name, "namespace": self.namespace},
            "csi": {"driver": "fuse.csi.fluid.io", "volumeHandle": volume}}}, CSI)
        claim = self.server.create(self._claims, {
            "metadata": {"name": name, "annotations": {"pv.kubernetes.io/bind-completed": "yes"}},
            "spec": {**shared, "resources": {"requests": capacity}, "volumeName": volume}}, CSI)
        self.server.patch(volume_path, {"spec": {"claimRef": {"uid": claim["metadata"]["uid"]}}}, CSI)
        self.server.patch(volume_path + "/status", {"status": {"phase": "Bound"}}, CSI)
        self.server.patch(claim_path + "/status", {
            "status": {"phase": "Bound", "accessModes": shared["accessModes"], "capacity": capacity}}, CSI)
