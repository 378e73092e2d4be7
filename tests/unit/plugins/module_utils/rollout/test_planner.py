# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout plans for masters in memory, and what it refuses or warns of before anything changes."""

import pytest
from fake_masters import NAMESPACE
from rollout_site import MIN, RUNTIME

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import IN_PROGRESS
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.healer import QuorumHealer
from ansible_collections.datacache.fluid.plugins.module_utils.rollout import planner
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.master_objects import (
    MasterObjects,
    desired_revision,
)
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.plan import parse_time
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.planner import (
    RolloutOptions,
    RolloutPlanner,
)
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.rendering import RenderedChange

RESTARTS = [("restart", f"hbase-master-{index}") for index in (1, 2, 0)]


@pytest.fixture
def plan_of():
    """Plan for the masters of a site; return the steps. No write is sent."""
    def plan(one, **options):
        one.warnings.clear()
        objects = MasterObjects(one.cluster, RUNTIME)
        deadline = one.cluster.deadline(60, utc_now=one.masters.now)
        made = RolloutPlanner(
            one.cluster, RUNTIME, RolloutOptions(**options), objects,
            lambda: desired_revision(objects.workload()),
            lambda members: QuorumHealer(one.cluster, RUNTIME, members, deadline), one.warnings.append)
        found = made.plan()
        assert one.cluster.writes() == []
        return [(step.action, step.pod) for step in found.steps]
    return plan


def test_masters_as_declared_need_no_step(site, plan_of):
    one = site()
    assert plan_of(one) == []
    assert len(one.cluster.requests) == 4


def test_the_leader_is_restarted_last(site, plan_of):
    one = site()
    one.masters.declare(properties={MIN: "1s"})
    assert plan_of(one) == [("configure", ""), *RESTARTS]
    one.masters.leader[MASTER] = "hbase-master-1"
    assert plan_of(one)[-1] == ("restart", "hbase-master-1")


def test_a_master_on_a_cordoned_node_is_restarted_first(site, plan_of):
    one = site(network="ContainerNetwork")
    one.cluster.change(kinds.NODE, "node3", None, {"spec": {"unschedulable": True}})
    one.masters.declare(properties={MIN: "1s"})
    assert plan_of(one)[1] == ("restart", "hbase-master-2")


def test_a_restart_time_outdates_older_pods(site, plan_of):
    one = site()
    one.cluster.now = 60.0
    assert plan_of(one, restarted_after=parse_time("2030-01-01T00:00:00Z")) == RESTARTS
    assert plan_of(one, restarted_after=parse_time("2020-01-01T00:00:00Z")) == []


def test_an_interrupted_rollout_is_planned_though_nothing_differs(site, plan_of):
    one = site()
    mark = {"metadata": {"annotations": {IN_PROGRESS: "3"}}}
    one.cluster.change(kinds.STATEFUL_SET, "hbase-master", NAMESPACE, mark)
    assert plan_of(one) == [("ensure_complete", "")]


def test_a_pod_above_the_declared_number_is_removed(site, plan_of):
    one = site(5)
    one.masters.declare(master={"replicas": 3})
    assert plan_of(one)[:2] == [("remove", "hbase-master-4"), ("remove", "hbase-master-3")]


def test_an_unknown_property_is_refused(site, plan_of):
    one = site()
    one.masters.declare(properties={"alluxio.bogus": "1"})
    with pytest.raises(InvalidInput, match=r"alluxio\.bogus"):
        plan_of(one)


def test_properties_in_force_cost_no_command(site, plan_of, monkeypatch):
    asked = []
    one = site()
    monkeypatch.setattr(Masters, "unknown_properties", lambda _masters, keys: asked.append(keys) or [])
    one.masters.declare(properties={"alluxio.master.known": "2"})
    plan_of(one)
    assert asked == []
    one.masters.declare(properties={"alluxio.new": "2"})
    plan_of(one)
    assert asked == [["alluxio.new"]]


def test_with_another_image_properties_are_not_asked_of_the_running_one(site, plan_of):
    one = site()
    one.masters.declare(properties={"alluxio.bogus": "1"}, alluxioVersion={"imageTag": "3.0"})
    assert plan_of(one) == [("configure", ""), *RESTARTS]


def test_headless_services_bring_a_warning(site, plan_of):
    one = site()
    one.cluster.change(kinds.SERVICE, "hbase-master-1", NAMESPACE, {"spec": {"clusterIP": "None"}})
    one.masters.declare(properties={MIN: "1s"})
    plan_of(one)
    assert any(line.startswith("the Services hbase-master-1 are headless") for line in one.warnings)


def test_masters_that_no_node_accepts_are_refused(site, plan_of):
    one = site()
    one.masters.declare(master={"nodeSelector": {"disk": "ssd"}, "replicas": 5})
    with pytest.raises(InvalidInput, match="5 masters need 5 schedulable nodes"):
        plan_of(one)


def test_without_permission_for_nodes_it_warns_and_plans(site, plan_of):
    one = site()
    one.cluster.forbidden.add(("list", "nodes"))
    one.masters.declare(properties={MIN: "1s"})
    assert plan_of(one) == [("configure", ""), *RESTARTS]
    assert any(
        line.startswith("could not check whether restarted masters find a node") for line in one.warnings)


@pytest.mark.parametrize(("found", "text"), [
    (RenderedChange(), ""),
    (RenderedChange(config={"metadata": {}}), "records the declaration"),
    (RenderedChange(config={"data": {}}, before={"ALLUXIO_JAVA_OPTS": {"properties": {"b": "1"}}},
                    after={"ALLUXIO_JAVA_OPTS": {"properties": {"a": "1"}},
                           "alluxio-master": {"image": "x:1"}}),
     "changes a, alluxio-master, b"),
    (RenderedChange(config={"data": {}}, after={"ALLUXIO_MASTER_JAVA_OPTS": {"jvm_options": ["-Xmx1g"]}}),
     "changes the JVM options of ALLUXIO_MASTER_JAVA_OPTS"),
], ids=["nothing", "record", "properties", "jvm-options"])
def test_the_summary_names_what_changes(found, text):
    assert planner.summary(found) == text
