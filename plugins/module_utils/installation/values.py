# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of Fluid's chart (Fluid: charts/fluid/fluid/values.yaml). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import InvalidInput
from ..k8s.kinds import Kind

# Anchors of the chart's values.yaml: the default is copied into each image before these keys are overridden.
_ANCHORS = {"imagePrefix": "image_registry (fluid_image_registry)", "version": "imageTag below each image"}
# The registry of an image's name, with an optional path (distribution/reference).
_REGISTRY = re.compile(r"[\w.-]+(:\d+)?(/[a-z0-9._-]+)*")

_RECOVERY = "FuseRecovery"
_KUBECONFIG = "/etc/kubernetes/kubelet.conf"


def merged(below: Any, above: Any) -> Any:
    """Return the values with those above winning; dictionaries are merged key by key, as Helm does."""
    if not (isinstance(below, Mapping) and isinstance(above, Mapping)):
        return above
    return {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}


def key_of(runtime: Kind) -> str:
    """Return the key of a kind of runtime below `runtime`, such as alluxio."""
    return runtime.plural.removesuffix("runtimes")


def controller_of(runtime: Kind) -> str:
    """Return the name of the Deployment that serves a kind of runtime."""
    return f"{runtime.plural.removesuffix('s')}-controller"


def from_registry(defaults: Mapping, registry: str) -> dict:
    """Return the values that take every image from a registry, each under its own path.

    defaults: the chart's values. Every key that ends in imagePrefix counts, those of juicefs included
    (ceimagePrefix, eeimagePrefix).
    """
    found = {key: _value_from(key, value, registry) for key, value in defaults.items()}
    return {key: value for key, value in found.items() if value}


def _value_from(key: str, value: Any, registry: str) -> Any:
    if isinstance(value, Mapping):
        return from_registry(value, registry)
    if isinstance(value, str) and key.lower().endswith("imageprefix"):
        return f"{registry}/{_without_host(value)}".rstrip("/")
    return None


def _without_host(prefix: str) -> str:
    """Return the path of an image's prefix; the first part is a host as in the names of images (docker)."""
    host, _slash, path = prefix.partition("/")
    return path if "." in host or ":" in host or host == "localhost" else prefix


def require_registry(registry: str) -> None:
    """Raise InvalidInput unless the registry can begin the name of an image; empty is valid."""
    if registry and not _REGISTRY.fullmatch(registry):
        raise InvalidInput(f"image_registry is {registry}: expected host[:port][/path], without https:// and "
                           "without a slash at its end")


def pull_secrets(names: Iterable[str]) -> dict:
    """Return the values that let every pod of Fluid and of its caches pull with these Secrets."""
    listed = [{"name": name} for name in names]
    return {"image": {"imagePullSecrets": listed}} if listed else {}


def enabled(runtimes: Iterable[Kind]) -> dict:
    """Return the values with which the controllers of these kinds have replicas.

    Without them the chart renders 0, and each upgrade takes back what Fluid has scaled up on demand (Fluid:
    pkg/controllers/deploy/runtime_controllers.go).
    """
    keys = sorted(key_of(runtime) for runtime in runtimes)
    return {"runtime": {key: {"enabled": True} for key in keys}} if keys else {}


def fuse_recovery(given: Mapping) -> dict:
    """Return the values with which the CSI plugin mounts the folders of restarted FUSE pods again.

    given: the values of the user, whose feature gates stay (Fluid: pkg/csi/features/csi_features.go).
    """
    gates = [gate for gate in str(_at(given, "csi", "featureGates", default="")).split(",") if gate]
    if any(gate.partition("=")[0].strip() == _RECOVERY for gate in gates):
        raise InvalidInput(f"chart_values.csi.featureGates is {','.join(gates)}: leave {_RECOVERY} to "
                           "fuse_recovery (fluid_fuse_recovery)")
    return {"csi": {"featureGates": ",".join([*gates, f"{_RECOVERY}=true"])}}


def has_csi(values: Mapping) -> bool:
    """Return whether the chart installs the CSI plugin; without it pods get FUSE sidecars."""
    return bool(_at(values, "csi", "enabled", default=True))


def mounts_kubeconfig_of_kubeadm(values: Mapping) -> bool:
    """Return whether the CSI plugin mounts kubeadm's kubeconfig of the kubelet, and needs it to start."""
    return (has_csi(values) and bool(_at(values, "csi", "useNodeAuthorization", default=True))
            and _at(values, "csi", "kubelet", "kubeConfigFile", default=_KUBECONFIG) == _KUBECONFIG)


def require_valid(values: Mapping, namespace: str, runtimes: Iterable[Kind]) -> None:
    """Raise InvalidInput for given values that have no effect or that leave caches without a controller.

    namespace: that of Fluid's objects. runtimes: the kinds of which objects exist or will exist.
    """
    if (given := values.get("namespace", namespace)) != namespace:
        raise InvalidInput(f"chart_values.namespace is {given}, and Fluid's namespace is {namespace}: set "
                           "namespace (fluid_system_namespace) instead")
    for anchor, instead in _ANCHORS.items():
        key = "imageTag" if anchor == "version" else anchor
        if anchor in values and _at(values, "dataset", "controller", key) is None:
            raise InvalidInput(f"chart_values.{anchor} is {values[anchor]}, which changes no image, because "
                               f"the chart copies its default into every image: set {instead}")
    for runtime in runtimes:
        if _at(values, "runtime", key_of(runtime), "replicas", default=1) in (0, "0"):
            raise InvalidInput(f"chart_values.runtime.{key_of(runtime)}.replicas is 0: expected 1 or more, "
                               f"because caches of kind {runtime.kind} need their controller")


def _at(values: Any, *keys: str, default: Any = None) -> Any:
    """Return the value at a path of keys, the default where it is not given."""
    for key in keys:
        if not isinstance(values, Mapping) or key not in values:
            return default
        values = values[key]
    return values
