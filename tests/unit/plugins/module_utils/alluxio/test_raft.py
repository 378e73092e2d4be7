# SPDX-License-Identifier: GPL-3.0-or-later
"""Raft arithmetic, and Alluxio's answers as they were recorded on a lab (Alluxio 2.9.4)."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.cli_output import (
    parse_master_info,
    parse_quorum_info,
)
from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.logs import (
    last_term,
    raft_server_closed,
)
from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import (
    Peer,
    Quorum,
    fault_tolerance,
    quorum_size,
    require_valid_count,
)
from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput, QuorumUnknown


def group(*states, leader=0):
    addresses = [f"m-{index}:19200" for index in range(len(states))]
    peers = tuple(Peer(address, state, leader=index == leader)
                  for index, (address, state) in enumerate(zip(addresses, states, strict=True)))
    return Quorum(leader=None if leader is None else addresses[leader], peers=peers)


@pytest.mark.parametrize(("members", "majority", "losses"), [(1, 1, 0), (2, 2, 0), (3, 2, 1), (4, 3, 1), (5, 3, 2), (7, 4, 3)])
def test_arithmetic(members, majority, losses):
    assert quorum_size(members) == majority
    assert fault_tolerance(members) == losses


@pytest.mark.parametrize("count", [1, 3, 5, 7])
def test_odd_counts_pass(count):
    require_valid_count(count)


@pytest.mark.parametrize(("count", "message"), [
    (0, "master_replicas is 0: a runtime needs at least one master; use 1, or 3 or 5 for high availability"),
    (-1, "master_replicas is -1: a runtime needs at least one master; use 1, or 3 or 5 for high availability"),
    (2, "master_replicas is 2, an even number: 2 masters tolerate the loss of 0, just as 1 do; use 1 or 3"),
    (4, "master_replicas is 4, an even number: 4 masters tolerate the loss of 1, just as 3 do; use 3 or 5"),
])
def test_other_counts_are_refused(count, message):
    with pytest.raises(InvalidInput) as refused:
        require_valid_count(count)
    assert str(refused.value) == message


@pytest.mark.parametrize(("quorum", "members", "lacks"), [
    pytest.param(group("AVAILABLE", "AVAILABLE", "AVAILABLE"), 3, "", id="complete"),
    pytest.param(group("AVAILABLE"), 1, "", id="complete-single"),
    pytest.param(group("AVAILABLE", "AVAILABLE", "UNAVAILABLE"), 3, "not AVAILABLE: m-2:19200", id="a-lost-peer"),
    pytest.param(group("AVAILABLE", "AVAILABLE"), 3, "2 peers of 3", id="a-peer-too-few"),
    pytest.param(group("AVAILABLE", "AVAILABLE", "AVAILABLE"), 1, "3 peers of 1", id="peers-too-many"),
    pytest.param(group("AVAILABLE", "AVAILABLE", "AVAILABLE", leader=None), 3, "no leader", id="no-leader"),
    pytest.param(Quorum("m-9:19200", group("AVAILABLE", leader=None).peers), 1, "leader m-9:19200 is not among the peers",
                 id="leader-elsewhere"),
    pytest.param(group("UNAVAILABLE", "UNAVAILABLE", leader=None), 3,
                 "no leader; 2 peers of 3; not AVAILABLE: m-0:19200, m-1:19200", id="all-at-once"),
])
def test_complete_or_what_it_lacks(quorum, members, lacks):
    assert quorum.lacks(members) == lacks
    assert quorum.complete(members) is (lacks == "")


def test_a_recorded_quorum_of_masters(recorded):
    quorum = parse_quorum_info(recorded("quorum_info_master.txt"))
    assert quorum.leader == "hbase-master-1:21181"
    assert quorum.peers == (
        Peer("hbase-master-0:21181", "AVAILABLE"),
        Peer("hbase-master-1:21181", "AVAILABLE", leader=True),
        Peer("hbase-master-2:21181", "AVAILABLE"))
    assert quorum.complete(3)


def test_a_recorded_quorum_of_job_masters(recorded):
    quorum = parse_quorum_info(recorded("quorum_info_job_master.txt"))
    assert quorum.leader == "hbase-master-0:25415"
    assert quorum.complete(3)


def test_a_quorum_with_a_lost_peer(recorded):
    text = recorded("quorum_info_master.txt").replace("AVAILABLE   | 0        | hbase-master-2", "UNAVAILABLE | 0        | hbase-master-2")
    quorum = parse_quorum_info(text)
    assert [peer.state for peer in quorum.peers] == ["AVAILABLE", "AVAILABLE", "UNAVAILABLE"]
    assert quorum.available == 2
    assert not quorum.complete(3)


def test_peers_come_by_address_and_with_their_priority():
    text = ("Quorum leader\t: b:1\n\nSTATE       | PRIORITY | SERVER ADDRESS\n"
            "AVAILABLE   | 1        | b:1\nAVAILABLE   | -1       | a:1\n")
    assert [(peer.address, peer.priority) for peer in parse_quorum_info(text).peers] == [("a:1", -1), ("b:1", 1)]


def test_a_quorum_without_a_leader(recorded):
    # QuorumInfoCommand prints UNKNOWN when no member says that it leads.
    text = recorded("quorum_info_master.txt").replace("hbase-master-1:21181\n\n", "UNKNOWN\n\n")
    quorum = parse_quorum_info(text)
    assert quorum.leader is None
    assert quorum.lacks(3) == "no leader"


@pytest.mark.parametrize(("text", "view"), [
    pytest.param("", "got: nothing", id="nothing"),
    pytest.param("Failed to connect to master: UNAVAILABLE\n", "got: Failed to connect to master: UNAVAILABLE", id="an-error"),
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


def test_the_term_of_a_recorded_leader(recorded):
    assert last_term(recorded("raft_leader_log.txt")) == 1


def test_the_newest_term_counts(recorded):
    later = recorded("raft_leader_log.txt").replace("at term 1 for changeToLeader", "at term 12 for changeToLeader")
    assert last_term(later) == 12


def test_a_log_without_a_term():
    assert last_term("2026-11-23 INFO  AlluxioMasterProcess - Becoming a leader.\n") is None


def test_a_recorded_member_that_was_told_to_shut_down(recorded):
    log = recorded("raft_closed_log.txt")
    assert raft_server_closed(log)
    assert not raft_server_closed(log + "2026-11-25T04:29:29,001 INFO  RaftServer - hbase-master-4_19200: start RPC server\n")


def test_a_leader_has_closed_nothing(recorded):
    assert not raft_server_closed(recorded("raft_leader_log.txt"))


def test_as_dict():
    quorum = group("AVAILABLE", "UNAVAILABLE", "AVAILABLE")
    assert quorum.as_dict() == {
        "leader": "m-0:19200", "term": None, "size": 3, "quorum_size": 2, "fault_tolerance": 1, "available": 2, "complete": False,
        "peers": [
            {"address": "m-0:19200", "host": "m-0", "port": 19200, "state": "AVAILABLE", "priority": 0, "leader": True},
            {"address": "m-1:19200", "host": "m-1", "port": 19200, "state": "UNAVAILABLE", "priority": 0, "leader": False},
            {"address": "m-2:19200", "host": "m-2", "port": 19200, "state": "AVAILABLE", "priority": 0, "leader": False},
        ]}


def test_nobody_is_no_complete_group():
    assert not Quorum(None).as_dict()["complete"]
