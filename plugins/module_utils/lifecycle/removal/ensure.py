# SPDX-License-Identifier: GPL-3.0-or-later
"""The removal of a cache, which ends with nothing left or with what is left and what holds it. IO."""

from __future__ import annotations

from collections.abc import Callable

from ...api.bulk import ref_of
from ...api.client import Client
from ...api.deadline import Deadline
from ...errors import FluidError, PreconditionFailed, WaitFailed, WaitTimeout
from ...fluid import diagnosis
from ...fluid.names import mount_folder
from ...k8s.wait_status import WaitStatus
from ...progress import Reporter
from . import plan
from .executor import RemovalExecutor
from .observe import Reader
from .plan import Observed
from .state_ages import StateAges

_PAUSE = 2.0  # seconds between two looks
# Seconds. A controller that should run may be starting: its finalizers stay for that long.
_GRACE = 60.0
# Seconds in which Kubernetes collects what the runtime owned.
_COLLECTED = 60.0
_STRANDED = "stranded"


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
    """One run: looks, decides by plan.py, and lets the executor write."""

    def __init__(self, client: Client, params: dict, reporter: Reporter) -> None:
        self._client = client
        self._ref = ref_of(params)
        self._force = params["force"]
        self._deadline = Deadline(params["wait_timeout"], reporter.progress)
        self._warn = reporter.warn
        self._reader = Reader(client, self._ref, params["keep_journals"], self._deadline, reporter.warn)
        self._executor = RemovalExecutor(client, self._deadline.report_action)
        self._stalled, self._stranded = StateAges(), StateAges()
        self._mounts: set[str] = set()
        self._read: Observed | None = None

    def predict(self) -> dict:
        """Return the result of the run. Raises PreconditionFailed with what it would leave."""
        observed = self._reader.read(complete=True, force=self._force)
        if plan.blocked(observed, self._force):
            remains = plan.remaining(observed, self._force)
            raise PreconditionFailed(
                f"the removal would leave {plan.text_of(remains)}", remains=remains, changed=False)
        self._executor.require_permission(observed)
        self._mounts = plan.mounts_left(observed)
        predicted = plan.predicted(observed, self._force)
        return {**self.result(), "changed": bool(predicted), "actions": predicted}

    def run(self) -> dict:
        """Remove the Dataset, then the runtime, then the rest; each has the whole time limit.

        Raises ServerUnavailable if no API server answers the first look.
        """
        self._read = self._reader.read(complete=False, force=self._force)
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
        return {"changed": bool(self._executor.actions), "actions": list(self._executor.actions),
                "remains": [], "mounts_left": [
                    {"node": node, "path": folder} for node in sorted(self._mounts)]}

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
            self._mounts |= plan.mounts_left(observed)
        self._executor.perform(plan.acts(observed, self._force, self._endable(observed)), observed)
        self._require_remover(observed)
        remains = [each["object"] for each in plan.remaining(observed, self._force)]
        return WaitStatus(False, ", ".join(remains[:3]) + (" and others" if len(remains) > 3 else ""))

    def _endable(self, observed: Observed) -> set[str]:
        """Return the finalizers whose controller is absent, has no desired replica, or stays unready."""
        return plan.not_desired(observed) | self._stalled.at_least(
            _GRACE, plan.stalled(observed), self._deadline.now())

    def _require_remover(self, observed: Observed) -> None:
        """Raise WaitFailed once nobody has removed what is left, and nobody will."""
        states = [_STRANDED] if plan.stranded(observed, self._force, self._executor.refused) else []
        if self._stranded.at_least(_COLLECTED, states, self._deadline.now()):
            remains = self._remains()
            raise WaitFailed(f"nobody removes what is left: {plan.text_of(remains)}", remains=remains)

    def _timed_out(self) -> WaitTimeout:
        remains = self._remains()
        return WaitTimeout(f"timed out after {self._deadline.seconds:g} s; left: {plan.text_of(remains)}",
                           remains=remains)

    def _remains(self) -> list[dict]:
        """Return each object that is left, and what holds it."""
        observed = self._reader.read(complete=True, force=self._force)
        remains = plan.remaining(observed, self._force, self._executor.refused)
        if (observed.dataset or observed.runtime) and not remains[0]["held_by"]:
            remains[0]["held_by"] = diagnosis.explain_deletion(self._client, self._ref)
        return remains
