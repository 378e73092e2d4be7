# SPDX-License-Identifier: GPL-3.0-or-later
"""What Alluxio's and Ratis' logs say of a master. Pure."""

from __future__ import annotations

import re
from datetime import datetime

# What an elected leader logs when it takes the requests of clients, and when it serves its web port, which it does after that.
_SERVES = re.compile(r"^(\d{4}-\d\d-\d\d[T ][\d:,]+) .*Rpc server started", re.MULTILINE)
_SERVES_WEB = re.compile(r"^(\d{4}-\d\d-\d\d[T ][\d:,]+) .*Alluxio Master Web service started", re.MULTILINE)


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


# Ratis (RaftServerProxy) logs when a member's server starts and closes.
_SERVER = re.compile(r" RaftServer - \S+: (start RPC server|close)$", re.MULTILINE)


def raft_server_closed(log: str) -> bool:
    """Tell from a master's log whether it has closed its Raft server for good, though its process lives.

    A master that is being added asks for votes when no leader has reached it for an election timeout. A leader that does not know
    it yet answers that it should shut down, and it does (Ratis, LeaderElection). From then on it is of no use until it restarts.
    """
    result = _SERVER.findall(log)
    return bool(result) and result[-1] == "close"


# Ratis (RaftServerImpl) logs each role change of a member with the term it happened at.
_TERM = re.compile(r"changes role from\s+\w+ to (?:LEADER|FOLLOWER|CANDIDATE) at term (\d+)")


def last_term(log: str) -> int | None:
    """Return the newest Raft term that a master's log names, or None when it names none."""
    terms = [int(term) for term in _TERM.findall(log)]
    return max(terms) if terms else None
