# SPDX-License-Identifier: GPL-3.0-or-later
"""A runtime whose masters' journal changes its type.

Dry runs, preconditions and defaults are those of a real API server.
"""

import pytest
from outcomes import outcome

OWN = {"name": "hbase", "network_mode": "ContainerNetwork", "stable_peer_addresses": False}
LEVEL = {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi"}


@pytest.fixture
def single(succeed, fluid, existing):
    """A runtime with a single master that the controller has taken over."""
    succeed("alluxio_runtime", labels={"team": "search"}, **OWN)
    fluid.write_back("hbase")
    return existing("alluxioruntimes")


@pytest.fixture
def put_pod(api, namespace):
    """Make a pod that uses the claim; no node takes it, so it stays Pending."""
    def put(name):
        api.create(f"/api/v1/namespaces/{namespace}/pods", {
            "metadata": {"name": name}, "spec": {
                "nodeSelector": {"no": "such-node"}, "containers": [{"name": "c", "image": "none"}],
                "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "hbase"}}]}})
    return put


def test_there_and_back(succeed, fail, existing, fluid, single, namespace):
    before = single
    for masters in (3, 1):
        options = {**OWN, "master_replicas": masters, "tieredstore": [LEVEL],
                   "annotations": {"note": str(masters)}}
        assert f"set recreate: {namespace}/hbase" in fail("alluxio_runtime", **options)["msg"]
        predicted = succeed("alluxio_runtime", check=True, recreate=f"{namespace}/hbase", **options)
        assert existing("alluxioruntimes") == before, "check mode changed the object"
        done = succeed("alluxio_runtime", recreate=f"{namespace}/hbase", **options)
        assert outcome(done) == outcome(predicted)
        assert done["diff"]["after"]["spec"]["master"] == {"replicas": masters}
        after = existing("alluxioruntimes")
        assert after["metadata"]["uid"] != before["metadata"]["uid"]
        assert (after["spec"]["master"]["replicas"], "labels" in after["metadata"]) == (masters, False)
        assert not succeed("alluxio_runtime", recreate=f"{namespace}/hbase", **options)["changed"]
        fluid.write_back("hbase")
        before = existing("alluxioruntimes")
        assert not succeed("alluxio_runtime", recreate=f"{namespace}/hbase", **options)["changed"]


def test_a_pod_that_uses_the_claim_leaves_it_untouched(fail, existing, put_pod, single, namespace):
    put_pod("reader")
    for check in (True, False):
        message = fail("alluxio_runtime", check=check, master_replicas=3, recreate=f"{namespace}/hbase",
                       **OWN)["msg"]
        assert "cannot be recreated while pods use its claim hbase" in message and "reader" in message
    assert existing("alluxioruntimes") == single


def test_what_the_schema_refuses_leaves_it_untouched(fail, existing, single, namespace):
    options = {**OWN, "spec_overrides": {"data": {"replicas": "no-number"}}}
    for check in (True, False):
        assert "was refused" in fail("alluxio_runtime", check=check, master_replicas=3,
                                     recreate=f"{namespace}/hbase", **options)["msg"]
    assert existing("alluxioruntimes") == single


@pytest.mark.usefixtures("single")
def test_a_deletion_that_is_held_is_gone_on_with(succeed, fail, existing, fluid, namespace):
    fluid.take_up("alluxioruntimes", "hbase")
    options = {**OWN, "master_replicas": 3, "recreate": f"{namespace}/hbase", "wait_timeout": 2}
    result = fail("alluxio_runtime", **options)
    assert result["changed"]
    assert "to be absent: it still exists, held by alluxio-runtime-controller-finalizer" in result["msg"]
    held = existing("alluxioruntimes")
    predicted = succeed("alluxio_runtime", check=True, **options)
    assert existing("alluxioruntimes") == held, "check mode changed the object"
    fluid.later(2, lambda: fluid.let_go("alluxioruntimes", "hbase"))
    assert outcome(succeed("alluxio_runtime", **{**options, "wait_timeout": 30})) == outcome(predicted)
    assert existing("alluxioruntimes")["spec"]["master"]["replicas"] == 3
