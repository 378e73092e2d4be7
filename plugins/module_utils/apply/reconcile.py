# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconciliation of one object with its desired state, and its deletion. IO.

An unchanged object costs one GET. A write is a merge patch of only the changed fields with the resource
version that was read, so it never overwrites a concurrent change. Check mode takes the same path and ends in
a dry run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ..api.client import Client
from ..errors import AlreadyExists, Conflict, FluidError, WriteConflict
from ..k8s import output
from ..k8s.kinds import Kind, ObjectRef, ref_to
from . import last_applied, managed_fields
from .field_manager import MANAGER, ROUNDS
from .merge import Change, MergeResult, changed_fields, merge
from .merge_patch import merge_patch

# Raises an error for a forbidden write. Arguments: the existing object (None before a create), the merge.
Guard = Callable[["dict | None", MergeResult], None]


@dataclass(frozen=True)
class Write:
    """The options of a write. manager: the field manager, which also names the last-applied record.

    create: whether to create a missing object.
    """

    manager: str = MANAGER
    dry_run: bool = False
    force_conflicts: bool = False
    create: bool = True
    guard: Guard | None = None


@dataclass(frozen=True)
class Outcome:
    """The result of a write. existing: the object after it, None if it does not exist.

    changes: the written fields. created: whether the object is new or was replaced. waited: whether existing
    is the result of a wait. error: the failure of the wait after the write.
    """

    changed: bool
    existing: dict | None
    diff: dict = field(default_factory=lambda: {"before": {}, "after": {}})
    changes: tuple[Change, ...] = ()
    created: bool = False
    waited: bool = False
    error: FluidError | None = None

    def result(self) -> dict:
        """Return the object as a module returns it; {} if it does not exist."""
        return output.visible(self.existing) if self.existing else {}

    def as_result(self) -> dict:
        """Return a module's result for a single object."""
        entry = {"changed": self.changed, "result": self.result(), "diff": self.diff}
        return {**entry, "error": str(self.error), **self.error.details} if self.error else entry

    def as_entry(self) -> dict:
        """Return the entry of one object of a list; it has the object only after a wait.

        A thousand objects are a megabyte, which costs Ansible more time than the module needs.
        """
        entry = self.as_result()
        if not self.waited and not self.error:
            del entry["result"]
        if not self.changed:
            del entry["diff"]
        return entry


def _reads(client: Client, kind: Kind, ref: ObjectRef, known: dict | None) -> Iterator[dict | None]:
    """Yield the object for each attempt. known: the object that was just read, for the first one."""
    yield known
    while True:
        yield client.get(kind, ref)


def apply(client: Client, kind: Kind, manifest: dict, write: Write, known: dict | None) -> Outcome:
    """Create the object, or change the fields that differ from the manifest.

    known: the object that was just read, None if it did not exist. Raises Conflict if another field manager
    holds a field that would change. Also raises it if the object is terminating, is missing and must not be
    created, or keeps changing.
    """
    what = kind.describe(ref_to(manifest))
    reads = _reads(client, kind, ref_to(manifest), known)
    # The outcome of a write whose answer was lost; if it succeeded, the next attempt finds no difference.
    lost: Outcome | None = None

    def attempt() -> Outcome:
        nonlocal lost
        existing = next(reads)
        if existing is None and not write.create:
            raise Conflict(f"{what} does not exist")
        if existing is not None:
            _require_not_terminating(what, existing["metadata"])
        merged, outcome = compare(kind, manifest, write, existing)
        if not outcome.changed:
            return outcome if lost is None else replace(lost, existing=existing)
        if write.guard:
            write.guard(existing, merged)
        try:
            written = (client.create(kind, body_of(manifest, write), write.manager, write.dry_run)
                       if existing is None
                       else _patch(client, kind, existing, merged, manifest, write))
        except (AlreadyExists, WriteConflict) as err:
            lost = outcome if err.repeated else lost
            raise
        return replace(outcome, existing=written)

    return update_with_retry(what, attempt)


def difference(kind: Kind, manifest: dict, write: Write, existing: dict | None) -> str:
    """Return why apply would not leave the existing object as it is; empty if it would. Sends no request."""
    what = kind.describe(ref_to(manifest))
    if existing is None:
        return f"{what} does not exist"
    if existing["metadata"].get("deletionTimestamp"):
        return f"{what} is terminating"
    changed = compare(kind, manifest, write, existing)[1].changed
    return f"{what} differs from its declaration" if changed else ""


def compare(kind: Kind, manifest: dict, write: Write, existing: dict | None) -> tuple[MergeResult, Outcome]:
    """Return the manifest merged into the existing object, and the outcome that writing it would have.

    existing: None if the object does not exist. Raises Conflict if another field manager holds a field that
    would change.
    """
    merged = merge(
        last_applied.read(existing or {}, write.manager), existing or {}, last_applied.desired_of(manifest))
    if existing is not None and merged.changes and not write.force_conflicts:
        _require_no_foreign_holder(kind.describe(ref_to(existing)), existing, merged)
    return merged, Outcome(existing is None or bool(merged.changes), existing,
                           changed_fields(existing or {}, merged.target, merged.changes),
                           merged.changes, created=existing is None)


def body_of(manifest: dict, write: Write) -> dict:
    """Return the object to create: the manifest with its last-applied record."""
    return last_applied.write(manifest, last_applied.desired_of(manifest), write.manager)


def _patch(client: Client, kind: Kind, existing: dict, merged: MergeResult, manifest: dict,
           write: Write) -> dict:
    patch = merge_patch(
        existing, last_applied.write(merged.target, last_applied.desired_of(manifest), write.manager))
    # The patch for mere drift has no metadata, because the record already equals the desired state.
    patch.setdefault("metadata", {})["resourceVersion"] = existing["metadata"]["resourceVersion"]
    return client.patch(kind, ref_to(existing), patch, write.manager, write.dry_run)


def _require_not_terminating(what: str, metadata: dict) -> None:
    if metadata.get("deletionTimestamp"):
        raise Conflict(f"{what} has been terminating since {metadata['deletionTimestamp']} (finalizers: "
                       f"{', '.join(metadata.get('finalizers') or ['none'])}): wait until it is absent, then "
                       "create it again")


def _require_no_foreign_holder(what: str, existing: dict, merged: MergeResult) -> None:
    holders = managed_fields.foreign_holders(existing, merged.changes)
    if holders:
        fields = "; ".join(f"{holder.field} was set by field manager {holder.manager}" for holder in holders)
        raise Conflict(
            f"{what}: {fields}; set force_conflicts: true to take over, or leave these fields out",
            conflicts=[{"field": holder.field, "manager": holder.manager} for holder in holders])


def not_created_again(what: str, err: FluidError) -> Outcome:
    """Return the outcome of an object that is deleted, and whose creation has failed."""
    error = FluidError(f"{what} was deleted but not created again: {err}; remove the cause and run this "
                       "again to continue", **err.details)
    return Outcome(True, None, {"before": {"state": "present"}, "after": {"state": "absent"}}, error=error)


def remove(client: Client, kind: Kind, ref: ObjectRef, dry_run: bool, known: dict | None) -> Outcome:
    """Request the object's deletion; an absent or terminating one is unchanged. known: as for apply."""
    reads = _reads(client, kind, ref, known)

    def attempt() -> Outcome:
        existing = next(reads)
        if existing is None or existing["metadata"].get("deletionTimestamp"):
            return Outcome(False, existing)
        # with the uid, so that the server refuses to delete a new object of that name
        client.delete(kind, ref, existing["metadata"]["uid"], dry_run)
        return Outcome(True, existing, {"before": {"state": "present"}, "after": {"state": "absent"}})

    return update_with_retry(kind.describe(ref), attempt)


Result = TypeVar("Result")


def update_with_retry(what: str, attempt: Callable[[], Result]) -> Result:
    """Call attempt, which reads and writes an object, again after each concurrent write; return its result.

    Raises Conflict after ROUNDS attempts. what: the object's name for that message.
    """
    for _round in range(ROUNDS):
        try:
            return attempt()
        except (AlreadyExists, WriteConflict):
            continue
    raise Conflict(f"{what} changed {ROUNDS} times between read and write: another client writes it "
                   "continuously; find it in metadata.managedFields, then run this again")
