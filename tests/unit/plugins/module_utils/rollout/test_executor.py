# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollouts on masters in memory: never two unavailable, and the next run continues an interrupted one."""

import pytest
from fake_masters import NAMESPACE, Killed
from kills import kill_at_each_request
from rollout_site import MIN, Site, drain

from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    Conflict,
    FluidError,
    InvalidInput,
    PreconditionFailed,
    StreamBroken,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import JOB_MASTER, MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import (
    GROWN,
    IN_PROGRESS,
    TRANSFER,
)
from ansible_collections.datacache.fluid.plugins.module_utils.journal import addresses
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.plan import parse_time


def require_done(one, members=3):
    raft_group = one.masters
    assert raft_group.whole()
    assert raft_group.workload["spec"]["replicas"] == members
    assert len(addresses.members_of(raft_group.config_map["data"]["ALLUXIO_JAVA_OPTS"])) == members
    assert raft_group.services() == [f"hbase-master-{index}" for index in range(members)]
    assert not {IN_PROGRESS, TRANSFER} & (raft_group.workload["metadata"]["annotations"] or {}).keys()
    assert not raft_group.preferred
    assert raft_group.most_unavailable <= 1
    assert not raft_group.lost_majority
    assert not raft_group.only_copy and not raft_group.elected_early


ALL = [("restart", "hbase-master-1"), ("restart", "hbase-master-2"), ("restart", "hbase-master-0")]


def test_unchanged_costs_four_requests(site):
    one = site()
    assert one.roll() == ([], [])
    assert one.cluster.requests == [("get", "alluxioruntimes"), ("get", "statefulsets"),
                                    ("get", "configmaps"), ("list", "pods")]


def test_a_property_is_rolled_out_and_the_leader_comes_last(site):
    one = site()
    one.masters.declare(properties={MIN: "1s"})
    plan, done = one.roll()
    assert plan == done == [("configure", ""), *ALL]
    # The leader hands over first: one that ends with its journal may cost an entry that a follower lacks.
    assert one.masters.actions == [
        "restart hbase-master-1", "restart hbase-master-2", "elect hbase-master-1", "restart hbase-master-0"]
    require_done(one)
    assert one.roll() == ([], [])


def test_check_mode_plans_and_touches_nothing(site):
    one = site()
    one.masters.declare(properties={MIN: "1s"})
    planned, done = one.roll(check=True)
    assert (planned, done) == ([("configure", ""), *ALL], [])
    assert one.cluster.writes() == []
    assert one.roll()[0] == planned


def test_only_the_outdated_ones_are_restarted(site):
    one = site()
    one.cluster.change(kinds.POD, "hbase-master-2", NAMESPACE,
                       {"metadata": {"labels": {"controller-revision-hash": "old"}}})
    assert one.roll()[1] == [("restart", "hbase-master-2")]
    require_done(one)


def test_a_plain_restart_of_all(site):
    one = site()
    one.cluster.now = 60.0
    after = one.masters.now()
    assert one.roll(restarted_after=after)[1] == ALL
    require_done(one)
    assert one.roll(restarted_after=after) == ([], [])


def test_a_clock_that_is_ahead_restarts_nobody_twice(site):
    one = site()
    one.cluster.now = 60.0
    assert one.roll(restarted_after=parse_time("2030-01-01T00:00:00Z"))[1] == ALL
    require_done(one)


@pytest.mark.parametrize("later", [True, False], ids=["relaunch", "without-a-time"])
def test_a_restart_that_was_interrupted_goes_on_with_its_own_time(site, later):
    """AWX's Relaunch gives the present time again; those that were restarted are not restarted twice."""
    one = site()
    one.cluster.now = 60.0
    after = one.masters.now()
    one.masters.kill_at(85)
    with pytest.raises(Killed):
        one.roll(restarted_after=after)
    one.masters.kill_at(None)
    before = len([each for each in one.masters.actions if each.startswith("restart")])
    assert 0 < before < 3
    one.cluster.now += 30
    done = one.roll(**({"restarted_after": one.masters.now()} if later else {}))[1]
    assert len(done) < 3
    assert len([each for each in one.masters.actions if each.startswith("restart")]) == 3
    require_done(one)
    assert all(parse_time(pod.created) >= after for pod in one.masters.pods())


def test_three_become_five(site):
    one = site()
    one.masters.declare(master={"replicas": 5})
    plan, done = one.roll()
    assert plan == done == [("configure", ""), *ALL, ("add", "hbase-master-3"), ("add", "hbase-master-4")]
    # Clients do not know the new ones yet: these come last and lead last.
    assert one.masters.actions[-2:] == ["restart hbase-master-0",
                                        "rank before new ones, asking hbase-master-1"]
    require_done(one, 5)
    assert one.roll() == ([], [])


def test_one_that_closes_its_raft_server_as_it_is_added_is_restarted(site):
    one = site()
    one.masters.closes = {"hbase-master-4"}
    one.masters.declare(master={"replicas": 5})
    assert one.roll()[1][-1] == ("add", "hbase-master-4")
    assert one.masters.actions[-1] == "kill MASTER hbase-master-4"
    require_done(one, 5)


WORKER, FUSE = "worker hbase-worker-0", "FUSE pod hbase-fuse-x (on node2)"


def test_clients_that_started_before_masters_were_added_are_named(site):
    one = site()
    one.masters.put_client("hbase-worker-0", "alluxio-worker")
    one.masters.put_client("hbase-fuse-x", "alluxio-fuse")
    one.masters.declare(master={"replicas": 5})
    one.roll()
    assert one.warnings[-1].startswith(
        f"{FUSE}, {WORKER} started with 3 of the 5 masters and do not know the others, so they find no "
        "leader "
        "while hbase-master-3 or hbase-master-4 leads.")
    assert one.roll() == ([], [])
    assert one.warnings[-1].startswith(f"{FUSE}, {WORKER} started")
    one.cluster.now += 60
    one.masters.put_client("hbase-worker-0", "alluxio-worker")
    one.masters.put_client("hbase-fuse-x", "alluxio-fuse")
    assert one.roll() == ([], [])
    assert not any("started when" in warning for warning in one.warnings)
    one.masters.declare(properties={MIN: "1s"})
    one.roll()
    assert GROWN not in one.masters.workload["metadata"]["annotations"]


def test_fewer_masters_than_clients_know_are_no_matter(site):
    one = site()
    one.masters.put_client("hbase-worker-0", "alluxio-worker")
    one.masters.declare(master={"replicas": 5})
    one.roll()
    one.masters.declare(master={"replicas": 3})
    one.roll()
    assert GROWN not in one.masters.workload["metadata"]["annotations"]


def test_it_warns_where_new_masters_may_lead_as_soon_as_the_others(site, monkeypatch):
    one = site()
    monkeypatch.setattr(Masters, "reset_priorities", lambda *_args: False)
    one.masters.declare(master={"replicas": 5})
    one.roll()
    assert ("an added master may become leader although workers and FUSE pods do not know it "
            "yet") in one.warnings[-1]
    require_done(one, 5)


def test_five_become_three_and_the_leader_is_among_those_that_go(site):
    one = site(5)
    raft_group = one.masters
    raft_group.declare(master={"replicas": 3})
    raft_group.leader[MASTER] = "hbase-master-4"
    done = one.roll()[1]
    assert done[:2] == [("remove", "hbase-master-4"), ("remove", "hbase-master-3")]
    assert sorted(done[2:]) == sorted(ALL)
    # The peer leaves both groups before its pod ends.
    assert raft_group.actions[:4] == ["elect hbase-master-0", "remove MASTER hbase-master-4",
                                      "remove JOB_MASTER hbase-master-4", "end hbase-master-4"]
    assert {each for each in raft_group.actions if each.startswith("remove")} == {
        f"remove {domain} hbase-master-{index}" for domain in (MASTER, JOB_MASTER) for index in (3, 4)}
    require_done(one)
    assert one.roll() == ([], [])


def test_the_removal_of_a_master_that_has_left_one_group_goes_on(site):
    """A run was killed between the two removals. A restart would add the master to the group again."""
    one = site(5)
    one.masters.declare(master={"replicas": 3})
    del one.masters.groups[MASTER]["hbase-master-4:23083"]
    one.roll()
    require_done(one, 3)
    assert one.masters.actions[:2] == ["remove JOB_MASTER hbase-master-4", "end hbase-master-4"]
    assert not [each for each in one.masters.actions if each.startswith("kill")]


def test_each_removal_of_a_peer_follows_a_look_of_its_own(site, monkeypatch):
    """After the first removal another job master is lost, so the second one would cost its group more."""
    one = site(5)
    one.masters.declare(master={"replicas": 3})
    real, lost_at = Masters.remove_peer, []

    def remove_peer(_masters, asked, domain, address):
        available = one.masters.groups[JOB_MASTER]["hbase-master-1:23671"]
        assert domain == MASTER or available, "a peer was removed while another one was unavailable"
        real(asked, domain, address)
        if not lost_at:
            lost_at.append(one.cluster.now)
            one.masters._unavailable("hbase-master-1", (JOB_MASTER,))
            one.cluster.later(20, lambda: one.masters._join(1))
    monkeypatch.setattr(Masters, "remove_peer", remove_peer)
    one.roll()
    assert lost_at
    require_done(one, 3)


def test_a_removal_whose_answer_is_lost_is_looked_at_again(site, monkeypatch):
    one = site(5)
    one.masters.declare(master={"replicas": 3})
    real, lost = Masters.remove_peer, []

    def remove_peer(_masters, asked, domain, address):
        if (domain, address) in lost:
            return
        real(asked, domain, address)
        if len(lost) < 2:
            lost.append((domain, address))
            raise StreamBroken("the answer was lost")
    monkeypatch.setattr(Masters, "remove_peer", remove_peer)
    one.roll()
    assert len(lost) == 2
    require_done(one, 3)


@pytest.mark.no_cover
@pytest.mark.parametrize(("members", "spec"), [
    pytest.param(3, {"properties": {MIN: "1s"}, "alluxioVersion": {"imageTag": "2.9.5"}}, id="configuration"),
    pytest.param(3, {"master": {"replicas": 5}}, id="more"),
    pytest.param(2, {"master": {"replicas": 3}, "properties": {MIN: "1s"}}, id="two become three"),
    pytest.param(5, {"master": {"replicas": 3, "jvmOptions": ["-Xmx1g"]}}, id="fewer"),
])
def test_rollout_resumes_after_kill_at_any_request(site, members, spec):
    def make():
        one = site(members)
        one.masters.declare(**spec)
        return one

    def then(one, request, survived):
        if not survived:
            one.cluster.sleep(request % 5)
            one.roll()
        require_done(one, spec.get("master", {}).get("replicas", members))
        assert one.roll() == ([], [])
    assert kill_at_each_request(make, Site.roll, then, lambda request: 1 if request < 12 else 17) > 100


@pytest.mark.parametrize("may_list", [True, False])
def test_a_change_that_is_taken_back_restarts_those_that_have_it(site, may_list):
    """The StatefulSet's earlier revision is the wanted one again."""
    one = site()
    raft_group = one.masters
    raft_group.declare(properties={MIN: "1s"})
    one.roll()
    assert raft_group.leader[MASTER] != "hbase-master-0"
    raft_group.broken = {"hbase-master-0"}
    raft_group.declare(properties={MIN: "2s"})
    with pytest.raises(WaitTimeout):
        one.roll(timeout=120)
    raft_group.broken = set()
    raft_group.declare(properties={MIN: "1s"})
    if not may_list:
        one.cluster.forbidden.add(("list", "controllerrevisions"))
    plan, done = one.roll()
    assert done == [("configure", ""), ("restart", "hbase-master-0")]
    assert sorted(plan) == sorted(done if may_list else [("configure", ""), *ALL])
    require_done(one)


@pytest.mark.parametrize("name", ["hbase-master-1", "hbase-master-2", "hbase-master-0"])
def test_a_master_that_is_being_drained_comes_first(site, name):
    """It takes part until its grace period ends, and no other may be unavailable then."""
    one = site()
    one.cluster.now = 60.0
    one.masters.configuration = {MIN: "1s", MIN.replace(".min", ".max"): "2s"}
    one.masters.declare(properties={MIN: "2s"})
    drain(one, name, 30)
    done = one.roll()[1]
    assert done[:2] == [("configure", ""), ("restart", name)]
    require_done(one)


def test_a_drain_that_comes_in_between_is_waited_for(site):
    one = site()
    one.masters.declare(properties={MIN: "1s"})
    one.cluster.later(1, lambda: drain(one, "hbase-master-0", 25))
    one.roll()
    require_done(one)


def test_an_outdated_unavailable_master_is_restarted_first(site):
    """A declaration that does not start can be taken back, though a peer is unavailable."""
    one = site()
    raft_group = one.masters
    raft_group.broken = {"hbase-master-1"}
    raft_group.declare(properties={MIN: "1s"})
    with pytest.raises(WaitTimeout):
        one.roll(timeout=120)
    assert [each for each in raft_group.actions if each.startswith("restart")] == ["restart hbase-master-1"]
    raft_group.broken = set()
    raft_group.declare(properties={MIN: "2s"})
    assert one.roll()[1][:2] == [("configure", ""), ("restart", "hbase-master-1")]
    require_done(one)


def test_with_another_peer_unavailable_nothing_changes(site):
    one = site()
    raft_group = one.masters
    raft_group.groups[MASTER]["hbase-master-1:23083"] = False
    one.cluster.change(kinds.POD, "hbase-master-2", NAMESPACE,
                       {"metadata": {"labels": {"controller-revision-hash": "old"}}})
    with pytest.raises(FluidError):
        one.roll(timeout=10)
    assert not [each for each in raft_group.actions if each.startswith("restart hbase-master-2")]
    assert IN_PROGRESS not in raft_group.workload["metadata"]["annotations"]


def test_a_process_without_the_declared_property_is_an_error(site):
    one = site()
    one.forged["hbase-master-2"] = ["java", "-Dalluxio.x=1"]
    one.masters.declare(properties={MIN: "1s"})
    with pytest.raises(Conflict) as raised:
        one.roll()
    assert str(raised.value) == (
        f"container alluxio-master of hbase-master-2 does not run with the declared options: {MIN} is not "
        "set, expected 1s; run alluxio_rollout again, which restarts it")


def test_a_property_that_alluxio_does_not_know_is_refused(site):
    one = site()
    one.masters.declare(
        properties={"alluxio.bogus": "1", "alluxio.master.known": "2", "alluxio.valueless": "3"})
    with pytest.raises(InvalidInput, match="does not know alluxio.bogus: it would silently ignore it"):
        one.roll()
    assert one.cluster.writes() == []


def test_masters_on_the_network_of_their_nodes_need_a_node_each(site):
    one = site()
    one.cluster.change(kinds.NODE, "node5", None, {"spec": {"unschedulable": True}})
    one.masters.declare(master={"replicas": 5})
    with pytest.raises(InvalidInput, match="5 masters need 5 schedulable nodes"):
        one.roll()
    assert one.cluster.writes() == []


@pytest.mark.parametrize("spread", ["required", "preferred"])
def test_masters_that_have_to_be_apart_need_a_node_each(site, spread):
    one = site(network="ContainerNetwork")
    assert one.roll(spread=spread)[1] == [("configure", ""), *ALL]
    for name in ("node4", "node5"):
        one.cluster.vanish(kinds.NODE, name, None)
    one.masters.declare(master={"replicas": 5})
    if spread == "required":  # as the template says by now
        with pytest.raises(InvalidInput, match="5 masters need 5 schedulable nodes"):
            one.roll()
    else:
        one.roll()
        require_done(one, 5)


def test_without_permission_for_nodes_it_goes_on(site):
    one = site()
    one.cluster.forbidden.add(("list", "nodes"))
    one.masters.declare(properties={MIN: "1s"})
    assert one.roll()[1] == [("configure", ""), *ALL]
    assert "could not check whether restarted masters find a node" in "".join(one.warnings)


def test_headless_services_bring_a_warning(site):
    one = site()
    one.cluster.change(kinds.SERVICE, "hbase-master-1", NAMESPACE, {"spec": {"clusterIP": "None"}})
    one.masters.declare(properties={MIN: "1s"})
    one.roll(check=True)
    assert any(line.startswith("the Services hbase-master-1 are headless") for line in one.warnings)


@pytest.mark.parametrize(("kind", "name", "message"), [
    (fluid_kinds.ALLUXIO_RUNTIME, "hbase", "AlluxioRuntime hbase in namespace data does not exist"),
    (kinds.STATEFUL_SET, "hbase-master", "has no StatefulSet hbase-master yet"),
    (kinds.CONFIG_MAP, "hbase-config", "has no ConfigMap hbase-config yet"),
])
def test_a_missing_object_is_a_failed_precondition(site, kind, name, message):
    one = site()
    one.cluster.vanish(kind, name, NAMESPACE)
    with pytest.raises(PreconditionFailed, match=message):
        one.roll()
