# SPDX-License-Identifier: GPL-3.0-or-later
"""Performs the actions of the removal of a cache. IO."""

from __future__ import annotations

from collections.abc import Callable

from ...api.client import Client
from ...apply.field_manager import MANAGER
from ...apply.predicted import require_deletable
from ...errors import ApiError, Forbidden, ServerUnavailable, WriteConflict
from ...fluid.kinds import ALLUXIO_RUNTIME, DATASET
from ...k8s.kinds import ref_to
from . import plan
from .plan import Act, Observed

# What all others wait for: a refused write to one of these ends the removal.
_AWAITED = (DATASET, ALLUXIO_RUNTIME)


class RemovalExecutor:
    """Writes for one run. report_action: receives each new action.

    actions: the texts of the actions so far. refused: the errors of the last refused writes, by object.
    """

    def __init__(self, client: Client, report_action: Callable[[str], None]) -> None:
        self._client = client
        self._report_action = report_action
        self._permitted = False
        self.actions: list[str] = []
        self.refused: dict[str, str] = {}

    def perform(self, acts: list[Act], observed: Observed) -> None:
        """Perform the actions that follow from what was observed. Raises as require_permission does."""
        if acts and not self._permitted:
            self.require_permission(observed)
        for act in acts:
            self._perform(act)

    def require_permission(self, observed: Observed) -> None:
        """Raise Forbidden if the deletion of the Dataset or its runtime is refused."""
        for item in (observed.dataset, observed.runtime):
            if item and not item.terminating:
                try:
                    require_deletable(self._client, item.kind, item.existing)
                except (Forbidden, ServerUnavailable):
                    raise
                except ApiError:
                    pass  # of a webhook without dry runs, or of a change since: the deletion finds it
        self._permitted = True

    def _perform(self, act: Act) -> None:
        try:
            written = self._write(act)
        except WriteConflict:
            return  # the next look shows the object as it is now
        except Forbidden as err:
            if act.item.kind in _AWAITED:
                raise
            self.refused[act.item.text] = str(err)
            return
        if written:
            self._record(act)

    def _write(self, act: Act) -> bool:
        """Return whether the object existed."""
        kind, existing = act.item.kind, act.item.existing
        if act.verb == plan.PATCH:
            return self._patch(act)
        return self._client.delete(kind, ref_to(existing), existing["metadata"]["uid"],
                                   grace=0 if act.verb == plan.KILL else None)

    def _patch(self, act: Act) -> bool:
        try:
            self._client.patch(act.item.kind, ref_to(act.item.existing), act.patch, MANAGER)
        except ApiError as err:
            if err.status != 404:
                raise
            return False
        return True

    def _record(self, act: Act) -> None:
        self.refused.pop(act.item.text, None)
        if act.text not in self.actions:
            self.actions.append(act.text)
            self._report_action(f"{act.verb}: {act.text}")
