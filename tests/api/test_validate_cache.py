# SPDX-License-Identifier: GPL-3.0-or-later
"""A cache validated on a real API server.

The nodes alone are read, neither Fluid's kinds nor the namespace, and nothing is written.
"""

import pytest

IDENTITY = {"name": "hbase", "namespace": "not-created-yet"}
NODES = ("GET", "/api/v1/nodes")


@pytest.fixture
def cache():
    """The options of the module for a runtime with these options. It has no namespace of its own."""
    def options(**runtime):
        mounts = [{"name": "hbase", "mount_point": "https://host/hbase/"}]
        return {"namespace": None, "dataset": {**IDENTITY, "mounts": mounts},
                "runtime": {**IDENTITY, **runtime},
                "volume": {**IDENTITY, "capacity": "100Gi"}, "wait_timeout": 900}
    return options


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_neither_fluid_nor_the_namespace_is_asked_for(succeed, api, sent, cache, check):
    result = succeed("validate_cache", check=check,
                     **cache(master_replicas=3, network_mode="ContainerNetwork"))
    assert (result["changed"], result["warnings"]) == (False, [])
    assert sent == []
    assert api.get("/api/v1/namespaces/not-created-yet") is None


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_the_nodes_are_the_servers_own(fail, api, sent, cache, check):
    nodes = len(api.request("GET", "/api/v1/nodes")["items"])
    message = fail("validate_cache", check=check,
                   **cache(master={"node_selector": {"no": "such-node"}}))["msg"]
    assert message.startswith(
        "AlluxioRuntime hbase in namespace not-created-yet: 1 masters with network_mode HostNetwork need")
    assert f"and 0 of {nodes} nodes accept them (none)" in message
    assert sent == [NODES]


def test_options_that_are_refused_cost_no_request(fail, sent, cache):
    assert "master_replicas is 2, an even number" in fail("validate_cache", **cache(master_replicas=2))["msg"]
    assert sent == []
