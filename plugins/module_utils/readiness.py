# SPDX-License-Identifier: GPL-3.0-or-later
"""What the state of a live object means: phases, readiness, binding, absence. Pure."""

from __future__ import annotations

from .errors import InvalidInput
from .quorum import Quorum, declared_masters
from .waiter import Verdict

# The Deployment whose controller takes each finalizer away.
FINALIZER_CONTROLLERS = {
    "fluid-dataset-controller-finalizer": "dataset-controller",
    "alluxio-runtime-controller-finalizer": "alluxioruntime-controller",
}
BOUND_PHASE = "Bound"
FAILED_PHASE = "Failed"


def dataset_phase(live: dict) -> str:
    """The Dataset's phase; Fluid leaves it empty until its controller has seen the object."""
    return live.get("status", {}).get("phase") or ""


def dataset_in_phase(wanted: str):
    """A judge that is done once the Dataset has the wanted phase."""
    def judge(live: dict | None) -> Verdict:
        if live is None:
            return Verdict(False, failed="it does not exist any more")
        phase = dataset_phase(live)
        if phase == FAILED_PHASE and wanted != FAILED_PHASE:
            return Verdict(False, failed="its phase is Failed%s" % _condition_message(live))
        return Verdict(phase == wanted, _phase_text(phase) + _condition_message(live))
    return judge


def _phase_text(phase: str) -> str:
    return "its phase is %s" % phase if phase else "it has no phase yet, so its controller has not seen it"


def _condition_message(live: dict) -> str:
    conditions = live.get("status", {}).get("conditions") or []
    messages = [condition.get("message") for condition in conditions if condition.get("message")]
    return " (%s)" % messages[-1] if messages else ""


def components(live: dict) -> dict:
    """Ready and desired counts of a runtime's masters and workers, from its spec and status.

    Desired comes from spec: the status keeps old numbers until the controller has looked again.
    """
    spec, status = live.get("spec", {}), live.get("status", {})
    return {
        "masters": {"ready": status.get("masterNumberReady", 0), "desired": declared_masters(spec)},
        "workers": {"ready": status.get("workerNumberReady", 0), "desired": spec.get("replicas") or 1},
        "fuses": {"ready": status.get("fuseNumberReady", 0), "desired": status.get("desiredFuseNumberScheduled", 0)},
    }


def runtime_ready(live: dict | None) -> Verdict:
    """Done once Fluid reports all masters and workers ready. The quorum is another question.

    Masters are those that run: Fluid makes no others when another number is declared later, and takes
    desiredMasterNumberScheduled from their StatefulSet.
    """
    if live is None:
        return Verdict(False, failed="it does not exist any more")
    counts = components(live)
    declared = counts["masters"]["desired"]
    counts["masters"]["desired"] = live.get("status", {}).get("desiredMasterNumberScheduled") or declared
    progress = ", ".join("%d of %d %s ready" % (counts[part]["ready"], counts[part]["desired"], part)
                         for part in ("masters", "workers"))
    if counts["masters"]["desired"] != declared:
        progress += "; %d masters are declared, which alluxio_rollout applies" % declared
    done = all(counts[part]["ready"] >= counts[part]["desired"] for part in ("masters", "workers"))
    return Verdict(done, progress)


def quorum_formed(quorum: Quorum, members: int) -> Verdict:
    """Done once every wanted master is an AVAILABLE peer and exactly one leads."""
    return Verdict(quorum.complete(members), quorum.lacks(members))


def field_is(path: str, value: object):
    """A judge that is done once a JMESPath expression finds the value, or with None anything that is true.

    Raises InvalidInput when the expression cannot be read, or jmespath is not installed. Values are compared as text too, since
    YAML and the API do not always agree on what is a number.
    """
    try:
        import jmespath  # here, because few tasks need it
    except ImportError as err:
        raise InvalidInput("wait_for needs the Python package jmespath for the interpreter that runs the module: "
                           "install it there (pip install jmespath)") from err
    try:
        expression = jmespath.compile(path)
    except jmespath.exceptions.JMESPathError as err:
        raise InvalidInput("wait_for.path %r is not a JMESPath expression: %s" % (path, err)) from err

    def judge(live: dict | None) -> Verdict:
        if live is None:
            return Verdict(False, "it does not exist yet")
        try:
            found = expression.search(live)
        except jmespath.exceptions.JMESPathError as err:
            return Verdict(False, "%s cannot be evaluated yet: %s" % (path, err))
        return Verdict(bool(found) if value is None else _as_text(found) == _as_text(value), "%s is %r" % (path, found))
    return judge


def _as_text(value: object) -> str:
    """The value as text; true is one of YAML's words, of Python's and of a condition's status."""
    text = str(value)
    return text.lower() if text in ("True", "False") else text


def bound(live: dict | None) -> Verdict:
    """Done once a PersistentVolume or claim says that it is Bound."""
    if live is None:
        return Verdict(False, "it does not exist yet")
    phase = live.get("status", {}).get("phase") or ""
    if phase in ("Lost", "Failed"):
        return Verdict(False, failed="its phase is %s: %s" % (phase, live["status"].get("message") or "no message"))
    return Verdict(phase == BOUND_PHASE, _phase_text(phase))


def absent(live: dict | None) -> Verdict:
    """Done once the object is gone; tells which finalizers, and so which controllers, hold it."""
    if live is None:
        return Verdict(True)
    finalizers = live["metadata"].get("finalizers") or []
    holders = ["%s%s" % (each, " (of %s)" % FINALIZER_CONTROLLERS[each] if each in FINALIZER_CONTROLLERS else "")
               for each in finalizers]
    return Verdict(False, "it is still there, held by %s" % (", ".join(holders) or "nothing that it names"))


def is_ready(pod: dict) -> bool:
    """Tell whether a pod's Ready condition is true; it turns false when the pod's node no longer answers."""
    conditions = pod.get("status", {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def pod_trouble(pod: dict) -> str:
    """Say why a pod is not ready, in one line; empty when it is ready or has done its work."""
    status = pod.get("status", {})
    if status.get("phase") == "Succeeded":
        return ""
    conditions = {condition["type"]: condition for condition in status.get("conditions") or []}
    if conditions.get("Ready", {}).get("status") == "True":
        return ""
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return "not scheduled: %s" % (scheduled.get("message") or scheduled.get("reason") or "no reason given")
    states = (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])
    for container in states:
        trouble = _container_trouble(container)
        if trouble:
            return trouble
    return "phase %s" % status.get("phase", "unknown")


def _container_trouble(container: dict) -> str:
    state = container.get("state") or {}
    waiting = state.get("waiting")
    if waiting and waiting.get("reason") not in ("PodInitializing", "ContainerCreating"):
        return "container %s waits: %s %s" % (container["name"], waiting.get("reason"), waiting.get("message") or "")
    ended = state.get("terminated")
    if ended and ended.get("exitCode"):
        return "container %s ended with exit code %d (%s)" % (container["name"], ended["exitCode"], ended.get("reason"))
    return ""


def claims_of(pod: dict) -> set[str]:
    """The names of the claims that a pod mounts."""
    volumes = pod.get("spec", {}).get("volumes") or []
    return {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if volume.get("persistentVolumeClaim")}


def is_finished(pod: dict) -> bool:
    """A pod that has ended holds no volume any more."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
