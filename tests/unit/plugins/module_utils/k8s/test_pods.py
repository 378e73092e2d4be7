# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pod's status says."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.k8s import pods


@pytest.mark.parametrize(("status", "ready"), [
    ({"conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}]}, True),
    ({"conditions": [{"type": "Ready", "status": "False"}]}, False),
    ({"conditions": [{"type": "Ready", "status": "Unknown"}]}, False),
    ({"conditions": [{"type": "PodScheduled", "status": "True"}]}, False),
    ({"conditions": None}, False),
    ({}, False),
], ids=["ready", "not-ready", "its-node-is-away", "not-told", "no-conditions", "no-status"])
def test_is_ready(status, ready):
    assert pods.is_ready({"status": status}) is ready


@pytest.mark.parametrize(("status", "reason"), [
    pytest.param({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}, "", id="ready"),
    pytest.param({"phase": "Succeeded"}, "", id="ended-well"),
    pytest.param({"conditions": [{"type": "PodScheduled", "status": "False",
                                  "message": "0/3 nodes are available"}]},
                 "not scheduled: 0/3 nodes are available", id="not-scheduled"),
    pytest.param({"conditions": [{"type": "PodScheduled", "status": "False"}]},
                 "not scheduled: no reason given",
                 id="not-scheduled-without-a-reason"),
    pytest.param({"containerStatuses": [{"name": "m",
                                         "state": {"waiting": {
                                             "reason": "ErrImagePull", "message": "not found"}}}]},
                 "container m is waiting: ErrImagePull not found", id="no-image"),
    pytest.param({"initContainerStatuses": [{"name": "i",
                                             "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]},
                 "container i terminated with exit code 1 (Error)", id="an-init-container-failed"),
    pytest.param({"phase": "Pending",
                  "containerStatuses": [{"name": "m",
                                         "state": {"waiting": {"reason": "ContainerCreating"}}}]},
                 "phase Pending", id="still-creating"),
    pytest.param({"phase": "Running", "containerStatuses": [{"name": "m", "state": {"running": {}}}]},
                 "phase Running",
                 id="running-and-not-ready"),
    pytest.param({}, "phase unknown", id="no-status"),
])
def test_pod_trouble(status, reason):
    assert pods.unready_reason({"status": status}) == reason


def test_claims_of():
    volumes = [{"name": "a", "persistentVolumeClaim": {"claimName": "hbase"}}, {"name": "b", "emptyDir": {}}]
    assert pods.claims_of({"spec": {"volumes": volumes}}) == {"hbase"}
    assert pods.claims_of({"spec": {}}) == set()


@pytest.mark.parametrize(("status", "finished"),
                         [("Running", False), ("Pending", False), ("Succeeded", True), ("Failed", True)])
def test_is_finished(status, finished):
    assert pods.is_finished({"status": {"phase": status}}) is finished


def test_a_pod_that_keeps_no_volume_of_a_claim():
    assert pods.claims_of({}) == set()
    assert pods.claims_of({"spec": {"volumes": None}}) == set()


@pytest.mark.parametrize(("ready", "containers", "lost"), [
    ("True", [True, True], False),
    ("False", [True, True], True),
    ("False", [False, True], False),
    ("Unknown", [True], True),
], ids=["ready", "node-stopped", "probe-fails", "unknown"])
def test_a_lost_node_is_told_from_a_probe_that_fails(ready, containers, lost):
    assert pods.node_is_lost({"status": {
        "conditions": [{"type": "Ready", "status": ready}],
        "containerStatuses": [{"name": str(number), "ready": each}
                              for number, each in enumerate(containers)]}}) == lost


def test_a_run_of_a_container():
    state = {"running": {"startedAt": "2026-11-23T11:00:00Z"}}
    pod = {"metadata": {"uid": "u"}, "status": {"containerStatuses": [
        {"name": "a", "containerID": "containerd://1", "state": state},
        {"name": "b", "state": {"waiting": {}}}]}}
    assert pods.container_run(pod, "a") == ("u", "containerd://1", "2026-11-23T11:00:00Z")
    assert pods.container_run(pod, "b") == pods.container_run(pod, "other") == ("u", "", "")
    assert pods.container_run({"metadata": {}}, "a") == ("", "", "")


READY = {"conditions": [{"type": "Ready", "status": "True"}]}
UNREADY = {"conditions": [{"type": "Ready", "status": "False"}]}
RUNNING = {"name": "m", "ready": True, "state": {"running": {}}}
WAITING = {"name": "m", "ready": False, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}


@pytest.mark.parametrize(("pod", "started"), [
    ({"status": {**READY, "containerStatuses": [RUNNING]}}, True),
    ({"status": {**READY, "containerStatuses": [{**RUNNING, "name": "other"}]}}, False),
    ({"status": {**UNREADY, "containerStatuses": [WAITING]}}, False),
    ({"status": {**UNREADY, "containerStatuses": [{**WAITING, "lastState": {"terminated": {}}}]}}, True),
    ({"status": {**UNREADY, "containerStatuses": [RUNNING]}}, False),
    ({"status": {**UNREADY, "containerStatuses": [{**RUNNING, "ready": False}]}}, True),
    ({"metadata": {"deletionTimestamp": "now"}, "status": {**READY, "containerStatuses": [RUNNING]}}, False),
    ({}, False),
], ids=["runs", "another-one", "waits-for-init-containers", "crashes-again-and-again", "its-node-is-silent",
        "its-probe-fails", "terminating", "no-status"])
def test_has_started(pod, started):
    assert pods.has_started({"metadata": {}, **pod}, "m") is started
