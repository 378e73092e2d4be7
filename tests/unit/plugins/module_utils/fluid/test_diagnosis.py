# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said to stand in the way."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import diagnosis, kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

HBASE = ObjectRef("data", "hbase")
FINALIZED = {"dataset": "fluid-dataset-controller-finalizer",
             "runtime": "alluxio-runtime-controller-finalizer"}


def pod(name, status=None, claim=None, release="hbase", **spec):
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}] if claim else []
    return {"metadata": {"name": name, "namespace": "data", "labels": {"release": release}},
            "spec": {"volumes": volumes, **spec},
            "status": status or {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}


def event(name, time, on="hbase-master-0", kind="Warning"):
    return {"metadata": {"name": name, "namespace": "data"}, "type": kind, "lastTimestamp": time,
            "reason": "Failed",
            "message": name + "\n", "involvedObject": {"kind": "Pod", "name": on}}


WAITS = {"phase": "Pending", "containerStatuses": [
    {"name": "alluxio-master", "restartCount": 0, "ready": False,
     "state": {"waiting": {"reason": "ErrImagePull", "message": "no"}}}]}
CRASHED = {"phase": "Running", "containerStatuses": [
    {"name": "alluxio-master", "restartCount": 3, "ready": False,
     "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}},
    {"name": "alluxio-job-master", "restartCount": 1, "ready": True, "state": {"running": {}}}]}


@pytest.fixture
def put(cluster):
    def run(kind, *objects):
        for existing in objects:
            cluster.put(kind, existing)
    return run


def test_pods_that_are_not_ready_say_why(cluster, put):
    put(kinds.POD, pod("hbase-master-0", WAITS), pod("hbase-worker-0"),
        pod("other-master-0", WAITS, release="other"))
    assert diagnosis.explain_runtime(cluster, HBASE) == [
        "pod hbase-master-0: container alluxio-master is waiting: ErrImagePull no"]


def test_a_crashed_container_has_the_last_word(cluster, put):
    put(kinds.POD, pod("hbase-master-0", CRASHED))
    cluster.logs["hbase-master-0", "alluxio-master"] = "starting\nno space left\n"
    assert diagnosis.explain_runtime(cluster, HBASE) == [
        "pod hbase-master-0: container alluxio-master is waiting: CrashLoopBackOff back-off",
        "pod hbase-master-0, last lines of alluxio-master: starting | no space left"]


def test_a_log_that_may_not_be_read_hides_nothing_else(cluster, put):
    put(kinds.POD, pod("hbase-master-0", CRASHED), pod("hbase-master-1", WAITS))
    lines = diagnosis.explain_runtime(cluster, HBASE)
    assert len(lines) == 3
    assert "last lines of alluxio-master: unknown" in lines[1]
    assert lines[2].startswith("pod hbase-master-1")


def test_the_newest_warnings_come_last(cluster, put):
    put(kinds.EVENT, *[event(f"w{number}", f"2026-11-23T11:00:0{number}Z")
                       for number in (3, 7, 1, 6, 2, 5, 4)])
    assert diagnosis.explain_runtime(cluster, HBASE) == [
        f"event on Pod hbase-master-0: Failed: w{number}" for number in (3, 4, 5, 6, 7)]


def test_no_line_has_a_credential(cluster, put):
    """Fluid quotes the command of a mount that fails; it reads the values of encryptOptions from Secrets."""
    mount = "alluxio fs mount --option aws.secretKey=planted-1 /hbase https://ann:planted-2@host/"
    waits = {**CRASHED, "containerStatuses": [{**CRASHED["containerStatuses"][0], "state": {
        "waiting": {"reason": "CrashLoopBackOff", "message": "args: --password=planted-3"}}}]}
    put(kinds.POD, pod("hbase-master-0", waits))
    put(kinds.EVENT, {**event("e", "2026-11-23T11:00:00Z", on="hbase"), "message": f"error: {mount}"})
    cluster.logs["hbase-master-0", "alluxio-master"] = "starting with token: planted-4\n"
    lines = diagnosis.explain_runtime(cluster, HBASE)
    assert len(lines) == 3 and "planted" not in str(lines)
    assert lines[2] == ("event on Pod hbase: Failed: error: alluxio fs mount --option "
                        "aws.secretKey=VALUE_HIDDEN /hbase https://ann:VALUE_HIDDEN@host/")


@pytest.mark.parametrize(("on", "ours"), [
    ("hbase", True), ("hbase-worker-1", True), ("hbase-fuse-x2x4z", True), ("hbase2", False),
    ("alluxio-journal-hbase-master-0", True), ("alluxio-journal-hbase2-master-0", False),
    ("hbase2-master-0", False),
    ("hbase-old", False), ("my-hbase", False),
])
def test_only_warnings_of_this_runtime_are_told(cluster, put, on, ours):
    put(kinds.EVENT, event("w", "2026-11-23T11:00:00Z", on=on),
        event("n", "2026-11-23T11:00:00Z", kind="Normal"))
    assert bool(diagnosis.explain_runtime(cluster, HBASE)) is ours


def test_without_permission_it_says_what_is_missing(cluster):
    cluster.forbidden.add(("list", "pods"))
    assert diagnosis.explain_runtime(cluster, HBASE) == ["the cause is unknown: not allowed to list pods"]


def test_pods_using_a_claim(cluster, put):
    put(kinds.POD, pod("nginx", claim="hbase", nodeName="node1"),
        pod("copy", {"phase": "Succeeded"}, claim="hbase"),
        pod("new", {"phase": "Pending"}, claim="hbase"), pod("another", claim="other"), pod("plain"))
    assert diagnosis.pods_using(cluster, "data", ["hbase", "nobody"]) == {"nobody": [], "hbase": [
        {"name": "new", "namespace": "data", "phase": "Pending", "node": ""},
        {"name": "nginx", "namespace": "data", "phase": "Running", "node": "node1"}]}


# -- deletion ----------------------------------------------------------------------------------


def deployment(name, ready, replicas):
    return {"metadata": {"name": name, "namespace": "fluid-system"}, "spec": {"replicas": replicas},
            "status": {"readyReplicas": ready}}


@pytest.fixture
def held(put):
    """A Dataset and a runtime that wait for Fluid's controllers, which run."""
    put(fluid_kinds.DATASET,
        {"metadata": {"name": "hbase", "namespace": "data", "finalizers": [FINALIZED["dataset"]]}})
    put(fluid_kinds.ALLUXIO_RUNTIME,
        {"metadata": {"name": "hbase", "namespace": "data", "finalizers": [FINALIZED["runtime"]]}})
    put(kinds.DEPLOYMENT, deployment("dataset-controller", 1, 1),
        deployment("alluxioruntime-controller", 1, 1))


@pytest.mark.usefixtures("held")
def test_nothing_stands_in_the_way(cluster):
    assert diagnosis.explain_deletion(cluster, HBASE) == []


@pytest.mark.usefixtures("held")
def test_a_pod_that_uses_the_claim(cluster, put):
    put(kinds.POD, pod("nginx", claim="hbase", nodeName="node1"))
    assert diagnosis.explain_deletion(cluster, HBASE) == [
        "pod nginx on node node1 uses the claim hbase: delete it first"]


@pytest.mark.usefixtures("held")
def test_a_dataset_that_refers_to_this_one(cluster):
    cluster.change(fluid_kinds.DATASET, "hbase", "data", {"status": {"datasetRef": ["team/copy"]}})
    assert diagnosis.explain_deletion(cluster, HBASE) == [
        "Dataset team/copy refers to this one: delete it first"]


@pytest.mark.usefixtures("held")
def test_a_controller_that_does_not_run(cluster, put):
    put(kinds.DEPLOYMENT, deployment("alluxioruntime-controller", 0, 0))
    assert diagnosis.explain_deletion(cluster, HBASE) == [
        "Deployment alluxioruntime-controller, which removes the finalizer, has 0 of 0 replicas ready: start "
        "it"]


@pytest.mark.usefixtures("held")
def test_what_may_not_be_read_hides_nothing_else(cluster, put):
    put(kinds.EVENT, event("w", "2026-11-23T11:00:00Z", on="hbase"))
    cluster.forbidden |= {("list", "pods"), ("list", "deployments")}
    assert diagnosis.explain_deletion(cluster, HBASE) == [
        "the cause is unknown: not allowed to list pods",
        "the cause is unknown: not allowed to list deployments.apps",
        "event on Pod hbase: Failed: w"]
