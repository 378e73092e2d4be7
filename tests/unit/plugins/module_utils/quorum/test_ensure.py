# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules alluxio_quorum and alluxio_quorum_info return, on groups in memory."""

import pytest
from fake_raft import address

from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    InvalidInput,
    PreconditionFailed,
    QuorumLost,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import ensure as quorum_ensure


@pytest.fixture
def ensure(cluster, params):
    """Run it with options; progress: what it reported."""
    def run(check_mode=False, **options):
        run.warnings.clear()
        reporter = Reporter(run.warnings.append, run.progress.append)
        return quorum_ensure.ensure(cluster, params(**options), check_mode, reporter)
    run.progress, run.warnings = [], []
    return run


def test_a_complete_quorum_needs_no_action(cluster, raft, ensure):
    assert ensure() == {"changed": False, "actions": [], "leader": "hbase-master-0", "lost": [],
                        "diff": {"before": "", "after": ""}}
    assert cluster.writes() == []


def test_services_are_replaced_before_the_quorum_is_healed(raft, ensure):
    raft.lose(2)
    raft.put_service(1, cluster_ip=False)
    result = ensure()
    assert [each["action"] for each in result["actions"]] == ["replace_service", "transfer_leadership"]
    assert result["diff"]["after"].splitlines()[0] == (
        "MASTER: replace_service hbase-master-1 (its name does not resolve while its pod is absent)")


def test_check_mode_plans_and_changes_nothing(cluster, raft, ensure):
    raft.lose(2)
    raft.put_service(1, cluster_ip=False)
    result = ensure(check_mode=True)
    assert [each["action"] for each in result["plan"]] == ["replace_service", "transfer_leadership"]
    assert (result["changed"], result["actions"], raft.actions, cluster.writes()) == (True, [], [], [])


def test_an_error_carries_the_actions_before_it(raft, ensure):
    raft.lose(2)
    raft.heals = set()
    with pytest.raises(WaitTimeout) as timeout:
        ensure()
    assert timeout.value.details["changed"]
    assert [each["action"] for each in timeout.value.details["actions"]] == [
        "transfer_leadership", "restart_peer"]


def test_a_wait_reports_its_progress(raft, ensure):
    raft.lose(2)
    raft.heals = set()
    with pytest.raises(WaitTimeout):
        ensure()
    assert any(
        line.startswith("waiting for the MASTER quorum of AlluxioRuntime hbase") for line in ensure.progress)


def test_an_unknown_leader_is_refused_before_services_are_replaced(cluster, raft, ensure):
    raft.put_service(1, cluster_ip=False)
    with pytest.raises(InvalidInput, match="leader hbase-master-7 is no master"):
        ensure(leader="hbase-master-7")
    assert cluster.writes() == []


def test_no_master_on_the_excluded_node_leads(raft, ensure):
    result = ensure(exclude_node="node0")
    assert (result["leader"], raft.actions) == ("hbase-master-1", ["elect " + address("MASTER", 1)])


def test_a_single_master_has_no_quorum_to_heal(raft, put_runtime, ensure):
    put_runtime(1)
    with pytest.raises(PreconditionFailed, match="has a single master, which has no quorum"):
        ensure()


@pytest.fixture
def node_down(cluster, raft):
    """The node of the third master is down; its pod is terminating there."""
    for index in range(3):
        cluster.put(kinds.NODE, {"metadata": {"name": f"node{index}"}, "status": {"conditions": [
            {"type": "Ready", "status": "Unknown" if index == 2 else "True"}]}})
    raft.put_pod(2, ready=False)
    cluster.change(kinds.POD, "hbase-master-2", "data",
                   {"metadata": {"deletionTimestamp": "2026-11-23T11:50:00Z"}})
    for domain in ("MASTER", "JOB_MASTER"):
        raft.lose(2, domain)


LOST = [{"pod": "hbase-master-2", "reason": "node node2 is not Ready"}]


def test_lost_masters_are_tolerated_on_request(cluster, raft, node_down, ensure):
    result = ensure(tolerate_lost_nodes=True)
    assert (result["changed"], result["leader"], result["lost"]) == (False, "hbase-master-0", LOST)
    assert ensure.warnings == [
        "AlluxioRuntime hbase in namespace data lacks master hbase-master-2: node node2 is not Ready; the "
        "quorums are complete without it"]
    assert (cluster.now, raft.actions, cluster.writes()) == (0, [], [])


def test_without_the_option_a_lost_master_is_waited_for(raft, node_down, ensure):
    with pytest.raises(WaitTimeout, match="hbase-master-2 does not run"):
        ensure()


def test_the_others_are_healed_and_led_as_desired(raft, node_down, ensure):
    result = ensure(tolerate_lost_nodes=True, leader="hbase-master-1")
    assert (result["leader"], result["lost"]) == ("hbase-master-1", LOST)


def test_a_lost_master_is_not_made_the_leader(raft, node_down, ensure):
    assert ensure(tolerate_lost_nodes=True, leader="hbase-master-2")["leader"] == "hbase-master-0"


def test_a_lost_majority_is_never_complete(raft, node_down, ensure):
    raft.put_pod(1, ready=False, running=False)
    for domain in ("MASTER", "JOB_MASTER"):
        raft.lose(1, domain)
    with pytest.raises(QuorumLost):
        ensure(tolerate_lost_nodes=True)


def test_a_master_on_a_node_that_serves_is_waited_for(raft, node_down, ensure, cluster):
    ready = [{"type": "Ready", "status": "True"}]
    cluster.change(kinds.NODE, "node2", None, {"status": {"conditions": ready}})
    with pytest.raises(WaitTimeout):
        ensure(tolerate_lost_nodes=True)
