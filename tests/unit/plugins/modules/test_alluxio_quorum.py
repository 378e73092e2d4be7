# SPDX-License-Identifier: GPL-3.0-or-later
"""The module alluxio_quorum: what it does to groups in memory, and that check mode says so before."""

import pytest
from fake_raft import NAMESPACE, PORTS, FakeRaft, address

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import healer

IDENTITY = {"name": "hbase", "namespace": NAMESPACE}


@pytest.fixture
def raft(cluster, monkeypatch):
    made = FakeRaft(cluster)
    monkeypatch.setattr(healer, "Masters", lambda *_args: made)
    monkeypatch.setattr(pod_exec, "execute", lambda *_args: ExecResult(0, "", ""))
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME,
                {"metadata": {"name": "hbase", "namespace": NAMESPACE}, "spec": {"master": {"replicas": 3}}})
    return made


def test_healthy_groups_are_unchanged(cluster, run, raft):
    result = run("alluxio_quorum", diff=True, **IDENTITY)
    assert (result["changed"], result["actions"], result["leader"]) == (False, [], "hbase-master-0")
    assert (result["diff"], cluster.writes()) == ({"before": "", "after": ""}, [])


def test_check_mode_predicts_the_run(run, raft):
    raft.lose(2)
    raft.put_service(1, cluster_ip=False)
    predicted = run("alluxio_quorum", check=True, diff=True, **IDENTITY)
    assert raft.actions == []
    done = run("alluxio_quorum", diff=True, **IDENTITY)
    for part in ("domain", "action", "target"):
        assert [each[part] for each in predicted["plan"]] == [each[part] for each in done["actions"]]
    assert predicted["changed"] and done["changed"]
    assert [each["action"] for each in done["actions"]] == ["replace_service", "transfer_leadership"]
    assert not run("alluxio_quorum", **IDENTITY)["changed"]


def test_services_stay_headless_without_stable_peer_addresses(cluster, run, raft):
    raft.put_service(1, cluster_ip=False)
    assert not run("alluxio_quorum", stable_peer_addresses=False, **IDENTITY)["changed"]
    assert cluster.writes() == []


def test_the_desired_leader(run, raft):
    assert run("alluxio_quorum", leader="hbase-master-1", **IDENTITY)["leader"] == "hbase-master-1"
    assert not run("alluxio_quorum", leader="hbase-master-1", **IDENTITY)["changed"]


def test_exclude_node_moves_the_leadership_off_the_node(run, raft):
    predicted = run("alluxio_quorum", check=True, exclude_node="node0", **IDENTITY)
    assert [(each["action"], each["target"]) for each in predicted["plan"]] == [
        ("transfer_leadership", "hbase-master-1:19200")]
    assert raft.actions == []
    assert run("alluxio_quorum", exclude_node="node0", **IDENTITY)["leader"] == "hbase-master-1"
    assert not run("alluxio_quorum", exclude_node="node0", **IDENTITY)["changed"]
    assert not run("alluxio_quorum", check=True, exclude_node="node0", **IDENTITY)["changed"]


def test_masters_that_are_all_on_that_node_keep_their_leader(run, raft):
    for index in range(3):
        raft.cluster.change(kinds.POD, f"hbase-master-{index}", NAMESPACE, {"spec": {"nodeName": "node0"}})
    result = run("alluxio_quorum", exclude_node="node0", **IDENTITY)
    assert "hbase-master-0 leads on node node0 and no master of AlluxioRuntime hbase" in result["msg"]
    assert raft.actions == []


def test_a_timeout_reports_the_actions(run, raft):
    raft.lose(2)
    raft.heals = set()
    result = run("alluxio_quorum", wait_timeout=90, **IDENTITY)
    assert result["failed"] and result["changed"]
    assert [each["action"] for each in result["actions"]] == ["transfer_leadership", "restart_peer"]
    assert ("timed out after 90 s while waiting for the MASTER quorum of AlluxioRuntime hbase in "
            "namespace data") in result["msg"]


@pytest.mark.parametrize(("masters", "options", "message"), [
    pytest.param(3, {"leader": "hbase-master-3"},
                 "leader hbase-master-3 is no master of AlluxioRuntime hbase in namespace data, which has "
                 "hbase-master-0, hbase-master-1, hbase-master-2", id="no-peer"),
    pytest.param(1, {}, "has a single master, which has no quorum", id="single"),
    pytest.param(None, {}, "AlluxioRuntime hbase in namespace data does not exist", id="no-runtime"),
])
def test_refused(cluster, run, raft, masters, options, message):
    if masters is None:
        cluster.vanish(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE)
    else:
        cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE,
                       {"spec": {"master": {"replicas": masters}}})
    result = run("alluxio_quorum", **IDENTITY, **options)
    assert message in result["msg"]
    assert (raft.actions, cluster.writes()) == ([], [])


@pytest.mark.parametrize(("started", "refused"),
                         [("2026-11-23T11:00:00Z", True), ("2026-11-23T11:30:00Z", False)],
                         ids=["before-masters-were-added", "since"])
def test_a_leader_that_clients_do_not_know_is_refused(cluster, run, raft, started, refused):
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {"spec": {"master": {"replicas": 5}}})
    for index in (3, 4):
        raft.put_service(index)
        raft.put_pod(index)
        for domain in PORTS:
            raft.states[domain][address(domain, index)] = "AVAILABLE"
    cluster.put(kinds.STATEFUL_SET,
                {"metadata": {
                    "name": "hbase-master", "namespace": NAMESPACE,
                    "annotations": {"datacache.fluid/masters-known-by-clients": "3 2026-11-23T11:10:00Z"}},
                 "spec": {"replicas": 5, "template": {"spec": {}}}})
    cluster.put(kinds.POD, {
        "metadata": {"name": "hbase-worker-0", "namespace": NAMESPACE,
                     "labels": {"release": "hbase", "role": "alluxio-worker"}},
        "status": {
            "containerStatuses": [{"name": "alluxio-worker", "state": {"running": {"startedAt": started}}}]}})
    result = run("alluxio_quorum", leader="hbase-master-3", **IDENTITY)
    if refused:
        assert "hbase-master-3 was added after worker hbase-worker-0 had started" in result["msg"]
        assert raft.actions == []
    else:
        assert result["leader"] == "hbase-master-3"


@pytest.mark.parametrize("other", [{"leader": "hbase-master-0"}, {"exclude_node": "node0"}])
def test_rebuild_alone(cluster, run, raft, other):
    result = run("alluxio_quorum", rebuild="hbase-master-1", **other, **IDENTITY)
    assert "parameters are mutually exclusive: rebuild|" in result["msg"]
    assert cluster.requests == []


def test_a_master_that_takes_part_is_not_rebuilt(cluster, run, raft):
    for check in (True, False):
        assert not run("alluxio_quorum", check=check, rebuild="hbase-master-1", **IDENTITY)["changed"]
    assert cluster.writes() == []


def test_a_master_without_a_lost_node_is_not_rebuilt(cluster, run, raft, recorded):
    raft.put_rendered(cluster, recorded)
    cluster.put(kinds.NODE, {"metadata": {"name": "node1"}})
    raft.lose(1)
    raft.lose(1, "JOB_MASTER")
    result = run("alluxio_quorum", rebuild="hbase-master-1", **IDENTITY)
    assert result["failed"] and not result.get("changed")
    assert "run: kubectl taint nodes node1 node.kubernetes.io/out-of-service" in result["msg"]
    assert (raft.actions, cluster.writes()) == ([], [])
