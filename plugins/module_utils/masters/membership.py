# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the peers in a leader's metrics are members of its group.

Measured (Alluxio 2.9.4): a leader keeps the gauges of a removed peer unchanged, AVAILABLE included, until
another peer leads. A peer that joins again has gauges before it is a member; its silence then counts from
each of the leader's attempts to reach it. If it had never answered that leader before its removal, its match
index stays 0, and only its commit index shows that it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from ..alluxio.raft import AVAILABLE, UNAVAILABLE, Peer, Quorum


class Membership:
    """Remembers which of the peers of the present leader are members.

    reread: reads the group again a moment later; None without a leader. list_members: returns the addresses
    that Alluxio's command lists, which takes seconds; None when it fails.
    """

    def __init__(self, reread: Callable[[], Quorum | None],
                 list_members: Callable[[], Collection[str] | None]) -> None:
        self._reread = reread
        self._list_members = list_members
        self._begin(None)

    def _begin(self, leader: str | None) -> None:
        """Forget what an earlier leadership has shown."""
        self._leader = leader
        self._removed: set[str] = set()  # addresses of removed peers without a pod
        self._members: set[str] = set()  # addresses of members, as the gauges or the command show
        self._answering: set[str] = set()  # addresses whose commit index has shown that they answer
        # By address of each non-member: its last journal entry at the time of that finding.
        self._outside: dict[str, int | None] = {}

    def members_of(self, quorum: Quorum, with_pod: Collection[str]) -> Quorum:
        """Return the group without peers that are no members; a peer in doubt becomes UNAVAILABLE.

        with_pod: the hosts of addresses that have a pod.
        """
        if quorum.leader != self._leader:
            self._begin(quorum.leader)
        without_pod = {
            peer.address for peer in quorum.peers if peer.address.rpartition(":")[0] not in with_pod}
        removed = self._removed_of(without_pod)
        unknown = self._classify(quorum, [peer for peer in quorum.peers if peer.address not in without_pod])
        outside = self._outside
        peers = [replace(peer, state=UNAVAILABLE) if peer.address in unknown else peer
                 for peer in quorum.peers
                 if peer.address not in removed and outside.get(peer.address, -1) != peer.reached]
        return replace(quorum, peers=tuple(peers))

    def _removed_of(self, without_pod: set[str]) -> set[str]:
        """Return the peers without a pod that the command does not list."""
        removed = self._removed
        removed &= without_pod
        if without_pod - removed:
            listed = self._list_members()
            if listed is not None:
                removed |= without_pod - set(listed)
        return removed

    def _classify(self, quorum: Quorum, peers: list[Peer]) -> set[str]:
        """Record which of the peers are members; return the addresses for which that is unknown.

        A peer that has all committed entries is a member: its removal would be committed without it.
        """
        members, outside = self._members, self._outside
        answering = self._answering
        whole = {peer.address for peer in peers if peer.state == AVAILABLE and not peer.lags}
        members |= whole
        answering |= whole
        doubtful = {peer.address: peer.reached for peer in peers if peer.state == AVAILABLE and peer.lags
                    and outside.get(peer.address, -1) != peer.reached
                    and (peer.address not in members or (peer.unproven and peer.address not in answering))}
        if not doubtful:
            return set()
        later = self._reread()
        if later is None or later.leader != quorum.leader:
            return set(doubtful)
        advanced = {peer.address
                    for peer in later.peers if not peer.lags or peer.reached != doubtful.get(peer.address)}
        members |= advanced & doubtful.keys()
        answering |= advanced & doubtful.keys()
        unmoved = doubtful.keys() - advanced
        silent = {peer.address for peer in peers if peer.unproven and peer.address in unmoved}
        return silent | self._unlisted({
            address: doubtful[address] for address in unmoved - silent})

    def _unlisted(self, unmoved: dict[str, int | None]) -> set[str]:
        """Record which of these addresses the command lists; return those for which that is unknown.

        unmoved: the last journal entry of each.
        """
        listed = self._list_members() if unmoved else ()
        if listed is None:
            return set(unmoved)
        self._members |= unmoved.keys() & set(listed)
        self._outside.update(
            {address: reached for address, reached in unmoved.items() if address not in listed})
        return set()
