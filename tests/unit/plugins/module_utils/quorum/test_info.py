# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of alluxio_quorum_info: what it reads, and in how many requests."""

import pytest
from fake_raft import CONTAINERS, NAMESPACE, FakeRaft, address

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import Peer, Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline, pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import healer, info

PARAMS = {"name": "hbase", "namespace": NAMESPACE, "leader": None, "exclude_node": None,
          "stable_peer_addresses": True, "wait_timeout": 90}


@pytest.fixture
def raft(cluster, monkeypatch):
    made = FakeRaft(cluster)
    monkeypatch.setattr(healer, "Masters", lambda *_args: made)
    monkeypatch.setattr(pod_exec, "execute", lambda *_args: ExecResult(0, "", ""))
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", cluster.virtual_clock())
    put_runtime(cluster, 3)
    return made


def put_runtime(cluster, masters):
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {
        "metadata": {"name": "hbase", "namespace": NAMESPACE}, "spec": {"master": {"replicas": masters}}})


def read(cluster):
    return info.read(cluster, PARAMS, False, Reporter(lambda _text: None, lambda _text: None))


def test_both_quorums_are_read_with_one_list_of_pods(cluster, raft, monkeypatch):
    asked = []
    monkeypatch.setattr(Masters, "quorum", lambda _self, domain, pods: (
        asked.append((domain, len(pods))) or raft.quorum(domain)[0], "hbase-master-0"))
    cluster.logs = {("hbase-master-0", name): "" for name in CONTAINERS.values()}
    result = read(cluster)
    assert asked == [("MASTER", 3), ("JOB_MASTER", 3)]
    assert (result["masters"]["leader"], result["job_masters"]["leader"]) == (
        address("MASTER", 0), address("JOB_MASTER", 0))
    assert (result["changed"], result["answered_by"],
            result["unstable_addresses"]) == (False, "hbase-master-0", [])
    assert cluster.requests.count(("list", "pods")) == 1


def test_a_single_master_has_no_job_quorum(cluster, raft, monkeypatch):
    put_runtime(cluster, 1)
    one = Quorum("hbase-master-0:19998", (Peer("hbase-master-0:19998", "AVAILABLE", leader=True),))
    monkeypatch.setattr(Masters, "single", lambda _self: (one, "hbase-master-0"))
    result = read(cluster)
    assert (result["masters"]["size"], result["job_masters"]) == (1, None)
