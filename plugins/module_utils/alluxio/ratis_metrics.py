# SPDX-License-Identifier: GPL-3.0-or-later
"""A Raft group as its leader reports it in its Prometheus metrics. Pure.

Alluxio's masters register Ratis' metrics with their web server (RatisDropwizardExports), which only a leader
runs. One gauge for each follower has the time since its last answer. `alluxio fsadmin journal quorum info`
reports a follower as UNAVAILABLE if the same figure exceeds
alluxio.master.embedded.journal.election.timeout.max (RaftJournalSystem). So both agree, but the metrics cost
a tenth of a second and the command the start of a JVM. Only the metrics show a follower that has never
answered this leader.

A master that leads a second time in the same process registers the metrics twice, which repeats each line.
"""

from __future__ import annotations

import re

from .raft import AVAILABLE, UNAVAILABLE, Peer, Quorum

_NANOSECONDS = 1e9
# A peer's id is its host and port, joined with an underscore. These gauges, one for each follower, have the
# port in the name and the host in a label. Their values are unused: they count requests that were only sent.
_FOLLOWER = re.compile(
    r"^ratis_log_appender_follower_(?P<port>\d+)_rpc_response_time\{(?P<labels>[^}]*)\}", re.MULTILINE)
# Nanoseconds since the follower's last answer. The name contains its id in Prometheus' characters.
_SILENCE = re.compile(
    r"^ratis_server_(?P<id>\w+)_lastHeartbeatElapsedTime\{[^}]*\}\s+(?P<value>\S+)\s*$", re.MULTILINE)
# The index of the last entry that the follower has confirmed; 0 until its first answer to this leader. It
# never decreases, even if the follower restarts with an empty journal.
_MATCH = re.compile(
    r"^ratis_log_appender_follower_(?P<port>\d+)_match_index\{(?P<labels>[^}]*)\}\s+(?P<value>\S+)\s*$",
    re.MULTILINE)
# The index of the next entry that the leader sends to the follower. This and the match index keep their
# values after a removal of the follower, even if it joins the same leader again; its new commit index then
# exceeds the match index.
_NEXT = re.compile(
    r"^ratis_log_appender_follower_(?P<port>\d+)_next_index\{(?P<labels>[^}]*)\}\s+(?P<value>\S+)\s*$",
    re.MULTILINE)
# The index of the last entry that the follower has reported as committed; it never decreases either.
_COMMIT = re.compile(r"^ratis_server_(?P<id>\w+)_peerCommitIndex\{[^}]*\}\s+(?P<value>\S+)\s*$", re.MULTILINE)
# The role of the peer itself: RaftPeerRole, 0 to 3 for leader, candidate, follower and listener; -1 if it is
# unknown (Alluxio 2.9.4, RaftJournalSystem.getRoleId; Ratis 2.4.1, RaftProtos).
_ROLE = re.compile(r"^Master_RoleId(?:\{[^}]*\})?\s+(?P<role>-?[0-9.]+)\s*$", re.MULTILINE)
_LEADER = 0
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_NOT_IN_NAMES = re.compile(r"\W", re.ASCII)


def is_standby(text: str) -> bool:
    """Return whether these are the metrics of a candidate or follower; False if they do not show the role.

    With alluxio.standby.master.web.enabled standbys serve them too. Those of a former leader keep its gauges.
    """
    return any(float(match["role"]) > _LEADER for match in _ROLE.finditer(text))


def read_quorum(text: str, unavailable_after: float) -> Quorum | None:
    """Return the group as its leader reports it; None for the metrics of another master or a single one.

    unavailable_after: seconds without an answer until a follower is UNAVAILABLE, election.timeout.max.
    """
    silence = {match["id"]: float(match["value"]) / _NANOSECONDS for match in _SILENCE.finditer(text)}
    match_indexes, next_indexes = _by_follower(_MATCH, text), _by_follower(_NEXT, text)
    commits = {match["id"]: float(match["value"]) for match in _COMMIT.finditer(text)}
    leader, peers = None, {}
    for match in _FOLLOWER.finditer(text):
        labels = _labels(match)
        leader = ":".join(labels.get("instance", "").rsplit("_", 1))
        host, port = labels.get("follower", ""), match["port"]
        silent = silence.get(_name(host, port))
        commit, next_index = commits.get(_name(*leader.rsplit(":", 1))), next_indexes.get((host, port))
        matched, committed = match_indexes.get((host, port)), commits.get(_name(host, port))
        if matched is not None and committed is not None and committed > matched:
            next_index = committed + 1
        behind = None if commit is None or next_index is None else max(0, int(commit + 1 - next_index))
        reached = max((int(each) for each in (matched, committed) if each is not None), default=None)
        lags = commit is not None and reached is not None and reached < commit
        # A new leader measures silence from its own start, and a follower that never answers would be
        # AVAILABLE for unavailable_after seconds. Its match index is 0, as is that of one that joins the same
        # leader again. The commit index of that one advances; a new leader knows the other one's from before.
        unproven = matched == 0 and bool(reached) and lags
        answers = silent is not None and silent <= unavailable_after and (bool(reached) or matched != 0)
        address = f"{host}:{port}"
        peers[address] = Peer(address=address, state=AVAILABLE if answers else UNAVAILABLE, silent=silent,
                              behind=behind, reached=reached,
                              committed=None if commit is None else int(commit), lags=lags,
                              unproven=answers and unproven)
    if leader is None:
        return None
    peers[leader] = Peer(address=leader, state=AVAILABLE, leader=True)
    return Quorum(leader=leader, peers=tuple(sorted(peers.values(), key=lambda peer: peer.address)))


def _by_follower(gauge: re.Pattern, text: str) -> dict[tuple[str, str], float]:
    """Return a gauge's values by the host and port of the follower."""
    return {(_labels(match).get("follower", ""), match["port"]): float(match["value"])
            for match in gauge.finditer(text)}


def _labels(match: re.Match) -> dict[str, str]:
    return dict(_LABEL.findall(match["labels"]))


def _name(host: str, port: str) -> str:
    """Return a peer's id as the names of metrics contain it."""
    return _NOT_IN_NAMES.sub("_", f"{host}_{port}")
