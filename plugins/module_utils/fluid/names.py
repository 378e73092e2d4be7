# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that Fluid gives to what it makes for a Dataset and its runtime. Pure."""

from __future__ import annotations


def volume_name(namespace: str, name: str) -> str:
    """The PersistentVolume of a Dataset (Fluid: pkg/ddc/base/pv.go)."""
    return f"{namespace}-{name}"


def claim_name(name: str) -> str:
    """The PersistentVolumeClaim of a Dataset has the Dataset's own name."""
    return name


def master_selector(name: str) -> str:
    """The labels by which a runtime's master pods are found (Fluid: charts/alluxio/templates/master/statefulset.yaml)."""
    return f"release={name},role=alluxio-master"


def master_pod(name: str, index: int) -> str:
    """The pod of the master with that index in StatefulSet <name>-master."""
    return f"{name}-master-{index}"


def release_selector(name: str) -> str:
    """The pods of a runtime: Fluid installs it as a Helm release of the Dataset's name."""
    return "release=" + name


def stateful_set_name(name: str) -> str:
    return name + "-master"
