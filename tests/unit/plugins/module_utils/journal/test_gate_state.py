# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate is closed once."""

from ansible_collections.datacache.fluid.plugins.module_utils.journal import gate, gate_state
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef


def test_it_is_closed_once(cluster):
    cluster.put(kinds.CONFIG_MAP, {"metadata": {"name": "hbase-config", "namespace": "data"},
                                   "data": {"ALLUXIO_JAVA_OPTS": "-Da=b"}})
    for _run in range(2):
        gate_state.close(cluster, ObjectRef("data", "hbase"))
    assert cluster.stored(kinds.CONFIG_MAP, "hbase-config", "data")["data"] == {
        "ALLUXIO_JAVA_OPTS": "-Da=b", gate.FORMED: "true"}
    assert cluster.writes() == [("patch", "configmaps")]
