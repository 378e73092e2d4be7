# SPDX-License-Identifier: GPL-3.0-or-later
"""What a leader's metrics tell of its followers."""

import re

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.ratis_metrics import (
    is_standby,
    read_quorum,
)


def followers(text):
    return [(peer.address, peer.state, round(peer.silent, 1), peer.behind)
            for peer in read_quorum(text, 20.0).peers if not peer.leader]


def test_followers_of_masters(recorded):
    assert followers(recorded("leader_metrics_master.txt")) == [
        ("hbase-master-0:23083", "AVAILABLE", 2.9, 0), ("hbase-master-1:23083", "AVAILABLE", 3.0, 0)]


def test_a_follower_that_is_lost_and_has_to_start_anew(recorded):
    """Its match_index, 2, is that of the journal that it had."""
    assert followers(recorded("leader_metrics_job_master.txt")) == [
        ("hbase-master-0:23671", "UNAVAILABLE", 187.7, 2), ("hbase-master-1:23671", "AVAILABLE", 2.8, 0)]


def test_a_master_that_leads_again_tells_each_follower_once(recorded):
    """Its process serves every line twice then."""
    text = recorded("leader_metrics_master.txt")
    assert read_quorum(text + text, 20.0) == read_quorum(text, 20.0)


def test_how_far_a_follower_is_known_to_have_come(recorded):
    peers = [(peer.reached, peer.lags)
             for peer in read_quorum(recorded("leader_metrics_master.txt"), 20.0).peers if not peer.leader]
    assert len({reached for reached, _lags in peers}) == 1
    assert [lags for _reached, lags in peers] == [False, False]


@pytest.mark.parametrize(("commit", "state", "unproven"), [
    (34.0, "AVAILABLE", False), (33.0, "AVAILABLE", True), (0.0, "UNAVAILABLE", False),
    (-1.0, "UNAVAILABLE", False),
], ids=["it-has-all", "perhaps-from-before", "none", "unknown"])
def test_a_follower_with_a_match_index_of_0(recorded, commit, state, unproven):
    """It has never answered this leader, or joins it again after its removal (seen on the lab)."""
    gauge = r"(ratis_log_appender_follower_\d+_match_index\{[^}]*hbase-master-1[^}]*\}\s+)\S+"
    text = re.sub(gauge, r"\g<1>0.0", recorded("leader_metrics_master.txt"))
    text = re.sub(r"(hbase_master_1_23083_peerCommitIndex\{.*) \S+", rf"\1 {commit}", text)
    zero, one, _leader = read_quorum(text, 20.0).peers
    assert (zero.state, zero.unproven) == ("AVAILABLE", False)
    assert (one.address, one.state, one.unproven) == ("hbase-master-1:23083", state, unproven)


def test_gauges_of_before_a_follower_was_removed_and_came_back(recorded):
    """Recorded on a leader that removed rep-master-4 and took it in again.

    Its next and last entry stand still, its commit index does not.
    """
    [*_others, four] = read_quorum(recorded("leader_metrics_readded.txt"), 2.0).peers
    assert (four.address, four.state, four.behind, four.reached, four.lags) == (
        "rep-master-4:19200", "AVAILABLE", 0, 382, False)


def test_gauges_of_a_removed_follower_that_a_leader_tries_to_take_in(recorded):
    """Made from the same: what it had committed when it was removed."""
    text = re.sub(r"(rep_master_4_19200_peerCommitIndex.*) 382.0", r"\1 375.0",
                  recorded("leader_metrics_readded.txt"))
    [*others, four] = read_quorum(text, 2.0).peers
    assert (four.state, four.reached, four.lags) == ("AVAILABLE", 375, True)
    assert not any(peer.lags for peer in others)


@pytest.mark.parametrize("without", ["next_index", "peerCommitIndex"])
def test_what_is_not_told_is_not_known(recorded, without):
    text = "\n".join(line for line in recorded("leader_metrics_master.txt").splitlines()
                     if without not in line)
    assert [each[3] for each in followers(text)] == [None, None]


@pytest.mark.parametrize(("text", "standby"), [
    ("", False), ("Master_RoleId 0.0\n", False), ("Master_RoleId -1.0\n", False),
    ("a 1.0\nMaster_RoleId 2.0\nb 1.0\n", True), ('Master_RoleId{instance="a"} 1.0', True),
    ("My_Master_RoleId 2.0\n", False),
], ids=["not-shown", "leader", "unknown", "follower", "candidate", "another-gauge"])
def test_the_role_of_the_peer_itself(text, standby):
    assert is_standby(text) is standby
