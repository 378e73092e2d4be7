# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of alluxio_quorum_info: what it reads, and in how many requests."""

import pytest
from fake_raft import CONTAINERS, address

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import Peer, Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import info


@pytest.fixture
def read(cluster, params):
    """Read the quorums with options."""
    def run(priorities=False):
        return info.read(cluster, params(priorities=priorities), False,
                         Reporter(lambda _text: None, lambda _text: None))
    return run


def test_both_quorums_are_read_with_one_list_of_pods(cluster, raft, read, monkeypatch):
    asked = []
    monkeypatch.setattr(Masters, "quorum", lambda _self, domain, pods: (
        asked.append((domain, len(pods))) or raft.quorum(domain)[0], "hbase-master-0"))
    cluster.logs = {("hbase-master-0", name): "" for name in CONTAINERS.values()}
    result = read()
    assert asked == [("MASTER", 3), ("JOB_MASTER", 3)]
    assert (result["masters"]["leader"], result["job_masters"]["leader"]) == (
        address("MASTER", 0), address("JOB_MASTER", 0))
    assert (result["changed"], result["answered_by"],
            result["unstable_addresses"]) == (False, "hbase-master-0", [])
    assert cluster.requests.count(("list", "pods")) == 1


def test_priorities_are_read_on_request(cluster, raft, read, monkeypatch):
    monkeypatch.setattr(Masters, "quorum", lambda _self, domain, _pods: (
        raft.quorum(domain)[0], "hbase-master-0"))
    monkeypatch.setattr(Masters, "_ask_command", lambda _self, domain, _pods: (Quorum(None, tuple(
        Peer(address(domain, index), "AVAILABLE", priority=index) for index in range(2))), "hbase-master-0"))
    cluster.logs = {("hbase-master-0", name): "" for name in CONTAINERS.values()}
    assert [peer["priority"] for peer in read()["masters"]["peers"]] == [None, None, None]
    assert [peer["priority"] for peer in read(priorities=True)["masters"]["peers"]] == [0, 1, None]


def test_a_single_master_has_no_job_quorum(raft, put_runtime, read, monkeypatch):
    put_runtime(1)
    one = Quorum("hbase-master-0:19998", (Peer("hbase-master-0:19998", "AVAILABLE", leader=True),))
    monkeypatch.setattr(Masters, "single", lambda _self: (one, "hbase-master-0"))
    result = read()
    assert (result["masters"]["size"], result["job_masters"]) == (1, None)
