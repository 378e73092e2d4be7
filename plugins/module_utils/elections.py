# SPDX-License-Identifier: GPL-3.0-or-later
"""How long writes stand still when the leader changes, one way or the other. Pure.

Measured (Alluxio 2.9.4): a leader that is told to hand over takes no more writes, and asks its successor to take over only when its
event queue has been idle for its own election.timeout.max (Ratis, LeaderStateImpl); when a last entry crosses the request, after
twice that. Followers notice a leader whose process has ended after election.timeout.min of their own, at the earliest.
"""

from __future__ import annotations

from typing import Mapping

from . import durations
from .errors import InvalidInput

_MIN = "alluxio.master.embedded.journal.election.timeout.min"
_MAX = "alluxio.master.embedded.journal.election.timeout.max"
_DEFAULTS = {_MIN: 10.0, _MAX: 20.0}  # seconds (Alluxio 2.9, PropertyKey.java)


def hands_over_sooner(leader: Mapping[str, str], followers: Mapping[str, str]) -> bool:
    """Tell whether a leader with these properties hands over before followers with those notice that it is gone."""
    return _seconds(_MAX, leader) <= _seconds(_MIN, followers)


def _seconds(key: str, properties: Mapping[str, str]) -> float:
    try:
        return durations.seconds(key, properties[key])
    except (KeyError, InvalidInput):
        return _DEFAULTS[key]
