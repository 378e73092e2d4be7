# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for Fluid's controllers, which do not run on the lab's api tier.

It writes to the real API server what they were seen to write on a lab with Fluid 1.0.8: phases and
counts into the status, defaults into the whole object, and volume and claim for a Dataset. What the
modules do with real controllers is proven by the scenario on the full tier.
"""

import copy
import threading
import time

from raw_api import FLUID, Refused

FINALIZERS = {"datasets": "fluid-dataset-controller-finalizer",
              "alluxioruntimes": "alluxio-runtime-controller-finalizer"}
BOUND = "pv.kubernetes.io/bind-completed"
PATIENCE = 60  # seconds that the module under test or a controller may take
MANAGERS = {"datasets": "dataset-controller", "alluxioruntimes": "alluxioruntime-controller"}


def counts(masters, workers):
    """The status of a runtime with so many masters and workers ready."""
    scheduled = [f"{state}{part}NumberScheduled" for state in ("current", "desired")
                 for part in ("Master", "Worker", "Fuse")]
    return {"masterPhase": "Ready", "workerPhase": "Ready", "fusePhase": "Ready", "valueFile": "",
            **dict.fromkeys(scheduled, 0),
            "masterNumberReady": masters, "workerNumberReady": workers, "fuseNumberReady": 0}


class FluidStandIn:
    """Plays the controllers in one namespace."""

    def __init__(self, api, namespace):
        self._api = api
        self._namespace = namespace
        self._threads = []
        self._failures = []

    def path(self, plural, name):
        return f"{FLUID}/namespaces/{self._namespace}/{plural}/{name}"

    def status(self, plural, name, **status):
        """Set fields of the status, as the controller of that kind does."""
        self._api.patch(self.path(plural, name) + "/status", {"status": status}, MANAGERS[plural])

    def take_up(self, plural, name):
        """Add the controller's finalizer: from then on a deletion waits for it."""
        self._api.patch(self.path(plural, name), {"metadata": {"finalizers": [FINALIZERS[plural]]}},
                        MANAGERS[plural])

    def let_go(self, plural, name):
        self._api.patch(self.path(plural, name), {"metadata": {"finalizers": None}}, MANAGERS[plural])

    def write_back(self, name):
        """Write a whole runtime back with defaults, and so take over the fields of others."""
        path = self.path("alluxioruntimes", name)
        existing = self._api.get(path)
        spec = copy.deepcopy(existing["spec"])
        for level in spec.get("tieredstore", {}).get("levels", []):
            level.setdefault("volumeType", "hostPath")
            level.setdefault("volumeSource", {})
        for component in ("master", "worker", "fuse", "jobMaster", "jobWorker", "apiGateway"):
            spec[component] = {"podMetadata": {}, "resources": {}, **spec.get(component, {})}
        defaults = {"alluxioVersion": {}, "data": {"pin": False, "replicas": 0},
                    "initUsers": {"resources": {}}, "podMetadata": {},
                    "management": {"cleanCachePolicy": {"gracePeriodSeconds": 60, "maxRetryAttempts": 3},
                                   "metadataSyncPolicy": {}}}
        self._api.replace(path, {**existing, "spec": {**defaults, **spec}}, MANAGERS["alluxioruntimes"])

    def bind(self, name):
        """Make volume and claim of a Dataset, bound to each other, and wait until Kubernetes' binder agrees.

        Its last write would otherwise meet those of the module under test.
        """
        claims = f"/api/v1/namespaces/{self._namespace}/persistentvolumeclaims"
        volumes = "/api/v1/persistentvolumes"
        claim, volume = f"{claims}/{name}", f"{self._namespace}-{name}"
        modes, size = ["ReadOnlyMany"], {"storage": "100Pi"}
        fluid, binder = MANAGERS["alluxioruntimes"], "kube-controller-manager"
        made = self._api.create(claims, {
            "metadata": {"name": name, "annotations": {"CreatedBy": "fluid"}},
            "spec": {"accessModes": modes, "resources": {"requests": size},
                     "storageClassName": "fluid"}}, fluid)
        self._api.create(volumes, {
            "metadata": {"name": volume, "annotations": {"CreatedBy": "fluid"}},
            "spec": {"accessModes": modes, "capacity": size, "storageClassName": "fluid",
                     "persistentVolumeReclaimPolicy": "Retain",
                     "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": name,
                                  "namespace": self._namespace,
                                  "uid": made["metadata"]["uid"]},
                     "csi": {"driver": "fuse.csi.fluid.io", "volumeHandle": volume}}}, fluid)
        # Without pv.kubernetes.io/bind-completed, with which a binder that does not know the volume yet sets
        # the claim's phase Lost.
        self._api.patch(claim, {"spec": {"volumeName": volume}}, binder)
        self._api.patch(f"{volumes}/{volume}/status", {"status": {"phase": "Bound"}}, binder)
        self._api.patch(claim + "/status",
                        {"status": {"phase": "Bound", "accessModes": modes, "capacity": size}}, binder)
        self._await(lambda: BOUND in self._api.get(claim)["metadata"]["annotations"], f"{BOUND} on {claim}")

    @staticmethod
    def _await(condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"no {what} within {PATIENCE} s"
            time.sleep(0.02)

    def later(self, seconds, action):
        """Do something while the module under test waits; like a controller, not before its object exists."""
        def guarded():
            deadline = time.monotonic() + PATIENCE
            try:
                while not self._done(action, deadline):
                    time.sleep(0.05)
            except Exception as err:  # told by join, in the test's own thread
                self._failures.append(err)
        thread = threading.Timer(seconds, guarded)
        thread.start()
        self._threads.append(thread)

    @staticmethod
    def _done(action, deadline):
        try:
            action()
        except Refused as err:
            if err.status == 404 and time.monotonic() < deadline:
                return False
            raise
        return True

    def join(self):
        """Wait for what was planned; raise what went wrong in it."""
        for thread in self._threads:
            thread.join()
        if self._failures:
            raise self._failures[0]
