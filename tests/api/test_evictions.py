# SPDX-License-Identifier: GPL-3.0-or-later
"""The budget of the masters, and what the API server answers to evictions of them.

No node runs the pods: their StatefulSet is Kubernetes' own, and their status the test's.
"""

import time

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api.connection import connect
from ansible_collections.datacache.fluid.plugins.module_utils.errors import DisruptionForbidden
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.module import arguments

LABELS = {"release": "hbase", "role": "alluxio-master"}
THREE = {"name": "hbase", "master_replicas": 3, "network_mode": "ContainerNetwork",
         "stable_peer_addresses": False}
SECONDS = 30

pytestmark = pytest.mark.usefixtures("fluid")


@pytest.fixture
def client(kubeconfig):
    options = {name: option.get("default") for name, option in arguments.connection().items()}
    return connect({**options, "kubeconfig": kubeconfig})


def until(look):
    deadline = time.monotonic() + SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


@pytest.fixture
def budget(api, namespace):
    return lambda: api.get(f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets/hbase-masters")


@pytest.fixture
def masters(api, namespace):
    """Three pods that are ready, and a function that reads one back."""
    pods = f"/api/v1/namespaces/{namespace}/pods/hbase-master-"
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "master", "image": "none"}]}}
    api.create(f"/apis/apps/v1/namespaces/{namespace}/statefulsets", {
        "metadata": {"name": "hbase-master"},
        "spec": {"replicas": 3, "selector": {"matchLabels": LABELS}, "serviceName": "hbase-master",
                 "podManagementPolicy": "Parallel", "template": template}})
    for index in range(3):
        until(lambda path=f"{pods}{index}": api.get(path))
        api.patch(f"{pods}{index}/status", {"status": {
            "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})
    return lambda index: api.get(f"{pods}{index}")


def test_one_master_is_evicted_at_a_time(succeed, namespace, client, masters, budget):
    succeed("alluxio_runtime", **THREE)
    until(lambda: budget()["status"].get("disruptionsAllowed") == 1)
    first, second = masters(0), masters(1)
    refs = [ObjectRef(namespace, pod["metadata"]["name"]) for pod in (first, second)]
    assert client.evict(ObjectRef(namespace, "no-master"), "uid") is False
    assert client.evict(refs[0], first["metadata"]["uid"]) is True
    sent = client.requests
    with pytest.raises(DisruptionForbidden, match="hbase-masters needs 2 healthy pods and has 2 currently"):
        client.evict(refs[1], second["metadata"]["uid"])
    assert client.requests == sent + 1


def test_a_pod_that_was_replaced_stays(namespace, client, masters):
    """Without a budget: with one, the API server counts the attempt as a disruption for two minutes."""
    ref = ObjectRef(namespace, masters(0)["metadata"]["name"])
    assert client.evict(ref, masters(1)["metadata"]["uid"]) is False
    assert "deletionTimestamp" not in masters(0)["metadata"]


def test_a_second_budget_forbids_each_eviction(api, succeed, namespace, client, masters):
    succeed("alluxio_runtime", **THREE)
    api.create(f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets", {
        "metadata": {"name": "platform"}, "spec": {"minAvailable": 2, "selector": {"matchLabels": LABELS}}})
    pod = masters(0)
    ref, uid = ObjectRef(namespace, pod["metadata"]["name"]), pod["metadata"]["uid"]
    with pytest.raises(DisruptionForbidden, match="more than one PodDisruptionBudget"):
        client.evict(ref, uid)
    assert succeed("alluxio_runtime", **THREE)["changed"]  # ours is left out
    until(lambda: api.get(f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets/platform")[
        "status"].get("disruptionsAllowed") == 1)
    assert client.evict(ref, uid) is True


def test_the_budget_goes_with_the_runtime(succeed, budget):
    succeed("alluxio_runtime", **THREE)
    assert budget()["metadata"]["ownerReferences"][0]["kind"] == "AlluxioRuntime"
    succeed("alluxio_runtime", state="absent", **THREE)
    until(lambda: budget() is None)
