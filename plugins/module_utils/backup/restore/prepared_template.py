# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepares the masters' pod template for one restoration, and undoes that. IO."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...apply import update
from ...errors import Conflict
from ...fluid import operations
from ...fluid.names import config_map_name, stateful_set_name
from ...fluid.operations import Restoration
from ...journal import addresses
from ...k8s import kinds
from ...k8s.kinds import ObjectRef
from .. import restore_template
from ..subject import Subject
from .stages import Stages


class PreparedTemplate:
    """The masters' pod template, which is of one restoration at a time.

    Another run may begin or end one. Masters that are deleted then would begin with an empty journal.
    """

    def __init__(self, cache: Subject, restoration: Restoration) -> None:
        self.restoration = restoration
        self._cache = cache
        self._client = cache.client
        self._workload = ObjectRef(cache.ref.namespace, stateful_set_name(cache.ref.name))

    def begin(self) -> None:
        """Prepare the peers of new journals and the template, unless they are prepared."""
        self._list_masters()
        self._patch(lambda existing: None if operations.under_way(existing) == self.restoration
                    else restore_template.begin(existing, self.restoration))

    def end(self) -> None:
        """Undo begin() in the template; a master that restarts later gets its journal from the leader."""
        def patch_of(existing: dict) -> dict | None:
            if operations.under_way(existing) is None:
                return None
            self._require(existing)
            return restore_template.end(existing)
        self._patch(patch_of)

    def require(self) -> None:
        """Raise Conflict unless the template is of this restoration."""
        self._require(update.require(self._client, kinds.STATEFUL_SET, self._workload))

    def stages(self) -> Stages:
        """Return the masters' pods by their stages. Raises Conflict as require() does."""
        self.require()
        return Stages(self._cache.pods(), self.restoration, self._cache.masters)

    def _list_masters(self) -> None:
        """Let the ConfigMap list exactly the masters that run, which new journals begin with as peers.

        An interrupted rollout lists masters that it was to add, or those that it has removed. With them new
        journals may lack a majority for ever.
        """
        ref = ObjectRef(self._cache.ref.namespace, config_map_name(self._cache.ref.name))
        patch_of = partial(addresses.listing, self._cache.ref.name, self._cache.masters)
        existing = self._client.get(kinds.CONFIG_MAP, ref)
        if existing is not None and patch_of(existing):
            update.change(self._client, kinds.CONFIG_MAP, ref, patch_of)

    def _patch(self, patch_of: Callable[[dict], dict | None]) -> None:
        update.change(self._client, kinds.STATEFUL_SET, self._workload, patch_of)

    def _require(self, existing: dict) -> None:
        found = operations.under_way(existing)
        if found != self.restoration:
            what = f"another run restores backup {found.backup}" if found else "another run has ended it"
            raise Conflict(
                f"the restoration of backup {self.restoration.backup} into {self._cache.described} is no "
                f"longer in the pod template of StatefulSet {self._workload.name}: {what}; wait until no "
                "other run of datacache.fluid.alluxio_restore works on this cache, then run this again")
