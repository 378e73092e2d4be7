# SPDX-License-Identifier: GPL-3.0-or-later
"""What Alluxio's commands print, as it was recorded on a lab (Alluxio 2.9.4)."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.cli_output import (
    entry_count,
    parse_master_info,
    parse_quorum_info,
)
from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import Peer, Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.errors import QuorumUnknown


def test_a_recorded_quorum_of_masters(recorded):
    quorum = parse_quorum_info(recorded("quorum_info_master.txt"))
    assert quorum.leader == "hbase-master-1:21181"
    assert quorum.peers == (
        Peer("hbase-master-0:21181", "AVAILABLE", priority=0),
        Peer("hbase-master-1:21181", "AVAILABLE", priority=0, leader=True),
        Peer("hbase-master-2:21181", "AVAILABLE", priority=0))
    assert quorum.complete(3)


def test_a_recorded_quorum_of_job_masters(recorded):
    quorum = parse_quorum_info(recorded("quorum_info_job_master.txt"))
    assert quorum.leader == "hbase-master-0:25415"
    assert quorum.complete(3)


def test_a_quorum_with_a_lost_peer(recorded):
    text = recorded("quorum_info_master.txt").replace("AVAILABLE   | 0        | hbase-master-2",
                                                      "UNAVAILABLE | 0        | hbase-master-2")
    quorum = parse_quorum_info(text)
    assert [peer.state for peer in quorum.peers] == ["AVAILABLE", "AVAILABLE", "UNAVAILABLE"]
    assert quorum.available == 2
    assert not quorum.complete(3)


def test_peers_come_by_address_and_with_their_priority():
    text = ("Quorum leader\t: b:1\n\nSTATE       | PRIORITY | SERVER ADDRESS\n"
            "AVAILABLE   | 1        | b:1\nAVAILABLE   | -1       | a:1\n")
    assert [(peer.address, peer.priority) for peer in parse_quorum_info(text).peers] == [
        ("a:1", -1), ("b:1", 1)]


def test_a_quorum_without_a_leader(recorded):
    # QuorumInfoCommand prints UNKNOWN when no member says that it leads.
    text = recorded("quorum_info_master.txt").replace("hbase-master-1:21181\n\n", "UNKNOWN\n\n")
    quorum = parse_quorum_info(text)
    assert quorum.leader is None
    assert quorum.lacks(3) == "no leader"


@pytest.mark.parametrize(("text", "view"), [
    pytest.param("", "got: nothing", id="nothing"),
    pytest.param("Failed to connect to master: UNAVAILABLE\n",
                 "got: Failed to connect to master: UNAVAILABLE", id="an-error"),
])
def test_what_is_no_quorum(text, view):
    with pytest.raises(QuorumUnknown) as unknown:
        parse_quorum_info(text)
    assert str(unknown.value).endswith(view)


def test_a_recorded_master_info(recorded):
    assert parse_master_info(recorded("master_info.txt")) == Quorum(
        "hbase-master-1:24200", (Peer("hbase-master-1:24200", "AVAILABLE", leader=True),))


@pytest.mark.parametrize(("text", "leader"), [
    ("Current leader master: hbase-master-0/10.10.0.12:20000\n", "hbase-master-0:20000"),
    ("Current leader master: hbase-master-0:19998\n", "hbase-master-0:19998"),
])
def test_other_ways_to_write_the_leading_master(text, leader):
    assert parse_master_info(text).leader == leader


def test_a_master_info_without_a_leader():
    with pytest.raises(QuorumUnknown, match="got: Failed to find leader master"):
        parse_master_info("Failed to find leader master\nAll masters: []\n")


@pytest.mark.parametrize(("text", "count"), [
    ("Backup Host        : m\nBackup URI         : /tmp/x.gz\nBackup Entry Count : 35\n", 35),
    ("Backup lost.", None),
])
def test_entry_count(text, count):
    assert entry_count(text) == count
