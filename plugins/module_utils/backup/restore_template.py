# SPDX-License-Identifier: GPL-3.0-or-later
"""The masters' StatefulSet while a backup is restored: what is added to its pod template and taken out again. Pure.

An init container waits for the backup in an emptyDir that it shares with the master, whose options tell it to begin
a fresh journal from that file. The option goes into the template too, not into Fluid's ConfigMap: so one patch begins
and one patch ends a restoration, and nothing in between can be half done.
"""

from __future__ import annotations

import copy

from ..fluid.operations import ANNOTATION, Restoration, annotations_of

MASTER = "alluxio-master"
JOURNAL_VOLUME = "alluxio-journal"
WAITER = "datacache-restore"
FOLDER = "/datacache-restore"
FILE = FOLDER + "/backup.gz"
# What the init container waits for: the file alone may still be checked, and all masters are to start together.
GO = FOLDER + "/go"

_OPTIONS = "ALLUXIO_MASTER_JAVA_OPTS"
_PROPERTY = "-Dalluxio.master.journal.init.from.backup=" + FILE
# The kubelet puts in the value that Fluid's ConfigMap gives (envFrom comes before env).
_FROM_CONFIG_MAP = f"$({_OPTIONS})"
# The first process of a container ignores signals that it does not handle; a pod that is deleted shall not linger.
_WAIT = f"trap 'exit 1' TERM; until [ -e {GO} ]; do sleep 0.2; done"

OLD, STARTING, WAITING, STARTED = "old", "starting", "waiting", "started"


def master_container(stateful_set: dict) -> dict:
    """The template's master container; {} when it has none."""
    containers = stateful_set["spec"]["template"]["spec"].get("containers") or []
    return next((each for each in containers if each["name"] == MASTER), {})


def journal_is_fresh(stateful_set: dict) -> bool:
    """Tell whether a new master pod begins with an empty journal, as on Fluid's emptyDir."""
    volumes = stateful_set["spec"]["template"]["spec"].get("volumes") or []
    return any(volume["name"] == JOURNAL_VOLUME and volume.get("emptyDir") is not None for volume in volumes)


def begin(stateful_set: dict, restoration: Restoration) -> dict:
    """The merge patch that sets the template up. Pods are replaced by their deletion alone from then on."""
    spec = _clean(stateful_set["spec"]["template"]["spec"])
    master = next(each for each in spec["containers"] if each["name"] == MASTER)
    mount = {"name": WAITER, "mountPath": FOLDER}
    waiter = {key: master[key] for key in ("image", "imagePullPolicy", "securityContext", "resources") if key in master}
    waiter.update(name=WAITER, command=["sh", "-c", _WAIT], volumeMounts=[dict(mount)])
    spec["initContainers"] = [*(spec.get("initContainers") or []), waiter]
    spec["volumes"] = [*(spec.get("volumes") or []), {"name": WAITER, "emptyDir": {}}]
    master["volumeMounts"] = [*(master.get("volumeMounts") or []), mount]
    _add_option(master)
    return _patch(stateful_set, spec, restoration.text())


def end(stateful_set: dict) -> dict:
    """The merge patch that takes it all out again; running pods keep what they have."""
    return _patch(stateful_set, _clean(stateful_set["spec"]["template"]["spec"]), None)


def _patch(stateful_set: dict, spec: dict, annotation: str | None) -> dict:
    # A rolling update would restart the masters by itself, without a look at the quorum.
    return {
        "metadata": {"resourceVersion": stateful_set["metadata"]["resourceVersion"]},
        "spec": {
            "updateStrategy": {"type": "OnDelete", "rollingUpdate": None},
            "template": {
                "metadata": {"annotations": {ANNOTATION: annotation}},
                "spec": {key: spec.get(key) for key in ("initContainers", "containers", "volumes")},
            },
        },
    }


def _clean(spec: dict) -> dict:
    """A copy of the pod's spec without anything that begin() adds."""
    spec = copy.deepcopy(spec)
    for key in ("initContainers", "volumes"):
        spec[key] = [each for each in spec.get(key) or [] if each["name"] != WAITER] or None
    for container in spec["containers"]:
        if container["name"] == MASTER:
            container["volumeMounts"] = [each for each in container.get("volumeMounts") or [] if each["name"] != WAITER]
            _remove_option(container)
    return spec


def _add_option(master: dict) -> None:
    present = next((each for each in master.get("env") or [] if each["name"] == _OPTIONS), None)
    if present is None:
        master["env"] = [*(master.get("env") or []), {"name": _OPTIONS, "value": f"{_FROM_CONFIG_MAP} {_PROPERTY}"}]
    else:
        present["value"] = f"{present.get('value', '')} {_PROPERTY}"


def _remove_option(master: dict) -> None:
    for each in list(master.get("env") or []):
        if each["name"] == _OPTIONS and each.get("value", "").endswith(" " + _PROPERTY):
            each["value"] = each["value"].removesuffix(" " + _PROPERTY)
            if each["value"] == _FROM_CONFIG_MAP:
                master["env"].remove(each)


def stage(pod: dict, restoration: Restoration) -> str:
    """How far a master pod has got in a restoration: OLD is to be deleted, WAITING takes the file, STARTED has it."""
    if annotations_of(pod).get(ANNOTATION) != restoration.text():
        return OLD
    if pod["metadata"].get("deletionTimestamp"):
        return STARTING
    states = [each.get("state") or {} for each in pod.get("status", {}).get("initContainerStatuses") or [] if each["name"] == WAITER]
    if any("running" in state for state in states):
        return WAITING
    if any(state.get("terminated", {}).get("exitCode") == 0 for state in states):
        return STARTED
    return STARTING
