# SPDX-License-Identifier: GPL-3.0-or-later
"""The priorities that an interrupted leadership transfer leaves behind. IO.

A transfer gives its target priority 2 and the others 1, and resets all to 1 at its end (Alluxio,
RaftJournalSystem.transferLeadership). Peers do not vote for a candidate of lower priority than their own, so
the target of a transfer that was cut off would be preferred for ever.
"""

from __future__ import annotations

from contextlib import suppress

from ..api.client import Client
from ..errors import ApiError, QuorumUnknown
from ..fluid.components import MASTER
from ..k8s.kinds import ObjectRef
from ..masters.group import Masters

_RESET = 1  # the highest priority outside of a transfer


def reset(runtime: ObjectRef, client: Client) -> None:
    """Reset the priorities of the masters if a transfer has left some behind; best effort."""
    masters = Masters(client, runtime)
    with suppress(ApiError, QuorumUnknown):
        pods = masters.pods()
        quorum, answered_by = masters.quorum(MASTER, pods)
        found = masters.with_priorities(quorum, MASTER, pods)
        if quorum.leader and any((peer.priority or 0) > _RESET for peer in found.peers):
            masters.reset_priorities(answered_by, quorum.leader)
