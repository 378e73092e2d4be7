# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of the Kubernetes API with their names and URL paths. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote


class ObjectRef(NamedTuple):
    """The namespace and name of one object. namespace: None for a cluster-scoped object."""

    namespace: str | None
    name: str


def ref_to(existing: dict) -> ObjectRef:
    """Return the reference of an object."""
    return ObjectRef(existing["metadata"].get("namespace"), existing["metadata"]["name"])


def annotations_of(existing: dict) -> dict[str, str]:
    """Return the annotations of an object or of a pod template."""
    return (existing.get("metadata") or {}).get("annotations") or {}


@dataclass(frozen=True)
class Kind:
    """A resource of the API; group is empty for the core group."""

    kind: str
    plural: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The apiVersion of the kind's objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """The resource name of RBAC rules and error messages, for example datasets.data.fluid.io."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def collection_path(self, namespace: str | None) -> str:
        """Return the URL path of the kind's objects.

        namespace: None for all namespaces and for a cluster-scoped kind.
        """
        parts = [f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"]
        if self.namespaced and namespace:
            parts.append("namespaces/" + quote(namespace, safe=""))
        return "/".join([*parts, self.plural])

    def path(self, ref: ObjectRef) -> str:
        """Return the URL path of one object."""
        return f"{self.collection_path(ref.namespace)}/{quote(ref.name, safe='')}"

    def describe(self, ref: ObjectRef) -> str:
        """Return the object's name for messages: "Dataset hbase in namespace default"."""
        where = f" in namespace {ref.namespace}" if self.namespaced and ref.namespace else ""
        return f"{self.kind} {ref.name}{where}"


PERSISTENT_VOLUME = Kind("PersistentVolume", "persistentvolumes", namespaced=False)
PERSISTENT_VOLUME_CLAIM = Kind("PersistentVolumeClaim", "persistentvolumeclaims")
POD = Kind("Pod", "pods")
SERVICE = Kind("Service", "services")
CONFIG_MAP = Kind("ConfigMap", "configmaps")
SECRET = Kind("Secret", "secrets")
STATEFUL_SET = Kind("StatefulSet", "statefulsets", "apps")
CONTROLLER_REVISION = Kind("ControllerRevision", "controllerrevisions", "apps")
NAMESPACE = Kind("Namespace", "namespaces", namespaced=False)
NODE = Kind("Node", "nodes", namespaced=False)
EVENT = Kind("Event", "events")
# A subresource of pods; RBAC names it without the group of its body, policy/v1.
EVICTION = Kind("Eviction", "pods/eviction")
POD_DISRUPTION_BUDGET = Kind("PodDisruptionBudget", "poddisruptionbudgets", "policy")
STORAGE_CLASS = Kind("StorageClass", "storageclasses", "storage.k8s.io", namespaced=False)
DEPLOYMENT = Kind("Deployment", "deployments", "apps")
REPLICA_SET = Kind("ReplicaSet", "replicasets", "apps")
DAEMON_SET = Kind("DaemonSet", "daemonsets", "apps")
CSI_NODE = Kind("CSINode", "csinodes", "storage.k8s.io", namespaced=False)
LEASE = Kind("Lease", "leases", "coordination.k8s.io")
JOB = Kind("Job", "jobs", "batch")
CRON_JOB = Kind("CronJob", "cronjobs", "batch")
CUSTOM_RESOURCE_DEFINITION = Kind(
    "CustomResourceDefinition", "customresourcedefinitions", "apiextensions.k8s.io", namespaced=False)
