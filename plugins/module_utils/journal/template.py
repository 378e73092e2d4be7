# SPDX-License-Identifier: GPL-3.0-or-later
"""The StatefulSet of the masters with a journal volume, the gate and a readiness probe. Pure.

volumeClaimTemplates are immutable, so this is the manifest of a StatefulSet that replaces Fluid's. Name,
labels, owner and Helm's annotations stay, so that Fluid goes on with it as its own.
"""

from __future__ import annotations

import copy

from ..fluid import names as fluid_names
from ..fluid.components import JOURNAL_VOLUME, MASTER, MASTER_CONTAINER, raft_component
from . import gate
from .volume import JournalVolume

# Set by the API server or by Kubernetes' controllers for one object; its replacement gets its own.
_SERVER_METADATA = (
    "uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "selfLink", "finalizers",
    "deletionTimestamp", "deletionGracePeriodSeconds")
# Ratis opens its port after it has loaded the journal, and closes it with its server. Fluid waits for the
# first master that is ready, so each second between two probes delays a fresh cache.
_PROBE_PERIOD = 1  # seconds
_UNREADY_AFTER = 15  # probes that fail


def on_claims(stateful_set: dict) -> bool:
    """Return whether each master has a claim for its journal."""
    return any(each["metadata"]["name"] == JOURNAL_VOLUME
               for each in stateful_set["spec"].get("volumeClaimTemplates") or [])


def has_claim(pod: dict) -> bool:
    """Return whether the pod of a master has its journal on a claim."""
    return any(each["name"] == JOURNAL_VOLUME and "persistentVolumeClaim" in each
               for each in pod.get("spec", {}).get("volumes") or [])


def moves(stateful_set: dict, volume: JournalVolume | None) -> bool:
    """Return whether the masters' journals have to move onto the declared claims."""
    return volume is not None and volume.on_claims and not on_claims(stateful_set)


def replacement(name: str, stateful_set: dict, volume: JournalVolume | None, probe: bool) -> dict:
    """Return the manifest of the StatefulSet that replaces the given one.

    name: the runtime. volume: None to keep the volume. probe: whether to add the readiness probe; the names
    of unready masters resolve only with stable addresses.
    """
    metadata = {
        key: value for key, value in stateful_set["metadata"].items() if key not in _SERVER_METADATA}
    spec = copy.deepcopy(stateful_set["spec"])
    # Kubernetes' own rolling update would restart masters regardless of their quorum.
    spec["updateStrategy"] = {"type": "OnDelete"}
    pod = gate.with_gate(name, spec["template"]["spec"])
    if probe:
        _add_probe(pod)
    if moves(stateful_set, volume) and volume is not None:
        pod["volumes"] = [each for each in pod["volumes"] if each["name"] != JOURNAL_VOLUME]
        spec["volumeClaimTemplates"] = [claim_template(volume)]
        spec["persistentVolumeClaimRetentionPolicy"] = retention(volume)
    spec["template"]["spec"] = pod
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": spec}


def _add_probe(pod: dict) -> None:
    for container in pod["containers"]:
        if container["name"] == MASTER_CONTAINER and "readinessProbe" not in container:
            container["readinessProbe"] = {
                "tcpSocket": {"port": raft_component(MASTER).raft_port},
                "periodSeconds": _PROBE_PERIOD, "failureThreshold": _UNREADY_AFTER}


def claim_template(volume: JournalVolume) -> dict:
    """Return the claim of each master."""
    spec: dict = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": volume.size}}}
    if volume.storage_class is not None:
        spec["storageClassName"] = volume.storage_class
    return {"metadata": {"name": JOURNAL_VOLUME}, "spec": spec}


def retention(volume: JournalVolume) -> dict:
    """Return when Kubernetes deletes the claims.

    The claim of a removed master always goes: a master of that name that is added later must not vote with
    an old journal.
    """
    return {"whenDeleted": "Retain" if volume.keep else "Delete", "whenScaled": "Delete"}


def retention_patch(stateful_set: dict, volume: JournalVolume | None) -> dict | None:
    """Return the merge patch that makes the existing claims stay or go as declared; None for no change."""
    if volume is None or not volume.on_claims or not on_claims(stateful_set):
        return None
    desired = retention(volume)
    if stateful_set["spec"].get("persistentVolumeClaimRetentionPolicy") == desired:
        return None
    return {"spec": {"persistentVolumeClaimRetentionPolicy": desired}}


def claim_names(name: str, masters: int) -> list[str]:
    """Return the names of the claims of a runtime's masters."""
    return [f"{JOURNAL_VOLUME}-{fluid_names.master_pod(name, index)}" for index in range(masters)]


def claim_selector(name: str) -> str:
    """Return the label selector of those claims: a StatefulSet's claims have the labels of its selector."""
    return f"name={fluid_names.stateful_set_name(name)},role=alluxio-master"
