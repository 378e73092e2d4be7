# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the modules' functions share: a runtime whose masters are groups in memory."""

import pytest
from fake_raft import NAMESPACE, FakeRaft

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline, pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import healer


@pytest.fixture
def put_runtime(cluster):
    """Put the runtime with that number of masters."""
    def put(masters):
        cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {
            "metadata": {"name": "hbase", "namespace": NAMESPACE},
            "spec": {"master": {"replicas": masters}}})
    return put


@pytest.fixture
def raft(cluster, put_runtime, monkeypatch):
    """Three masters that reach each other, in the time of the cluster."""
    made = FakeRaft(cluster)
    monkeypatch.setattr(healer, "Masters", lambda *_args: made)
    monkeypatch.setattr(pod_exec, "execute", lambda *_args: ExecResult(0, "", ""))
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", cluster.virtual_clock())
    put_runtime(3)
    return made


@pytest.fixture
def params():
    """The options of the modules, with some of them given."""
    def give(**given):
        return {"name": "hbase", "namespace": NAMESPACE, "leader": None, "exclude_node": None,
                "rebuild": None, "stable_peer_addresses": True, "wait_timeout": 90, **given}
    return give
