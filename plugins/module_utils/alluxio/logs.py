# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a master from its Alluxio and Ratis log lines. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from .raft import CLOSED, OPEN

# AlluxioMasterProcess logs the first line at the begin of each leadership. The other two follow: Alluxio
# 2.9.4 opens the web port after it serves clients, 2.9.0 before. A master logs the second line also at its
# start.
_BECOMES_LEADER = "AlluxioMasterProcess - Becoming a leader."
_SERVES = re.compile(r"^(\d{4}-\d\d-\d\d[T ][\d:,]+) .*Rpc server started", re.MULTILINE)
_SERVES_WEB = re.compile(r"^(\d{4}-\d\d-\d\d[T ][\d:,]+) .*Alluxio Master Web service started", re.MULTILINE)


def serves_after_web(log: str) -> float | None:
    """Return the seconds from the start of a leader's web port to its first service for clients.

    Negative if clients were served first. None while the port is open and no client is served. 0 if the log
    does not show the start of the port. Source: DefaultSafeModeManager, WebServer.
    """
    _before, found, leadership = log.rpartition(_BECOMES_LEADER)
    clients, web = (_newest(pattern, leadership if found else "") for pattern in (_SERVES, _SERVES_WEB))
    if web is None:
        return 0.0
    return None if clients is None else (clients - web).total_seconds()


def _newest(pattern: re.Pattern, log: str) -> datetime | None:
    return max(filter(None, map(_time, pattern.findall(log))), default=None)


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
