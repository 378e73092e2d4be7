# SPDX-License-Identifier: GPL-3.0-or-later
"""Which masters a rollout restarts, in which order, and what refuses it."""

import pytest
from hypothesis import given, strategies as st

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.rollout import plan as rollout_plan
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.plan import Nodes, Pod

NEW, OLD = "hbase-master-2", "hbase-master-1"


def pod(index, revision=NEW, node=None, created="2026-11-24T18:00:00Z"):
    return Pod(f"hbase-master-{index}", index, f"uid-{index}", node or f"node{index + 1}", revision, created)


def steps(pods, reasons, desired=3, members=3, configure="", leaders=()):
    return [(step.action, step.pod) for step
            in rollout_plan.steps("hbase", pods, reasons, members, desired, configure, leaders)]


def test_pods_as_they_are_recorded(recorded):
    pods = rollout_plan.pods_of("hbase", reversed(recorded("master_pods.json")))
    assert [each.name for each in pods] == ["hbase-master-0", "hbase-master-1", "hbase-master-2"]
    assert {each.revision for each in pods} == {"hbase-master-667b94f869"}
    assert sorted(each.node for each in pods) == ["node1", "node2", "node3"]
    assert rollout_plan.pods_of("hba", recorded("master_pods.json")) == []


def test_nothing_is_outdated():
    assert rollout_plan.outdated([pod(0), pod(1)], NEW, None) == {}


def test_outdated():
    pods = [pod(0, OLD), pod(1, created="2026-11-24T17:59:59Z"), pod(2), pod(3, "")]
    found = rollout_plan.outdated(pods, NEW, rollout_plan.parse_time("2026-11-24T18:00:00Z"))
    assert found == {
        "hbase-master-0": "it was created from revision hbase-master-1, expected hbase-master-2",
        "hbase-master-1": "it was created at 2026-11-24T17:59:59Z, before 2026-11-24T18:00:00+00:00",
        "hbase-master-3": "it was created from revision none, expected hbase-master-2"}
    assert set(rollout_plan.outdated(pods, None, None)) == {each.name for each in pods}


def test_the_revision_of_a_template():
    template = {"metadata": {"labels": {"role": "alluxio-master"}}, "spec": {"containers": []}}
    revisions = [{"metadata": {"name": name},
                  "data": {"spec": {"template": {**template, "spec": spec, "$patch": "replace"}}}}
                 for name, spec in ((OLD, {"containers": [{}]}), (NEW, {"containers": []}))]
    assert rollout_plan.revision_of(template, revisions) == NEW
    assert rollout_plan.revision_of(template, revisions[:1]) is None
    assert rollout_plan.revision_of(template, []) is None


@pytest.mark.parametrize("text", ["now", "", "2026-11-24", "2026-11-24T18:00:00", "18:00Z"])
def test_a_time_that_is_none(text):
    with pytest.raises(InvalidInput, match="expected a time with its zone"):
        rollout_plan.parse_time(text)


@pytest.mark.parametrize(
    "text", ["2026-11-24T18:00:00Z", "2026-11-24T18:00:00.250000+00:00", "2026-11-24T20:00:00+02:00"])
def test_a_time(text):
    assert rollout_plan.parse_time(text).tzinfo is not None


@pytest.mark.parametrize(("leaders", "cordoned", "names"), [
    ((), (), [0, 1, 2]),
    (("hbase-master-0",), (), [1, 2, 0]),
    (("hbase-master-1", "hbase-master-0"), (), [2, 1, 0]),
    (("hbase-master-0", "hbase-master-0"), (), [1, 2, 0]),
    ((), ("node3",), [2, 0, 1]),
    (("hbase-master-2",), ("node3",), [0, 1, 2]),
], ids=["none", "leader", "both-leaders", "leads-both", "cordoned", "cordoned-leader"])
def test_order(leaders, cordoned, names):
    pods = [pod(index) for index in range(3)]
    found = rollout_plan.order(pods, [each.name for each in pods], leaders, cordoned)
    assert [each.index for each in found] == names


def test_the_leadership_goes_to_an_old_member_that_is_up_to_date():
    pods = [pod(index) for index in range(5)]
    assert rollout_plan.leader_candidates(pods, "hbase-master-0", ["hbase-master-1"], 5) == [
        "hbase-master-2", "hbase-master-3", "hbase-master-4", "hbase-master-1"]
    assert rollout_plan.leader_candidates(pods, "hbase-master-4", [], 4)[:1] == ["hbase-master-0"]
    assert "hbase-master-4" not in rollout_plan.leader_candidates(pods, "hbase-master-0", [], 4)


THREE = [pod(index) for index in range(3)]


def test_plans():
    assert steps(THREE, {}) == []
    reasons = {each.name: "why" for each in THREE}
    assert steps(THREE, reasons, configure="properties", leaders=["hbase-master-0"]) == [
        ("configure", ""), ("restart", "hbase-master-1"), ("restart", "hbase-master-2"),
        ("restart", "hbase-master-0")]
    assert steps(THREE, {"hbase-master-1": "why"}) == [("restart", "hbase-master-1")]


def test_masters_come_one_by_one_once_the_others_know_their_addresses():
    assert steps(THREE, {}, desired=5, configure="addresses") == [
        ("configure", ""), ("restart", "hbase-master-0"), ("restart", "hbase-master-1"),
        ("restart", "hbase-master-2"),
        ("add", "hbase-master-3"), ("add", "hbase-master-4")]


def test_masters_go_one_by_one_the_last_first():
    five = [pod(index) for index in range(5)]
    assert steps(five, {}, members=5)[:2] == [("remove", "hbase-master-4"), ("remove", "hbase-master-3")]
    # Cut off after the StatefulSet let the pod go, or before it had gone.
    assert steps(five[:4], {}, members=4)[0] == ("remove", "hbase-master-3")
    assert steps(five[:4], {}, members=3)[0] == ("remove", "hbase-master-3")


@given(members=st.integers(2, 7), desired=st.sampled_from([3, 5, 7]), outdated=st.sets(st.integers(0, 6)),
       leader=st.integers(0, 6))
def test_a_plan_adds_removes_and_restarts_each_pod_once(members, desired, outdated, leader):
    pods = [pod(index) for index in range(members)]
    reasons = {each.name: "why" for each in pods if each.index in outdated}
    plan = steps(pods, reasons, desired, members, leaders=[f"hbase-master-{leader}"])
    assert len(set(plan)) == len(plan)
    present = set(range(members))
    for action, name in plan:
        index = int(name[-1])
        if action == "add":
            assert index == len(present)
            present.add(index)
        elif action == "remove":
            assert index == max(present)
            present.remove(index)
        else:
            assert index in present
    assert present == set(range(desired))
    restarts = [name for action, name in plan if action == "restart"]
    assert f"hbase-master-{leader}" not in restarts[:-1]


def nodes(*accepts, cordoned=()):
    return Nodes(frozenset(accepts), frozenset(cordoned))


def test_every_master_finds_its_node_again():
    rollout_plan.require_places(THREE, [each.name for each in THREE], 3, nodes("node1", "node2", "node3"), {})


def test_a_cordoned_node_takes_no_master_back():
    with pytest.raises(InvalidInput) as refused:
        rollout_plan.require_places(THREE, ["hbase-master-1"], 3, nodes("node1", "node3"), {"disk": "ssd"})
    assert str(refused.value) == (
        "hbase-master-1 would find no node after its restart: no two masters fit on one, and node2 accepts "
        "none with labels disk=ssd; "
        "uncordon it or add a node, then run this again; nothing was changed")
    rollout_plan.require_places(THREE, ["hbase-master-1"], 3, nodes("node1", "node3", "node4"), {})


def test_more_masters_than_nodes():
    with pytest.raises(InvalidInput, match=r"5 masters need 5 schedulable nodes, since no two of them fit on "
                                           r"one, and 3 accept them"):
        rollout_plan.require_places(THREE, [], 5, nodes("node1", "node2", "node3"), {})


def test_a_node_whose_loss_is_the_quorums():
    pods = [pod(0), pod(1, node="node1"), pod(2)]
    assert rollout_plan.warnings_of(THREE, nodes()) == []
    assert rollout_plan.warnings_of(pods, nodes("node1")) == [
        "node node1 runs hbase-master-0 and hbase-master-1: its loss is the loss of the quorum; "
        "spread_masters keeps masters apart"]
    assert "it is cordoned" in rollout_plan.warnings_of(pods, nodes(cordoned=["node1"]))[0]
