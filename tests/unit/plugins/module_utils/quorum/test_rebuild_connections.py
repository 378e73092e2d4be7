# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a rebuild restarts followers only directly after a look that shows all masters there."""

import pytest
from fake_claims import FakeClaims
from fake_cluster import FakeCluster
from fake_masters import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline, pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.errors import WaitTimeout
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import ensure as quorum_ensure


def test_no_follower_restarts_while_the_rebuilt_master_is_away_again(recorded, monkeypatch):
    masters = FakeClaims(FakeCluster(), recorded, monkeypatch)
    cluster = masters.cluster
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", cluster.virtual_clock())
    monkeypatch.setattr(pod_exec, "execute", lambda *_args: ExecResult(0, "", ""))
    cluster.now = 60.0
    masters.keep = None
    old = masters.pod(1)["metadata"]["uid"]
    masters.lose_node(1)
    away = []

    def is_connected(_masters, pod, domain, address, port):
        now = masters.pod(1)
        if (now and now["metadata"]["uid"] != old and not away
                and all(all(group.values()) for group in masters.groups.values())
                and "hbase-master-1:23083" in masters.groups["MASTER"]):
            away.append(len(masters.ended))
            cluster.sleep(60)  # the guarded command waits for the API server
            masters._unavailable("hbase-master-1")
            cluster.change(kinds.POD, "hbase-master-1", NAMESPACE, {"status": {
                "conditions": [{"type": "Ready", "status": "False"}]}})
        return masters._is_connected(pod, domain, address, port)
    monkeypatch.setattr(Masters, "is_connected", is_connected)
    params = {"name": "hbase", "namespace": NAMESPACE, "leader": None, "exclude_node": None,
              "stable_peer_addresses": True, "rebuild": "hbase-master-1", "wait_timeout": 300}
    with pytest.raises(WaitTimeout):
        quorum_ensure.ensure(cluster, params, False, Reporter(lambda _text: None, lambda _text: None))
    assert away, masters.actions
    assert [each for each in masters.ended[away[0]:] if each[2] > 1] == []
