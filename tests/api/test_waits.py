# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting on the real API server's watches, while a stand-in writes what Fluid's controllers would."""

import re
import time

import pytest
from fluid_stand_in import counts

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import status

SOON = 0.3  # seconds until the stand-in writes
MUCH_LATER = 60


@pytest.fixture
def runtime(succeed):
    """A runtime, so that its Dataset can be bound."""
    succeed("alluxio_runtime", name="hbase")


@pytest.fixture
def dataset(succeed):
    """A Dataset, so that Fluid creates the pods of its runtime."""
    succeed("dataset", name="hbase")


def promptly(action):
    """Run something that must end long before its timeout."""
    began = time.monotonic()
    result = action()
    assert time.monotonic() - began < MUCH_LATER / 4
    return result


@pytest.mark.usefixtures("runtime")
def test_a_dataset_that_is_bound_later(succeed, fluid):
    fluid.later(SOON, lambda: fluid.status("datasets", "hbase", phase="Bound", conditions=[]))
    result = promptly(lambda: succeed("dataset", name="hbase", wait=True, wait_timeout=MUCH_LATER))
    assert (result["changed"], result["result"]["status"]["phase"]) == (True, "Bound")


@pytest.mark.usefixtures("runtime")
def test_waiting_for_what_is_so_already_changes_nothing(succeed, fluid, sent):
    succeed("dataset", name="hbase")
    fluid.status("datasets", "hbase", phase="Bound", conditions=[])
    sent.clear()
    result = succeed("dataset", name="hbase", wait=True)
    assert not result["changed"]
    assert len(sent) <= 3


NOT_READY = {"type": "Ready", "status": "False", "message": "no such bucket",
             "lastTransitionTime": "2026-11-26T10:00:00Z"}


@pytest.mark.usefixtures("runtime")
def test_a_failed_phase_that_lasts_fails(fail, fluid, monkeypatch):
    monkeypatch.setattr(status, "FAILED_COUNTS_AFTER", 2.0)
    fluid.later(SOON, lambda: fluid.status("datasets", "hbase", phase="Failed", conditions=[NOT_READY]))
    result = promptly(lambda: fail("dataset", name="hbase", wait=True, wait_timeout=MUCH_LATER))
    assert re.search(r"to be Bound: its phase is Failed since 2026-11-26T10:00:00Z \(no such bucket\), "
                     r"for [2-9] s$", result["msg"])
    assert (result["changed"], result["result"]["status"]["phase"]) == (True, "Failed")


@pytest.mark.usefixtures("runtime")
def test_a_failed_phase_that_the_next_sync_corrects_is_waited_out(succeed, fluid):
    fluid.later(SOON, lambda: fluid.status("datasets", "hbase", phase="Failed", conditions=[NOT_READY]))
    fluid.later(2 * SOON + 1, lambda: fluid.status("datasets", "hbase", phase="Bound", conditions=[]))
    result = promptly(lambda: succeed("dataset", name="hbase", wait=True, wait_timeout=MUCH_LATER))
    assert result["result"]["status"]["phase"] == "Bound"


def test_nothing_to_bind_it_fails_at_once(fail, fluid, namespace):
    result = promptly(lambda: fail("dataset", name="hbase", wait=True, wait_timeout=MUCH_LATER))
    assert f"no runtime hbase exists in namespace {namespace} to bind it" in result["msg"]
    assert result["changed"]


@pytest.mark.usefixtures("runtime")
def test_a_timeout_tells_how_far_it_got(fail, fluid, api, namespace):
    api.create(f"/api/v1/namespaces/{namespace}/pods", {
        "metadata": {"name": "hbase-master-0", "labels": {"release": "hbase"}},
        "spec": {"nodeSelector": {"no": "node"},
                 "containers": [{"name": "alluxio-master", "image": "none"}]}})
    api.patch(f"/api/v1/namespaces/{namespace}/pods/hbase-master-0/status", {"status": {"conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
         "message": "0/3 nodes are available"}]}})
    api.create(f"/api/v1/namespaces/{namespace}/events", {
        "metadata": {"name": "hbase-master-0.1"}, "type": "Warning", "reason": "FailedScheduling",
        "message": "0/3 nodes are available",
        "involvedObject": {"kind": "Pod", "name": "hbase-master-0", "namespace": namespace},
        "lastTimestamp": "2026-11-23T11:00:00Z"})
    fluid.later(SOON, lambda: fluid.status("datasets", "hbase", phase="NotBound", conditions=[]))
    result = fail("dataset", name="hbase", wait=True, wait_timeout=1)
    assert (f"timed out after 1 s while waiting for Dataset hbase in namespace {namespace} to be Bound: "
            "its phase is NotBound") in result["msg"]
    assert result["findings"] == [
        "pod hbase-master-0: not scheduled: 0/3 nodes are available",
        "event on Pod hbase-master-0: FailedScheduling: 0/3 nodes are available",
        "the playbook diagnose (module cache_diagnosis) reads the logs too and names the probable cause"]


def test_another_phase(succeed, fluid):
    fluid.later(SOON, lambda: fluid.status("datasets", "hbase", phase="NotBound", conditions=[]))
    result = succeed("dataset", name="hbase", wait=True, wait_phase="NotBound", wait_timeout=MUCH_LATER)
    assert result["result"]["status"]["phase"] == "NotBound"


def test_a_field(succeed, fluid):
    fluid.later(SOON,
                lambda: fluid.status("datasets", "hbase", phase="Bound", conditions=[],
                                     cacheStates={"cachedPercentage": "100.0%"}))
    desired = {"path": "status.cacheStates.cachedPercentage", "value": "100.0%"}
    result = succeed("dataset", name="hbase", wait=True, wait_for=desired, wait_timeout=MUCH_LATER)
    assert result["result"]["status"]["cacheStates"]["cachedPercentage"] == "100.0%"


@pytest.mark.usefixtures("dataset")
def test_a_runtime_with_a_single_master(succeed, fluid):
    fluid.later(SOON, lambda: fluid.status("alluxioruntimes", "hbase", **counts(1, 1)))
    fluid.later(SOON * 2, lambda: fluid.status("alluxioruntimes", "hbase", **counts(1, 2)))
    result = promptly(lambda: succeed("alluxio_runtime", name="hbase", worker_replicas=2,
                                      stable_peer_addresses=False, wait=True,
                                      wait_timeout=MUCH_LATER))
    assert result["result"]["status"]["workerNumberReady"] == 2


@pytest.mark.usefixtures("dataset")
def test_ready_masters_are_not_yet_a_quorum(succeed, fail, fluid):
    """No master runs here, so none can be asked: that is said, and three ready pods alone are not enough."""
    options = {"name": "hbase", "master_replicas": 3, "network_mode": "ContainerNetwork",
               "stable_peer_addresses": False}
    succeed("alluxio_runtime", **options)
    fluid.later(SOON, lambda: fluid.status("alluxioruntimes", "hbase", **counts(3, 1)))
    result = fail("alluxio_runtime", wait=True, wait_timeout=2, **options)
    assert "for the MASTER quorum of AlluxioRuntime hbase" in result["msg"]
    assert "there is no master pod" in result["msg"]


@pytest.mark.usefixtures("dataset")
def test_masters_that_fluid_does_not_make_are_named(fail, fluid):
    result = fail("alluxio_runtime", name="hbase", master_replicas=3, network_mode="ContainerNetwork",
                  wait=True, wait_timeout=2)
    assert result["changed"]
    assert "StatefulSet hbase-master in namespace" in result["msg"]
    assert "to exist: Fluid has not created it yet" in result["msg"]


def test_a_runtime_without_its_dataset_fails_at_once(fail, fluid):
    result = promptly(lambda: fail("alluxio_runtime", name="hbase", wait=True, wait_timeout=MUCH_LATER))
    assert result["changed"] and "no Dataset hbase exists in namespace" in result["msg"]


def test_volume_and_claim_that_come_later(succeed, fluid):
    succeed("dataset", name="hbase")
    succeed("alluxio_runtime", name="hbase")
    fluid.later(SOON, lambda: fluid.bind("hbase"))
    result = promptly(lambda: succeed("dataset_volume", name="hbase", wait=True, wait_timeout=MUCH_LATER,
                                      labels={"team": "x"}))
    assert result["persistent_volume"]["status"]["phase"] == "Bound"
    volume = result["persistent_volume"]["metadata"]
    assert result["persistent_volume_claim"]["spec"]["volumeName"] == volume["name"]
    assert volume["labels"]["team"] == "x"


def test_a_volume_that_nothing_makes_fails_at_once(succeed, fail, fluid, namespace):
    succeed("dataset", name="hbase")
    result = promptly(lambda: fail("dataset_volume", name="hbase", wait=True, wait_timeout=MUCH_LATER))
    assert f"no runtime hbase exists in namespace {namespace} to bind it" in result["msg"]


def test_pods_that_use_the_claim(succeed, fluid, api, namespace):
    succeed("dataset", name="hbase")
    fluid.bind("hbase")
    api.create(f"/api/v1/namespaces/{namespace}/pods", {
        "metadata": {"name": "nginx"}, "spec": {
            "nodeSelector": {"no": "node"}, "containers": [{"name": "nginx", "image": "none"}],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "hbase"}}]}})
    assert succeed("dataset_volume", name="hbase")["pods"] == [
        {"name": "nginx", "namespace": namespace, "phase": "Pending", "node": ""}]


# -- absence -----------------------------------------------------------------------------------


def test_a_deletion_waits_for_fluids_finalizer(succeed, fluid, existing):
    succeed("dataset", name="hbase")
    fluid.take_up("datasets", "hbase")
    fluid.later(SOON, lambda: fluid.let_go("datasets", "hbase"))
    assert promptly(lambda: succeed("dataset", name="hbase", state="absent", wait=True,
                                    wait_timeout=MUCH_LATER))["changed"]
    assert existing("datasets") is None


def test_a_deletion_that_is_stuck_says_what_holds_it(succeed, fail, fluid, api, namespace):
    succeed("dataset", name="hbase")
    fluid.take_up("datasets", "hbase")
    api.create(f"/api/v1/namespaces/{namespace}/pods", {
        "metadata": {"name": "nginx"}, "spec": {
            "nodeSelector": {"no": "node"}, "containers": [{"name": "nginx", "image": "none"}],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "hbase"}}]}})
    result = fail("dataset", name="hbase", state="absent", wait=True, wait_timeout=1)
    assert "held by fluid-dataset-controller-finalizer (of dataset-controller)" in result["msg"]
    assert any(finding.startswith("pod nginx ") and "uses the claim hbase: delete it first" in finding
               for finding in result["findings"])
    assert any("Deployment dataset-controller" in finding for finding in result["findings"])
    assert result["changed"]


def test_a_list_is_waited_for_on_one_watch(succeed, run, fluid, sent, monkeypatch):
    monkeypatch.setattr(status, "FAILED_COUNTS_AFTER", 2.0)
    names = ["a", "b", "c"]
    succeed("alluxio_runtime", runtimes=[{"name": name} for name in names])
    for number, name in enumerate(names[:2]):
        fluid.later(SOON * (number + 1),
                    lambda name=name: fluid.status("datasets", name, phase="Bound", conditions=[]))
    fluid.later(SOON, lambda: fluid.status("datasets", "c", phase="Failed", conditions=[]))
    sent.clear()
    result = promptly(lambda: run("dataset", datasets=[{"name": name} for name in names], wait=True,
                                  wait_timeout=MUCH_LATER))
    assert result["failed"]
    assert [entry["result"]["status"]["phase"] for entry in result["results"]] == ["Bound", "Bound", "Failed"]
    assert "1 of 3 objects failed" in result["msg"]
