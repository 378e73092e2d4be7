# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaces the StatefulSet of a runtime's masters by another of the same name. IO.

Between the deletion and the creation no StatefulSet exists. Therefore its manifest is first noted on the
AlluxioRuntime, from where the next run continues after an interruption.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..api.client import Client
from ..api.deadline import Deadline
from ..apply.field_manager import MANAGER
from ..apply.update import annotate, require
from ..errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    PreconditionFailed,
    ServerUnavailable,
    WaitTimeout,
)
from ..fluid import kinds as fluid_kinds, names as fluid_names
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, annotations_of, ref_to
from ..k8s.wait_status import WaitStatus
from . import template

# On the AlluxioRuntime, while its masters' StatefulSet is replaced. Value: a Note.
ANNOTATION = MANAGER + "/masters-replacement"

# Of the refusal of a dry run (Kubernetes, NewDryRunUnsupportedErr).
_NO_DRY_RUN = "does not support dry run"
_PAUSE = 0.2  # seconds
_GRACE = 1  # seconds; masters of a new runtime have nothing to save


@dataclass(frozen=True)
class Note:
    """The replacement under way. uid: of the StatefulSet to delete. manifest: of the one to create.

    keeps_pods: whether the present pods go on under the new StatefulSet. Otherwise those of that UID end.
    """

    uid: str
    manifest: dict
    keeps_pods: bool

    def text(self) -> str:
        """Return the value of the annotation."""
        return json.dumps({"uid": self.uid, "manifest": self.manifest, "keeps_pods": self.keeps_pods},
                          sort_keys=True, separators=(",", ":"))


class Interrupted(PreconditionFailed):
    """An earlier run was interrupted while it replaced the StatefulSet, which does not exist now."""


def noted(runtime: dict) -> Note | None:
    """Return the replacement that an earlier run left on an AlluxioRuntime, or None."""
    text = annotations_of(runtime).get(ANNOTATION)
    try:
        return Note(**json.loads(text)) if text else None
    except (TypeError, ValueError):
        return None


def is_noted(runtime: dict) -> bool:
    """Return whether an AlluxioRuntime has a note, readable or not."""
    return ANNOTATION in annotations_of(runtime)


def require_claims(stateful_set: dict) -> None:
    """Raise Conflict if the masters' journals have no claims, although this run has declared them."""
    if not template.on_claims(stateful_set):
        raise Conflict(
            f"{kinds.STATEFUL_SET.describe(ref_to(stateful_set))} has no claims for the journals: another "
            "client has created it again while masters move onto claims; find that client in "
            "metadata.managedFields and let it leave the StatefulSet, then run this again")


def interruption(runtime: dict, workload: ObjectRef) -> str:
    """Return the sentence of an absent StatefulSet whose replacement an earlier run began, or ""."""
    if noted(runtime) is None:
        return ""
    return (f"{kinds.STATEFUL_SET.describe(workload)} was deleted and not created again by an earlier run, "
            "which was interrupted; ")


def forget(client: Client, runtime: ObjectRef) -> None:
    """Remove the note of a replacement that has ended."""
    annotate(client, fluid_kinds.ALLUXIO_RUNTIME, runtime, ANNOTATION, None)


class Replacement:
    """Replaces the StatefulSet of one runtime's masters.

    before_create: called while no master of a new runtime runs.
    """

    def __init__(self, client: Client, runtime: ObjectRef, deadline: Deadline,
                 before_create: Callable[[], object] = lambda: None) -> None:
        self._client = client
        self._runtime = runtime
        self._workload = ObjectRef(runtime.namespace, fluid_names.stateful_set_name(runtime.name))
        self._deadline = deadline
        self._before_create = before_create

    def run(self, note: Note, may_delete: Callable[[], bool] = lambda: True) -> None:
        """Replace the StatefulSet of the note.

        may_delete: looked at before each attempt to delete it; False leaves the StatefulSet as it is. Raises
        PreconditionFailed if the API server refuses the new one, and ApiError if it does so after the
        deletion.
        """
        self._require_admitted(note)
        annotate(self._client, fluid_kinds.ALLUXIO_RUNTIME, self._runtime, ANNOTATION, note.text())
        if self._delete(note, may_delete):
            self._create(note)
        else:
            forget(self._client, self._runtime)

    def _require_admitted(self, note: Note) -> None:
        """Raise PreconditionFailed unless the API server would create the StatefulSet.

        It finds that the name exists only after validation and admission (Kubernetes, store.go: Create). A
        webhook without support for dry runs shows its decision only at the creation.
        """
        try:
            self._client.create(kinds.STATEFUL_SET, note.manifest, MANAGER, dry_run=True)
        except AlreadyExists:
            return
        except ServerUnavailable:
            raise
        except ApiError as err:
            if _NO_DRY_RUN not in str(err):
                raise PreconditionFailed(
                    f"{kinds.STATEFUL_SET.describe(self._workload)} stays as it is, because its replacement "
                    f"is refused: {err}; remove the cause, then run this again") from err

    def _delete(self, note: Note, may_delete: Callable[[], bool]) -> bool:
        """Delete the StatefulSet; return False if it has to stay.

        Not repeated without another look: masters that start while no API server answers may serve by then.
        The answer to an attempt may be lost; then the StatefulSet is gone, whatever may be deleted now.
        """
        attempted = False
        while may_delete() or attempted and not self._stays(note.uid):
            try:
                self._client.once().delete(
                    kinds.STATEFUL_SET, self._workload, note.uid, orphan=note.keeps_pods)
                return True
            except ServerUnavailable:
                if self._deadline.remaining() <= 0:
                    raise
                attempted = True
                self._deadline.sleep(_PAUSE)
        return False

    def _stays(self, uid: str) -> bool:
        existing = self._client.get(kinds.STATEFUL_SET, self._workload)
        return existing is not None and existing["metadata"]["uid"] == uid and not existing["metadata"].get(
            "deletionTimestamp")

    def resume(self) -> None:
        """Finish a replacement that an earlier run began, unless it had not deleted the StatefulSet.

        The note is read here, under the Lease. The pods of a StatefulSet that still exists may hold a journal
        by now; they stay.
        """
        note = noted(require(self._client, fluid_kinds.ALLUXIO_RUNTIME, self._runtime))
        existing = self._client.get(kinds.STATEFUL_SET, self._workload)
        if note is not None and (existing is None or existing["metadata"].get("deletionTimestamp")):
            self._create(note)
        else:
            forget(self._client, self._runtime)

    def _create(self, note: Note) -> None:
        self._await_absent("the previous StatefulSet", self._previous(note.uid))
        if not note.keeps_pods:
            self._await_absent("the previous pods", partial(self._ending, note.uid))
            if all(note.uid in _owners(pod) for pod in self._pods()):
                self._before_create()
        try:
            self._client.create(kinds.STATEFUL_SET, note.manifest, MANAGER)
        except AlreadyExists:  # the answer to an earlier attempt was lost, or another client was faster
            if template.on_claims(note.manifest):
                require_claims(require(self._client, kinds.STATEFUL_SET, self._workload))
        except ServerUnavailable:
            raise
        except ApiError as err:
            raise ApiError(
                f"{kinds.STATEFUL_SET.describe(self._workload)} is absent, because its creation is refused: "
                f"{err}; remove the cause, then run this again, which creates it", err.status) from err
        if not note.keeps_pods:
            # The controller may create pods of the previous StatefulSet just after that is gone. Kubernetes
            # ends them after 30 s, and by then the controller waits minutes between two attempts to create
            # a pod of the same name.
            self._await_absent("pods of the previous StatefulSet", partial(self._ending, note.uid),
                               "cannot create the pods of the same names yet")
        forget(self._client, self._runtime)

    def _previous(self, uid: str) -> Callable[[], list[str]]:
        def found() -> list[str]:
            existing = self._client.get(kinds.STATEFUL_SET, self._workload)
            return [self._workload.name] if existing and existing["metadata"]["uid"] == uid else []
        return found

    def _pods(self) -> list[dict]:
        return list(self._client.list(
            kinds.POD, self._runtime.namespace, fluid_names.master_selector(self._runtime.name)))

    def _ending(self, owner: str) -> list[str]:
        """Return the names of the pods of the StatefulSet with that UID, after a request to end them.

        Kubernetes ends these anyway. Other masters serve: those that a StatefulSet left when it was deleted
        with --cascade=orphan have no owner.
        """
        pods = [pod for pod in self._pods() if owner in _owners(pod)]
        for pod in pods:
            if pod["metadata"].get("deletionGracePeriodSeconds") != _GRACE:
                self._client.delete(kinds.POD, ref_to(pod), pod["metadata"]["uid"], grace=_GRACE)
        return [pod["metadata"]["name"] for pod in pods]

    def _await_absent(self, what: str, present: Callable[[], list[str]],
                      effect: str = "is not created again yet; run this again, which creates it") -> None:
        def question() -> WaitStatus:
            names = present()
            return WaitStatus(not names, ", ".join(names))
        self._deadline.poll_until(f"{what} to be absent", question, _PAUSE,
                                  lambda progress: self._timed_out(progress, effect))

    def _timed_out(self, progress: str, effect: str) -> WaitTimeout:
        return self._deadline.timeout(
            f"the deletion of {progress}", f"{kinds.STATEFUL_SET.describe(self._workload)} {effect}")


def _owners(pod: dict) -> list[str]:
    return [owner["uid"] for owner in pod["metadata"].get("ownerReferences") or []]
