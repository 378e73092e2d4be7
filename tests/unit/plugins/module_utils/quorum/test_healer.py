# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups are brought to full strength, step by step, on masters in memory whose time passes only when
somebody waits.
"""

from datetime import timedelta

import pytest
from fake_raft import CONTAINERS, NAMESPACE, STARTED, FakeRaft, address, pod_name

from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    Conflict,
    InvalidInput,
    QuorumLost,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import components
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef, annotations_of
from ansible_collections.datacache.fluid.plugins.module_utils.progress import ACTION
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import healer, plan as quorum_plan

RUNTIME = ObjectRef(NAMESPACE, "hbase")


@pytest.fixture
def raft(cluster, monkeypatch):
    made = FakeRaft(cluster)
    monkeypatch.setattr(healer, "Masters", lambda *_args: made)
    return made


@pytest.fixture
def make_healer(cluster):
    def make(expected=3, timeout=300):
        return healer.QuorumHealer(cluster, RUNTIME, expected, cluster.deadline(timeout, progress.append))
    progress = make.progress = []
    return make


def actions(made):
    return [(done.domain, done.step.action, done.step.target) for done in made.actions]


def test_a_complete_group_costs_reads_alone(cluster, raft, make_healer):
    made = make_healer()
    assert all(raft_group.complete() for raft_group in made.ensure_complete())
    assert (actions(made), raft.actions, cluster.writes(), cluster.now) == ([], [], [], 0)


def test_a_pod_that_is_being_deleted_is_waited_for(cluster, raft, make_healer):
    cluster.change(kinds.POD, pod_name(2), NAMESPACE,
                   {"metadata": {"deletionTimestamp": "2026-11-23T12:00:00Z"}})
    cluster.later(20, lambda: raft.put_pod(2))
    made = make_healer()
    made.ensure_complete()
    assert (actions(made), cluster.now >= 20) == ([], True)
    assert any("hbase-master-2 is terminating" in line for line in make_healer.progress)


def test_one_that_is_being_deleted_hands_over(cluster, raft, make_healer):
    cluster.change(kinds.POD, pod_name(0), NAMESPACE,
                   {"metadata": {"deletionTimestamp": "2026-11-23T12:00:00Z"}})
    make_healer().transfer_leadership(pod_name(0), [pod_name(1), pod_name(2)])
    assert (raft.leaders["MASTER"], cluster.now < 10) == (address("MASTER", 1), True)


def test_it_takes_over_no_more_before_it_is_back(cluster, raft, make_healer):
    cluster.change(kinds.POD, pod_name(1), NAMESPACE,
                   {"metadata": {"deletionTimestamp": "2026-11-23T12:00:00Z"}})
    cluster.later(20, lambda: raft.put_pod(1))
    make_healer().transfer_leadership(pod_name(0), [pod_name(1), pod_name(2)])
    assert (raft.leaders["MASTER"], cluster.now >= 20) == (address("MASTER", 1), True)


def test_a_lost_follower_is_taken_in_by_a_new_leader(raft, make_healer):
    raft.lose(2)
    made = make_healer()
    made.ensure_complete()
    assert actions(made) == [("MASTER", quorum_plan.TRANSFER, address("MASTER", 1))]
    assert raft.actions == ["elect " + address("MASTER", 1)]


def test_a_follower_that_a_new_leader_does_not_take_in_is_restarted(cluster, raft, make_healer):
    raft.lose(2)
    raft.heals = {"restart"}
    made = make_healer()
    made.ensure_complete()
    assert raft.actions == ["elect " + address("MASTER", 1), "restart MASTER hbase-master-2"]
    assert quorum_plan.ACTION_TIMEOUT <= cluster.now < quorum_plan.ACTION_TIMEOUT + 2


@pytest.mark.parametrize(("heals", "done"), [
    ({"restart"}, ["restart JOB_MASTER hbase-master-1"]),
    (set(), ["restart JOB_MASTER hbase-master-1", "restart JOB_MASTER hbase-master-2"]),
], ids=["the-lost-one", "then-the-leader"])
def test_job_masters_have_no_election_so_processes_are_restarted(cluster, raft, make_healer, heals, done):
    raft.lose(1, "JOB_MASTER")
    raft.leaders["JOB_MASTER"] = address("JOB_MASTER", 2)
    raft.heals = heals
    cluster.later(40, lambda: raft.states["JOB_MASTER"].update({address("JOB_MASTER", 1): "AVAILABLE"}))
    make_healer().ensure_complete()
    assert raft.actions == done


def test_a_refused_action_is_followed_by_the_next(raft, make_healer):
    raft.lose(2)
    raft.refuses = {"elect"}
    raft.heals = {"restart"}
    make_healer().ensure_complete()
    # A refused transfer may have left priorities behind.
    assert raft.actions == ["elect " + address("MASTER", 1), "reset_priorities",
                            "restart MASTER hbase-master-2"]
    assert any("was refused: exit code 255" in text for text in make_healer.progress)


@pytest.mark.parametrize("silent", [set(), {"MASTER"}], ids=["the-leader-tells", "the-leader-is-silent"])
def test_one_that_has_closed_its_raft_server_is_restarted_at_once(cluster, raft, make_healer, silent):
    raft.lose(2)
    raft.silent = silent
    raft.closed.add(("MASTER", pod_name(2)))
    cluster.later(3, raft.silent.clear)
    made = make_healer()
    made.ensure_complete()
    assert (raft.actions, cluster.now < 5) == (["restart MASTER hbase-master-2"], True)
    assert made.actions[0].step.reason == "hbase-master-2 has closed its Raft server, though its process runs"


def test_a_former_leader_that_hangs_is_killed(raft, make_healer):
    """Seen on the lab: its web port is closed, its journal is the longest, and it starts no election."""
    raft.silent = {"MASTER"}
    raft.unreachable = {pod_name(0)}
    raft.stepped_down = {pod_name(0): 562.168}
    made = make_healer()
    made.ensure_complete()
    assert raft.actions == ["kill MASTER hbase-master-0"]
    assert made.actions[0].step.reason == ("hbase-master-0 led until 562 s ago, starts no election and has "
                                           "not become a standby")


def test_the_logs_are_read_every_ten_seconds_while_nobody_leads(cluster, raft, make_healer, monkeypatch):
    read = []
    raft.silent = {"MASTER"}
    monkeypatch.setattr(raft, "stepped_down_for", lambda _pod: read.append(cluster.now))
    cluster.later(25, raft.silent.clear)
    make_healer().ensure_complete()
    assert len(read) == 3 * 3
    make_healer().ensure_complete()
    assert len(read) == 3 * 3


def test_a_stale_peer_is_removed_from_both_groups(raft, make_healer):
    for domain in components.DOMAINS:
        raft.states[domain][address(domain, 3)] = "UNAVAILABLE"
    make_healer().ensure_complete()
    assert raft.actions == ["remove " + address(domain, 3) for domain in components.DOMAINS]


def test_a_follower_that_has_just_started_is_left_to_join(cluster, raft, make_healer):
    raft.put_pod(2, started="2026-11-23T11:59:58Z")
    raft.lose(2)
    cluster.later(8, lambda: raft.states["MASTER"].update({address("MASTER", 2): "AVAILABLE"}))
    make_healer().ensure_complete()
    assert raft.actions == []
    assert 8 <= cluster.now < 9


def test_the_desired_leader_leads(raft, make_healer):
    made = make_healer()
    raft_group, _jobs = made.ensure_complete("hbase-master-2")
    assert raft_group.leading().pod == "hbase-master-2"
    assert raft.actions == ["elect " + address("MASTER", 2)]


def test_a_leader_that_is_no_master_is_refused(raft, make_healer):
    with pytest.raises(InvalidInput, match="hbase-master-7 is no master of AlluxioRuntime hbase"):
        make_healer().ensure_complete("hbase-master-7")
    assert raft.actions == []


def test_a_plan_acts_on_nothing(cluster, raft, make_healer):
    raft.lose(2)
    made = make_healer()
    [planned] = made.plan(made.groups())
    assert (planned.step.action, planned.step.target) == (quorum_plan.TRANSFER, address("MASTER", 1))
    assert "hbase-master-2 has run for 3600 s and is UNAVAILABLE" in planned.as_dict()["reason"]
    assert (raft.actions, cluster.writes()) == ([], [])


@pytest.mark.parametrize("silent", [set(), {"MASTER"}], ids=["the-last-one-tells", "nobody-tells"])
def test_a_lost_majority_is_reported_within_15_seconds_and_nothing_changes(
        cluster, raft, make_healer, silent):
    raft.silent = silent
    for index in (1, 2):
        raft.lose(index)
        raft.put_pod(index, ready=False)
    with pytest.raises(QuorumLost) as lost:
        make_healer().ensure_complete()
    assert cluster.now < 30
    assert ("the MASTER quorum of AlluxioRuntime hbase in namespace data has lost its majority: 1 of 3 "
            "masters run and 2 are needed "
            "(hbase-master-1 does not run: phase unknown; hbase-master-2 does not run: phase unknown)"
            ) in str(lost.value)
    assert (raft.actions, cluster.writes()) == ([], [])


@pytest.mark.parametrize("silent", [set(), {"MASTER"}], ids=["the-last-one-tells", "nobody-tells"])
def test_a_majority_whose_nodes_are_silent_is_lost_though_kubernetes_calls_its_pods_ready(
        cluster, raft, make_healer, silent):
    raft.silent = silent
    for index in (1, 2):
        raft.lose(index)
        raft.unreachable.add(f"hbase-master-{index}")
    with pytest.raises(QuorumLost) as lost:
        make_healer().ensure_complete()
    assert cluster.now < 20  # besides the time that a silent pod is waited for
    assert ("1 of 3 masters run and 2 are needed (hbase-master-1 does not run: nothing answers at its "
            "address, on node node1"
            in str(lost.value))
    assert (raft.actions, cluster.writes()) == ([], [])


def test_a_follower_whose_node_is_silent_is_waited_for(cluster, raft, make_healer):
    raft.lose(2)
    raft.unreachable.add("hbase-master-2")
    why = "hbase-master-2 does not run: nothing answers at its address, on node node2; actions so far: none"
    with pytest.raises(WaitTimeout, match=why):
        make_healer(timeout=120).ensure_complete()
    assert raft.actions == []


def test_the_time_without_an_api_server_does_not_count_as_a_lost_majority(cluster, raft, make_healer):
    """Nobody has observed the group meanwhile."""
    for index in (1, 2):
        raft.lose(index)
        raft.put_pod(index, running=False, ready=False)
    cluster.later(1, lambda: cluster.go_down(30))

    def back():
        for index in (1, 2):
            raft.put_pod(index, started="2026-11-23T12:00:00Z")
            raft.states["MASTER"][address("MASTER", index)] = "AVAILABLE"
    cluster.later(36, back)
    make_healer().ensure_complete()
    assert cluster.now >= 36


def test_a_look_that_outlasts_an_outage_is_no_time_without_a_majority(
        cluster, raft, make_healer, monkeypatch):
    """The guarded client waits within the look, so no error shows that nobody looked meanwhile."""
    for index in (1, 2):
        raft.lose(index)
        raft.put_pod(index, running=False, ready=False)
    real, waits = raft.pods, [0, 60]

    def back():
        for index in (1, 2):
            raft.put_pod(index, started="2026-11-23T12:00:00Z")
            raft.states["MASTER"][address("MASTER", index)] = "AVAILABLE"

    def pods():
        if waits and (wait := waits.pop(0)):
            cluster.later(wait + 2, back)
            cluster.sleep(wait)
        return real()
    monkeypatch.setattr(raft, "pods", pods)
    make_healer().ensure_complete()
    assert (waits, raft.actions) == ([], [])


def test_a_majority_that_comes_back_in_time_is_not_lost(cluster, raft, make_healer):
    for index in (1, 2):
        raft.lose(index)
        raft.put_pod(index, running=False, ready=False)

    def back():
        for index in (1, 2):
            raft.put_pod(index)
            raft.states["MASTER"][address("MASTER", index)] = "AVAILABLE"
    cluster.later(7, back)
    make_healer().ensure_complete()
    assert raft.actions == []


def test_a_pod_that_does_not_come_back_times_out_with_its_reason(cluster, raft, make_healer):
    raft.lose(2)
    raft.put_pod(2, ready=False, running=False)
    with pytest.raises(
            WaitTimeout,
            match="container alluxio-master is waiting: CrashLoopBackOff back-off; actions so far: none"):
        make_healer(timeout=60).ensure_complete()
    assert raft.actions == []


def test_handing_over_passes_by_who_is_not_available(raft, make_healer):
    make_healer().transfer_leadership("hbase-master-0", ["hbase-master-2", "hbase-master-1"])
    assert raft.actions == ["elect " + address("MASTER", 2)]


def test_nothing_is_handed_over_by_who_does_not_lead(raft, make_healer):
    make_healer().transfer_leadership("hbase-master-1", ["hbase-master-2"])
    assert raft.actions == []


def test_without_a_successor_nothing_is_handed_over(raft, make_healer):
    with pytest.raises(Conflict,
                       match="hbase-master-0 leads and none of hbase-master-9 is an AVAILABLE peer"):
        make_healer().transfer_leadership("hbase-master-0", ["hbase-master-9"])


def test_a_master_without_a_service_has_no_address(cluster, raft, make_healer):
    cluster.vanish(kinds.SERVICE, pod_name(1), NAMESPACE)
    with pytest.raises(Conflict, match="Service hbase-master-1 in namespace data does not exist"):
        make_healer().address("MASTER", "hbase-master-1")


def test_each_action_is_reported_once(raft, make_healer):
    raft.lose(2)
    make_healer().ensure_complete()
    assert [line for line in make_healer.progress if line.startswith(ACTION)] == [
        f"{ACTION}MASTER: transfer_leadership {address('MASTER', 1)}: hbase-master-2 has run for 3600 s and "
        "is UNAVAILABLE: a new leader opens new connections to it"]


def test_a_transfer_that_takes_long_has_as_long_to_show_its_effect(cluster, raft, make_healer):
    """With Alluxio's timeouts the command returns after 20 to 30 s; the follower joins 20 s later."""
    raft.lose(2)
    raft.heals = set()
    real = raft.elect

    def elect(asked, to):
        real(asked, to)
        cluster.sleep(28)
        cluster.later(20, lambda: raft.states["MASTER"].update({address("MASTER", 2): "AVAILABLE"}))
    raft.elect = elect
    make_healer().ensure_complete()
    assert raft.actions == ["elect " + address("MASTER", 1)]


def test_what_a_run_has_tried_the_next_one_does_not_repeat(cluster, raft, make_healer):
    """A scheduled run must not restart the same master again and again."""
    raft.lose(2)
    raft.heals = set()
    for _run in range(3):
        with pytest.raises(WaitTimeout) as timeout:
            make_healer(timeout=120).ensure_complete()
    assert raft.actions == ["elect " + address("MASTER", 1), "restart MASTER hbase-master-2"]
    assert "an earlier run has tried restart_peer and transfer_leadership without effect" in str(
        timeout.value)


def test_another_container_is_healed_again(cluster, raft, make_healer):
    """It has ended by itself since: what an earlier run tried was for the container before."""
    raft.lose(2)
    raft.heals = set()
    with pytest.raises(WaitTimeout):
        make_healer(timeout=120).ensure_complete()
    raft.actions.clear()
    raft.heals = {"restart"}
    pod = cluster.stored(kinds.POD, pod_name(2), NAMESPACE)
    for status in pod["status"]["containerStatuses"]:
        status["restartCount"] = 2  # one restart is ours
    cluster.put(kinds.POD, pod)
    make_healer().ensure_complete()
    assert raft.actions == ["elect " + address("MASTER", 0), "restart MASTER hbase-master-2"]


def test_the_note_of_what_was_tried_goes_once_the_group_is_complete(cluster, raft, make_healer):
    raft.lose(2)
    make_healer().ensure_complete()
    assert raft.actions
    assert not annotations_of(cluster.stored(kinds.POD, pod_name(2), NAMESPACE))


def test_without_permission_for_pods_it_heals_all_the_same(cluster, raft, make_healer):
    cluster.forbidden.add(("patch", "pods"))
    raft.lose(2)
    make_healer().ensure_complete()
    assert raft.actions


@pytest.mark.parametrize("minutes", [-15, 15])
def test_a_node_whose_clock_is_off_is_healed_in_time(cluster, raft, make_healer, minutes):
    """The container restarts while the run observes it, so its age is known without any clock."""
    def restart():
        started = cluster.server_time() + timedelta(minutes=minutes)
        raft.put_pod(2, started=started.strftime("%Y-%m-%dT%H:%M:%SZ"))
        raft.lose(2)
    raft.heals = set()
    raft.lose(1, "JOB_MASTER")
    raft.put_pod(1, ready=False)
    cluster.later(5, restart)
    cluster.later(12, lambda: raft.states["MASTER"].update({address("MASTER", 2): "AVAILABLE"}))
    cluster.later(20, lambda: (raft.put_pod(1), raft.states["JOB_MASTER"].update(
        {address("JOB_MASTER", 1): "AVAILABLE"})))
    make_healer(timeout=60).ensure_complete()
    assert raft.actions == []


def test_masters_that_load_their_journals_are_no_lost_majority(cluster, raft, make_healer):
    """Their readiness probe fails until the Raft port is open, though they run."""
    for index in (1, 2):
        raft.lose(index)
        raft.loading.add(("MASTER", pod_name(index)))
        cluster.change(kinds.POD, pod_name(index), NAMESPACE, {"status": {
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [
                {"name": name, "ready": name != "alluxio-master",
                 "state": {"running": {"startedAt": STARTED}}} for name in CONTAINERS.values()]}})

    def loaded():
        raft.loading.clear()
        for index in (1, 2):
            raft.states["MASTER"][address("MASTER", index)] = "AVAILABLE"
    cluster.later(400, loaded)
    make_healer(timeout=600).ensure_complete()
    assert raft.actions == []
