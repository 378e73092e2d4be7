# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases of data operations, and whether one has to be created again. Pure.

Fluid reads the spec when it installs the Helm release of an operation, and not again while the release exists
(Fluid 1.0.8, pkg/ddc/base/operation_helm.go, InstallDataOperationHelmIfNotExist). A changed policy lets its
controller look for a Job of another kind, and a dropped runAfter makes it fail on the waiting object
(pkg/controllers/v1alpha1/dataflow/operations.go). So another spec needs another object. It reads
ttlSecondsAfterFinished at each sync (pkg/ddc/base/operation.go, processTTL).
"""

from __future__ import annotations

from collections.abc import Iterable

from ...apply.merge import Change
from ...k8s.quantity import parse_time
from .rules import CRON

PENDING, EXECUTING, COMPLETE, FAILED = "Pending", "Executing", "Complete", "Failed"
FINISHED = (COMPLETE, FAILED)
# The fields of the spec that Fluid reads at each sync.
_READ_AT_EACH_SYNC = {("spec", "ttlSecondsAfterFinished")}


def phase(existing: dict) -> str:
    """Return the phase; empty until Fluid has processed the object."""
    return (existing.get("status") or {}).get("phase") or ""


def is_scheduled(existing: dict) -> bool:
    """Return whether the operation runs by a schedule."""
    return (existing.get("spec") or {}).get("policy") == CRON


def reason_to_replace(existing: dict, changes: Iterable[Change], restarted_after: str | None,
                      retry_failed: bool) -> str:
    """Return why the operation has to be deleted and created again; empty if it can stay.

    changes: the fields that would be written. restarted_after: RFC 3339; an operation that has not started is
    younger than any time.
    """
    fields = [str(change) for change in changes
              if change.path[:1] == ("spec",) and change.path not in _READ_AT_EACH_SYNC]
    if fields:
        return f"{', '.join(fields)} changes, which Fluid reads only when it starts an operation"
    if is_scheduled(existing):
        return ""
    found, created = phase(existing), existing["metadata"].get("creationTimestamp")
    if retry_failed and found == FAILED:
        return "it has failed"
    if (restarted_after and created and found in (EXECUTING, *FINISHED)
            and parse_time(created) < parse_time(restarted_after)):
        return f"it was created at {created}, before {restarted_after}"
    return ""


def conditions_text(existing: dict) -> str:
    """Return the message or reason of the last condition in parentheses; empty without one."""
    text = _last_condition(existing)
    return f" ({text})" if text else ""


def _last_condition(existing: dict) -> str:
    conditions = (existing.get("status") or {}).get("conditions") or []
    texts = [each.get("message") or each.get("reason") for each in conditions]
    return (texts[-1] if texts else "") or ""


def waits_for(existing: dict) -> str:
    """Return the operation that a pending one waits for; empty if it waits for none."""
    waiting = ((existing.get("status") or {}).get("waitingFor") or {}).get("operationComplete")
    before = (existing.get("spec") or {}).get("runAfter")
    return f"; it waits for {before.get('kind')} {before.get('name')}" if waiting and before else ""


def dataset_of(existing: dict) -> str | None:
    """Return the name of the Dataset that an operation is for; None if it names none.

    The Dataset of a migration is that in "to", or else that in "from" (pkg/utils/datamigrate.go).
    """
    spec = existing.get("spec") or {}
    if isinstance(spec.get("dataset"), str):
        return spec["dataset"]
    sides = [spec, spec.get("to") or {}, spec.get("from") or {}]
    return next((side["dataset"].get("name") for side in sides if side.get("dataset")), None)


def summary(existing: dict) -> dict:
    """Return the phase and the times of an operation; None for what it does not have."""
    status, spec = existing.get("status") or {}, existing.get("spec") or {}
    return {
        "kind": existing["kind"],
        "name": existing["metadata"]["name"],
        "namespace": existing["metadata"].get("namespace"),
        "dataset": dataset_of(existing),
        "policy": spec.get("policy") or "Once",
        "phase": phase(existing),
        "duration_text": status.get("duration") or None,
        "reason": _last_condition(existing) or None,
        "last_schedule_time": status.get("lastScheduleTime"),
        "last_successful_time": status.get("lastSuccessfulTime"),
    }
