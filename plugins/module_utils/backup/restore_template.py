# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes of the masters' pod template while a backup is restored. Pure.

An init container waits for the backup in an emptyDir that it shares with the master. A Java option makes the
master begin a new journal from that file. The option is in the template as well, not in Fluid's ConfigMap, so
one patch begins and one patch ends a restoration.
"""

from __future__ import annotations

import copy

from ..fluid.components import JOURNAL_VOLUME, MASTER_CONTAINER
from ..fluid.operations import ANNOTATION, Restoration
from ..journal import gate, template
from ..k8s.kinds import annotations_of

WAITER = "datacache-restore"
FOLDER = "/datacache-restore"
FILE = FOLDER + "/backup.gz"
# The init container waits for this file: the backup may not be verified yet, and all masters must start
# together.
GO = FOLDER + "/go"

_OPTIONS = "ALLUXIO_MASTER_JAVA_OPTS"
_PROPERTY = "-Dalluxio.master.journal.init.from.backup=" + FILE
# The kubelet inserts the value from Fluid's ConfigMap (envFrom precedes env).
_FROM_CONFIG_MAP = f"$({_OPTIONS})"
# The first process of a container ignores signals that it does not handle; a deleted pod must end at once.
_WAIT = f"trap 'exit 1' TERM; until [ -e {GO} ]; do sleep 0.2; done"
# A journal on a claim outlives its pod, and a backup is read into an empty journal only. It is emptied once:
# the mark keeps a master that restarts later from losing the restored journal. Arguments: folder, mark.
_EMPTY = """
[ "$(cat "$0/.datacache-restored" 2>/dev/null)" = "$1" ] || {
  find "$0" -mindepth 1 -not -path "$0/lost+found*" -delete && printf %s "$1" >"$0/.datacache-restored"
}"""

OLD, STARTING, WAITING, STARTED = "old", "starting", "waiting", "started"


def master_container(stateful_set: dict) -> dict:
    """Return the template's master container; {} without one."""
    containers = stateful_set["spec"]["template"]["spec"].get("containers") or []
    return next((each for each in containers if each["name"] == MASTER_CONTAINER), {})


def journal_is_fresh(stateful_set: dict) -> bool:
    """Return whether a new master pod begins with an empty journal, or has a claim that begin() empties."""
    if template.on_claims(stateful_set):
        return True
    volumes = stateful_set["spec"]["template"]["spec"].get("volumes") or []
    return any(volume["name"] == JOURNAL_VOLUME and volume.get("emptyDir") is not None for volume in volumes)


def begin(stateful_set: dict, restoration: Restoration) -> dict:
    """Return the merge patch that prepares the template; from then on pods are replaced only by deletion."""
    spec = _clean(stateful_set["spec"]["template"]["spec"])
    master = next(each for each in spec["containers"] if each["name"] == MASTER_CONTAINER)
    mount = {"name": WAITER, "mountPath": FOLDER}
    waiter = {key: master[key]
              for key in ("image", "imagePullPolicy", "securityContext", "resources") if key in master}
    waiter.update(name=WAITER, command=["sh", "-c", _WAIT], volumeMounts=[dict(mount)])
    if template.on_claims(stateful_set):
        journal = next(each for each in master["volumeMounts"] if each["name"] == JOURNAL_VOLUME)
        waiter["command"] = ["sh", "-c", _WAIT + _EMPTY, journal["mountPath"], restoration.text()]
        waiter["volumeMounts"].append(dict(journal))
    for each in spec["initContainers"] or []:
        if each["name"] == gate.CONTAINER:  # all masters start with an empty journal, and none leads
            each["env"] = [*(each.get("env") or []), {"name": gate.OPEN, "value": restoration.backup}]
    spec["initContainers"] = [*(spec.get("initContainers") or []), waiter]
    spec["volumes"] = [*(spec.get("volumes") or []), {"name": WAITER, "emptyDir": {}}]
    master["volumeMounts"] = [*(master.get("volumeMounts") or []), mount]
    _add_option(master)
    return _patch(stateful_set, spec, restoration.text())


def end(stateful_set: dict) -> dict:
    """Return the merge patch that undoes begin(); running pods do not change."""
    return _patch(stateful_set, _clean(stateful_set["spec"]["template"]["spec"]), None)


def _patch(stateful_set: dict, spec: dict, annotation: str | None) -> dict:
    # A rolling update would restart the masters regardless of the quorum.
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
    """Return a copy of the pod's spec without the additions of begin()."""
    spec = copy.deepcopy(spec)
    for key in ("initContainers", "volumes"):
        spec[key] = [each for each in spec.get(key) or [] if each["name"] != WAITER] or None
    for container in spec["initContainers"] or []:
        if container["name"] == gate.CONTAINER:
            container["env"] = [each for each in container.get("env") or [] if each["name"] != gate.OPEN]
    for container in spec["containers"]:
        if container["name"] == MASTER_CONTAINER:
            container["volumeMounts"] = [
                each for each in container.get("volumeMounts") or [] if each["name"] != WAITER]
            _remove_option(container)
    return spec


def _add_option(master: dict) -> None:
    present = next((each for each in master.get("env") or [] if each["name"] == _OPTIONS), None)
    if present is None:
        master["env"] = [*(master.get("env") or []),
                         {"name": _OPTIONS, "value": f"{_FROM_CONFIG_MAP} {_PROPERTY}"}]
    else:
        present["value"] = f"{present.get('value', '')} {_PROPERTY}"


def _remove_option(master: dict) -> None:
    for each in list(master.get("env") or []):
        if each["name"] == _OPTIONS and each.get("value", "").endswith(" " + _PROPERTY):
            each["value"] = each["value"].removesuffix(" " + _PROPERTY)
            if each["value"] == _FROM_CONFIG_MAP:
                master["env"].remove(each)


def stage(pod: dict, restoration: Restoration) -> str:
    """Return the stage of a master pod in a restoration.

    OLD: must be deleted. STARTING: is not ready yet. WAITING: waits for the file. STARTED: has the file.
    """
    if annotations_of(pod).get(ANNOTATION) != restoration.text():
        return OLD
    if pod["metadata"].get("deletionTimestamp"):
        return STARTING
    states = [each.get("state") or {}
              for each in pod.get("status", {}).get("initContainerStatuses") or [] if each["name"] == WAITER]
    if any("running" in state for state in states):
        return WAITING
    if any(state.get("terminated", {}).get("exitCode") == 0 for state in states):
        return STARTED
    return STARTING
