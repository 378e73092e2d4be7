# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the objects that Fluid creates for a Dataset and its runtime. Pure."""

from __future__ import annotations

from ..k8s.kinds import ObjectRef

_LABEL_LENGTH = 63


def volume_name(dataset: ObjectRef) -> str:
    """Return the name of a Dataset's volume (Fluid: pkg/ddc/base/pv.go)."""
    return f"{dataset.namespace}-{dataset.name}"


def claim_name(name: str) -> str:
    """Return the name of a Dataset's claim, which is the Dataset's name."""
    return name


def master_selector(name: str) -> str:
    """Return the label selector of a runtime's master pods."""
    return ",".join(f"{key}={value}" for key, value in master_labels(name).items())


def master_labels(name: str) -> dict[str, str]:
    """Return the labels that a runtime's master pods and no others have.

    Source: Fluid, charts/alluxio/templates/master/statefulset.yaml.
    """
    return {"release": name, "role": "alluxio-master"}


def master_pod(name: str, index: int) -> str:
    """Return the name of the pod of a runtime's master with that index."""
    return f"{name}-master-{index}"


def release_selector(name: str) -> str:
    """Return the label selector of a runtime's pods; Fluid installs a Helm release of the Dataset's name."""
    return "release=" + name


def stateful_set_name(name: str) -> str:
    """Return the name of the StatefulSet of a runtime's masters."""
    return name + "-master"


def worker_selector(name: str) -> str:
    """Return the label selector of a runtime's worker pods (Fluid: charts/alluxio/templates/worker)."""
    return f"release={name},role=alluxio-worker"


def fuse_selector(name: str) -> str:
    """Return the label selector of a runtime's FUSE pods (Fluid: charts/alluxio/templates/fuse)."""
    return f"release={name},role=alluxio-fuse"


def worker_set_name(name: str) -> str:
    """Return the name of the StatefulSet of a runtime's workers."""
    return name + "-worker"


def config_map_name(name: str) -> str:
    """Return the name of the ConfigMap with the Java options of a runtime's components."""
    return name + "-config"


def mount_config_map_name(name: str) -> str:
    """Return the name of the ConfigMap with the mounts of a Dataset and the script that mounts them."""
    return name + "-mount-config"


def lease_name(name: str) -> str:
    """Return the name of the Lease that whatever acts on a runtime's masters holds."""
    return name + "-masters"


def disruption_budget_name(name: str) -> str:
    """Return the name of the PodDisruptionBudget of a runtime's masters."""
    return name + "-masters"


def values_config_map_name(name: str) -> str:
    """Return the name of the ConfigMap with the values of a runtime's Helm release."""
    return name + "-alluxio-values"


def mount_folder(dataset: ObjectRef) -> str:
    """Return the folder of a node in which FUSE pods mount a cache (Fluid: pkg/ddc/alluxio/utils.go)."""
    return f"/runtime-mnt/alluxio/{dataset.namespace}/{dataset.name}"


def mount_point(dataset: ObjectRef) -> str:
    """Return the path at which a FUSE pod mounts a cache, in its container and on its node."""
    return mount_folder(dataset) + "/alluxio-fuse"


def worker_label(dataset: ObjectRef, uid: str) -> str:
    """Return the label of the nodes that run a worker of the cache. uid: of the Dataset."""
    return _node_label("fluid.io/s-alluxio-", dataset, uid)


def fuse_label(dataset: ObjectRef, uid: str) -> str:
    """Return the label of the nodes that run a FUSE pod of the cache. uid: of the Dataset."""
    return _node_label("fluid.io/f-", dataset, uid)


def node_labels(dataset: ObjectRef, uid: str) -> list[str]:
    """Return all labels that Fluid gives to nodes for one cache (pkg/ddc/alluxio/shutdown.go)."""
    return [worker_label(dataset, uid), fuse_label(dataset, uid),
            *(_node_label(f"fluid.io/s-{each}", dataset, uid)
              for each in ("", "h-alluxio-m-", "h-alluxio-d-", "h-alluxio-t-"))]


def _node_label(prefix: str, dataset: ObjectRef, uid: str) -> str:
    """Return the label; one of 63 characters and more ends with the UID (Fluid: pkg/utils/label.go)."""
    label = f"{prefix}{dataset.namespace}-{dataset.name}"
    return label if len(label) < _LABEL_LENGTH else prefix + uid
