# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the objects that Fluid creates for a Dataset and its runtime. Pure."""

from __future__ import annotations

from ..k8s.kinds import ObjectRef


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
