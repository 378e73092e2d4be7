# SPDX-License-Identifier: GPL-3.0-or-later
"""A leader's own view of its Raft group, read from the metrics that it serves for Prometheus. Pure.

Alluxio's masters register the metrics of Ratis with their web server (RatisDropwizardExports), which only a leader runs. The
leader has a gauge for each follower: how long ago that one answered last. `alluxio fsadmin journal quorum info` calls a follower
UNAVAILABLE when the same figure is above alluxio.master.embedded.journal.election.timeout.max (RaftJournalSystem), so both tell
the same, but the metrics cost a tenth of a second and the command the start of a JVM. And the metrics tell apart what the command
does not: a follower that has never answered this leader.

A master that leads for the second time in its process registers them a second time, so that every line is there twice.
"""

from __future__ import annotations

import re

from .raft import AVAILABLE, UNAVAILABLE, Peer, Quorum

_NANOSECONDS = 1e9
# A member's id is its host and port, joined with an underline. These gauges, one for each follower of the group, have the port
# in the name and the host in a label. Their value counts requests that were only sent, so it says nothing of the follower.
_FOLLOWER = re.compile(r"^ratis_log_appender_follower_(?P<port>\d+)_rpc_response_time\{(?P<labels>[^}]*)\}", re.MULTILINE)
# Nanoseconds since the follower's last answer. Its id is in the name, in letters that Prometheus takes.
_SILENCE = re.compile(r"^ratis_server_(?P<id>\w+)_lastHeartbeatElapsedTime\{[^}]*\}\s+(?P<value>\S+)\s*$", re.MULTILINE)
# The last entry that the follower is known to have; 0 until it has answered this leader for the first time. It says nothing of a
# restarted follower: it never falls, also when the follower comes back with an empty journal.
_MATCH = re.compile(r"^ratis_log_appender_follower_(?P<port>\d+)_match_index\{(?P<labels>[^}]*)\}\s+(?P<value>\S+)\s*$", re.MULTILINE)
# Both this and the next one stay as they were when the follower was removed, also after it has come back to the same leader. Then its
# commit index, which is told anew, passes the last entry that it is said to have.
# The index of the entry that the leader sends to the follower next.
_NEXT = re.compile(r"^ratis_log_appender_follower_(?P<port>\d+)_next_index\{(?P<labels>[^}]*)\}\s+(?P<value>\S+)\s*$", re.MULTILINE)
# How far the follower said that it has committed; it never falls either.
_COMMIT = re.compile(r"^ratis_server_(?P<id>\w+)_peerCommitIndex\{[^}]*\}\s+(?P<value>\S+)\s*$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_NOT_IN_NAMES = re.compile(r"\W", re.ASCII)


def read_quorum(text: str, silent_for: float) -> Quorum | None:
    """Return the group as its leader sees it; None when the metrics are not those of a leader with followers.

    silent_for: seconds without an answer after which a follower counts as UNAVAILABLE, election.timeout.max.
    """
    silence = {match["id"]: float(match["value"]) / _NANOSECONDS for match in _SILENCE.finditer(text)}
    matches = {(_labels(match).get("follower", ""), match["port"]): float(match["value"]) for match in _MATCH.finditer(text)}
    following = {(_labels(match).get("follower", ""), match["port"]): float(match["value"]) for match in _NEXT.finditer(text)}
    commits = {match["id"]: float(match["value"]) for match in _COMMIT.finditer(text)}
    leader, peers = None, {}
    for match in _FOLLOWER.finditer(text):
        labels = _labels(match)
        leader = ":".join(labels.get("instance", "").rsplit("_", 1))
        host, port = labels.get("follower", ""), match["port"]
        heard = silence.get(_name(host, port))
        commit, following_index = commits.get(_name(*leader.rsplit(":", 1))), following.get((host, port))
        matched, committed = matches.get((host, port)), commits.get(_name(host, port))
        if matched is not None and committed is not None and committed > matched:
            following_index = committed + 1
        behind = None if commit is None or following_index is None else max(0, int(commit + 1 - following_index))
        reached = max((int(each) for each in (matched, committed) if each is not None), default=None)
        lags = commit is not None and reached is not None and reached < commit
        # A new leader counts silence from its own beginning, so a peer that is away would pass for AVAILABLE for silent_for seconds.
        there = heard is not None and heard <= silent_for and matched != 0
        state = AVAILABLE if there else UNAVAILABLE
        address = f"{host}:{port}"
        peers[address] = Peer(address=address, state=state, silent=heard, behind=behind, reached=reached, lags=lags)
    if leader is None:
        return None
    peers[leader] = Peer(address=leader, state=AVAILABLE, leader=True)
    return Quorum(leader=leader, peers=tuple(sorted(peers.values(), key=lambda peer: peer.address)))


def _labels(match: re.Match) -> dict[str, str]:
    return dict(_LABEL.findall(match["labels"]))


def _name(host: str, port: str) -> str:
    """A member's id as the names of metrics have it."""
    return _NOT_IN_NAMES.sub("_", f"{host}_{port}")
