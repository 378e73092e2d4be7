# SPDX-License-Identifier: GPL-3.0-or-later
"""How long clients stand still when the leader changes, one way or the other. Pure.

Measured (Alluxio 2.9.4): a leader that is told to hand over takes no more writes, and asks its successor to take over only when its
event queue has been idle for its own election.timeout.max (Ratis, LeaderStateImpl); when a last entry crosses the request, after
twice that. Followers notice a leader whose process has ended after election.timeout.min of their own, at the earliest.
"""

from __future__ import annotations

from typing import Mapping

from .properties import ELECTION_TIMEOUT_MAX, ELECTION_TIMEOUT_MIN, election_timeout


def transfer_beats_election(leader: Mapping[str, str], followers: Mapping[str, str]) -> bool:
    """Tell whether a leader with these properties hands over before followers with those notice that it is gone."""
    return election_timeout(ELECTION_TIMEOUT_MAX, leader) <= election_timeout(ELECTION_TIMEOUT_MIN, followers)
