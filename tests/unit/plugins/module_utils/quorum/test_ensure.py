# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules alluxio_quorum and alluxio_quorum_info return, on groups in memory."""

import pytest
from fake_raft import address

from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    InvalidInput,
    PreconditionFailed,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import ensure as quorum_ensure


@pytest.fixture
def ensure(cluster, params):
    """Run it with options; progress: what it reported."""
    def run(check_mode=False, **options):
        reporter = Reporter(lambda _text: None, run.progress.append)
        return quorum_ensure.ensure(cluster, params(**options), check_mode, reporter)
    run.progress = []
    return run


def test_a_complete_quorum_needs_no_action(cluster, raft, ensure):
    assert ensure() == {"changed": False, "actions": [], "leader": "hbase-master-0",
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
