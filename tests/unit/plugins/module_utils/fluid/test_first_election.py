# SPDX-License-Identifier: GPL-3.0-or-later
"""The first election of masters with a raft profile."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import durations
from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.properties import heartbeat_interval
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import runtime


@pytest.mark.parametrize("raft", [
    {"profile": "balanced"}, {"profile": "fast"},
    {"profile": "balanced", "election_timeout_min": "10s", "election_timeout_max": "20s"},
    {"profile": "balanced", "election_timeout_min": "30s", "election_timeout_max": "60s"},
])
def test_a_master_that_starts_hears_a_heartbeat_before_its_first_election(raft):
    spec = runtime.manifest({"name": "hbase", "namespace": "data", "master_replicas": 3, "worker_replicas": 1,
                             "network_mode": "HostNetwork", "raft": raft})["spec"]
    first = next(durations.seconds(key, value) for key, value in spec["properties"].items()
                 if "first-election" in key and key.endswith("min"))
    assert first > heartbeat_interval(spec["properties"])
