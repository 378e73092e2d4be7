# SPDX-License-Identifier: GPL-3.0-or-later
"""The duration of a leadership transfer compared with an election. Pure.

Measured (Alluxio 2.9.4): during a leadership transfer the leader accepts no writes. It requests its successor
to lead after its event queue has been idle for its own election.timeout.max (Ratis, LeaderStateImpl), or for
twice that if an entry arrives meanwhile. Followers detect the end of a leader's process after their own
election.timeout.min at the earliest.
"""

from __future__ import annotations

from collections.abc import Mapping

from .properties import ELECTION_TIMEOUT_MAX, ELECTION_TIMEOUT_MIN, election_timeout


def transfer_beats_election(leader: Mapping[str, str], followers: Mapping[str, str]) -> bool:
    """Return whether a leadership transfer is faster than an election.

    leader, followers: the properties in force; the followers' decide when they detect the loss of the leader.
    """
    return election_timeout(ELECTION_TIMEOUT_MAX, leader) <= election_timeout(ELECTION_TIMEOUT_MIN, followers)
