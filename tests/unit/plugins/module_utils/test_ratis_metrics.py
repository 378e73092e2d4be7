# SPDX-License-Identifier: GPL-3.0-or-later
"""What a leader's metrics tell of its followers."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.ratis_metrics import read_quorum


def followers(text):
    return [(peer.address, peer.state, round(peer.silent, 1), peer.behind) for peer in read_quorum(text, 20.0).peers if not peer.leader]


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


@pytest.mark.parametrize("without", ["next_index", "peerCommitIndex"])
def test_what_is_not_told_is_not_known(recorded, without):
    text = "\n".join(line for line in recorded("leader_metrics_master.txt").splitlines() if without not in line)
    assert [each[3] for each in followers(text)] == [None, None]
