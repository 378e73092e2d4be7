# SPDX-License-Identifier: GPL-3.0-or-later
"""Replacement of a data operation, because Fluid starts an object only once. IO; waits for the deletion.

All checks precede the deletion. An interrupted run leaves the operation terminating or absent, from where the
next run continues.
"""

from __future__ import annotations

from dataclasses import replace

from ...api.client import Client
from ...api.deadline import Deadline
from ...apply import reconcile
from ...apply.predicted import predicted, require_deletable
from ...apply.reconcile import Outcome, Write
from ...errors import FluidError, PreconditionFailed
from ...fluid.data_operations import state
from ...k8s.kinds import Kind, ref_to


def apply(client: Client, kind: Kind, manifest: dict, item: dict, existing: dict, write: Write,
          deadline: Deadline) -> Outcome | None:
    """Delete the operation and create it again if its spec changes or it shall run again; else return None.

    item: the options. Raises PreconditionFailed while the operation executes, what the guard of the write
    raises, and Conflict if another field manager holds a field that would change. An error after the deletion
    becomes the outcome's error.
    """
    if existing["metadata"].get("deletionTimestamp"):
        return None
    what = kind.describe(ref_to(existing))
    merged, outcome = reconcile.compare(kind, manifest, write, existing)
    reason = state.reason_to_replace(existing, merged.changes, item["restarted_after"], item["retry_failed"])
    if not reason:
        return None
    if state.phase(existing) == state.EXECUTING and not state.is_scheduled(existing):
        raise PreconditionFailed(f"{what} is Executing, and {reason}: wait until it is Complete or Failed, "
                                 "or end it with state: absent, then run this again")
    body = reconcile.body_of(manifest, write)
    if write.guard:
        write.guard(None, replace(merged, target=body))
    outcome = replace(outcome, changed=True, created=True, diff=outcome.diff if outcome.changed else {
        "before": {"status": {"phase": state.phase(existing)}}, "after": {"status": {"phase": ""}}})
    if write.dry_run:
        require_deletable(client, kind, existing)
        return replace(outcome, existing=predicted(client, kind, existing, body, write.manager))
    deadline.report_action(f"creating {what} again: {reason}")
    return _replaced(client, kind, existing, manifest, outcome, write, deadline)


def _replaced(client: Client, kind: Kind, existing: dict, manifest: dict, outcome: Outcome, write: Write,
              deadline: Deadline) -> Outcome:
    from .. import waits  # here, because an unchanged operation waits for nothing

    ref = ref_to(existing)
    client.delete(kind, ref, existing["metadata"]["uid"])
    try:
        # Its Helm release is gone with its finalizer (pkg/controllers/operation_controller.go).
        waits.require_all(waits.absent(client, kind, [ref], deadline, {ref: existing["metadata"]["uid"]}))
        created = reconcile.apply(client, kind, manifest, replace(write, guard=None), None)
    except FluidError as err:
        return reconcile.not_created_again(kind.describe(ref), err)
    return replace(outcome, existing=created.existing)
