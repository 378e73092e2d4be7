# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes for claims: folders on the disk of the node that the scheduler chose.

The default StorageClass binds a claim with its first pod (WaitForFirstConsumer). The volume then belongs to
that node, as local volumes do. A released volume and its folder are deleted.
"""

import shutil
import sys
import threading
import time
from collections.abc import Callable

from labctl import daemon, node, node_config, settings
from labctl.api import Api
from labctl.errors import LabError

DAEMON = "volumes"
CLASS = settings.NAME
PROVISIONER = settings.NAME + ".local/folders"

_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_CLAIMS = "/api/v1/persistentvolumeclaims"
_VOLUMES = "/api/v1/persistentvolumes"
# Set by the scheduler (kubernetes.io/docs/concepts/storage/storage-classes, volume binding mode).
_NODE = "volume.kubernetes.io/selected-node"
_FOLDER = "/var/lib/kubelet/lab-volumes"
_PAUSE = 1.0  # seconds before a watch that failed begins again


def start() -> None:
    """Create the default StorageClass, and start the process that makes its volumes."""
    api = Api()
    if not api.find(f"{_CLASSES}/{CLASS}"):
        api.create(_CLASSES, storage_class())
    daemon.start(DAEMON, ["env", f"PYTHONPATH={settings.LAB_DIR}", f"FLUID_LAB_STATE={settings.state_dir()}",
                          sys.executable, "-B", "-m", "labctl.volumes"])


def storage_class() -> dict:
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": {"name": CLASS,
                         "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "provisioner": PROVISIONER, "volumeBindingMode": "WaitForFirstConsumer",
            "reclaimPolicy": "Delete"}


def volume_of(claim: dict) -> dict | None:
    """The volume that a claim needs now, or None."""
    metadata, spec = claim["metadata"], claim["spec"]
    chosen = (metadata.get("annotations") or {}).get(_NODE)
    if spec.get("storageClassName") != CLASS or spec.get("volumeName") or not chosen \
            or metadata.get("deletionTimestamp"):
        return None
    name = f"{settings.NAME}-{metadata['uid']}"
    return {"apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
            "spec": {"capacity": {"storage": spec["resources"]["requests"]["storage"]},
                     "accessModes": spec["accessModes"], "storageClassName": CLASS,
                     "persistentVolumeReclaimPolicy": "Delete",
                     "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
                                  "namespace": metadata["namespace"], "name": metadata["name"],
                                  "uid": metadata["uid"]},
                     "hostPath": {"path": f"{_FOLDER}/{name}", "type": "DirectoryOrCreate"},
                     "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                         {"key": "kubernetes.io/hostname", "operator": "In", "values": [chosen]}]}]}}}}


def is_released(volume: dict) -> bool:
    return (volume["spec"].get("storageClassName") == CLASS
            and volume.get("status", {}).get("phase") in ("Released", "Failed"))


def _provide(api: Api, claim: dict) -> None:
    volume = volume_of(claim)
    if volume and not api.find(f"{_VOLUMES}/{volume['metadata']['name']}"):
        api.create(_VOLUMES, volume)


def _reclaim(api: Api, volume: dict) -> None:
    if is_released(volume):
        name = volume["metadata"]["name"]
        for number in range(1, settings.MAX_NODES + 1):
            kubelet = node_config.disk_folder(node.disk(number), "/var/lib/kubelet")
            shutil.rmtree(kubelet / "lab-volumes" / name, ignore_errors=True)
        api.delete(f"{_VOLUMES}/{name}")


def _follow(path: str, act: Callable[[Api, dict], None]) -> None:
    api = Api()
    while True:
        try:
            for event in api.watch(path):
                if event["type"] in ("ADDED", "MODIFIED"):
                    act(api, event["object"])
        except LabError as err:
            print(err, flush=True)
            time.sleep(_PAUSE)


def main() -> None:
    """Make and remove volumes until the process is killed."""
    threading.Thread(target=_follow, args=(_VOLUMES, _reclaim), daemon=True).start()
    _follow(_CLAIMS, _provide)


if __name__ == "__main__":
    main()
