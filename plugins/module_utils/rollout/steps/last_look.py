# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether one look at both Raft groups shows that they can spare a master. Pure.

A look counts only if it is young, since anything may happen between the look and the act that follows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...masters import catch_up
from ...masters.catch_up import CatchUps
from ...quorum.plan import RaftGroup

# Seconds. A look that took longer is repeated; without pods/proxy, where commands show the groups, a look may
# take that many times as long as the fastest one so far.
YOUNG = 1.0
_TIMES_FASTEST = 1.5


def unavailable(groups: Iterable[RaftGroup]) -> set[str]:
    """Return the pods that are unavailable in any of the groups."""
    return {master.pod for observed in groups for master in observed.masters if master.unavailable}


class LastLook:
    """Follows both groups over several looks. name: the pod to spare."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._catch_ups = CatchUps()
        self._fastest = float("inf")

    def complete(self, groups: Sequence[RaftGroup]) -> bool:
        """Return whether both groups have a leader and all other peers, and no stale one."""
        return not (any(observed.stale or observed.leader is None for observed in groups)
                    or unavailable(groups) - {self._name})

    def leads(self, groups: Sequence[RaftGroup]) -> bool:
        """Return whether the master leads the masters, whose leadership can be transferred."""
        leading = groups[0].leading()
        return leading is not None and leading.pod == self._name

    def shortcoming(self, groups: Sequence[RaftGroup], began: float, ended: float) -> str:
        """Return why the master cannot be spared after this look; empty if it can.

        began, ended: of the look, in seconds. Records the look: a follower has the whole journal only after
        several answers.
        """
        others = {key: peer for observed in groups for key, peer in observed.peers().items()
                  if key[1] != self._name}
        lacking = self._catch_ups.lacking(others, ended)
        took = ended - began
        self._fastest = min(self._fastest, took)
        if lacking:
            return catch_up.reason(lacking)
        if took > max(YOUNG, _TIMES_FASTEST * self._fastest):
            return f"the look at the groups took {took:.1f} s"
        return ""
