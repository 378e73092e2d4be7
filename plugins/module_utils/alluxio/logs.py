# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a master from its Alluxio and Ratis log lines. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from .raft import CLOSED, OPEN

# A new leader logs the first line when it accepts clients' requests and the second later, at its web port's
# start.
_SERVES = re.compile(r"^(\d{4}-\d\d-\d\d[T ][\d:,]+) .*Rpc server started", re.MULTILINE)
_SERVES_WEB = re.compile(r"^(\d{4}-\d\d-\d\d[T ][\d:,]+) .*Alluxio Master Web service started", re.MULTILINE)


def served_before_web(log: str) -> float:
    """Return the seconds between a leader's first service for clients and for its web port.

    Source: DefaultSafeModeManager, WebServer. 0 if its log lacks one of the lines.
    """
    times = [[_time(found) for found in pattern.findall(log)] for pattern in (_SERVES, _SERVES_WEB)]
    clients, web = (max(filter(None, each), default=None) for each in times)
    return max(0.0, (web - clients).total_seconds()) if clients and web else 0.0


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.replace(" ", "T"), "%Y-%m-%dT%H:%M:%S,%f")
    except ValueError:
        return None


# Ratis (RaftServerProxy) logs the start and the close of a peer's server.
_SERVER = re.compile(r" RaftServer - \S+: (start RPC server|close)$", re.MULTILINE)


def raft_server_state(log: str) -> str:
    """Return OPEN or CLOSED by the last line of a master's log about its Raft server; empty without one.

    A joining master requests votes if no leader reaches it within an election timeout. A leader that does not
    know it yet answers that it should shut down, and it does (Ratis, LeaderElection). It cannot join the
    group until its process restarts.
    """
    states = _SERVER.findall(log)
    return (CLOSED if states[-1] == "close" else OPEN) if states else ""


# Ratis (RaftServerImpl) logs each role change of a peer with its term.
_TERM = re.compile(r"changes role from\s+\w+ to (?:LEADER|FOLLOWER|CANDIDATE) at term (\d+)")


def last_term(log: str) -> int | None:
    """Return the highest Raft term in a master's log, or None."""
    return max(map(int, _TERM.findall(log)), default=None)
