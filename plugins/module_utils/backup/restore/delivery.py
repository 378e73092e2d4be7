# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivers the backup to the masters that wait for it. IO."""

from __future__ import annotations

from dataclasses import replace

from ...api import bulk
from ...api.pod_exec import PodShell
from ...errors import ApiError, CommandUnfinished, FluidError, Forbidden, ServerUnavailable
from ...k8s.kinds import ObjectRef
from ...k8s.wait_status import WaitStatus
from .. import space, transfer
from ..restore_template import FILE, FOLDER, GO, WAITER, WAITING
from ..subject import Subject
from ..transfer import Spool
from .prepared_template import PreparedTemplate
from .stages import Stages, uids

_PAUSE = 0.5

# A file that an interrupted run has delivered is not sent again.
_HAVE = 'sha256sum <"$1" 2>/dev/null || true'
_PUT = transfer.COMPLETE + """\
complete "$1.partial" "$1" "$2" "$3" "$4" "$5"
mv "$1.partial" "$1"
"""
# A pod of the same name may have replaced the one that got the file.
_GO = 'if [ -e "$2" ]; then : >"$1"; else echo "the pod has no backup" >&2; exit 1; fi'


class Delivery:
    """Sends the file to each waiting master, then starts all of them together.

    A drain may evict a master while it waits, since no PodDisruptionBudget protects a Pending pod
    (Kubernetes, eviction.go: canIgnorePDB). The pod that replaces it waits as well, and gets the file.
    """

    def __init__(self, cache: Subject, template: PreparedTemplate, spool: Spool) -> None:
        self._cache = cache
        self._template = template
        self._spool = spool
        self._started: set[str] = set()  # UIDs of pods that this run has started
        self._in_doubt = False

    def run(self) -> None:
        """Return once all masters have the file and were started."""
        self._cache.poll_until("masters that wait for the backup", self._advance, _PAUSE)

    def repeat(self, stages: Stages) -> None:
        """Deliver the file once more if a master waits that was not started."""
        if self._waiting(stages):
            self._advance()

    def _advance(self) -> WaitStatus:
        stages = self._template.stages()
        if not stages.complete:
            return WaitStatus(False, stages.progress)
        waiting = self._waiting(stages)
        try:
            self._send(list(waiting))
        except Forbidden:
            raise
        except ApiError as err:
            # A start whose stream broke may have succeeded; then the container of the next one has ended.
            self._in_doubt = self._in_doubt or isinstance(err, (CommandUnfinished, ServerUnavailable))
            if not self._in_doubt and self._same(stages):
                raise
            return WaitStatus(False, str(err))
        self._started.update(waiting.values())
        return WaitStatus(self._same(stages), "a master was replaced")

    def _waiting(self, stages: Stages) -> dict[str, str]:
        """Return the UIDs of the masters that wait for the file, by name; without those just started."""
        found = uids(stages.pods)
        return {name: found[name] for name in stages.named(WAITING) if found[name] not in self._started}

    def _same(self, stages: Stages) -> bool:
        """Return whether the pods are still the same."""
        return uids(self._cache.pods()) == uids(stages.pods)

    def _send(self, waiting: list[str]) -> None:
        self._cache.deadline.report_progress(
            f"sending the backup to {', '.join(waiting) or 'no master: all have it'}")
        shells = [PodShell(self._cache.client, ObjectRef(self._cache.ref.namespace, name), WAITER,
                           self._cache.timeout, bounded=True, repeats=True) for name in waiting]
        for shell in shells:
            self._store(shell)
        self._template.require()
        if shells:
            self._start(shells)

    def _store(self, shell: PodShell) -> None:
        sha256 = self._template.restoration.sha256
        found = shell.run("look for the backup", _HAVE, FILE).split()
        if not found or found[0] != sha256:
            space.require_in_pod(shell, FOLDER, transfer.needed_bytes(self._spool.size), "the backup")
            transfer.store(shell, "store the backup", _PUT, FILE, sha256, spool=self._spool)

    @staticmethod
    def _start(shells: list[PodShell]) -> None:
        """Start the masters together, since their first election is shorter then.

        The container ends with the script, so nothing may follow in it.
        """
        for failure in bulk.work(shells, lambda shell: replace(shell, bounded=False, repeats=False).run(
                "start the master", _GO, GO, FILE)):
            if isinstance(failure, FluidError):
                raise failure
