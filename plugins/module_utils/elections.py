# SPDX-License-Identifier: GPL-3.0-or-later
"""How long clients stand still when the leader changes, one way or the other. Pure.

Measured (Alluxio 2.9.4): a leader that is told to hand over takes no more writes, and asks its successor to take over only when its
event queue has been idle for its own election.timeout.max (Ratis, LeaderStateImpl); when a last entry crosses the request, after
twice that. Followers notice a leader whose process has ended after election.timeout.min of their own, at the earliest.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Mapping

from . import durations
from .errors import InvalidInput

_MIN = "alluxio.master.embedded.journal.election.timeout.min"
_MAX = "alluxio.master.embedded.journal.election.timeout.max"
# What an elected leader logs when it takes the requests of clients, and when it serves its web port, which it does after that.
_SERVES = re.compile(r"^(\d{4}-\d\d-\d\d[T ][\d:,]+) .*Rpc server started", re.MULTILINE)
_SERVES_WEB = re.compile(r"^(\d{4}-\d\d-\d\d[T ][\d:,]+) .*Alluxio Master Web service started", re.MULTILINE)
_DEFAULTS = {_MIN: 10.0, _MAX: 20.0}  # seconds (Alluxio 2.9, PropertyKey.java)


def hands_over_sooner(leader: Mapping[str, str], followers: Mapping[str, str]) -> bool:
    """Tell whether a leader with these properties hands over before followers with those notice that it is gone."""
    return _seconds(_MAX, leader) <= _seconds(_MIN, followers)


def served_before_web(log: str) -> float:
    """How many seconds before its web port a leader served clients (DefaultSafeModeManager, WebServer); 0 when its log does not tell."""
    times = [[_time(found) for found in pattern.findall(log)] for pattern in (_SERVES, _SERVES_WEB)]
    clients, web = (max(filter(None, each), default=None) for each in times)
    return max(0.0, (web - clients).total_seconds()) if clients and web else 0.0


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.replace(" ", "T"), "%Y-%m-%dT%H:%M:%S,%f")
    except ValueError:
        return None


def _seconds(key: str, properties: Mapping[str, str]) -> float:
    try:
        return durations.seconds(key, properties[key])
    except (KeyError, InvalidInput):
        return _DEFAULTS[key]
