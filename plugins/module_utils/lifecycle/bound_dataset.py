# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of a Dataset that an AlluxioRuntime serves: refused, warned of, or applied to its mounts. IO.

The paths to mount again are noted on the Dataset before its spec changes, so the next run continues an
interrupted one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from ..api import bulk
from ..api.client import Client
from ..api.deadline import Deadline
from ..apply import reconcile, update
from ..apply.merge import MergeResult
from ..apply.reconcile import Guard, Outcome, Write
from ..errors import FluidError, Forbidden, PreconditionFailed
from ..fluid import kinds as fluid_kinds
from ..k8s.kinds import ObjectRef, annotations_of, ref_to
from . import dataset_changes, mounted_secrets
from .dataset_changes import ANNOTATION, noted

_KIND = fluid_kinds.DATASET


def guard_of(client: Client, ref: ObjectRef, warn: Callable[[str], None]) -> Guard:
    """Return the guard of a Dataset: refuses and warns of changes that have no effect on a bound one."""
    what = _KIND.describe(ref)
    warned = set()

    def guard(existing: dict | None, merged: MergeResult) -> None:
        if existing is None or not dataset_changes.is_running(existing):
            _warn_of_absent_secrets(client, ref, merged.target.get("spec") or {}, warn)
            return
        changes = dataset_changes.of(existing, merged.target)
        if changes.refused:
            raise PreconditionFailed(
                f"{what} is bound, and Fluid mounts {changes.refused} only when it creates the runtime: undo "
                f"the change, or recreate {fluid_kinds.ALLUXIO_RUNTIME.describe(ref)}: delete it, wait until "
                "it is absent, then run this again; cached data is fetched from the under-store again")
        spec = merged.target["spec"]
        paths = [*changes.remounted, *dataset_changes.added(existing, merged.target)]
        mounted_secrets.require_mounted_secrets(
            client, ref, dataset_changes.secrets_of(spec, paths) if paths else set())
        if changes.ignored and changes.ignored not in warned:
            warned.add(changes.ignored)
            warn(f"{what} is bound and Fluid reads {', '.join('spec.' + field for field in changes.ignored)} "
                 "only when it creates a runtime: the change has no effect until the runtime is deleted and "
                 "created again")
    return guard


def _warn_of_absent_secrets(client: Client, ref: ObjectRef, spec: dict, warn: Callable[[str], None]) -> None:
    """Warn of Secrets without which a runtime of the Dataset does not start. Another client may create them.
    """
    try:
        for line in mounted_secrets.absent(client, ref.namespace or "", spec):
            warn(f"{_KIND.describe(ref)}: {line}: create it")
    except Forbidden:
        return


def note(client: Client, manifest: dict, existing: dict, write: Write) -> None:
    """Note the paths that a change of an existing Dataset requires to mount again; nothing in check mode.

    Raises what the write would raise.
    """
    if write.dry_run or not dataset_changes.is_running(existing):
        return
    merged, outcome = reconcile.compare(_KIND, manifest, write, existing)
    if not outcome.changed:
        return
    if write.guard:
        write.guard(existing, merged)
    paths = dataset_changes.of(existing, merged.target).remounted
    if paths:
        _set_note(client, ref_to(existing), {*paths, *noted(existing)})


def _set_note(client: Client, ref: ObjectRef, paths: set[str]) -> None:
    update.annotate(client, _KIND, ref, ANNOTATION, json.dumps(sorted(paths)) if paths else None)


def continued(client: Client, outcomes: list[Outcome | FluidError], deadline: Deadline,
              check_mode: bool) -> list[Outcome | FluidError]:
    """Return the outcomes of Datasets' writes after their noted paths are mounted again.

    An error of a mount becomes the outcome's error; the note remains, so the next run tries again.
    """
    if not any(isinstance(each, Outcome) and _waits(each) for each in outcomes):
        return outcomes
    return bulk.work(outcomes, lambda each: _mounted(client, each, deadline.again(), check_mode)
                     if isinstance(each, Outcome) and _waits(each) else _as_it_is(each))


def _as_it_is(outcome: Outcome | FluidError) -> Outcome:
    """Return the outcome, or raise the error, which bulk.work returns."""
    if isinstance(outcome, FluidError):
        raise outcome
    return outcome


def _waits(outcome: Outcome) -> bool:
    """Return whether a runtime serves the Dataset and paths of it wait for being mounted again."""
    existing = outcome.existing
    return bool(existing and not outcome.error and noted(existing) and dataset_changes.is_running(existing))


def _mounted(client: Client, outcome: Outcome, deadline: Deadline, check_mode: bool) -> Outcome:
    from . import remount  # here, because few tasks use it

    existing = outcome.existing or {}
    if check_mode:
        return replace(outcome, changed=True)
    try:
        remount.run(client, existing, noted(existing), deadline)
        _set_note(client, ref_to(existing), set())
    except FluidError as err:
        return replace(outcome, changed=True, error=err)
    annotations = {key: text for key, text in annotations_of(existing).items() if key != ANNOTATION}
    metadata = {**existing["metadata"], "annotations": annotations}
    return replace(outcome, changed=True, existing={**existing, "metadata": metadata})
