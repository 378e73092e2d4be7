# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring one object to what is wished of it, or away. Returns an Outcome; never exits, never waits.

An unchanged object costs one GET. A write is a merge patch of just the fields that differ and
carries the resource version that was read, so it never overwrites a change that came in between.
Check mode walks the same path and ends in a server-side dry run.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Callable

from ..api.client import Client
from ..errors import AlreadyExists, Conflict, FluidError, WriteConflict
from ..k8s import output
from ..k8s.kinds import Kind
from . import last_applied, managed_fields
from .field_manager import MANAGER, ROUNDS
from .merge import Change, MergeResult, changed_fields, merge
from .merge_patch import merge_patch

# Refuses a change before it is written: called with the live object (None before a create) and the merge.
Guard = Callable[["dict | None", MergeResult], None]


@dataclass(frozen=True)
class Write:
    """How to write. manager: the field manager, which also names the record of the wish.

    create: whether to create an object that does not exist.
    """

    manager: str = MANAGER
    dry_run: bool = False
    force_conflicts: bool = False
    create: bool = True
    guard: Guard | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one object; live is None when there is none any more.

    changes: the fields that the write touched. created: whether the object did not exist before, or is another one now.
    waited: whether live is what a wait has found. error: what failed after the write, while waiting.
    """

    changed: bool
    existing: dict | None
    diff: dict = field(default_factory=lambda: {"before": {}, "after": {}})
    changes: tuple[Change, ...] = ()
    created: bool = False
    waited: bool = False
    error: FluidError | None = None

    def result(self) -> dict:
        """The object as a module returns it; {} when there is none."""
        return output.visible(self.existing) if self.existing else {}

    def as_result(self) -> dict:
        """A module's result for one object."""
        entry = {"changed": self.changed, "result": self.result(), "diff": self.diff}
        return {**entry, "error": str(self.error), **self.error.details} if self.error else entry

    def as_entry(self) -> dict:
        """The entry of one object of a list: the object itself only when it was waited for.

        A thousand objects are a megabyte, which costs Ansible more time than all our work.
        """
        entry = self.as_result()
        if not self.waited and not self.error:
            del entry["result"]
        if not self.changed:
            del entry["diff"]
        return entry


def apply(client: Client, kind: Kind, manifest: dict, write: Write, known: dict | None) -> Outcome:
    """Create the object or change what differs from the manifest.

    known: the object as it was just read, None when there was none. Raises Conflict when another
    field manager holds a field that would change, when the object is being deleted, when it does
    not exist and must not be created, and when it keeps changing.
    """
    name, namespace = manifest["metadata"]["name"], manifest["metadata"].get("namespace")
    what = kind.describe(name, namespace)
    # A write whose answer was lost may have been done: its repetition then finds nothing to do.
    lost: Outcome | None = None
    for attempt in range(ROUNDS):
        existing = known if attempt == 0 else client.get(kind, name, namespace)
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
            if existing is None:
                return replace(outcome, existing=client.create(kind, body_of(manifest, write), write.manager, write.dry_run))
            return replace(outcome, existing=_patch(client, kind, existing, merged, manifest, write))
        except (AlreadyExists, WriteConflict) as err:
            lost = outcome if err.repeated else lost
    raise Conflict(f"{what} changed {ROUNDS} times between our read and our write: something else writes it all the time; "
                   "see who in its metadata.managedFields")


def compare(kind: Kind, manifest: dict, write: Write, existing: dict | None) -> tuple[MergeResult, Outcome]:
    """Return the manifest merged into the live object, None when there is none, and what writing it would come to.

    Raises Conflict when another field manager holds a field that would change.
    """
    merged = merge(last_applied.read(existing or {}, write.manager), existing or {}, last_applied.desired_of(manifest))
    if existing is not None and merged.changes and not write.force_conflicts:
        _require_no_foreign_holder(kind.describe(existing["metadata"]["name"], existing["metadata"].get("namespace")), existing, merged)
    return merged, Outcome(
        existing is None or bool(merged.changes), existing, changed_fields(existing or {}, merged.target, merged.changes),
                           merged.changes, created=existing is None)


def body_of(manifest: dict, write: Write) -> dict:
    """The object as it is created: the manifest with the record of its wish."""
    return last_applied.write(manifest, last_applied.desired_of(manifest), write.manager)


def _patch(client: Client, kind: Kind, existing: dict, merged: MergeResult, manifest: dict, write: Write) -> dict:
    patch = merge_patch(existing, last_applied.write(merged.target, last_applied.desired_of(manifest), write.manager))
    # A drifted field is put right by the wish that is recorded already: then the patch has no metadata of its own.
    patch.setdefault("metadata", {})["resourceVersion"] = existing["metadata"]["resourceVersion"]
    return client.patch(kind, existing["metadata"]["name"], existing["metadata"].get("namespace"), patch,
                        write.manager, write.dry_run)


def _require_not_terminating(what: str, metadata: dict) -> None:
    if metadata.get("deletionTimestamp"):
        raise Conflict(f"{what} is being deleted since {metadata['deletionTimestamp']} (finalizers: "
                       f"{', '.join(metadata.get('finalizers') or ['none'])}): wait until it is gone, then create it anew")


def _require_no_foreign_holder(what: str, existing: dict, merged: MergeResult) -> None:
    holders = managed_fields.foreign_holders(existing, merged.changes)
    if holders:
        raise Conflict(
            "%s: %s; set force_conflicts: true to take over, or leave these fields out" % (what, "; ".join(
                f"{holder.field} was set by field manager {holder.manager}" for holder in holders)),
            conflicts=[{"field": holder.field, "manager": holder.manager} for holder in holders])


def remove(client: Client, kind: Kind, name: str, namespace: str | None, dry_run: bool, known: dict | None) -> Outcome:
    """Ask for the object's deletion. Gone already is unchanged.

    known: as for apply. An object that is being deleted already is unchanged too, and is returned
    for waiting on.
    """
    for attempt in range(ROUNDS):
        existing = known if attempt == 0 else client.get(kind, name, namespace)
        if existing is None or existing["metadata"].get("deletionTimestamp"):
            return Outcome(False, existing)
        try:
            client.delete(kind, name, namespace, existing["metadata"]["uid"], dry_run)
        except WriteConflict:
            continue  # another object has taken the name since we read it
        return Outcome(True, existing, {"before": {"state": "present"}, "after": {"state": "absent"}})
    raise Conflict(f"{kind.describe(name, namespace)} is deleted and made anew all the time: find out who creates it")
