# SPDX-License-Identifier: GPL-3.0-or-later
"""What the state of live objects means; the objects without a note were recorded on a lab."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import Peer, Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import status as fluid_status
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import pods, predicates
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.wait_status import WaitStatus


def phase(name, *messages):
    return {"status": {"phase": name, "conditions": [{"message": message} for message in messages]}}


def test_a_recorded_bound_dataset(recorded):
    existing = recorded("dataset_bound.json")
    assert fluid_status.dataset_in_phase("Bound")(existing) == WaitStatus(True, "its phase is Bound (The ddc runtime is ready.)")


@pytest.mark.parametrize(("desired", "existing", "wait_status"), [
    pytest.param("Bound", phase("NotBound"), WaitStatus(False, "its phase is NotBound"), id="not-yet"),
    pytest.param("NotBound", phase("NotBound"), WaitStatus(True, "its phase is NotBound"), id="not-bound-is-wanted"),
    pytest.param("Bound", {}, WaitStatus(False, "it has no phase yet, so its controller has not seen it"), id="no-status"),
    pytest.param("Bound", phase("Pending", "waits", ""), WaitStatus(False, "its phase is Pending (waits)"), id="with-a-reason"),
    pytest.param("Bound", phase("Failed", "no such bucket"), WaitStatus(False, failed="its phase is Failed (no such bucket)"), id="failed"),
    pytest.param("Failed", phase("Failed"), WaitStatus(True, "its phase is Failed"), id="failed-is-wanted"),
    pytest.param("Bound", None, WaitStatus(False, failed="it does not exist any more"), id="gone"),
])
def test_dataset_in_phase(desired, existing, wait_status):
    assert fluid_status.dataset_in_phase(desired)(existing) == wait_status


def test_a_recorded_ready_runtime(recorded):
    existing = recorded("alluxio_runtime_ready.json")
    assert fluid_status.components(existing) == {
        "masters": {"ready": 3, "desired": 3}, "workers": {"ready": 2, "desired": 2}, "fuses": {"ready": 0, "desired": 0}}
    assert fluid_status.runtime_ready(existing) == WaitStatus(True, "3 of 3 masters ready, 2 of 2 workers ready")


@pytest.mark.parametrize(("spec", "status", "wait_status"), [
    pytest.param({}, {}, WaitStatus(False, "0 of 1 masters ready, 0 of 1 workers ready"), id="new"),
    pytest.param({"replicas": 2, "master": {"replicas": 3}}, {"masterNumberReady": 3, "workerNumberReady": 1},
                 WaitStatus(False, "3 of 3 masters ready, 1 of 2 workers ready"), id="a-worker-too-few"),
    pytest.param({"replicas": 3}, {"masterNumberReady": 1, "workerNumberReady": 2, "desiredWorkerNumberScheduled": 2},
                 WaitStatus(False, "1 of 1 masters ready, 2 of 3 workers ready"), id="status-of-before-the-change"),
    pytest.param({"replicas": 1}, {"masterNumberReady": 1, "workerNumberReady": 2},
                 WaitStatus(True, "1 of 1 masters ready, 2 of 1 workers ready"), id="one-more-than-wanted"),
    pytest.param({"replicas": 1, "master": {"replicas": 5}},
                 {"desiredMasterNumberScheduled": 3, "masterNumberReady": 3, "workerNumberReady": 1},
                 WaitStatus(True, "3 of 3 masters ready, 1 of 1 workers ready; 5 masters are declared, which alluxio_rollout applies"),
                 id="more-masters-are-declared-than-run"),
    pytest.param({"replicas": 1, "master": {"replicas": 3}},
                 {"desiredMasterNumberScheduled": 5, "masterNumberReady": 4, "workerNumberReady": 1},
                 WaitStatus(False, "4 of 5 masters ready, 1 of 1 workers ready; 3 masters are declared, which alluxio_rollout applies"),
                 id="fewer-masters-are-declared-than-run"),
])
def test_runtime_ready(spec, status, wait_status):
    assert fluid_status.runtime_ready({"spec": spec, "status": status}) == wait_status


def test_a_runtime_that_is_gone_fails_the_wait():
    assert fluid_status.runtime_ready(None).failed == "it does not exist any more"


def test_quorum_formed():
    peers = (Peer("a:1", "AVAILABLE", leader=True), Peer("b:1", "UNAVAILABLE"))
    assert fluid_status.quorum_formed(Quorum("a:1", peers[:1]), 1) == WaitStatus(True, "")
    assert fluid_status.quorum_formed(Quorum("a:1", peers), 2) == WaitStatus(False, "not AVAILABLE: b:1")


@pytest.mark.parametrize("name", ["persistent_volume_bound.json", "persistent_volume_claim_bound.json"])
def test_recorded_volumes_are_bound(recorded, name):
    assert predicates.bound(recorded(name)) == WaitStatus(True, "its phase is Bound")


@pytest.mark.parametrize(("existing", "wait_status"), [
    pytest.param(None, WaitStatus(False, "it does not exist yet"), id="none"),
    pytest.param(phase("Pending"), WaitStatus(False, "its phase is Pending"), id="pending"),
    pytest.param(phase("Available"), WaitStatus(False, "its phase is Available"), id="available"),
    pytest.param(phase("Lost"), WaitStatus(False, failed="its phase is Lost: no message"), id="lost"),
    pytest.param({"status": {"phase": "Failed", "message": "why"}}, WaitStatus(False, failed="its phase is Failed: why"), id="failed"),
])
def test_bound(existing, wait_status):
    assert predicates.bound(existing) == wait_status


def test_absent_tells_whose_finalizers_hold_a_recorded_dataset(recorded):
    assert fluid_status.absent(recorded("dataset_bound.json")) == WaitStatus(
        False, "it is still there, held by fluid-dataset-controller-finalizer (of dataset-controller)")


def test_absent_of_a_finalizer_that_is_not_known():
    existing = {"metadata": {"finalizers": ["a/b", "alluxio-runtime-controller-finalizer"]}}
    assert fluid_status.absent(existing).progress == (
        "it is still there, held by a/b, alluxio-runtime-controller-finalizer (of alluxioruntime-controller)")


def test_absent():
    assert fluid_status.absent(None) == WaitStatus(True)
    assert fluid_status.absent({"metadata": {}}).progress == "it is still there, held by nothing that it names"


@pytest.mark.parametrize(("path", "value", "done"), [
    pytest.param("status.phase", "Bound", True, id="equal"),
    pytest.param("status.phase", "NotBound", False, id="other"),
    pytest.param("status.cacheStates.cachedPercentage", "0.0%", True, id="nested"),
    pytest.param("status.fileNum", 15, True, id="number-in-yaml-and-text-in-the-api"),
    pytest.param("status.conditions[0].status", True, True, id="true-in-yaml-and-text-in-the-api"),
    pytest.param("status.conditions[?type=='Ready'].status | [0] == 'True'", True, True, id="a-question"),
    pytest.param("status.conditions[?type=='Ready'].status | [0] == 'True'", "true", True, id="true-as-a-template-writes-it"),
    pytest.param("status.hcfs.endpoint", None, True, id="anything-true"),
    pytest.param("status.nothing", None, False, id="anything-true-of-nothing"),
    pytest.param("status.nothing", "x", False, id="value-of-nothing"),
    pytest.param("length(status.nothing)", 1, False, id="an-expression-that-does-not-fit-yet"),
])
def test_field_is(recorded, path, value, done):
    assert predicates.field_is(path, value)(recorded("dataset_bound.json")).done is done


def test_field_is_tells_what_it_found(recorded):
    assert predicates.field_is("status.phase", "Bound")(recorded("dataset_not_bound.json")).progress == "status.phase is 'NotBound'"
    assert predicates.field_is("status.phase", "Bound")(None) == WaitStatus(False, "it does not exist yet")


def test_field_is_refuses_what_is_no_expression():
    with pytest.raises(InvalidInput, match=r"wait_for.path 'status\[' is not a JMESPath expression"):
        predicates.field_is("status[", "x")


@pytest.mark.parametrize(("status", "reason"), [
    pytest.param({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}, "", id="ready"),
    pytest.param({"phase": "Succeeded"}, "", id="ended-well"),
    pytest.param({"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]},
                 "not scheduled: 0/3 nodes are available", id="not-scheduled"),
    pytest.param({"conditions": [{"type": "PodScheduled", "status": "False"}]}, "not scheduled: no reason given",
                 id="not-scheduled-without-a-reason"),
    pytest.param({"containerStatuses": [{"name": "m", "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}]},
                 "container m waits: ErrImagePull not found", id="no-image"),
    pytest.param({"initContainerStatuses": [{"name": "i", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]},
                 "container i ended with exit code 1 (Error)", id="an-init-container-failed"),
    pytest.param({"phase": "Pending", "containerStatuses": [{"name": "m", "state": {"waiting": {"reason": "ContainerCreating"}}}]},
                 "phase Pending", id="still-creating"),
    pytest.param({"phase": "Running", "containerStatuses": [{"name": "m", "state": {"running": {}}}]}, "phase Running",
                 id="running-and-not-ready"),
    pytest.param({}, "phase unknown", id="no-status"),
])
def test_pod_trouble(status, reason):
    assert pods.unready_reason({"status": status}) == reason


def test_claims_of():
    volumes = [{"name": "a", "persistentVolumeClaim": {"claimName": "hbase"}}, {"name": "b", "emptyDir": {}}]
    assert pods.claims_of({"spec": {"volumes": volumes}}) == {"hbase"}
    assert pods.claims_of({"spec": {}}) == set()


@pytest.mark.parametrize(("status", "finished"), [("Running", False), ("Pending", False), ("Succeeded", True), ("Failed", True)])
def test_is_finished(status, finished):
    assert pods.is_finished({"status": {"phase": status}}) is finished
