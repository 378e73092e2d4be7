# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollouts of two masters, neither of which can be spared, and of StatefulSets that were scaled by hand."""

import pytest
from fake_masters import NAMESPACE
from rollout_site import MIN

from ansible_collections.datacache.fluid.plugins.module_utils.errors import PreconditionFailed
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

BOTH = [("restart", "hbase-master-1"), ("restart", "hbase-master-0")]


def require_kept(one, members):
    assert one.masters.whole()
    assert one.masters.workload["spec"]["replicas"] == members
    assert not one.masters.lost_majority
    assert not one.masters.only_copy


@pytest.mark.parametrize("options", [{}, {"restarted_after": True}], ids=["rollout", "restart"])
@pytest.mark.parametrize("properties", [{}, {MIN: "1s"}], ids=["members", "property"])
def test_a_third_master_comes_before_either_restarts(site, options, properties):
    one = site(2)
    one.masters.declare(master={"replicas": 3}, properties=properties)
    one.cluster.now = 60.0
    if options:
        options = {"restarted_after": one.masters.now()}
    plan, done = one.roll(**options)
    assert plan == done == [("configure", ""), ("add", "hbase-master-2"), *BOTH]
    require_kept(one, 3)
    assert one.roll() == ([], [])


def test_five_are_declared_for_two(site):
    one = site(2)
    one.masters.declare(master={"replicas": 5})
    plan, done = one.roll()
    assert plan == done == [("configure", ""), ("add", "hbase-master-2"), *BOTH,
                            ("add", "hbase-master-3"), ("add", "hbase-master-4")]
    require_kept(one, 5)


def scale_by_hand(one, replicas):
    one.cluster.change(kinds.STATEFUL_SET, "hbase-master", NAMESPACE, {"spec": {"replicas": replicas}})
    one.masters._control()
    one.cluster.sleep(60)
    one.masters.lost_majority = one.masters.only_copy = False
    one.masters.actions.clear()


@pytest.mark.parametrize("properties", [{}, {MIN: "1s"}], ids=["unchanged", "property"])
def test_two_of_three_after_a_scale_by_hand(site, properties):
    one = site(3)
    scale_by_hand(one, 2)
    one.masters.declare(properties=properties)
    plan, done = one.roll()
    assert plan == done == ([("configure", "")] if properties else []) + [("add", "hbase-master-2")] + (
        BOTH if properties else [])
    require_kept(one, 3)
    assert not any("do not know" in line for line in one.warnings)


@pytest.mark.parametrize("replicas", [1, 0])
def test_less_than_a_majority_after_a_scale_by_hand(site, replicas):
    one = site(3)
    scale_by_hand(one, replicas)
    with pytest.raises(PreconditionFailed) as refusal:
        one.roll()
    assert str(refusal.value) == (
        f"StatefulSet hbase-master in namespace data has replicas: {replicas}, and the journal of "
        "AlluxioRuntime hbase in namespace data has 3 peers, of which 2 are the majority: expected 3 "
        "replicas; nothing was changed. Scale it back with kubectl --namespace data scale statefulset "
        "hbase-master --replicas 3, then run this again")
    assert not one.masters.actions
