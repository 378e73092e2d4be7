# SPDX-License-Identifier: GPL-3.0-or-later
"""What the state of live objects means; the objects without a note were recorded on a lab."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import Peer, Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import status as fluid_status
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.wait_status import WaitStatus


def phase(name, *messages):
    return {"status": {"phase": name, "conditions": [{"message": message} for message in messages]}}


NOT_READY = [
    {"type": "Initialized", "status": "True", "lastTransitionTime": "2026-11-26T09:00:00Z"},
    {"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-26T10:00:00Z",
     "message": "The ddc runtime is not ready."}]


def failing(text):
    return WaitStatus(False, text, text, lasts=45.0)


def test_a_recorded_bound_dataset(recorded):
    existing = recorded("dataset_bound.json")
    assert fluid_status.dataset_in_phase("Bound")(existing) == (
        WaitStatus(True, "its phase is Bound (The ddc runtime is ready.)"))


@pytest.mark.parametrize(("desired", "existing", "wait_status"), [
    pytest.param("Bound", phase("NotBound"), WaitStatus(False, "its phase is NotBound"), id="not-yet"),
    pytest.param("NotBound", phase("NotBound"), WaitStatus(True, "its phase is NotBound"),
                 id="not-bound-is-wanted"),
    pytest.param("Bound", {}, WaitStatus(False, "it has no phase: its controller has not processed it yet"),
                 id="no-status"),
    pytest.param("Bound", phase("Pending", "waits", ""), WaitStatus(False, "its phase is Pending (waits)"),
                 id="with-a-reason"),
    pytest.param("Bound", phase("Failed", "no such bucket"),
                 failing("its phase is Failed (no such bucket)"), id="failed"),
    pytest.param("Bound", {"status": {"phase": "Failed", "conditions": NOT_READY}}, failing(
        "its phase is Failed since 2026-11-26T10:00:00Z (The ddc runtime is not ready.)"), id="failed-since"),
    pytest.param("Failed", phase("Failed"), WaitStatus(True, "its phase is Failed"), id="failed-is-wanted"),
    pytest.param("Bound", None, WaitStatus(False, failed="it no longer exists"), id="gone"),
])
def test_dataset_in_phase(desired, existing, wait_status):
    assert fluid_status.dataset_in_phase(desired)(existing) == wait_status


WEB, LOG = {"mountPoint": "https://host/", "name": "web"}, {"mountPoint": "s3://log/", "path": "/log"}
LOCAL = {"mountPoint": "local:///data", "name": "data"}


def bound(spec, status, **more):
    return {"spec": {"mounts": spec}, "status": {"phase": "Bound", "mounts": status, **more}}


@pytest.mark.parametrize(("existing", "done", "progress"), [
    pytest.param(bound([WEB, LOG], [WEB]), False, "its phase is Bound, and Fluid has not yet mounted /log",
                 id="added"),
    pytest.param(bound([LOG], [WEB, LOG]), False, "its phase is Bound, and Fluid has not yet unmounted /web",
                 id="removed"),
    pytest.param(bound([{**WEB,
                 "name": "w"}], [WEB], conditions=[{"message": "The ddc runtime is updating."}]),
                 False,
                 "its phase is Bound, and Fluid has not yet mounted /w, and Fluid has not yet unmounted "
                 "/web (The ddc runtime is updating.)", id="renamed"),
    pytest.param(bound([LOG, WEB], [WEB, LOG]), True, "its phase is Bound", id="another-order"),
    pytest.param(bound([WEB, LOCAL], [WEB]), True, "its phase is Bound", id="native-mounts-never-come"),
    pytest.param(bound([WEB, LOG], [WEB], runtimes=[{"type": "juicefs"}]), True, "its phase is Bound",
                 id="another-runtime"),
    pytest.param(bound([WEB, LOG], [WEB], runtimes=[{"type": "alluxio"}]), False,
                 "its phase is Bound, and Fluid has not yet mounted /log", id="alluxio"),
    pytest.param(bound([{"mountPoint": "dataset://data/other"}], [WEB]), True, "its phase is Bound",
                 id="reference"),
])
def test_a_bound_dataset_has_its_mounts(existing, done, progress):
    assert fluid_status.dataset_in_phase("Bound")(existing) == WaitStatus(done, progress)


def test_a_phase_other_than_bound_needs_no_mounts():
    existing = bound([WEB, LOG], [WEB])
    existing["status"]["phase"] = "NotBound"
    assert fluid_status.dataset_in_phase("NotBound")(existing).done


def test_a_recorded_ready_runtime(recorded):
    existing = recorded("alluxio_runtime_ready.json")
    assert fluid_status.components(existing) == {
        "masters": {"ready": 3, "desired": 3}, "workers": {"ready": 2, "desired": 2},
        "fuses": {"ready": 0, "desired": 0}}
    assert fluid_status.runtime_ready(existing) == (
        WaitStatus(True, "3 of 3 masters ready, 2 of 2 workers ready"))


@pytest.mark.parametrize(("spec", "status", "wait_status"), [
    pytest.param({"replicas": 1}, {}, WaitStatus(False, "0 of 1 masters ready, 0 of 1 workers ready"),
                 id="new"),
    # Fluid leaves a zero out when it writes the object back.
    pytest.param({}, {"masterNumberReady": 1}, WaitStatus(True, "1 of 1 masters ready, 0 of 0 workers ready"),
                 id="a-frozen-cache"),
    pytest.param({"replicas": 0}, {"masterNumberReady": 0},
                 WaitStatus(False, "0 of 1 masters ready, 0 of 0 workers ready"), id="a-frozen-cache-starts"),
    pytest.param({"replicas": 2, "master": {"replicas": 3}}, {"masterNumberReady": 3, "workerNumberReady": 1},
                 WaitStatus(False, "3 of 3 masters ready, 1 of 2 workers ready"), id="a-worker-too-few"),
    pytest.param({"replicas": 3}, {"masterNumberReady": 1, "workerNumberReady": 2,
                                   "desiredWorkerNumberScheduled": 2},
                 WaitStatus(False, "1 of 1 masters ready, 2 of 3 workers ready"),
                 id="status-of-before-the-change"),
    pytest.param({"replicas": 1}, {"masterNumberReady": 1, "workerNumberReady": 2},
                 WaitStatus(True, "1 of 1 masters ready, 2 of 1 workers ready"), id="one-more-than-wanted"),
    pytest.param({"replicas": 1, "master": {"replicas": 5}},
                 {"desiredMasterNumberScheduled": 3, "masterNumberReady": 3, "workerNumberReady": 1},
                 WaitStatus(True,
                            "3 of 3 masters ready, 1 of 1 workers ready; 5 masters are declared, which "
                            "alluxio_rollout applies"),
                 id="more-masters-are-declared-than-run"),
    pytest.param({"replicas": 1, "master": {"replicas": 3}},
                 {"desiredMasterNumberScheduled": 5, "masterNumberReady": 4, "workerNumberReady": 1},
                 WaitStatus(False,
                            "4 of 5 masters ready, 1 of 1 workers ready; 3 masters are declared, which "
                            "alluxio_rollout applies"),
                 id="fewer-masters-are-declared-than-run"),
])
def test_runtime_ready(spec, status, wait_status):
    assert fluid_status.runtime_ready({"spec": spec, "status": status}) == wait_status


def test_a_runtime_that_is_gone_fails_the_wait():
    assert fluid_status.runtime_ready(None).failed == "it no longer exists"


def test_quorum_formed():
    peers = (Peer("a:1", "AVAILABLE", leader=True), Peer("b:1", "UNAVAILABLE"))
    assert fluid_status.quorum_formed(Quorum("a:1", peers[:1]), 1) == WaitStatus(True, "")
    assert fluid_status.quorum_formed(Quorum("a:1", peers), 2) == WaitStatus(False, "not AVAILABLE: b:1")


def test_absent_tells_whose_finalizers_hold_a_recorded_dataset(recorded):
    assert fluid_status.absent(recorded("dataset_bound.json")) == WaitStatus(
        False, "it still exists, held by fluid-dataset-controller-finalizer (of dataset-controller)")


def test_absent_of_a_finalizer_that_is_not_known():
    existing = {"metadata": {"finalizers": ["a/b", "alluxio-runtime-controller-finalizer"]}}
    assert fluid_status.absent(existing).progress == (
        "it still exists, held by a/b, alluxio-runtime-controller-finalizer (of alluxioruntime-controller)")


def test_absent():
    assert fluid_status.absent(None) == WaitStatus(True)
    assert fluid_status.absent({"metadata": {}}).progress == (
        "it still exists, held by no finalizer")


@pytest.mark.parametrize(("masters", "workers", "lost", "done"), [
    (3, 2, {}, True),
    (2, 2, {}, False),
    (2, 2, {"masters": 1}, True),
    (2, 1, {"masters": 1}, False),
    (2, 1, {"masters": 1, "workers": 1}, True),
    (1, 2, {"masters": 2}, False),
    (3, 0, {"workers": 2}, False),
], ids=["whole", "a-master-starts", "a-master-lost", "a-worker-starts", "both-lost", "majority-lost",
        "all-workers-lost"])
def test_a_runtime_that_has_lost_a_node(masters, workers, lost, done):
    existing = {"spec": {"replicas": 2, "master": {"replicas": 3}},
                "status": {"masterNumberReady": masters, "workerNumberReady": workers}}
    assert fluid_status.runtime_ready(existing, lost).done is done
