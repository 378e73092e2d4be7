# SPDX-License-Identifier: GPL-3.0-or-later
"""What each module awaits, on a cluster in memory whose time passes only when somebody waits."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import Peer, Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    Forbidden,
    QuorumUnknown,
    WaitFailed,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle import waits

HBASE = ObjectRef("data", "hbase")


def item(name="hbase", namespace="data", **given):
    return {"name": name, "namespace": namespace, **given}


@pytest.fixture
def put(cluster):
    def run(kind, name="hbase", namespace="data", **parts):
        cluster.put(kind, {"metadata": {"name": name, "namespace": namespace}, "spec": {}, **parts})
    return run


@pytest.fixture
def becomes(cluster):
    def run(seconds, kind, status, name="hbase", namespace="data"):
        cluster.later(seconds, lambda: cluster.change(kind, name, namespace, {"status": status}))
    return run


# -- Datasets ----------------------------------------------------------------------------------


def test_a_dataset_that_its_runtime_binds(cluster, put, becomes):
    put(fluid_kinds.DATASET)
    put(fluid_kinds.ALLUXIO_RUNTIME)
    becomes(9, fluid_kinds.DATASET, {"phase": "Bound"})
    waited = waits.datasets_in_phase(cluster, [item()], "Bound", cluster.deadline(60))
    assert waited[HBASE]["status"]["phase"] == "Bound"
    assert cluster.now == 9


@pytest.mark.parametrize("kind", fluid_kinds.RUNTIMES[1:], ids=lambda kind: kind.kind)
def test_any_kind_of_runtime_can_bind_it(cluster, put, becomes, kind):
    put(fluid_kinds.DATASET)
    put(kind)
    becomes(9, fluid_kinds.DATASET, {"phase": "Bound"})
    assert waits.datasets_in_phase(cluster, [item()], "Bound",
                                   cluster.deadline(60))[HBASE]["status"]["phase"] == "Bound"


def test_without_a_runtime_it_fails_at_once(cluster, put):
    put(fluid_kinds.DATASET)
    waited = waits.datasets_in_phase(cluster, [item()], "Bound", cluster.deadline(60))
    assert isinstance(waited[HBASE], WaitFailed)
    assert str(waited[HBASE]) == (
        "waited for Dataset hbase in namespace data to be Bound: no runtime hbase exists in "
        "namespace data to bind it; create one, for example with datacache.fluid.alluxio_runtime, or set "
        "wait: false")
    assert cluster.now == 0


def test_kinds_that_are_not_installed_bind_nothing(cluster, put):
    put(fluid_kinds.DATASET)
    cluster.missing_kinds |= set(fluid_kinds.RUNTIMES[1:])
    waited = waits.datasets_in_phase(cluster, [item()], "Bound", cluster.deadline(60))
    assert isinstance(waited[HBASE], WaitFailed)


def test_kinds_that_may_not_be_read_might_bind_it(cluster, put, becomes):
    put(fluid_kinds.DATASET)
    cluster.forbidden.add(("get", "jindoruntimes"))
    becomes(9, fluid_kinds.DATASET, {"phase": "Bound"})
    assert waits.datasets_in_phase(cluster, [item()], "Bound",
                                   cluster.deadline(60))[HBASE]["status"]["phase"] == "Bound"


def test_a_reference_needs_no_runtime_of_its_own(cluster, put, becomes):
    put(fluid_kinds.DATASET, spec={"mounts": [{"mountPoint": "dataset://other/hbase"}]})
    becomes(9, fluid_kinds.DATASET, {"phase": "Bound"})
    assert waits.datasets_in_phase(cluster, [item()], "Bound",
                                   cluster.deadline(60))[HBASE]["status"]["phase"] == "Bound"


def test_another_phase_needs_no_runtime(cluster, put, becomes):
    put(fluid_kinds.DATASET)
    becomes(9, fluid_kinds.DATASET, {"phase": "NotBound"})
    assert waits.datasets_in_phase(cluster, [item()], "NotBound",
                                   cluster.deadline(60))[HBASE]["status"]["phase"] == "NotBound"


def test_several_datasets_each_have_their_own_result(cluster, put, becomes):
    for name in ("orphan", "fails", "late", "bound"):
        put(fluid_kinds.DATASET, name)
    for name in ("fails", "late", "bound"):
        put(fluid_kinds.ALLUXIO_RUNTIME, name)
    put(fluid_kinds.DATASET, "far", "other", status={"phase": "Bound"})
    becomes(2, fluid_kinds.DATASET, {"phase": "Failed"}, "fails")
    becomes(4, fluid_kinds.DATASET, {"phase": "Bound"}, "bound")
    items = [item(name) for name in ("orphan", "fails", "late", "bound")] + [item("far", "other")]
    waited = waits.datasets_in_phase(cluster, items, "Bound", cluster.deadline(60))
    assert {key[1]: type(result).__name__ for key, result in waited.items()} == {
        "orphan": "WaitFailed", "fails": "WaitFailed", "late": "WaitTimeout", "bound": "dict", "far": "dict"}
    assert cluster.now == 60


def test_a_timeout_explains_the_runtimes_pods(cluster, put):
    put(fluid_kinds.DATASET)
    put(fluid_kinds.ALLUXIO_RUNTIME)
    cluster.put(kinds.POD,
                {"metadata": {"name": "hbase-master-0", "namespace": "data", "labels": {"release": "hbase"}},
                 "status": {"phase": "Pending"}})
    timeout = waits.datasets_in_phase(cluster, [item()], "Bound", cluster.deadline(30))[HBASE]
    assert isinstance(timeout, WaitTimeout)
    assert timeout.details["findings"] == [
        "pod hbase-master-0: phase Pending",
        "the playbook diagnose (module cache_diagnosis) reads the logs too and names the probable cause"]


def test_a_mount_that_does_not_come_is_explained_with_the_error_of_fluids_sync(cluster, put):
    put(fluid_kinds.DATASET, spec={"mounts": [{"mountPoint": "https://dead/", "name": "dead"}]},
        status={"phase": "Bound", "mounts": []})
    for number in range(7):
        cluster.put(kinds.EVENT, {
            "metadata": {"name": f"e{number}", "namespace": "data"}, "type": "Warning",
            "lastTimestamp": str(number),
            "reason": "ErrorProcessRuntime" if number == 1 else "FailedScheduling", "message": f"m{number}",
            "involvedObject": {"kind": "AlluxioRuntime", "name": "hbase"}})
    timeout = waits.datasets_in_phase(cluster, [item()], "Bound", cluster.deadline(30))[HBASE]
    assert str(timeout).startswith(
        "timed out after 30 s while waiting for Dataset hbase in namespace data to be Bound: its phase is "
        "Bound, "
        "and Fluid has not yet mounted /dead\n- event on AlluxioRuntime hbase: ErrorProcessRuntime: m1\n- "
        "event")
    assert len(timeout.details["findings"]) == 7


@pytest.mark.parametrize(("kind", "mounts"), [
    (fluid_kinds.THIN_RUNTIME, [{"mountPoint": "dataset://other/hbase"}]), (fluid_kinds.RUNTIMES[-1], []),
], ids=["of-a-reference", "CacheRuntime"])
def test_a_terminating_runtime_binds_nothing(cluster, put, kind, mounts):
    put(fluid_kinds.DATASET, spec={"mounts": mounts})
    put(kind, metadata={"name": "hbase", "namespace": "data", "deletionTimestamp": "t"})
    waited = waits.datasets_in_phase(cluster, [item()], "Bound", cluster.deadline(60))[HBASE]
    assert isinstance(waited, WaitFailed)
    assert str(waited) == (
        f"waited for Dataset hbase in namespace data to be Bound: its {kind.kind} is terminating and binds "
        "it no "
        "more; wait until that is absent, then run this again")


# -- runtimes ----------------------------------------------------------------------------------

READY = {"desiredMasterNumberScheduled": 3, "masterNumberReady": 3, "workerNumberReady": 1}
COMPLETE = Quorum("m-0:1", (Peer("m-0:1", "AVAILABLE", leader=True), Peer("m-1:1", "AVAILABLE"),
                            Peer("m-2:1", "AVAILABLE")))
LOST = Quorum("m-0:1", (*COMPLETE.peers[:2], Peer("m-2:1", "UNAVAILABLE")))


@pytest.fixture
def quorums(monkeypatch):
    """Play back what the masters say of their quorums, and return the domains that were asked for."""
    def play(*answers):
        script, asked = list(answers), []

        def quorum(_self, domain, _pods):
            asked.append(domain)
            result = script.pop(0) if len(script) > 1 else script[0]
            if isinstance(result, Exception):
                raise result
            return result, "m-0"
        monkeypatch.setattr(waits.Masters, "quorum", quorum)
        return asked
    return play


@pytest.fixture
def run_masters(put):
    def run(count):
        for index in range(count):
            labels = {"release": "hbase", "role": "alluxio-master"}
            put(kinds.POD, metadata={"name": f"hbase-master-{index}", "namespace": "data", "labels": labels},
                status={"conditions": [{"type": "Ready", "status": "True"}]})
    return run


@pytest.mark.parametrize("declared", [3, 5], ids=["as-declared", "while-more-are-declared-than-run"])
def test_a_runtime_is_ready_when_both_quorums_are_complete(
        cluster, put, run_masters, becomes, quorums, declared):
    asked = quorums(QuorumUnknown("no master answers"), LOST, COMPLETE, COMPLETE)
    put(fluid_kinds.ALLUXIO_RUNTIME, spec={"master": {"replicas": declared}})
    run_masters(3)
    becomes(20, fluid_kinds.ALLUXIO_RUNTIME, READY)
    assert waits.runtimes_with_quorum(cluster, [item(master_replicas=declared)],
                                      cluster.deadline(60))[HBASE]["status"] == READY
    assert asked == ["MASTER", "MASTER", "MASTER", "JOB_MASTER"]
    assert cluster.now == 22


def test_a_single_master_has_no_quorum_to_wait_for(cluster, put, quorums):
    asked = quorums(COMPLETE)
    put(fluid_kinds.ALLUXIO_RUNTIME, status={"masterNumberReady": 1, "workerNumberReady": 1})
    waits.runtimes_with_quorum(cluster, [item(master_replicas=1)], cluster.deadline(60))
    assert asked == []


def test_a_quorum_that_may_not_be_read_is_not_waited_for(cluster, put, monkeypatch):
    """Neither the web ports nor the command: Masters.quorum itself."""
    def execute(*_args):
        raise Forbidden("not allowed to create pods/exec", 403)
    monkeypatch.setattr(pod_exec, "execute", execute)
    cluster.forbidden.add(("get", "pods/proxy"))
    ports = [{"name": "alluxio-master", "ports": [{"name": "web", "containerPort": 19999}]}]
    put(kinds.POD, metadata={"name": "hbase-master-0", "namespace": "data",
                             "labels": {"release": "hbase", "role": "alluxio-master"}},
        spec={"containers": ports}, status={"podIP": "10.0.0.1"})
    put(fluid_kinds.ALLUXIO_RUNTIME, spec={"master": {"replicas": 3}}, status=READY)
    refused = waits.runtimes_with_quorum(cluster, [item(master_replicas=3)], cluster.deadline(900))[HBASE]
    assert isinstance(refused, Forbidden)
    assert cluster.now == 0


def test_a_quorum_that_does_not_form_tells_what_it_lacks(cluster, put, run_masters, quorums):
    quorums(LOST)
    run_masters(3)
    put(fluid_kinds.ALLUXIO_RUNTIME, spec={"master": {"replicas": 3}}, status=READY)
    timeout = waits.runtimes_with_quorum(cluster, [item(master_replicas=3)], cluster.deadline(30))[HBASE]
    assert isinstance(timeout, WaitTimeout)
    assert str(timeout) == (
        "timed out after 30 s while waiting for the MASTER quorum of AlluxioRuntime hbase in namespace data: "
        "not AVAILABLE: m-2:1")


def test_a_master_that_is_not_there_keeps_the_quorum_from_being_complete(cluster, put, run_masters, quorums):
    quorums(COMPLETE)
    run_masters(2)
    put(fluid_kinds.ALLUXIO_RUNTIME, spec={"master": {"replicas": 3}}, status=READY)
    timeout = waits.runtimes_with_quorum(cluster, [item(master_replicas=3)], cluster.deadline(30))[HBASE]
    assert str(timeout).endswith("3 peers of 2")


def test_the_quorum_has_only_the_time_that_the_pods_left(cluster, put, becomes, quorums):
    quorums(LOST)
    put(fluid_kinds.ALLUXIO_RUNTIME, spec={"master": {"replicas": 3}})
    becomes(25, fluid_kinds.ALLUXIO_RUNTIME, READY)
    assert isinstance(waits.runtimes_with_quorum(cluster, [item(master_replicas=3)],
                                                 cluster.deadline(30))[HBASE], WaitTimeout)
    assert cluster.now <= 30


def test_a_runtime_that_is_not_ready_is_not_asked_for_its_quorum(cluster, put, quorums):
    asked = quorums(COMPLETE)
    put(fluid_kinds.ALLUXIO_RUNTIME, spec={"replicas": 1, "master": {"replicas": 3}})
    timeout = waits.runtimes_with_quorum(cluster, [item(master_replicas=3)], cluster.deadline(30))[HBASE]
    assert "0 of 3 masters ready, 0 of 1 workers ready" in str(timeout)
    assert asked == []


@pytest.fixture
def damaged(cluster, put, run_masters):
    """A runtime whose third master and second worker are on a node that is down."""
    run_masters(2)
    for name, role in (("hbase-master-2", "alluxio-master"), ("hbase-worker-1", "alluxio-worker")):
        put(kinds.POD, metadata={"name": name, "namespace": "data",
                                 "labels": {"release": "hbase", "role": role}},
            spec={"nodeName": "n2"}, status={"conditions": [{"type": "Ready", "status": "False"}]})
    for index in range(3):
        ready = "Unknown" if index == 2 else "True"
        cluster.put(kinds.NODE, {"metadata": {"name": f"n{index}"},
                                 "status": {"conditions": [{"type": "Ready", "status": ready}]}})
    put(fluid_kinds.ALLUXIO_RUNTIME, spec={"replicas": 2, "master": {"replicas": 3}}, status={
        "desiredMasterNumberScheduled": 3, "masterNumberReady": 2, "workerNumberReady": 1})


def test_an_existing_runtime_does_not_wait_for_a_node_that_is_down(cluster, damaged, quorums):
    quorums(Quorum("hbase-master-0:1", (
        Peer("hbase-master-0:1", "AVAILABLE", leader=True), Peer("hbase-master-1:1", "AVAILABLE"),
        Peer("hbase-master-2:1", "UNAVAILABLE"))))
    warnings = []
    waited = waits.runtimes_with_quorum(
        cluster, [item(master_replicas=3)], cluster.deadline(60), {HBASE: warnings.append})
    assert waited[HBASE]["kind"] == "AlluxioRuntime"
    assert cluster.now == 0
    assert warnings == [
        f"AlluxioRuntime hbase in namespace data lacks pod {name}: node n2 is not Ready; it was not waited "
        "for" for name in ("hbase-master-2", "hbase-worker-1")]


def test_a_new_runtime_waits_for_all(cluster, damaged, quorums):
    quorums(COMPLETE)
    waited = waits.runtimes_with_quorum(cluster, [item(master_replicas=3)], cluster.deadline(60))
    assert isinstance(waited[HBASE], WaitTimeout)


def test_a_worker_that_only_starts_is_waited_for(cluster, damaged, becomes, quorums):
    quorums(COMPLETE)
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"spec": {"replicas": 3}})
    becomes(5, fluid_kinds.ALLUXIO_RUNTIME, {"workerNumberReady": 2})
    waits.runtimes_with_quorum(
        cluster, [item(master_replicas=1)], cluster.deadline(60), {HBASE: [].append})
    assert cluster.now == 5


def test_a_whole_runtime_costs_no_look_at_the_nodes(cluster, put, run_masters, quorums):
    quorums(COMPLETE)
    run_masters(3)
    put(fluid_kinds.ALLUXIO_RUNTIME, spec={"master": {"replicas": 3}}, status=READY)
    waits.runtimes_with_quorum(
        cluster, [item(master_replicas=3)], cluster.deadline(60), {HBASE: [].append})
    assert ("list", "nodes") not in cluster.requests


def waiting(reason):
    return [{"name": "alluxio", "state": {"waiting": {"reason": reason, "message": "no"}}}]


@pytest.mark.parametrize("role", ["master", "worker"])
def test_a_pod_that_never_starts_ends_the_wait(cluster, put, quorums, role):
    put(fluid_kinds.ALLUXIO_RUNTIME, spec={"replicas": 1, "master": {"replicas": 1}})
    cluster.later(5, lambda: put(
        kinds.POD, metadata={"name": f"hbase-{role}-0", "namespace": "data",
                             "labels": {"release": "hbase", "role": f"alluxio-{role}"}},
        status={"containerStatuses": waiting("ErrImageNeverPull")}))
    cluster.later(6, lambda: cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {
        "status": {"masterPhase": "NotReady"}}))
    for tolerant in ({}, {HBASE: [].append}):
        [failed] = waits.runtimes_with_quorum(
            cluster, [item(master_replicas=1)], cluster.deadline(60), tolerant).values()
        assert isinstance(failed, WaitFailed)
        assert str(failed).endswith(f"to be ready: pod hbase-{role}-0 never starts: container alluxio is "
                                    "waiting: ErrImageNeverPull no; correct the declaration")
    assert cluster.now == 6


def test_a_terminating_pod_that_never_started_does_not_end_the_wait(cluster, put, becomes, quorums):
    """Its successor has the present image."""
    put(fluid_kinds.ALLUXIO_RUNTIME, spec={"replicas": 1, "master": {"replicas": 1}})
    put(kinds.POD, metadata={"name": "hbase-worker-0", "namespace": "data",
                             "labels": {"release": "hbase", "role": "alluxio-worker"},
                             "deletionTimestamp": "2026-11-23T12:00:00Z"},
        status={"containerStatuses": waiting("ErrImageNeverPull")})
    becomes(5, fluid_kinds.ALLUXIO_RUNTIME, {"masterNumberReady": 1, "workerNumberReady": 1})
    [waited] = waits.runtimes_with_quorum(cluster, [item(master_replicas=1)], cluster.deadline(60)).values()
    assert (waited["kind"], cluster.now) == ("AlluxioRuntime", 5)


@pytest.mark.parametrize("reason", ["ErrImageNeverPull", "ImagePullBackOff", "CrashLoopBackOff"])
def test_an_existing_runtime_leaves_a_failing_master_to_the_rollout(cluster, damaged, quorums, reason):
    """A rollout of a wrong image has ended there, and the corrected declaration is rolled out next."""
    quorums(Quorum("hbase-master-0:1", (
        Peer("hbase-master-0:1", "AVAILABLE", leader=True), Peer("hbase-master-1:1", "AVAILABLE"),
        Peer("hbase-master-2:1", "UNAVAILABLE"))))
    cluster.change(kinds.NODE, "n2", None, {"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    cluster.change(kinds.POD, "hbase-master-2", "data", {"status": {"containerStatuses": waiting(reason)}})
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"status": {"workerNumberReady": 2}})
    warnings = []
    waited = waits.runtimes_with_quorum(
        cluster, [item(master_replicas=3)], cluster.deadline(60), {HBASE: warnings.append})
    assert waited[HBASE]["kind"] == "AlluxioRuntime"
    assert (cluster.now, warnings) == (0, [
        "AlluxioRuntime hbase in namespace data lacks pod hbase-master-2: container alluxio is waiting: "
        f"{reason} no; it was not waited for"])


def test_a_master_that_is_left_to_the_rollout_does_not_end_the_wait_for_a_worker(
        cluster, damaged, becomes, quorums):
    quorums(Quorum("hbase-master-0:1", (
        Peer("hbase-master-0:1", "AVAILABLE", leader=True), Peer("hbase-master-1:1", "AVAILABLE"),
        Peer("hbase-master-2:1", "UNAVAILABLE"))))
    cluster.change(kinds.NODE, "n2", None, {"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    cluster.change(kinds.POD, "hbase-master-2", "data", {
        "status": {"containerStatuses": waiting("ErrImageNeverPull")}})
    becomes(10, fluid_kinds.ALLUXIO_RUNTIME, {"workerNumberReady": 2})
    waited = waits.runtimes_with_quorum(
        cluster, [item(master_replicas=3)], cluster.deadline(60), {HBASE: [].append})
    assert waited[HBASE]["kind"] == "AlluxioRuntime"
    assert cluster.now == 10


def test_a_majority_that_never_starts_ends_the_wait(cluster, damaged, quorums):
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"status": {"masterNumberReady": 1}})
    for name in ("hbase-master-1", "hbase-master-2"):
        cluster.change(kinds.POD, name, "data", {"status": {
            "conditions": [], "containerStatuses": waiting("InvalidImageName")}})
    waited = waits.runtimes_with_quorum(
        cluster, [item(master_replicas=3)], cluster.deadline(60), {HBASE: [].append})
    assert "pod hbase-master-1 never starts" in str(waited[HBASE])


def test_a_majority_that_fails_to_start_is_waited_for(cluster, damaged, quorums):
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"status": {"masterNumberReady": 1}})
    for name in ("hbase-master-1", "hbase-master-2"):
        cluster.change(kinds.POD, name, "data", {"status": {
            "conditions": [], "containerStatuses": waiting("CrashLoopBackOff")}})
    waited = waits.runtimes_with_quorum(
        cluster, [item(master_replicas=3)], cluster.deadline(60), {HBASE: [].append})
    assert isinstance(waited[HBASE], WaitTimeout)


@pytest.mark.parametrize("forbidden", [("list", "nodes"), ("list", "pods")])
def test_without_the_permission_all_are_waited_for(cluster, damaged, quorums, forbidden):
    quorums(COMPLETE)
    cluster.forbidden.add(forbidden)
    waited = waits.runtimes_with_quorum(
        cluster, [item(master_replicas=1)], cluster.deadline(60), {HBASE: [].append})
    assert "2 of 3 masters ready, 1 of 2 workers ready" in str(waited[HBASE])


# -- fields, volumes, absence ------------------------------------------------------------------


def test_a_field(cluster, put, becomes):
    put(fluid_kinds.DATASET)
    becomes(5, fluid_kinds.DATASET, {"cacheStates": {"cachedPercentage": "100.0%"}})
    waits.field_has_value(cluster, fluid_kinds.DATASET, [item()], "status.cacheStates.cachedPercentage",
                          "100.0%", cluster.deadline(60))
    assert cluster.now == 5


def test_a_field_that_does_not_come(cluster, put):
    put(fluid_kinds.DATASET)
    timeout = waits.field_has_value(cluster, fluid_kinds.DATASET, [item()], "status.fileNum", "15",
                                    cluster.deadline(30))[HBASE]
    assert str(timeout) == (
        "timed out after 30 s while waiting for Dataset hbase in namespace data to have status.fileNum at "
        "15: status.fileNum is None")


def test_volumes_are_bound_when_claim_and_volume_are(cluster, put, becomes):
    put(fluid_kinds.DATASET, status={"phase": "Bound"})
    put(kinds.PERSISTENT_VOLUME_CLAIM)
    put(kinds.PERSISTENT_VOLUME, "data-hbase", None)
    becomes(5, kinds.PERSISTENT_VOLUME_CLAIM, {"phase": "Bound"})
    becomes(8, kinds.PERSISTENT_VOLUME, {"phase": "Bound"}, "data-hbase", None)
    assert waits.volumes_bound(cluster, [item()], cluster.deadline(60))[HBASE]["status"]["phase"] == "Bound"
    assert cluster.now == 8


def test_a_volume_that_comes_later_is_waited_for(cluster, put):
    put(fluid_kinds.DATASET)
    put(fluid_kinds.ALLUXIO_RUNTIME)
    cluster.later(5, lambda: put(kinds.PERSISTENT_VOLUME_CLAIM, status={"phase": "Bound"}))
    cluster.later(6, lambda: put(kinds.PERSISTENT_VOLUME, "data-hbase", None, status={"phase": "Bound"}))
    waits.volumes_bound(cluster, [item()], cluster.deadline(60))
    assert cluster.now == 6


def test_a_volume_of_a_dataset_that_nothing_binds_fails_at_once(cluster, put):
    put(fluid_kinds.DATASET)
    waited = waits.volumes_bound(cluster, [item()], cluster.deadline(60))
    assert "no runtime hbase exists" in str(waited[HBASE])
    assert cluster.now == 0


def test_a_lost_claim_is_an_error_and_its_volume_is_not_waited_for(cluster, put):
    put(fluid_kinds.DATASET, status={"phase": "Bound"})
    put(kinds.PERSISTENT_VOLUME_CLAIM, status={"phase": "Lost"})
    assert isinstance(waits.volumes_bound(cluster, [item()], cluster.deadline(60))[HBASE], WaitFailed)
    assert ("list", "persistentvolumes") not in cluster.requests


def test_absent(cluster, put):
    put(fluid_kinds.DATASET)
    cluster.later(5, lambda: cluster.vanish(fluid_kinds.DATASET, "hbase", "data"))
    assert waits.absent(cluster, fluid_kinds.DATASET, [HBASE], cluster.deadline(60)) == {HBASE: None}
    assert cluster.now == 5


def test_an_object_that_is_created_again_is_not_waited_for(cluster, put):
    """Between two watches: the new one has another UID, and nobody deletes it."""
    first = {"name": "hbase", "namespace": "data", "uid": "one"}
    put(fluid_kinds.DATASET, metadata=first)
    cluster.later(5, lambda: put(fluid_kinds.DATASET, metadata={**first, "uid": "two"}))
    failed = waits.absent(cluster, fluid_kinds.DATASET, [HBASE], cluster.deadline(600), {HBASE: "one"})[HBASE]
    assert isinstance(failed, WaitFailed)
    assert "another client has created it again" in str(failed)
    assert cluster.now == 5


def test_what_does_not_go_is_explained(cluster):
    cluster.put(
        fluid_kinds.DATASET,
        {"metadata": {"name": "hbase", "namespace": "data",
                      "finalizers": ["fluid-dataset-controller-finalizer"]}})
    timeout = waits.absent(cluster, fluid_kinds.DATASET, [HBASE], cluster.deadline(30))[HBASE]
    assert str(timeout) == (
        "timed out after 30 s while waiting for Dataset hbase in namespace data to be absent: it still "
        "exists, held by fluid-dataset-controller-finalizer (of dataset-controller)\n- Deployment "
        "dataset-controller, which removes the finalizer, has 0 of 0 replicas ready: start it")


def test_a_volume_that_does_not_go_is_not_explained_by_other_things(cluster, put):
    cluster.put(kinds.PERSISTENT_VOLUME,
                {"metadata": {"name": "data-hbase", "finalizers": ["kubernetes.io/pv-protection"]}})
    cluster.missing_kinds.add(fluid_kinds.DATASET)
    timeout = waits.absent(cluster, kinds.PERSISTENT_VOLUME, [ObjectRef(None, "data-hbase")],
                           cluster.deadline(30))[None, "data-hbase"]
    assert "held by kubernetes.io/pv-protection" in str(timeout)
    assert "does not know the kind" not in str(timeout)
