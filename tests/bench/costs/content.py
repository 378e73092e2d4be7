# SPDX-License-Identifier: GPL-3.0-or-later
"""The Datasets that are measured: the same content for every tool. Pure."""

API_VERSION = "data.fluid.io/v1alpha1"
_MOUNT_POINT = "https://mirrors.tuna.tsinghua.edu.cn/apache/hbase/stable/"


def names(count: int) -> list[str]:
    return [f"bench-{number:05}" for number in range(count)]


def options(name: str) -> dict:
    """One Dataset as options of datacache.fluid.dataset."""
    return {"name": name, "labels": {"team": "search"},
            "mounts": [{"name": "hbase", "mount_point": _MOUNT_POINT}]}


def manifest(name: str, namespace: str) -> dict:
    """The same Dataset as kubernetes.core and kubectl take it."""
    return {
        "apiVersion": API_VERSION, "kind": "Dataset",
        "metadata": {"name": name, "namespace": namespace, "labels": {"team": "search"}},
        "spec": {"mounts": [{"name": "hbase", "mountPoint": _MOUNT_POINT}]},
    }


def volume(name: str, namespace: str) -> dict:
    """The volume that Fluid makes for a Dataset, as far as dataset_volume reads it."""
    return {
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {"name": f"{namespace}-{name}", "labels": {"bench": namespace}},
        "spec": {"capacity": {"storage": "100Pi"}, "accessModes": ["ReadOnlyMany"],
                 "storageClassName": "fluid",
                 "persistentVolumeReclaimPolicy": "Retain",
                 "claimRef": {"name": name, "namespace": namespace},
                 "csi": {"driver": "fuse.csi.fluid.io", "volumeHandle": f"{namespace}-{name}"}},
    }


def claim(name: str, namespace: str) -> dict:
    return {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"accessModes": ["ReadOnlyMany"], "storageClassName": "fluid",
                 "volumeName": f"{namespace}-{name}",
                 "resources": {"requests": {"storage": "100Pi"}}},
    }


def runtime(name: str, namespace: str) -> dict:
    """A runtime that could bind the Dataset of its name."""
    return {
        "apiVersion": API_VERSION, "kind": "AlluxioRuntime",
        "metadata": {"name": name, "namespace": namespace}, "spec": {"replicas": 1},
    }
