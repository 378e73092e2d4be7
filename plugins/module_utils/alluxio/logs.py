# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a master from its Alluxio and Ratis log lines. Pure."""

from __future__ import annotations

import re
from collections import Counter
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
    web, clients = _newest(_SERVES_WEB, _leadership(log)), _newest(_SERVES, _leadership(log))
    if web is None:
        return 0.0
    return None if clients is None else (clients - web).total_seconds()


def serves_for(log: str, local_time: str) -> float | None:
    """Return the seconds from a leader's first service for clients until a later time; None if unknown.

    local_time: of the same container, as `date +%Y-%m-%dT%H:%M:%S,%3N` prints it.
    """
    clients, now = _newest(_SERVES, _leadership(log)), _time(local_time)
    return None if clients is None or now is None else (now - clients).total_seconds()


def _leadership(log: str) -> str:
    """Return the part of a log since its last leadership began; empty without one."""
    _before, found, leadership = log.rpartition(_BECOMES_LEADER)
    return leadership if found else ""


def _newest(pattern: re.Pattern, log: str) -> datetime | None:
    return max(filter(None, map(_time, pattern.findall(log))), default=None)


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.replace(" ", "T"), "%Y-%m-%dT%H:%M:%S,%f")
    except ValueError:
        return None


# Ratis (RaftServerProxy) logs the start and the close of a peer's server. Alluxio (RaftJournalSystem) logs
# before a close of its own: to replace the server of a former leader, or because the process ends.
_SERVER = re.compile(r" RaftServer - \S+: (start RPC server|close)$", re.MULTILINE)
_OWN_CLOSE = re.compile(r" RaftJournalSystem - Shutting down raft (?:server|journal)$", re.MULTILINE | re.I)


def raft_server_state(log: str) -> str:
    """Return OPEN or CLOSED by the last line of a master's log about its Raft server; empty without one.

    A joining master requests votes if no leader reaches it within an election timeout. A leader that does not
    know it yet answers that it should shut down, and it does (Ratis, LeaderElection). It cannot join the
    group until its process restarts. Empty also while Alluxio itself replaces the server: a former leader
    needs seconds for that, with a large journal minutes, and then votes again.
    """
    lines = list(_SERVER.finditer(log))
    if not lines or lines[-1][1] != "close":
        return OPEN if lines else ""
    since = lines[-2].end() if len(lines) > 1 else 0
    return "" if _OWN_CLOSE.search(log, since, lines[-1].start()) else CLOSED


# Ratis (FollowerState) logs this at each election timeout of a former leader.
_SKIPS_ELECTION = re.compile(r"Skipping leader election since it stepped down recently \(elapsed = (\d+)ms ")


def stepped_down_for(log: str) -> float | None:
    """Return the seconds since a master that may still start no election has stepped down; None if it may.

    log: its last 50 lines. Alluxio forbids a former leader to start an election for ever
    (RaftServerConfigKeys.LeaderElection.leaderStepDownWaitTime), and replaces its Raft server when the
    process has become a standby. A process that hangs on the way there never starts an election, and refuses
    its vote to peers whose journals are shorter.
    """
    end = max((found.end() for found in _SERVER.finditer(log)), default=0)
    elapsed = _SKIPS_ELECTION.findall(log, end)
    return int(elapsed[-1]) / 1000 if elapsed else None


# Ratis (RaftServerImpl) logs this for an entry that a follower has committed. After a broken stream a leader
# sends some of those again, and continues behind them; with a conflict it never does.
_EXISTS = re.compile(r"Failed appendEntries as the first entry (\(index \d+\) already exists \(.*\))")
_REPEATED = 10


def has_conflict(log: str) -> bool:
    """Return whether a follower refuses the leader's first entry because its journal has another one.

    log: its last 50 lines, which the refusals of one entry fill within a second.

    Ratis 2.4 takes the first entry of a journal for committed and never replaces it. So a leader that lost
    its leadership before its first entry reached others never follows the next one.
    """
    found = Counter(_EXISTS.findall(log))
    return max(found.values(), default=0) >= _REPEATED


# Ratis (RaftServerImpl) logs each role change of a peer with its term.
_TERM = re.compile(r"changes role from\s+\w+ to (?:LEADER|FOLLOWER|CANDIDATE) at term (\d+)")


def last_term(log: str) -> int | None:
    """Return the highest Raft term in a master's log, or None."""
    return max(map(int, _TERM.findall(log)), default=None)
