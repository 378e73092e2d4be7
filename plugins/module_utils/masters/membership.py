# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the peers in a leader's metrics are members of its group.

Measured (Alluxio 2.9.4): a leader keeps the gauges of a peer that was removed as they were, AVAILABLE even, until another one leads.
One that is to come back has them again before it is a member, and its silence counts from each of the leader's attempts to reach it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Callable, Collection

from ..alluxio.raft import AVAILABLE, UNAVAILABLE, Peer, Quorum


class Membership:
    """Remembers by leader what was learned of its peers.

    again: takes another look at the group, a moment later; None when there is no leader any more. listed: the addresses of the
    members as the command tells them, which takes seconds; None when it does not.
    """

    def __init__(self, again: Callable[[], Quorum | None], listed: Callable[[], Collection[str] | None]) -> None:
        self._again = again
        self._listed = listed
        self._removed: dict[str | None, set[str]] = defaultdict(set)  # addresses of former peers without a pod
        self._members: dict[str | None, set[str]] = defaultdict(set)  # addresses of peers whose gauges, or the command, tell so
        self._outside: dict[str | None, dict[str, int | None]] = defaultdict(dict)  # how far the others had come when they were found out

    def of(self, quorum: Quorum, with_pod: Collection[str]) -> Quorum:
        """Return the group without peers that are no members. with_pod: the addresses' hosts that have a pod."""
        bare = {peer.address for peer in quorum.peers if peer.address.rpartition(":")[0] not in with_pod}
        gone = self._without_pod(quorum.leader, bare)
        unknown = self._ask_for(quorum, [peer for peer in quorum.peers if peer.address not in bare])
        outside = self._outside[quorum.leader]
        peers = [replace(peer, state=UNAVAILABLE) if peer.address in unknown else peer for peer in quorum.peers
                 if peer.address not in gone and outside.get(peer.address, -1) != peer.reached]
        return replace(quorum, peers=tuple(peers))

    def _without_pod(self, leader: str | None, bare: set[str]) -> set[str]:
        """Those of the peers without a pod that the command does not list."""
        removed = self._removed[leader]
        removed &= bare
        if bare - removed:
            listed = self._listed()
            if listed is not None:
                removed |= bare - set(listed)
        return removed

    def _ask_for(self, quorum: Quorum, peers: list[Peer]) -> set[str]:
        """Learn which of the peers are members; return those of which that cannot be known.

        A peer that has all that is agreed on is one: its removal was agreed on without it.
        """
        members, outside = self._members[quorum.leader], self._outside[quorum.leader]
        members |= {peer.address for peer in peers if peer.state == AVAILABLE and not peer.lags}
        doubtful = {peer.address: peer.reached for peer in peers if peer.state == AVAILABLE and peer.lags
                    and peer.address not in members and outside.get(peer.address, -1) != peer.reached}
        if not doubtful:
            return set()
        later = self._again()
        if later is None or later.leader != quorum.leader:
            return set(doubtful)
        moved = {peer.address for peer in later.peers if not peer.lags or peer.reached != doubtful.get(peer.address)}
        members |= moved & doubtful.keys()
        still = doubtful.keys() - moved
        listed = self._listed() if still else ()
        if listed is None:
            return still
        members |= still & set(listed)
        outside.update({address: doubtful[address] for address in still - set(listed)})
        return set()
