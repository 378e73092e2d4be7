# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of one restoration. IO."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...alluxio.raft import Quorum
from ...errors import ApiError, Forbidden, QuorumUnknown, WaitTimeout
from ...fluid.components import DOMAINS
from ...fluid.operations import Restoration
from ...fluid.status import quorum_formed
from ...k8s.wait_status import WaitStatus
from ...masters.group import Masters
from ..catalog import Tree
from ..subject import Subject
from ..transfer import Spool
from .delivery import Delivery
from .pod_replacement import PodReplacement
from .prepared_template import PreparedTemplate

_PAUSE = 1.0


class Restorer:
    """The steps of one restoration, in the order in which run() calls them.

    1. begin: prepare the masters' pod template, so that new masters wait for the file.
    2. replace: delete the old masters, the first one alone.
    3. deliver: send the file to all masters, then start them together.
    4. await_quorum: wait until the masters have elected leaders.
    5. end: clean the pod template.

    Each step observes what remains to be done. Each one raises Conflict once the template is no longer of
    this restoration. leader: the pod that leads, which is not the first one to be deleted.
    """

    def __init__(self, cache: Subject, restoration: Restoration, leader: str = "") -> None:
        self._cache = cache
        self._leader = leader
        self._template = PreparedTemplate(cache, restoration)
        self._delivery: Delivery | None = None

    def run(self, spool: Spool) -> tuple[list[str], Tree | None]:
        """Restart all masters from the backup; return the replaced ones and the restored tree."""
        self.begin()
        restarted = self.replace()
        self.deliver(spool)
        self.await_quorum()
        self.end()
        return restarted, self._cache.leader_and_tree(max(0, self._cache.deadline.remaining()))[1]

    def begin(self) -> None:
        """Prepare the peers of new journals and the masters' pod template, unless they are prepared."""
        self._template.begin()

    def end(self) -> None:
        """Undo begin() in the template; a master that restarts later gets its journal from the leader."""
        self._template.end()

    def replace(self) -> list[str]:
        """Delete masters without the prepared template; return their names once all wait for the file.

        If the first one does not wait before the deadline, it starts from the template of before: it may have
        begun to wait meanwhile, and nobody would send it the file.
        """
        replacement = PodReplacement(self._cache, self._template, self._leader)
        try:
            return replacement.run()
        except WaitTimeout as err:
            if replacement.starts:
                raise
            self.end()
            replacement.delete_new()
            raise WaitTimeout(
                f"{err}\nThe other masters were not deleted, and the pod template is as it was: remove the "
                "cause, then run this again", **err.details) from err

    def deliver(self, spool: Spool) -> None:
        """Send the file to each waiting master, then start all of them together."""
        self._delivery = Delivery(self._cache, self._template, spool)
        self._delivery.run()

    def await_quorum(self) -> None:
        """Wait until both quorums are complete, or until a single master leads."""
        group = Masters(self._cache.client, self._cache.ref, self._cache.deadline.clock)
        questions: list[tuple[str, Callable[[], tuple[Quorum, str]]]] = [
            ("its leading master", group.single)] if self._cache.masters == 1 else [
            (f"the {domain} quorum", partial(group.quorum, domain)) for domain in DOMAINS]
        for awaited, ask in questions:
            self._cache.poll_until(awaited, partial(self._formed, ask), _PAUSE)

    def _formed(self, ask: Callable[[], tuple[Quorum, str]]) -> WaitStatus:
        """Return whether the quorum is complete. A master that was evicted meanwhile gets the file."""
        stages = self._template.stages()
        if self._delivery is not None:
            self._delivery.repeat(stages)
        try:
            return quorum_formed(ask()[0], self._cache.masters)
        except Forbidden:
            raise
        except (QuorumUnknown, ApiError) as err:
            return WaitStatus(False, str(err))
