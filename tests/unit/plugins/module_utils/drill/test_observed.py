# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a group from losing its leader."""

import pytest
from fake_raft import pod_name

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.properties import ELECTION_TIMEOUT_MIN
from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import Peer
from ansible_collections.datacache.fluid.plugins.module_utils.drill.observed import (
    is_complete,
    lags,
    shortcomings,
)
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.plan import Master, RaftGroup


def master(index, state="AVAILABLE", running=300.0, **more):
    return Master(pod_name(index), f"{pod_name(index)}:1", state, running, **more)


def group(*masters, leader=0, stale=(), surplus=()):
    return RaftGroup("MASTER", None if leader is None else f"{pod_name(leader)}:1", masters, stale, surplus)


@pytest.mark.parametrize(("observed", "text"), [
    (group(master(0), master(1)), ""),
    (group(master(0), master(1), leader=None), "no leader"),
    (group(master(0), master(1), stale=(Peer("x:1", "AVAILABLE"),)), "x:1 is a stale peer"),
    (group(master(0), master(1), surplus=(Peer("x:1", "AVAILABLE"),)), ""),
    (group(master(0), master(1), surplus=(Peer("x:1", "UNAVAILABLE"),)), "x:1 is UNAVAILABLE"),
    (group(master(0), master(1, "")), "hbase-master-1 is no member"),
    (group(master(0), master(1, terminating=True)), "hbase-master-1 is terminating"),
    (group(master(0), master(1, running=None, reason="its pod does not exist")),
     "hbase-master-1 its pod does not exist"),
], ids=["nothing", "leader", "stale-peer", "surplus", "unavailable-surplus", "no-member", "terminating",
        "no-pod"])
def test_a_group_without_shortcomings_is_complete(observed, text):
    assert shortcomings(observed) == text
    assert is_complete(observed) == (text == "")


@pytest.mark.parametrize(("silent", "behind", "timeout", "text"), [
    (0.4, 0, "10s", ""),
    (None, None, "10s", ""),
    (5.9, 0, None, ""),
    (6.1, 0, None, "hbase-master-1 last answered its leader 6.1 s ago, expected 6 s or less"),
    (1.6, 0, "1s", "hbase-master-1 last answered its leader 1.6 s ago, expected 1.5 s or less"),
    (19.0, 0, "60s", ""),
    (0.4, 2, "10s", "hbase-master-1 lacks 2 entries of the journal"),
], ids=["well", "unknown", "default", "default-silent", "fast-silent", "slow-heartbeats", "behind"])
def test_a_follower_answers_each_heartbeat_and_has_the_journal(silent, behind, timeout, text):
    peers = [Peer(f"{pod_name(index)}:1", "AVAILABLE", behind=each) for index, each in enumerate((9, behind))]
    observed = group(master(0, silent=30.0, peer=peers[0]), master(1, silent=silent, peer=peers[1]))
    assert lags(observed, {ELECTION_TIMEOUT_MIN: timeout} if timeout else {}) == text
