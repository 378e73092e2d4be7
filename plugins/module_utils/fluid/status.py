# SPDX-License-Identifier: GPL-3.0-or-later
"""What the status of Fluid's objects means: phases, readiness, absence. Pure."""

from __future__ import annotations

from ..alluxio.raft import Quorum
from ..k8s.predicates import phase_text
from ..k8s.wait_status import WaitStatus
from .runtime import declared_masters

# The Deployment whose controller takes each finalizer away.
FINALIZER_CONTROLLERS = {
    "fluid-dataset-controller-finalizer": "dataset-controller",
    "alluxio-runtime-controller-finalizer": "alluxioruntime-controller",
}
FAILED_PHASE = "Failed"


def dataset_phase(existing: dict) -> str:
    """The Dataset's phase; Fluid leaves it empty until its controller has seen the object."""
    return existing.get("status", {}).get("phase") or ""


def dataset_in_phase(desired: str):
    """A judge that is done once the Dataset has the wanted phase."""
    def predicate(existing: dict | None) -> WaitStatus:
        if existing is None:
            return WaitStatus(False, failed="it does not exist any more")
        phase = dataset_phase(existing)
        if phase == FAILED_PHASE and desired != FAILED_PHASE:
            return WaitStatus(False, failed=f"its phase is Failed{_condition_message(existing)}")
        return WaitStatus(phase == desired, phase_text(phase) + _condition_message(existing))
    return predicate


def _condition_message(existing: dict) -> str:
    conditions = existing.get("status", {}).get("conditions") or []
    messages = [condition.get("message") for condition in conditions if condition.get("message")]
    return f" ({messages[-1]})" if messages else ""


def components(existing: dict) -> dict:
    """Ready and desired counts of a runtime's masters and workers, from its spec and status.

    Desired comes from spec: the status keeps old numbers until the controller has looked again.
    """
    spec, status = existing.get("spec", {}), existing.get("status", {})
    return {
        "masters": {"ready": status.get("masterNumberReady", 0), "desired": declared_masters(spec)},
        "workers": {"ready": status.get("workerNumberReady", 0), "desired": spec.get("replicas") or 1},
        "fuses": {"ready": status.get("fuseNumberReady", 0), "desired": status.get("desiredFuseNumberScheduled", 0)},
    }


def runtime_ready(existing: dict | None) -> WaitStatus:
    """Done once Fluid reports all masters and workers ready. The quorum is another question.

    Masters are those that run: Fluid makes no others when another number is declared later, and takes
    desiredMasterNumberScheduled from their StatefulSet.
    """
    if existing is None:
        return WaitStatus(False, failed="it does not exist any more")
    counts = components(existing)
    declared = counts["masters"]["desired"]
    counts["masters"]["desired"] = existing.get("status", {}).get("desiredMasterNumberScheduled") or declared
    progress = ", ".join(f"{counts[part]['ready']} of {counts[part]['desired']} {part} ready"
                         for part in ("masters", "workers"))
    if counts["masters"]["desired"] != declared:
        progress += f"; {declared} masters are declared, which alluxio_rollout applies"
    done = all(counts[part]["ready"] >= counts[part]["desired"] for part in ("masters", "workers"))
    return WaitStatus(done, progress)


def quorum_formed(quorum: Quorum, members: int) -> WaitStatus:
    """Done once every wanted master is an AVAILABLE peer and exactly one leads."""
    return WaitStatus(quorum.complete(members), quorum.lacks(members))


def absent(existing: dict | None) -> WaitStatus:
    """Done once the object is gone; tells which finalizers, and so which controllers, hold it."""
    if existing is None:
        return WaitStatus(True)
    finalizers = existing["metadata"].get("finalizers") or []
    holders = ["%s%s" % (each, f" (of {FINALIZER_CONTROLLERS[each]})" if each in FINALIZER_CONTROLLERS else "")
               for each in finalizers]
    return WaitStatus(False, f"it is still there, held by {', '.join(holders) or 'nothing that it names'}")
