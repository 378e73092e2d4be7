# SPDX-License-Identifier: GPL-3.0-or-later
"""The Services that give each master the address its Raft peers know it by. Pure.

Fluid makes them headless (charts/alluxio/templates/master/service.yaml), so a master's name does not resolve while its pod is
away. The leader's gRPC channel then fails with `Unable to resolve host` and never asks DNS again: the master comes back and
stays UNAVAILABLE. With a cluster IP the name always resolves, and always to the same address.

A single master has a startup probe that asks it by that name (templates/master/statefulset.yaml, `alluxio fsadmin report`), and a
headless Service without publishNotReadyAddresses leads to ready pods alone: it never becomes ready (measured, Fluid 1.0.8).
"""

from __future__ import annotations

from ..fluid.names import master_pod
from ..k8s import kinds

SELECTOR = "role=alluxio-master"

_HEADLESS = "None"
# What the API server fills in for one object; the one that takes its place gets its own.
_SERVER_METADATA = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "selfLink")
_ADDRESS_FIELDS = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")


def names(runtime: str, masters: int) -> list[str]:
    """The Services of a runtime's masters: each has the name of its pod."""
    return [master_pod(runtime, index) for index in range(masters)]


def is_stable(service: dict) -> bool:
    """Tell whether the name resolves to one address, also while the pod is away or not ready."""
    spec = service.get("spec", {})
    return spec.get("clusterIP") not in (None, "", _HEADLESS) and bool(spec.get("publishNotReadyAddresses"))


def stable(service: dict, name: str = "") -> dict:
    """Return the manifest of a Service with a cluster IP that takes the given one's place.

    name: makes it the Service of another master of the same runtime, by its pod's name.
    Labels, owner and Helm's annotations stay, so that Fluid's uninstall finds it.
    """
    metadata = {key: value for key, value in service["metadata"].items() if key not in _SERVER_METADATA}
    spec = {key: value for key, value in service["spec"].items() if key not in _ADDRESS_FIELDS}
    if name:
        metadata["name"] = name
        spec["selector"] = {**spec["selector"], "statefulset.kubernetes.io/pod-name": name}
    return {"apiVersion": kinds.SERVICE.api_version, "kind": kinds.SERVICE.kind, "metadata": metadata,
            "spec": {**spec, "publishNotReadyAddresses": True}}


def unstable(runtime: str, masters: int, objects: dict[str, dict]) -> list[str]:
    """Return the names of the Services that are headless, or missing after a replacement that was cut off.

    lives: the namespace's Services by name. Nothing counts as missing while none exists: Fluid has not made them yet.
    """
    expected = names(runtime, masters)
    if not any(name in objects for name in expected):
        return []
    return [name for name in expected if name not in objects or not is_stable(objects[name])]


def sibling(runtime: str, masters: int, objects: dict[str, dict], name: str) -> dict:
    """Return the live Service of that name, or that of another master to make it from."""
    return objects.get(name) or next(objects[each] for each in names(runtime, masters) if each in objects)
