# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of Kubernetes' own API, by their names and URL paths. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


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
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """The name as RBAC rules and error messages write it, for example datasets.data.fluid.io."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """The URL path of one object, or of the collection when no name is given."""
        parts = [f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"]
        if self.namespaced and namespace:
            parts.append("namespaces/" + quote(namespace, safe=""))
        parts.append(self.plural)
        if name is not None:
            parts.append(quote(name, safe=""))
        return "/".join(parts)

    def describe(self, name: str, namespace: str | None = None) -> str:
        """Name one object for a message: "Dataset hbase in namespace default"."""
        where = f" in namespace {namespace}" if self.namespaced and namespace else ""
        return f"{self.kind} {name}{where}"


PERSISTENT_VOLUME = Kind("PersistentVolume", "persistentvolumes", namespaced=False)
PERSISTENT_VOLUME_CLAIM = Kind("PersistentVolumeClaim", "persistentvolumeclaims")
POD = Kind("Pod", "pods")
SERVICE = Kind("Service", "services")
CONFIG_MAP = Kind("ConfigMap", "configmaps")
STATEFUL_SET = Kind("StatefulSet", "statefulsets", "apps")
CONTROLLER_REVISION = Kind("ControllerRevision", "controllerrevisions", "apps")
NODE = Kind("Node", "nodes", namespaced=False)
EVENT = Kind("Event", "events")
DEPLOYMENT = Kind("Deployment", "deployments", "apps")
