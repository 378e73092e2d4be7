# SPDX-License-Identifier: GPL-3.0-or-later
"""The removal of a cache, which ends with nothing left or with what is left and what holds it. IO."""

from __future__ import annotations

from collections.abc import Callable

from ...api.bulk import ref_of
from ...api.client import Client
from ...api.deadline import Deadline
from ...apply.field_manager import MANAGER
from ...errors import (
    ApiError,
    FluidError,
    Forbidden,
    PreconditionFailed,
    ServerUnavailable,
    WaitFailed,
    WaitTimeout,
    WriteConflict,
)
from ...fluid import diagnosis
from ...fluid.kinds import ALLUXIO_RUNTIME, DATASET
from ...fluid.names import mount_folder
from ...k8s.kinds import ref_to
from ...k8s.wait_status import WaitStatus
from ...progress import Reporter
from . import plan
from .observe import Reader
from .plan import Act, Observed

_PAUSE = 2.0  # seconds between two looks
# Seconds. A controller that should run may be starting: its finalizers stay for that long.
_GRACE = 60.0
# Seconds in which Kubernetes collects what the runtime owned.
_COLLECTED = 60.0
# What all others wait for: a refused write to one of these ends the removal.
_AWAITED = (DATASET, ALLUXIO_RUNTIME)


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Remove the cache. Raises WaitTimeout with what is left; in check mode PreconditionFailed.

    Raises Forbidden before the first deletion if the Dataset or its runtime may not be deleted.
    """
    removal = _Removal(client, params, reporter)
    try:
        return removal.predict() if check_mode else removal.run()
    except FluidError as err:
        err.details.update({**removal.result(), **err.details})
        raise


class _Removal:
    """One run. actions: the writes so far."""

    def __init__(self, client: Client, params: dict, reporter: Reporter) -> None:
        self._client = client
        self._ref = ref_of(params)
        self._force = params["force"]
        self._deadline = Deadline(params["wait_timeout"], reporter.progress)
        self._warn = reporter.warn
        self._reader = Reader(client, self._ref, params["keep_journals"], self._deadline, reporter.warn)
        self._stalled_since: dict[str, float] = {}
        self._actions: list[str] = []
        self._refused: dict[str, str] = {}
        self._mounts: set[str] = set()
        self._read: Observed | None = None
        self._permitted = False
        self._stranded_since: float | None = None

    def predict(self) -> dict:
        """Return the result of the run. Raises PreconditionFailed with what it would leave."""
        observed = self._reader.read(complete=True, force=self._force)
        items = observed.items()
        remains = plan.remaining(observed, self._force)
        if plan.blocked(observed, self._force):
            raise PreconditionFailed(
                f"the removal would leave {plan.text_of(remains)}", remains=remains, changed=False)
        self._require_permission(observed)
        deleted = [each for each in (*observed.probes, observed.dataset, observed.runtime, observed.claim,
                                     observed.volume) if each and not each.terminating]
        forced = self._force and not (observed.dataset or observed.runtime) and items
        self._note_mounts(observed)
        return {**self.result(), "changed": bool(deleted or forced), "actions": [
            each.text for each in (deleted if not forced else items)]}

    def run(self) -> dict:
        """Remove the Dataset, then the runtime, then the rest; each has the whole time limit."""
        for done in (lambda observed: not observed.dataset, lambda observed: not observed.runtime,
                     lambda observed: not observed.items()):
            self._await(done)
        return self.result()

    def result(self) -> dict:
        """Return what the run has done so far."""
        folder = mount_folder(self._ref)
        if self._mounts:
            nodes = ", ".join(sorted(self._mounts))
            self._warn(f"mounts of the cache may be left below {folder} on {nodes}, which did not answer: "
                       "unmount them there, or restart the node")
        return {"changed": bool(self._actions), "actions": list(self._actions), "remains": [],
                "mounts_left": [{"node": node, "path": folder} for node in sorted(self._mounts)]}

    def _await(self, done: Callable[[Observed], bool]) -> None:
        self._deadline.again().poll_until(
            f"the absence of {self._ref.namespace}/{self._ref.name}", lambda: self._step(done), _PAUSE,
            lambda _progress: self._timed_out())

    def _step(self, done: Callable[[Observed], bool]) -> WaitStatus:
        observed, self._read = self._read or self._reader.read(complete=False, force=self._force), None
        if done(observed):
            self._read = observed  # the next phase begins with it
            return WaitStatus(True)
        if self._force:
            self._note_mounts(observed)
        acts = plan.acts(observed, self._force, self._endable(observed))
        if acts and not self._permitted:
            self._require_permission(observed)
        for act in acts:
            self._perform(act)
        self._require_remover(observed)
        remains = [each["object"] for each in plan.remaining(observed, self._force)]
        return WaitStatus(False, ", ".join(remains[:3]) + (" and others" if len(remains) > 3 else ""))

    def _require_permission(self, observed: Observed) -> None:
        """Raise Forbidden if an act that the rest waits for is refused, by deletions without an effect."""
        for item in (observed.dataset, observed.runtime):
            if item and not item.terminating:
                try:
                    self._client.delete(item.kind, ref_to(item.existing), item.existing["metadata"]["uid"],
                                        dry_run=True)
                except (Forbidden, ServerUnavailable):
                    raise
                except ApiError:
                    pass  # of a webhook without dry runs, or of a change since: the deletion finds it
        self._permitted = True

    def _require_remover(self, observed: Observed) -> None:
        """Raise WaitFailed once nobody has removed what is left, and nobody will."""
        now = self._deadline.now()
        if not plan.stranded(observed, self._force, self._refused):
            self._stranded_since = None
        elif self._stranded_since is None:
            self._stranded_since = now
        elif now - self._stranded_since >= _COLLECTED:
            remains = self._remains()
            raise WaitFailed(f"nobody removes what is left: {plan.text_of(remains)}", remains=remains)

    def _endable(self, observed: Observed) -> set[str]:
        """Return the finalizers whose controller is absent, has no desired replica, or stays unready."""
        stalled = plan.stalled(observed)
        now = self._deadline.now()
        self._stalled_since = {each: self._stalled_since.get(each, now) for each in stalled}
        return {each for each in stalled if not (observed.controllers[each] or (0, 0))[1]
                or now - self._stalled_since[each] >= _GRACE}

    def _perform(self, act: Act) -> None:
        kind, existing = act.item.kind, act.item.existing
        try:
            if act.verb == plan.PATCH:
                self._client.patch(kind, ref_to(existing), act.patch, MANAGER)
            elif not self._client.delete(kind, ref_to(existing), existing["metadata"]["uid"],
                                         grace=0 if act.verb == plan.KILL else None):
                return
        except WriteConflict:
            return  # the next look shows the object as it is now
        except Forbidden as err:
            if kind in _AWAITED:
                raise
            self._refused[act.item.text] = str(err)
            return
        self._refused.pop(act.item.text, None)
        if act.text not in self._actions:
            self._actions.append(act.text)
            self._deadline.report_action(f"{act.verb}: {act.text}")

    def _note_mounts(self, observed: Observed) -> None:
        self._mounts |= plan.mounts_left(observed)

    def _timed_out(self) -> WaitTimeout:
        remains = self._remains()
        return WaitTimeout(f"timed out after {self._deadline.seconds:g} s; left: {plan.text_of(remains)}",
                           remains=remains)

    def _remains(self) -> list[dict]:
        """Return each object that is left, and what holds it."""
        observed = self._reader.read(complete=True, force=self._force)
        remains = plan.remaining(observed, self._force)
        for each in remains:
            if each["object"] in self._refused:
                each["held_by"] = [*each["held_by"], self._refused[each["object"]]]
        first = observed.dataset or observed.runtime
        if first and not next(iter(remains))["held_by"]:
            remains[0]["held_by"] = diagnosis.explain_deletion(self._client, self._ref)
        return remains
