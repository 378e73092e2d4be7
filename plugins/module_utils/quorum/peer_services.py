# SPDX-License-Identifier: GPL-3.0-or-later
"""The Services whose names are the masters' addresses for their Raft peers. Pure.

Fluid creates them headless (charts/alluxio/templates/master/service.yaml), so a master's name does not
resolve while its pod is absent. The leader's gRPC channel then fails with `Unable to resolve host` and never
queries DNS again: the restarted master stays UNAVAILABLE. With a cluster IP the name always resolves, and
always to the same address.

The startup probe of a single master connects to that name (templates/master/statefulset.yaml, `alluxio
fsadmin report`). A headless Service without publishNotReadyAddresses resolves to ready pods only, so the
master never becomes ready (measured, Fluid 1.0.8).
"""

from __future__ import annotations

from ..fluid.components import raft_component
from ..fluid.names import master_pod
from ..k8s import kinds

SELECTOR = "role=alluxio-master"

_HEADLESS = "None"
# Ends the name of a Service's copy.
_COPY = "-replaced"
_LONGEST = 63
# Set by the API server for one object; its replacement gets its own.
_SERVER_METADATA = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "selfLink")
_ADDRESS_FIELDS = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")


def names(runtime: str, masters: int) -> list[str]:
    """Return the names of the Services of a runtime's masters, which are those of their pods."""
    return [master_pod(runtime, index) for index in range(masters)]


def address(service: dict, domain: str) -> str:
    """Return the address, host:port, of a Service's master in a domain; port 0 without that port."""
    name = raft_component(domain).raft_port
    port = next((each["port"] for each in service["spec"]["ports"] if each.get("name") == name), 0)
    return f"{service['metadata']['name']}:{port}"


def is_stable(service: dict) -> bool:
    """Return whether the name resolves to one address even while the pod is absent or not ready."""
    spec = service.get("spec", {})
    return spec.get("clusterIP") not in (None, "", _HEADLESS) and bool(spec.get("publishNotReadyAddresses"))


def stable(service: dict, name: str = "") -> dict:
    """Return the manifest of a Service with a cluster IP that replaces the given one.

    name: the pod of another master of the same runtime whose Service it becomes. Labels, owner and Helm's
    annotations stay, so that Fluid's uninstall finds it.
    """
    metadata = {key: value for key, value in service["metadata"].items() if key not in _SERVER_METADATA}
    spec = {key: value for key, value in service["spec"].items() if key not in _ADDRESS_FIELDS}
    if name:
        metadata["name"] = name
        spec["selector"] = {**spec["selector"], "statefulset.kubernetes.io/pod-name": name}
    return {"apiVersion": kinds.SERVICE.api_version, "kind": kinds.SERVICE.kind, "metadata": metadata,
            "spec": {**spec, "publishNotReadyAddresses": True}}


def copy_name(name: str) -> str:
    """Return the name of the copy of a Service, within the 63 characters of a DNS label."""
    return name[:_LONGEST - len(_COPY)].rstrip("-") + _COPY


def copy_of(service: dict) -> dict:
    """Return the manifest of a Service's headless copy, the pattern of its replacement.

    A single master has no sibling: without the copy nothing would show an interrupted replacement, and no run
    would create the Service again.
    """
    manifest = stable(service)
    manifest["metadata"]["name"] = copy_name(service["metadata"]["name"])
    manifest["spec"]["clusterIP"] = _HEADLESS
    return manifest


def unstable(runtime: str, masters: int, objects: dict[str, dict]) -> list[str]:
    """Return the names of the Services that are headless, or whose replacement was interrupted.

    objects: the namespace's Services by name. While neither a Service nor a copy exists none counts as
    missing: Fluid has not created them yet.
    """
    expected = names(runtime, masters)
    if not any(name in objects or copy_name(name) in objects for name in expected):
        return []
    return [name for name in expected
            if name not in objects or not is_stable(objects[name]) or copy_name(name) in objects]


def lacking(runtime: str, masters: int, objects: dict[str, dict]) -> list[str]:
    """Return the names of the Services that are unstable, or that Fluid has not created yet."""
    expected = names(runtime, masters)
    return unstable(runtime, masters, objects) or [name for name in expected if name not in objects]


def sibling(runtime: str, masters: int, objects: dict[str, dict], name: str) -> dict:
    """Return the existing Service of that name, or its copy or another master's as the pattern."""
    others = [found for each in names(runtime, masters) for found in (each, copy_name(each))]
    return next(objects[each] for each in (name, copy_name(name), *others) if each in objects)
