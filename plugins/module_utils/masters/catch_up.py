# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a restarted follower has the complete journal again. Pure.

A follower is AVAILABLE as soon as it answers. Its journal is on an emptyDir, so it starts empty and receives
all entries from the leader. No other master may restart before it has caught up: a committed entry could then
exist in one place only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from ..alluxio.raft import AVAILABLE, Peer

# A leader counts an entry as sent before the follower acknowledges it. A follower that lacks the preceding
# entry rejects it, and the leader steps back. Two more answers without such a step prove that it arrived.
_ANSWERS = 2
_SAME_ANSWER = 0.15  # seconds; observations of one answer differ by less


class CatchUp:
    """Follows one peer over several observations by its leader.

    While clients write, a follower is always some entries behind. It has caught up once it has confirmed a
    new entry and all that were committed at the first observation: a follower confirms an entry only if it
    has all earlier ones (Raft's log matching).
    """

    def __init__(self) -> None:
        # The entries that were confirmed and committed at the first observation.
        self._first: tuple[int, int] | None = None
        self._answered_at: float | None = None
        self._answers = 0

    def observe(self, peer: Peer | None, now: float) -> bool:
        """Record an observation at the time now (seconds); return whether the peer has caught up.

        peer: None when it is no member.
        """
        if peer is None or peer.state != AVAILABLE:
            self._first, self._answered_at, self._answers = None, None, 0
            return False
        if self._confirms(peer):
            return True
        if (peer.behind or 0) > 0:
            self._answered_at, self._answers = None, 0
            return False
        if peer.leader or peer.behind is None or peer.silent is None:
            return True  # a leader is complete; without figures there is nothing to wait for
        if self._answered_at is None:
            self._answered_at = now
        elif now - peer.silent > self._answered_at + _SAME_ANSWER:
            self._answered_at = now - peer.silent
            self._answers += 1
        return self._answers >= _ANSWERS

    def _confirms(self, peer: Peer) -> bool:
        """Return whether the peer has confirmed a new entry, and all that were committed at first.

        The first figures may be those of its journal before a restart, so they prove nothing.
        """
        if peer.reached is None or peer.committed is None:
            return False
        if self._first is None:
            self._first = peer.reached, peer.committed
            return False
        reached, committed = self._first
        return peer.reached > reached and peer.reached >= committed


class CatchUps:
    """Follows the peers of several masters in both groups, each by its domain and pod."""

    def __init__(self) -> None:
        self._each: dict[tuple[str, str], CatchUp] = defaultdict(CatchUp)

    def lacking(self, peers: Mapping[tuple[str, str], Peer | None], now: float) -> list[tuple[str, str]]:
        """Record one observation of these peers; return those that have not caught up."""
        return [key for key, peer in peers.items() if not self._each[key].observe(peer, now)]


def reason(lacking: Collection[tuple[str, str]]) -> str:
    """Return the first of the peers that lack entries, for a message; empty for none."""
    return next((f"{pod} lacks entries of the {domain} group" for domain, pod in lacking), "")
