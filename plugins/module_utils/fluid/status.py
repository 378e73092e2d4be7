# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of Fluid's objects: phases, readiness, absence. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..alluxio.raft import Quorum, quorum_size
from ..k8s.kinds import annotations_of
from ..k8s.predicates import BOUND_PHASE, phase_text
from ..k8s.wait_status import Predicate, WaitStatus
from . import dataset
from .runtime import declared_masters

# The Deployment of the controller that removes each finalizer.
FINALIZER_CONTROLLERS = {
    **{f"fluid-{kind}-controller-finalizer": "dataset-controller"
       for kind in ("dataset", "dataload", "datamigrate", "dataprocess", "databackup")},
    **{f"{kind}-runtime-controller-finalizer": f"{kind}runtime-controller"
       for kind in ("alluxio", "cache", "efc", "goosefs", "jindo", "juicefs", "thin", "vineyard")},
    **{f"fluid-{kind}-controller-finalizer": "dataset-controller"
       for kind in ("databackup", "dataload", "datamigrate", "dataprocess")},
}
FAILED_PHASE = "Failed"
# Seconds. Fluid sets the phase at any error of the API server (pkg/ddc/alluxio/health_check.go), repeats the
# sync 20 s after its error (pkg/controllers/runtime_controller.go) and then sets Bound again. So a phase that
# two repetitions and 5 s for their requests have not corrected stays.
FAILED_COUNTS_AFTER = 45.0


def created_by_fluid(existing: dict) -> bool:
    """Return whether Fluid has created a claim or volume, by its annotation (pkg/common/constants.go)."""
    return annotations_of(existing).get("CreatedBy") == "fluid"


def dataset_phase(existing: dict) -> str:
    """Return the Dataset's phase; empty until Fluid's controller has processed the object."""
    return existing.get("status", {}).get("phase") or ""


def dataset_in_phase(desired: str) -> Predicate:
    """Return a predicate that is done when the Dataset has the desired phase and, if Bound, its mounts."""
    def predicate(existing: dict | None) -> WaitStatus:
        if existing is None:
            return WaitStatus(False, failed="it no longer exists")
        phase = dataset_phase(existing)
        if phase == FAILED_PHASE and desired != FAILED_PHASE:
            text = f"its phase is Failed{_since(existing)}{_condition_message(existing)}"
            return WaitStatus(False, text, text, lasts=FAILED_COUNTS_AFTER)
        difference = _mount_difference(existing) if phase == desired == BOUND_PHASE else ""
        return WaitStatus(phase == desired and not difference,
                          phase_text(phase) + difference + _condition_message(existing))
    return predicate


def _mount_difference(existing: dict) -> str:
    """Return what Fluid has still to mount and unmount in a bound Dataset; empty for nothing."""
    difference = dataset.out_of_sync(existing)
    return "".join(f", and Fluid has not yet {verb} {', '.join(paths)}" for verb, paths in (
        ("mounted", difference["missing"]), ("unmounted", difference["left"])) if paths)


def _condition_message(existing: dict) -> str:
    conditions = existing.get("status", {}).get("conditions") or []
    messages = [condition.get("message") for condition in conditions if condition.get("message")]
    return f" ({messages[-1]})" if messages else ""


def _since(existing: dict) -> str:
    """Return since when the Dataset is not Ready, by Fluid's condition; empty without one."""
    conditions = existing.get("status", {}).get("conditions") or []
    times = [each.get("lastTransitionTime") for each in conditions
             if each.get("type") == "Ready" and each.get("status") == "False"]
    return f" since {times[-1]}" if times and times[-1] else ""


def components(existing: dict) -> dict:
    """Return the ready and desired numbers of a runtime's masters, workers and FUSE pods.

    The desired masters and workers are those of the spec, because the status is outdated until the
    controller has processed a change. Without spec.replicas, which Fluid leaves out for zero, there are none.
    """
    spec, status = existing.get("spec", {}), existing.get("status", {})
    return {
        "masters": {"ready": status.get("masterNumberReady", 0), "desired": declared_masters(spec)},
        "workers": {"ready": status.get("workerNumberReady", 0), "desired": spec.get("replicas", 0)},
        "fuses": {"ready": status.get("fuseNumberReady", 0),
                  "desired": status.get("desiredFuseNumberScheduled", 0)},
    }


def runtime_ready(existing: dict | None, lost: Mapping[str, int] | None = None) -> WaitStatus:
    """Return done if Fluid reports all masters and workers as ready; the quorum is not considered.

    The masters are those of the StatefulSet, desiredMasterNumberScheduled: Fluid does not apply another
    number that is declared after the creation. lost: the numbers of masters and workers that cannot run; the
    others are enough if a majority of the masters and one worker are ready.
    """
    if existing is None:
        return WaitStatus(False, failed="it no longer exists")
    counts = components(existing)
    declared = counts["masters"]["desired"]
    counts["masters"]["desired"] = existing.get("status", {}).get("desiredMasterNumberScheduled") or declared
    progress = ", ".join(f"{counts[part]['ready']} of {counts[part]['desired']} {part} ready"
                         for part in ("masters", "workers"))
    if counts["masters"]["desired"] != declared:
        progress += f"; {declared} masters are declared, which alluxio_rollout applies"
    least = {"masters": quorum_size(counts["masters"]["desired"]), "workers": 1}
    done = all(counts[part]["ready"] >= max(
        counts[part]["desired"] - (lost or {}).get(part, 0), min(least[part], counts[part]["desired"]))
        for part in least)
    return WaitStatus(done, progress)


def quorum_formed(quorum: Quorum, members: int, lost: Collection[str] = ()) -> WaitStatus:
    """Return done if that many masters are AVAILABLE peers and exactly one leads.

    lost: pods of masters that cannot run.
    """
    return WaitStatus(quorum.complete(members, lost), quorum.lacks(members, lost))


def absent(existing: dict | None) -> WaitStatus:
    """Return done if the object is absent; the progress has the finalizers that block its deletion."""
    if existing is None:
        return WaitStatus(True)
    finalizers = existing["metadata"].get("finalizers") or []
    holders = [each + (f" (of {FINALIZER_CONTROLLERS[each]})" if each in FINALIZER_CONTROLLERS else "")
               for each in finalizers]
    return WaitStatus(False, f"it still exists, held by {', '.join(holders) or 'no finalizer'}")


def gone(uid: str) -> Predicate:
    """Return a predicate that is done when the object with that UID is absent, and failed for another one.

    uid: empty for any object of the name.
    """
    def predicate(existing: dict | None) -> WaitStatus:
        if existing is not None and uid not in ("", existing["metadata"].get("uid")):
            return WaitStatus(False, failed="it was deleted, and another client has created it again: "
                                            "end what creates it, then run this again")
        return absent(existing)
    return predicate


def using_claim(pod: dict, claim: str) -> str:
    """Return that a pod, with its name and node, keeps a claim from being deleted."""
    return (f"pod {pod['name']}{' on node ' + pod['node'] if pod['node'] else ''} uses the claim {claim}: "
            "delete it first")


def referring(dataset: str) -> str:
    """Return that a Dataset, as namespace/name, keeps the one that it mounts from being deleted."""
    return f"Dataset {dataset} refers to this one: delete it first"
