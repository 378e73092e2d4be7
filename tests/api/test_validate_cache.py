# SPDX-License-Identifier: GPL-3.0-or-later
"""A cache validated on a real API server.

The nodes alone are read, neither Fluid's kinds nor the namespace, and nothing is written.
"""

import pytest
from raw_api import FLUID

IDENTITY = {"name": "hbase", "namespace": "not-created-yet"}
COLLECTION = "/api/v1/nodes"
NODES = ("GET", COLLECTION)
RUNTIME = ("GET", f"{FLUID}/namespaces/not-created-yet/alluxioruntimes/hbase")


@pytest.fixture
def pool(api, namespace, fluid_runs):
    """Three Ready nodes with a label of the test's own. The API server gives new nodes a taint."""
    if fluid_runs:
        pytest.skip("controllers run here and would take nodes without a kubelet for broken ones")
    names = [f"{namespace}-{index}" for index in range(3)]
    for name in names:
        api.create(COLLECTION, {"metadata": {"name": name, "labels": {"pool": namespace}}})
        set_node(api, name, {"spec": {"taints": None}}, ready="True")
    yield names
    for name in names:
        api.delete(f"{COLLECTION}/{name}")


def set_node(api, name, patch, ready):
    api.patch(f"{COLLECTION}/{name}", patch)
    api.patch(f"{COLLECTION}/{name}/status", {"status": {"conditions": [{"type": "Ready", "status": ready}]}})


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
    assert f"and 0 of {nodes} nodes accept them (none" in message
    assert sent == [NODES, RUNTIME]


def test_options_that_are_refused_cost_no_request(fail, sent, cache):
    assert "master_replicas is 2, an even number" in fail("validate_cache", **cache(master_replicas=2))["msg"]
    assert sent == []


# A person sets this one; Kubernetes removes those of its own from a node that is Ready.
TAINT = {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}


@pytest.mark.parametrize(("damage", "ready", "why"), [
    ({"spec": {"unschedulable": True}}, "True", "is cordoned"),
    ({"spec": {"taints": [TAINT]}}, "True", "has the taint node.kubernetes.io/out-of-service:NoExecute"),
    ({}, "Unknown", "is not Ready"),
], ids=["cordoned", "tainted", "down"])
def test_a_damaged_node_hinders_only_masters_that_have_to_be_placed(
        succeed, fail, api, namespace, pool, cache, damage, ready, why):
    options = cache(master_replicas=3, worker_replicas=2, master={"node_selector": {"pool": namespace}})
    for part in ("dataset", "runtime", "volume"):
        options[part]["namespace"] = namespace
    set_node(api, pool[2], damage, ready)
    assert f"{pool[2]} {why}" in fail("validate_cache", **options)["msg"]

    succeed("alluxio_runtime", name="hbase", master_replicas=3, network_mode="ContainerNetwork")
    [warning] = succeed("validate_cache", **options)["warnings"]
    assert "exists and keeps its masters" in warning and f"{pool[2]} {why}" in warning


def test_the_tolerations_of_the_dataset_open_a_pool(succeed, fail, api, namespace, pool, cache):
    options = cache(master_replicas=3, master={"node_selector": {"pool": namespace}})
    for name in pool:
        set_node(api, name, {"spec": {"taints": [{"key": "pool", "effect": "NoSchedule"}]}}, ready="True")
    assert "has the taint pool:NoSchedule, which is not tolerated" in fail("validate_cache", **options)["msg"]
    options["dataset"]["tolerations"] = [{"key": "pool", "operator": "Exists"}]
    assert succeed("validate_cache", **options)["warnings"] == []
