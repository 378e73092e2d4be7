# SPDX-License-Identifier: GPL-3.0-or-later
"""Raft arithmetic, and what a group lacks."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import (
    Peer,
    Quorum,
    fault_tolerance,
    quorum_size,
    require_valid_count,
)
from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput


def group(*states, leader=0):
    addresses = [f"m-{index}:19200" for index in range(len(states))]
    peers = tuple(Peer(address, state, leader=index == leader)
                  for index, (address, state) in enumerate(zip(addresses, states, strict=True)))
    return Quorum(leader=None if leader is None else addresses[leader], peers=peers)


@pytest.mark.parametrize(("members", "majority", "losses"),
                         [(1, 1, 0), (2, 2, 0), (3, 2, 1), (4, 3, 1), (5, 3, 2), (7, 4, 3)])
def test_arithmetic(members, majority, losses):
    assert quorum_size(members) == majority
    assert fault_tolerance(members) == losses


@pytest.mark.parametrize("count", [1, 3, 5, 7])
def test_odd_counts_pass(count):
    require_valid_count(count)


@pytest.mark.parametrize(("count", "message"), [
    (0, "master_replicas is 0: a runtime needs at least one master; use 1, or 3 or 5 for high availability"),
    (-1,
     "master_replicas is -1: a runtime needs at least one master; use 1, or 3 or 5 for high availability"),
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
    pytest.param(group("AVAILABLE", "AVAILABLE", "UNAVAILABLE"), 3, "not AVAILABLE: m-2:19200",
                 id="a-lost-peer"),
    pytest.param(group("AVAILABLE", "AVAILABLE"), 3, "2 peers of 3", id="a-peer-too-few"),
    pytest.param(group("AVAILABLE", "AVAILABLE", "AVAILABLE"), 1, "3 peers of 1", id="peers-too-many"),
    pytest.param(group("AVAILABLE", "AVAILABLE", "AVAILABLE", leader=None), 3, "no leader", id="no-leader"),
    pytest.param(Quorum("m-9:19200", group("AVAILABLE", leader=None).peers), 1,
                 "leader m-9:19200 is not among the peers",
                 id="leader-elsewhere"),
    pytest.param(group("UNAVAILABLE", "UNAVAILABLE", leader=None), 3,
                 "no leader; 2 peers of 3; not AVAILABLE: m-0:19200, m-1:19200", id="all-at-once"),
])
def test_complete_or_what_it_lacks(quorum, members, lacks):
    assert quorum.lacks(members) == lacks
    assert quorum.complete(members) is (lacks == "")


def test_as_dict():
    quorum = group("AVAILABLE", "UNAVAILABLE", "AVAILABLE")
    assert quorum.as_dict() == {
        "leader": "m-0:19200", "term": None, "size": 3, "quorum_size": 2, "fault_tolerance": 1,
        "available": 2, "complete": False,
        "peers": [
            {"address": "m-0:19200", "host": "m-0", "port": 19200, "state": "AVAILABLE", "priority": None,
             "leader": True},
            {"address": "m-1:19200", "host": "m-1", "port": 19200, "state": "UNAVAILABLE", "priority": None,
             "leader": False},
            {"address": "m-2:19200", "host": "m-2", "port": 19200, "state": "AVAILABLE", "priority": None,
             "leader": False},
        ]}


def test_nobody_is_no_complete_group():
    assert not Quorum(None).as_dict()["complete"]


def test_a_lost_peer_may_be_unavailable_while_the_others_are_a_majority():
    peers = (Peer("m-0:1", "AVAILABLE", leader=True), Peer("m-1:1", "AVAILABLE"),
             Peer("m-2:1", "UNAVAILABLE"))
    quorum = Quorum("m-0:1", peers)
    assert not quorum.complete(3) and quorum.lacks(3) == "not AVAILABLE: m-2:1"
    assert quorum.complete(3, {"m-2"}) and quorum.lacks(3, {"m-2"}) == ""
    assert not quorum.complete(3, {"m-1"})
    minority = Quorum("m-0:1", (peers[0], Peer("m-1:1", "UNAVAILABLE"), peers[2]))
    assert not minority.complete(3, {"m-1", "m-2"})
    assert minority.lacks(3, {"m-1", "m-2"}) == "1 AVAILABLE, fewer than the majority of 3"
