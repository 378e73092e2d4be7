# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of masters whose log nobody gives."""

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import AVAILABLE, Peer, Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ServerUnavailable
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters


def test_the_quorum_is_read_though_the_kubelet_of_the_leader_gives_no_log(cluster, monkeypatch):
    """The leader serves; its node's kubelet is down, so the API server answers with 502."""
    def log(*_args, **_options):
        raise ServerUnavailable("the API server answered get of log with 502: connection refused", 502)
    monkeypatch.setattr(cluster, "log", log)
    quorum = Quorum("hbase-master-0:19200", (Peer("hbase-master-0:19200", AVAILABLE, leader=True),))
    masters = Masters(cluster, ObjectRef("data", "hbase"))
    found = masters.with_term(quorum, "MASTER", [{"metadata": {"name": "hbase-master-0"}}])
    assert found == quorum


def test_a_heal_goes_on_without_the_permission_to_read_logs(cluster):
    """FakeCluster.log raises Forbidden for a pod without a log, as RBAC does."""
    assert Masters(cluster, ObjectRef("data", "hbase")).has_conflict("hbase-master-1") is False
