# SPDX-License-Identifier: GPL-3.0-or-later
"""Which step a Raft group needs next, as tables; and that no step costs it its majority."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import (
    CLOSED,
    LOADING,
    OPEN,
    Peer,
    Quorum,
    quorum_size,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import components
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import plan as quorum_plan
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.plan import Master, RaftGroup

LONG, SHORT = 300.0, 3.0


def address(index):
    return f"hbase-master-{index}:19200"


def master(index, state="AVAILABLE", running=LONG, reason=""):
    return Master(f"hbase-master-{index}", address(index), state, running, reason)


def raft_group(*masters, leader=0, stale=()):
    return RaftGroup(components.MASTER, None if leader is None else address(leader), masters, stale)


def terminating(*arguments):
    return replace(master(*arguments), terminating=True)


def raft_server_closed(index, state=""):
    return replace(master(index, state, 20.0), raft_server=CLOSED)


COMPLETE = (master(0), master(1), master(2))
AWAY = (master(0), master(1), master(2, "UNAVAILABLE"))


def lost(**fields):
    """Two masters, and a third that is unavailable."""
    return raft_group(*COMPLETE[:2], replace(AWAY[2], **fields))


STALE = Peer(address(3), "UNAVAILABLE")


@pytest.mark.parametrize(("observed", "history", "desired_leader", "action", "target"), [
    pytest.param(raft_group(*COMPLETE), {}, "", quorum_plan.NOTHING, "", id="complete"),
    pytest.param(raft_group(*COMPLETE), {}, address(0), quorum_plan.NOTHING, "", id="the-desired-one-leads"),
    pytest.param(raft_group(*COMPLETE), {}, address(2), quorum_plan.TRANSFER, address(2),
                 id="another-is-to-lead"),
    pytest.param(
        raft_group(*COMPLETE), {(quorum_plan.TRANSFER, address(2)): 5.0}, address(2), quorum_plan.WAIT,
        address(2), id="it-takes-over"),
    pytest.param(raft_group(*AWAY), {}, address(1), quorum_plan.TRANSFER, address(1),
                 id="healing-comes-before-the-desired-leader"),
    pytest.param(raft_group(*AWAY), {}, "", quorum_plan.TRANSFER, address(1),
                 id="a-new-leader-takes-a-lost-follower-in"),
    pytest.param(raft_group(*AWAY), {(quorum_plan.TRANSFER, address(2)): 5.0}, "", quorum_plan.WAIT,
                 address(2), id="give-it-time"),
    pytest.param(lost(raft_server=LOADING, running=4000.0), {}, "", quorum_plan.WAIT, address(2),
                 id="it-loads-its-journal"),
    pytest.param(lost(raft_server=OPEN, running=4000.0, joining=29.0), {}, "", quorum_plan.WAIT, address(2),
                 id="its-port-has-just-opened"),
    pytest.param(lost(raft_server=OPEN, running=4000.0, joining=31.0), {}, "", quorum_plan.TRANSFER,
                 address(1), id="its-port-is-open-for-long"),
    pytest.param(lost(tried=frozenset({quorum_plan.TRANSFER})), {}, "", quorum_plan.RESTART, address(2),
                 id="an-earlier-run-has-transferred"),
    pytest.param(lost(tried=frozenset({quorum_plan.TRANSFER, quorum_plan.RESTART})), {}, "", quorum_plan.WAIT,
                 address(2), id="an-earlier-run-has-tried-both"),
    pytest.param(RaftGroup(components.MASTER, address(0), COMPLETE, surplus=(Peer(address(3), "AVAILABLE"),)),
                 {}, "", quorum_plan.NOTHING, "", id="one-more-runs"),
    pytest.param(raft_group(*AWAY), {(quorum_plan.TRANSFER, address(2)): 40.0}, "", quorum_plan.RESTART,
                 address(2), id="then-restart-it"),
    pytest.param(
        raft_group(*AWAY), {(quorum_plan.TRANSFER, address(2)): 90.0,
                            (quorum_plan.RESTART, address(2)): 50.0}, "", quorum_plan.WAIT,
        address(2),
        id="nothing-more-to-try"),
    pytest.param(
        raft_group(master(0), master(1), master(2, "UNAVAILABLE", SHORT)), {}, "", quorum_plan.WAIT,
        address(2), id="just-started"),
    pytest.param(raft_group(master(0), master(1), master(2, "UNAVAILABLE", None, "not scheduled")), {}, "",
                 quorum_plan.WAIT, address(2),
                 id="does-not-run"),
    pytest.param(raft_group(master(0), master(1), master(2, "")), {}, "", quorum_plan.RESTART, address(2),
                 id="no-member-of-the-group"),
    pytest.param(raft_group(master(0), master(1), replace(master(2, "UNAVAILABLE"), silent=3.0)), {}, "",
                 quorum_plan.WAIT, address(2),
                 id="a-short-pause"),
    pytest.param(raft_group(master(0), master(1), replace(master(2, "UNAVAILABLE"), silent=16.0)), {}, "",
                 quorum_plan.TRANSFER, address(1),
                 id="a-long-silence"),
    pytest.param(
        replace(raft_group(*AWAY), domain=components.JOB_MASTER), {}, "", quorum_plan.RESTART, address(2),
        id="job-masters-restart-first"),
    pytest.param(
        replace(raft_group(*AWAY), domain=components.JOB_MASTER), {(quorum_plan.RESTART, address(2)): 40.0},
        "", quorum_plan.TRANSFER,
        address(1),
        id="job-masters-transfer-last"),
    pytest.param(raft_group(*COMPLETE, stale=(STALE,)), {}, "", quorum_plan.REMOVE, address(3),
                 id="a-stale-peer-goes"),
    pytest.param(raft_group(*COMPLETE, leader=3, stale=(Peer(address(3), "AVAILABLE"),)), {}, "",
                 quorum_plan.TRANSFER, address(0),
                 id="a-stale-leader-hands-over-first"),
    pytest.param(raft_group(*AWAY, stale=(Peer(address(3), "AVAILABLE"),)), {}, "", quorum_plan.REMOVE,
                 address(3), id="two-of-three-stay"),
    pytest.param(raft_group(*AWAY, leader=None), {}, "", quorum_plan.WAIT, "", id="election"),
    pytest.param(
        raft_group(*COMPLETE[:2], raft_server_closed(2), leader=None), {}, "", quorum_plan.RESTART,
        address(2),
        id="closed-with-a-leader-that-is-silent"),
    pytest.param(
        raft_group(*COMPLETE[:2], raft_server_closed(2, "UNAVAILABLE")), {}, "", quorum_plan.RESTART,
        address(2), id="closed-and-a-member"),
    pytest.param(
        raft_group(*COMPLETE[:2], raft_server_closed(2)), {(quorum_plan.RESTART, address(2)): 5.0}, "",
        quorum_plan.WAIT, address(2),
        id="its-process-ends"),
    pytest.param(
        raft_group(*COMPLETE[:2], raft_server_closed(2)), {(quorum_plan.RESTART, address(2)): 31.0}, "",
        quorum_plan.RESTART, address(2),
        id="closed-again"),
    pytest.param(
        raft_group(master(0, "", None), master(1, "", None), raft_server_closed(2), leader=None), {}, "",
        quorum_plan.RESTART, address(2),
        id="closed-without-a-majority"),
    pytest.param(raft_group(master(0), master(1), terminating(2)), {}, "", quorum_plan.WAIT, address(2),
                 id="one-is-terminating"),
    pytest.param(
        raft_group(terminating(0), master(1), master(2)), {}, address(1), quorum_plan.TRANSFER, address(1),
        id="a-terminating-leader-hands-over"),
    pytest.param(
        raft_group(master(0), terminating(1), master(2)), {}, address(1), quorum_plan.WAIT, address(1),
        id="not-to-one-that-is-terminating"),
    pytest.param(
        raft_group(master(0), master(1), terminating(2)), {}, address(0), quorum_plan.WAIT, address(2),
        id="another-than-the-leader-is-terminating"),
    pytest.param(raft_group(master(0), terminating(1), master(2, "UNAVAILABLE")), {}, "", quorum_plan.RESTART,
                 address(2),
                 id="no-transfer-to-one-that-is-terminating"),
    pytest.param(
        raft_group(master(0), master(1), terminating(2, "UNAVAILABLE")), {}, "", quorum_plan.WAIT, address(2),
        id="a-terminating-one-is-not-healed"),
    pytest.param(
        raft_group(master(0), terminating(1), master(2, "UNAVAILABLE", None),
                   stale=(Peer(address(3), "AVAILABLE"),)), {}, "",
        quorum_plan.WAIT,
        address(3), id="a-stale-peer-stays-while-one-is-terminating"),
    pytest.param(raft_group(master(0), master(1, "UNAVAILABLE", None), master(2, "UNAVAILABLE", None)), {},
                 "", quorum_plan.LOST, "",
                 id="majority-lost"),
    pytest.param(raft_group(master(0, ""), master(1, "", None), master(2, "", None), leader=None), {}, "",
                 quorum_plan.LOST, "",
                 id="no-leader-known"),
    pytest.param(raft_group(master(0), master(1, "UNAVAILABLE"), master(2, "UNAVAILABLE")), {}, "",
                 quorum_plan.WAIT, "",
                 id="a-leader-without-followers-is-none"),
])
def test_next_step(observed, history, desired_leader, action, target):
    step = quorum_plan.next_step(observed, history, desired_leader)
    assert (step.action, step.target) == (action, target)
    assert bool(step.reason) == (action != quorum_plan.NOTHING)
    assert step.changes == (action in (quorum_plan.TRANSFER, quorum_plan.RESTART, quorum_plan.REMOVE))


def test_one_that_is_closed_and_about_to_be_ended_is_left_alone():
    assert quorum_plan.next_step(
        raft_group(*COMPLETE[:2], raft_server_closed(2)), {},
        departing="hbase-master-2").action == quorum_plan.NOTHING


def test_one_that_is_closed_and_silences_the_leader_is_restarted_though_it_is_about_to_be_ended():
    step = quorum_plan.next_step(raft_group(*COMPLETE[:2], raft_server_closed(2), leader=None), {},
                                 departing="hbase-master-2")
    assert (step.action, step.target) == (quorum_plan.RESTART, address(2))


@pytest.mark.parametrize(("observed", "worth"), [
    (raft_server_closed(2), True), (master(2), False), (master(2, "UNAVAILABLE"), True),
    (master(2, "", SHORT), False),
    (master(2, "", None), False),
    (terminating(2, ""), False),
], ids=["no-member", "takes-part", "unavailable", "just-started", "does-not-run", "terminating"])
def test_whose_raft_server_is_checked(observed, worth):
    assert quorum_plan.needs_check(observed) == worth


def test_the_one_that_is_about_to_be_ended_may_be_leaving():
    observed = raft_group(master(0), master(1), terminating(2))
    assert quorum_plan.next_step(observed, {}, departing="hbase-master-2").action == quorum_plan.NOTHING
    assert quorum_plan.next_step(observed, {},
                                 departing="hbase-master-1").reason == "hbase-master-2 is terminating"
    assert not observed.complete()


def test_a_lost_majority_names_the_unavailable_masters():
    observed = raft_group(master(0), master(1, "UNAVAILABLE", None, "not scheduled: 0/3 nodes"),
                          master(2, "UNAVAILABLE", None))
    assert quorum_plan.next_step(observed, {}).reason == (
        "1 of 3 masters run and 2 are needed (hbase-master-1 does not run: not scheduled: 0/3 nodes; "
        "hbase-master-2 does not run: no pod)")


def test_a_raft_group_joins_peers_with_kubernetes_pods():
    quorum = Quorum(address(1),
                    (Peer(address(0), "AVAILABLE", silent=0.1), Peer(address(1), "AVAILABLE", leader=True),
                     STALE))
    observed = quorum_plan.raft_group(components.MASTER, quorum,
                                      (master(0, ""), master(1, ""), master(2, "")))
    assert [each.state for each in observed.masters] == ["AVAILABLE", "AVAILABLE", ""]
    assert (observed.leading().pod, observed.stale, observed.available,
            observed.complete()) == ("hbase-master-1", (STALE,), 2, False)


def test_an_unknown_quorum_has_no_leader():
    observed = quorum_plan.raft_group(components.MASTER, None, COMPLETE)
    assert (observed.leader, observed.leading(), observed.complete()) == (None, None, False)


STATES = st.sampled_from(["AVAILABLE", "UNAVAILABLE", ""])
RUNNING = st.sampled_from([None, SHORT, LONG])
ACTS = st.sampled_from([quorum_plan.TRANSFER, quorum_plan.RESTART, quorum_plan.REMOVE])


@given(st.lists(st.tuples(STATES, RUNNING, st.booleans()), min_size=3, max_size=5),
       st.lists(STATES.filter(bool), max_size=2),
       st.integers(0, 6) | st.none(),
       st.dictionaries(st.tuples(ACTS, st.integers(0, 4).map(address)), st.floats(0, 100)),
       st.integers(0, 4))
def test_no_step_costs_the_majority(states, stale_states, leader, history, desired_leader):
    masters = tuple(replace(master(index, state, running),
                            raft_server=CLOSED if closes and state != "AVAILABLE" and running is not None
                            else "")
                    for index, (state, running, closes) in enumerate(states))
    stale = tuple(Peer(address(5 + index), state) for index, state in enumerate(stale_states))
    observed = raft_group(*masters, leader=leader, stale=stale)
    step = quorum_plan.next_step(observed, history,
                                 address(desired_leader) if desired_leader < len(masters) else "")
    if not step.changes:
        return
    by_address = {each.address: each for each in masters}
    if step.target in by_address and by_address[step.target].raft_server == CLOSED:
        assert step.action == quorum_plan.RESTART
        return
    assert observed.leader is not None and observed.available >= quorum_size(observed.listed)
    if step.action == quorum_plan.RESTART:
        assert not by_address[step.target].available and step.target != observed.leader
    elif step.action == quorum_plan.TRANSFER:
        assert by_address[step.target].available and step.target != observed.leader
    else:
        left = sum(each.available for each in masters) + sum(
            peer.state == "AVAILABLE" for peer in stale if peer.address != step.target)
        assert step.target in {peer.address for peer in stale} and left >= quorum_size(observed.listed - 1)


@pytest.mark.parametrize(("silent", "running", "leader", "state"), [
    (0.5, 3.0, False, "AVAILABLE"), (5.0, 3.0, False, "UNAVAILABLE"), (1.5, 3.0, False, "UNAVAILABLE"),
    (5.0, 3.0, True, "AVAILABLE"),
    (5.0, None, False, "AVAILABLE"), (None, 3.0, False, "UNAVAILABLE"), (None, LONG, False, "UNAVAILABLE"),
], ids=["heard", "heard-before-it-started", "heard-before-a-jvm-answers", "leader",
        "not-known-when-it-started", "just-started",
        "long-running"])
def test_an_answer_of_an_ended_container_does_not_count(silent, running, leader, state):
    quorum = Quorum(address(0), (Peer(address(0), "AVAILABLE", leader=leader, silent=silent),))
    [found] = quorum_plan.raft_group(components.MASTER, quorum, (master(0, "", running),)).masters
    assert found.state == state


def test_a_peer_with_a_pod_runs_and_one_without_is_stale():
    peers = tuple(Peer(address(index), "AVAILABLE", leader=index == 0, silent=0.1) for index in range(5))
    observed = quorum_plan.raft_group(components.MASTER, Quorum(address(0), peers), COMPLETE,
                                      [f"hbase-master-{index}" for index in range(4)])
    assert [peer.address for peer in observed.surplus] == [address(3)]
    assert [peer.address for peer in observed.stale] == [address(4)]
    assert (observed.listed, observed.available) == (5, 5)


def test_an_unknown_silence_is_not_believed():
    peers = (Peer(address(0), "AVAILABLE", leader=True), Peer(address(1), "AVAILABLE"))
    observed = quorum_plan.raft_group(components.MASTER, Quorum(address(0), peers), COMPLETE[:2])
    assert [each.state for each in observed.masters] == ["AVAILABLE", "UNAVAILABLE"]


@pytest.mark.parametrize(("fields", "reason"), [
    ({"raft_server": LOADING},
     "has run for 300 s and is UNAVAILABLE: it loads its journal, and its Raft port is not open yet"),
    ({"tried": frozenset({quorum_plan.TRANSFER, quorum_plan.RESTART})},
     "has run for 300 s and is UNAVAILABLE: an earlier run has tried restart_peer and transfer_leadership "
     "without effect; look at the log of pod hbase-master-2"),
])
def test_why_it_waits(fields, reason):
    assert quorum_plan.next_step(lost(**fields), {}).reason == "hbase-master-2 " + reason


def former_leader(seconds, **fields):
    """A group without a leader, whose first master has stepped down."""
    first = replace(master(0, "", None), stepped_down=seconds, **fields)
    return raft_group(first, master(1, ""), master(2, ""), leader=None)


@pytest.mark.parametrize(("observed", "history", "action"), [
    pytest.param(former_leader(31.0), {}, quorum_plan.RESTART, id="hangs"),
    pytest.param(former_leader(29.0), {}, quorum_plan.WAIT, id="becomes-a-standby"),
    pytest.param(former_leader(None), {}, quorum_plan.WAIT, id="may-start-an-election"),
    pytest.param(former_leader(31.0), {(quorum_plan.RESTART, address(0)): 5.0}, quorum_plan.WAIT,
                 id="restarts"),
    pytest.param(former_leader(31.0, tried=frozenset({quorum_plan.RESTART})), {}, quorum_plan.WAIT,
                 id="an-earlier-run-has-restarted-it"),
    pytest.param(replace(former_leader(31.0), leader=address(1)), {}, quorum_plan.WAIT, id="another-leads"),
])
def test_a_former_leader_is_restarted_only_if_it_hangs_and_nobody_leads(observed, history, action):
    assert quorum_plan.next_step(observed, history).action == action


@pytest.mark.parametrize(("figures", "action"), [
    ({}, quorum_plan.TRANSFER), ({"behind": 1000}, quorum_plan.TRANSFER),
    ({"behind": 1001}, quorum_plan.WAIT),
    # As on the lab: all entries are sent, and half of them are confirmed.
    ({"behind": 0, "reached": 60410, "committed": 135301}, quorum_plan.WAIT),
    ({"behind": 0, "reached": 135290, "committed": 135301}, quorum_plan.TRANSFER),
])
def test_a_desired_leader_waits_for_followers_that_catch_up(figures, action):
    follower = replace(master(2), peer=Peer(address(2), "AVAILABLE", **figures))
    observed = raft_group(master(0), master(1), follower)
    assert quorum_plan.next_step(observed, {}, address(1)).action == action
    assert quorum_plan.next_step(observed, {}, address(1), "hbase-master-2").action == quorum_plan.TRANSFER
