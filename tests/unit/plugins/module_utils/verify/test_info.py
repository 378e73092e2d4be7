# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of cache_info: which promises it returns for a cache, and in how many requests."""

import pytest
from fake_cache import CONTROLLERS, DEAD, FLUID, PROBE
from fake_raft import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError, ServerUnavailable
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

PROMISES = ["dataset_controller", "alluxioruntime_controller", "csi_plugin", "runtime", "runtime_phases",
            "masters", "workers", "node_loss", "master_quorum", "job_master_quorum", "dataset", "figures",
            "volume"]
READING = ["files_listed", "files_read", "cached"]


def test_a_healthy_cache_keeps_every_promise_without_a_write(cluster, cache, look):
    result = look(probe=PROBE)
    assert list(result["promises"]) == [*PROMISES, *READING, "application_mounts"]
    assert {each["state"] for each in result["promises"].values()} == {"kept"}
    assert (result["kept"], result["changed"], cluster.writes(), cluster.now) == (True, False, [], 0)


def test_each_subject_costs_one_request(cluster, cache, look):
    look(probe=PROBE)
    asked = [request for request in cluster.requests if request[0] in ("get", "list", "watch")]
    assert sorted(asked) == sorted([
        *[("get", "deployments")] * 2, ("get", "daemonsets"), ("list", "csinodes"), ("list", "nodes"),
        ("list", "pods"), ("list", "pods"), ("get", "alluxioruntimes"), ("get", "datasets"),
        ("get", "persistentvolumeclaims"), ("get", "persistentvolumes")])


def test_without_a_probe_nothing_is_promised_about_reads(cache, look):
    assert list(look()["promises"]) == [*PROMISES, "application_mounts"]


def test_a_single_master_has_no_quorum(cluster, cache, look):
    result = look(master_replicas=1)
    assert not {"node_loss", "master_quorum", "job_master_quorum"} & result["promises"].keys()
    assert result["figures"]["masters"] == {"ready": 3, "desired": 1, "leader": "hbase-master-0"}


def test_without_a_number_the_masters_are_those_of_the_runtime(cluster, cache, look):
    result = look(master_replicas=None)
    assert list(result["promises"]) == [*PROMISES, "application_mounts"]
    assert result["figures"]["masters"] == {"ready": 3, "desired": 3, "leader": "hbase-master-0:19200"}
    cluster.vanish(kinds.POD, "hbase-master-1", NAMESPACE)
    assert look(master_replicas=None)["promises"]["masters"]["state"] == "broken"


def test_without_a_number_and_a_runtime_only_the_runtime_lacks(cluster, cache, states):
    cluster.vanish(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE)
    assert states(master_replicas=None)["runtime"] == "broken"


@pytest.mark.parametrize(("kind", "name", "namespace", "broken"), [
    (kinds.DEPLOYMENT, "dataset-controller", FLUID, {"dataset_controller"}),
    (kinds.DEPLOYMENT, "alluxioruntime-controller", FLUID, {"alluxioruntime_controller"}),
    (kinds.POD, "csi-nodeplugin-fluid-1", FLUID, {"csi_plugin"}),
    (kinds.POD, "hbase-master-1", NAMESPACE, {"masters"}),
    (kinds.POD, "hbase-worker-1", NAMESPACE, {"workers"}),
    (fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {"runtime", "runtime_phases"}),
    (fluid_kinds.DATASET, "hbase", NAMESPACE, {"dataset", "figures"}),
    (kinds.PERSISTENT_VOLUME_CLAIM, "hbase", NAMESPACE, {"volume"}),
    (kinds.PERSISTENT_VOLUME, "data-hbase", None, {"volume"}),
])
def test_an_absent_object_breaks_its_promises(cluster, cache, states, kind, name, namespace, broken):
    cluster.vanish(kind, name, namespace)
    assert states() == dict.fromkeys(broken, "broken")


@pytest.mark.parametrize(("kind", "name", "namespace", "broken", "evidence"), [
    (fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, "runtime", "AlluxioRuntime data/hbase is terminating"),
    (fluid_kinds.DATASET, "hbase", NAMESPACE, "dataset", "Dataset data/hbase is Bound and terminating"),
    (kinds.PERSISTENT_VOLUME_CLAIM, "hbase", NAMESPACE, "volume",
     "Claim data/hbase is Bound and terminating and volume data-hbase is Bound"),
    (kinds.PERSISTENT_VOLUME, "data-hbase", None, "volume",
     "Claim data/hbase is Bound and volume data-hbase is Bound and terminating"),
])
def test_an_object_that_was_deleted_breaks_its_promise(cache, look, kind, name, namespace, broken, evidence):
    """A pod that uses the cache keeps it until it ends; new pods do not get it."""
    cache.cluster.change(kind, name, namespace, {"metadata": {"deletionTimestamp": "2026-11-23T11:00:00Z"}})
    promises = look()["promises"]
    assert {each: promise["state"] for each, promise in promises.items() if promise["state"] != "kept"} == {
        broken: "broken"}
    assert promises[broken]["evidence"].startswith(evidence)


def test_more_masters_and_workers_than_exist(cache, look):
    """The sentences that molecule/default/verify.yml requires."""
    failed = look(master_replicas=5, worker_replicas=4)["figures"]["failed_checks"]
    assert len(failed) == 4
    assert failed[0].startswith(
        "3 masters are ready, expected 5: hbase-master-0, hbase-master-1, hbase-master-2: its AlluxioRuntime "
        "declares 3: set master_replicas (fluid_master_replicas) to 3, or deploy the cache with 5")
    assert failed[1].startswith("2 workers are ready, expected 4: hbase-worker-0, hbase-worker-1: its "
                                "AlluxioRuntime declares 2: set worker_replicas (fluid_worker_replicas) to 2")
    assert failed[2].startswith("The MASTER quorum of data/hbase has leader hbase-master-0:19200 and 3 of 3 "
                                "peers AVAILABLE, expected a leader and 5 of 5: complete it")
    assert failed[3].startswith("The JOB_MASTER quorum of data/hbase")


def test_a_peer_that_is_unavailable_on_a_node_that_answers_is_broken(cache, look):
    cache.raft.lose(2)
    promise = look()["promises"]["master_quorum"]
    assert promise["state"] == "broken"
    assert promise["evidence"].endswith(
        "2 of 3 peers AVAILABLE; not AVAILABLE: hbase-master-2, expected a leader and 3 of 3")
    assert promise["next_step"] == "complete it with datacache.fluid.alluxio_quorum"


def test_a_quorum_that_no_master_reports(cache, look):
    cache.raft.silent = {"MASTER"}
    promise = look()["promises"]["master_quorum"]
    assert promise["state"] == "broken"
    assert "leader none and 0 of 0 peers AVAILABLE; no master tells of its MASTER quorum" in promise[
        "evidence"]


def test_a_kind_that_is_not_installed_counts_as_absent(cluster, cache, states):
    cluster.missing_kinds |= {fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME}
    assert states() == dict.fromkeys(("runtime", "runtime_phases", "dataset", "figures"), "broken")


def test_the_masters_of_a_runtime_that_must_not_be_read_are_its_pods(cluster, cache, look):
    cluster.forbidden.add(("get", "alluxioruntimes"))
    result = look(master_replicas=None)
    assert result["promises"]["masters"]["figures"]["desired"] == 3
    assert result["promises"]["master_quorum"]["state"] == "kept"
    cluster.forbidden.add(("list", "pods"))
    assert look(master_replicas=None)["promises"]["masters"]["state"] == "unknown"


@pytest.mark.parametrize(("forbidden", "unknown"), [
    (("get", "deployments"), {"dataset_controller", "alluxioruntime_controller"}),
    (("list", "nodes"), {"csi_plugin"}),
    (("get", "daemonsets"), set()),
    (("get", "datasets"), {"dataset", "figures"}),
    (("get", "persistentvolumes"), {"volume"}),
])
def test_what_must_not_be_read_is_unknown(cluster, cache, look, forbidden, unknown):
    cluster.forbidden.add(forbidden)
    result = look()
    assert {name: each["state"] for name, each in result["promises"].items() if each["state"] != "kept"} == (
        dict.fromkeys(unknown, "unknown"))
    assert result["kept"]
    for name in unknown:
        assert result["promises"][name]["next_step"] == "grant the Role of docs/rbac.yml"


def test_without_the_pods_the_rest_is_decided(cluster, cache, states):
    cluster.forbidden.add(("list", "pods"))
    assert states() == dict.fromkeys((
        "dataset_controller", "alluxioruntime_controller", "csi_plugin", "runtime_phases", "masters",
        "workers", "node_loss", "master_quorum", "job_master_quorum"), "unknown")


def test_an_unavailable_server_fails_the_look(cluster, cache, look):
    cluster.go_down(1000)
    with pytest.raises(ServerUnavailable):
        look()


# -- a node that is dead ----------------------------------------------------------------------


def test_a_dead_node_degrades_what_it_ran(cache, look):
    """One of three nodes is dead: what is missing is named, and nothing is broken."""
    cache.lose_node("node1")
    cache.cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {
        "status": {"masterPhase": "PartialReady", "workerPhase": "PartialReady"}})
    result = look()
    degraded = {name for name, each in result["promises"].items() if each["state"] == "degraded"}
    assert degraded == {"csi_plugin", "runtime_phases", "masters", "workers", "master_quorum",
                        "job_master_quorum"}
    assert {each["state"] for each in result["promises"].values()} == {"kept", "degraded"}
    assert result["promises"]["masters"]["lost_nodes"] == ["node1"]
    assert result["promises"]["workers"]["evidence"] == (
        "1 workers are ready, expected 2: hbase-worker-0; hbase-worker-1 on node1: its node does not answer")
    assert result["kept"] and cache.cluster.now == 0
    assert [line for line in result["report"] if line.startswith("degraded: 1 workers are ready")]


@pytest.mark.parametrize(("spec", "state"), [
    ({}, "degraded"),
    ({"nodeSelector": {"disk": "ssd"}}, "broken"),  # the lost node would not accept it either
])
def test_a_worker_more_than_the_remaining_nodes_accept(cache, states, spec, state):
    cache.lose_node("node2")
    cache.raft.states["MASTER"].update({"hbase-master-2:19200": "UNAVAILABLE"})
    cache.cluster.put(kinds.POD, {
        "metadata": {"name": "hbase-worker-2", "namespace": NAMESPACE,
                     "labels": {"release": "hbase", "role": "alluxio-worker"}}, "spec": spec,
        "status": {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]}})
    assert states(worker_replicas=3)["workers"] == state


def test_a_broken_master_beside_a_dead_node_is_broken(cache, states):
    cache.lose_node("node1")
    cache.cluster.change(kinds.POD, "hbase-master-2", NAMESPACE, {"status": {"conditions": [
        {"type": "Ready", "status": "False"}]}})
    assert states()["masters"] == "broken"


def test_a_lost_majority_is_broken(cache, states):
    cache.lose_node("node1")
    cache.lose_node("node2")
    found = states()
    assert (found["masters"], found["master_quorum"]) == ("degraded", "broken")


def test_a_controller_on_a_dead_node_is_named(cache, look):
    cache.lose_node("node0")
    cache.cluster.change(kinds.DEPLOYMENT, "dataset-controller", FLUID, {"status": {"readyReplicas": 0}})
    promise = look()["promises"]["dataset_controller"]
    assert promise["state"] == "degraded"
    assert promise["next_step"].startswith("delete its pod dataset-controller-abcde-fghij with --force")


def test_a_pod_that_was_evicted_long_ago_does_not_hide_a_dead_node(cache, look):
    cache.lose_node("node0")
    cache.cluster.change(kinds.DEPLOYMENT, "dataset-controller", FLUID, {"status": {"readyReplicas": 0}})
    cache.cluster.put(kinds.POD, {
        "metadata": {"name": "dataset-controller-abcde-klmno", "namespace": FLUID, "labels": {}},
        "spec": {"nodeName": "node2"}, "status": {"phase": "Failed", "reason": "Evicted"}})
    promise = look()["promises"]["dataset_controller"]
    assert promise["state"] == "degraded"
    assert "klmno" not in promise["evidence"] + promise["next_step"]


# -- nodes of the CSI plugin ------------------------------------------------------------------


@pytest.mark.parametrize(("node", "state"), [
    ({}, "broken"),
    ({"type": "gpu"}, "broken"),
    ({"type": "virtual-kubelet"}, None),
    ({"unschedulable": True}, None),
    ({"taints": [{"key": "pool", "effect": "NoSchedule"}]}, "broken"),
    ({"ready": False}, "degraded"),
])
def test_which_nodes_need_the_plugin(cache, states, node, state):
    cache.put_node("node3", **node)
    assert states().get("csi_plugin") == state


def test_a_taint_that_the_plugin_does_not_tolerate(cache, states):
    cache.cluster.change(kinds.DAEMON_SET, "csi-nodeplugin-fluid", FLUID, {
        "spec": {"template": {"spec": {"tolerations": None}}}})
    cache.put_node("node3", taints=[{"key": "pool", "effect": "NoSchedule"}])
    assert "csi_plugin" not in states()


def test_fluid_without_its_plugin_uses_sidecars(cluster, cache, states):
    cluster.vanish(kinds.DAEMON_SET, "csi-nodeplugin-fluid", FLUID)
    for index in range(3):
        cluster.vanish(kinds.POD, f"csi-nodeplugin-fluid-{index}", FLUID)
        cluster.vanish(kinds.CSI_NODE, f"node{index}", None)
    assert states() == {}
    cache.register("node0")
    assert states() == {}
    cache.register("node1", "fuse.csi.fluid.io")
    assert states() == {"csi_plugin": "broken"}


@pytest.mark.parametrize("drivers", [[], ["ebs.csi.aws.com"]])
def test_a_node_that_has_not_registered_the_driver(cache, look, drivers):
    """Its plugin pod is ready, as with another folder of the kubelet, and mounts on the node fail."""
    cache.register("node1", *drivers)
    promise = look()["promises"]["csi_plugin"]
    assert (promise["state"], promise["figures"]["without"]) == ("broken", ["node1"])
    assert promise["evidence"] == (
        "DaemonSet fluid-system/csi-nodeplugin-fluid has a ready pod on each node, and node1 has not "
        "registered its driver, expected it registered on each schedulable node")
    assert "csi.kubelet.rootDir" in promise["next_step"]


def test_a_node_that_is_down_is_not_expected_to_register(cache, states):
    cache.lose_node("node1")
    cache.register("node1")
    assert states()["csi_plugin"] == "degraded"


def test_without_the_permission_for_csi_nodes_the_pods_decide(cluster, cache, states):
    cache.register("node1")
    cluster.forbidden.add(("list", "csinodes"))
    assert states() == {}


def test_fluid_in_another_namespace_is_found(cluster, cache, states):
    for kind, namespace, name in list(cluster._objects):
        if namespace == FLUID:
            cluster.put(kind, {**(moved := cluster.stored(kind, name, namespace)),
                               "metadata": {**moved["metadata"], "namespace": "caching"}})
            cluster.vanish(kind, name, namespace)
    assert states() == {}


def test_fluid_that_is_not_installed_has_no_plugin(cluster, states, cache):
    cluster.vanish(kinds.DAEMON_SET, "csi-nodeplugin-fluid", FLUID)
    for name in CONTROLLERS:
        cluster.vanish(kinds.DEPLOYMENT, name, FLUID)
    for index in range(3):
        cluster.vanish(kinds.POD, f"csi-nodeplugin-fluid-{index}", FLUID)
    assert states() == dict.fromkeys(
        ("dataset_controller", "alluxioruntime_controller", "csi_plugin"), "broken")


# -- spread -----------------------------------------------------------------------------------


def test_a_node_whose_loss_would_lose_the_quorum(cache, look):
    cache.cluster.change(kinds.POD, "hbase-master-1", NAMESPACE, {"spec": {"nodeName": "node0"}})
    promise = look()["promises"]["node_loss"]
    assert promise["state"] == "broken"
    assert promise["evidence"] == ("Node node0 runs 2 of 3 masters (hbase-master-0, hbase-master-1), "
                                   "expected at most 1 on each")
    assert "node_loss" not in look(spread_masters=False)["promises"]


# -- zero workers -----------------------------------------------------------------------------


def test_a_frozen_cache_without_workers(cluster, cache, look):
    for index in range(2):
        cluster.vanish(kinds.POD, f"hbase-worker-{index}", NAMESPACE)
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {"status": {"workerPhase": "NotReady"}})
    listed = {"pod": "hbase-verify-probe", "files": 7, "listed_all": True, "size": None, "complete": False,
              "first_seconds": None, "second_seconds": None, "cached_before": "0.0%"}
    result = look(worker_replicas=0, probe=listed)
    assert {name: each["state"] for name, each in result["promises"].items() if each["state"] != "kept"} == {
        "files_read": "unknown"}
    assert "cached" not in result["promises"] and result["figures"]["copies"] == {}


# -- figures ----------------------------------------------------------------------------------


def test_a_size_that_fluid_calculates_is_waited_for(cluster, cache, look):
    cache.dataset(ufsTotal="[Calculating]")
    cluster.later(40, lambda: cache.dataset(ufsTotal="80.00MiB"))
    assert look()["promises"]["figures"]["state"] == "kept"
    assert cluster.now == pytest.approx(40, abs=1)
    assert "Fluid still calculates its total size" in look.progress[0]


def test_a_size_that_stays_unknown_breaks_nothing(cluster, cache, look):
    cache.dataset(ufsTotal="[Calculating]", cacheStates={"cachedPercentage": ""})
    promise = look(wait_timeout=30)["promises"]["figures"]
    assert (promise["state"], promise["evidence"]) == (
        "unknown", "The total size of Dataset data/hbase is [Calculating]")
    assert cluster.now == pytest.approx(30, abs=1)


def test_check_mode_waits_for_nothing(cluster, cache, look):
    cache.dataset(ufsTotal="[Calculating]")
    assert look(check_mode=True)["promises"]["figures"]["state"] == "unknown"
    assert cluster.now == 0


def test_a_dataset_that_is_not_bound_is_not_waited_for(cluster, cache, states):
    cache.dataset(phase="NotBound", ufsTotal="[Calculating]")
    assert states() == {"dataset": "broken", "figures": "unknown"}
    assert cluster.now == 0


def test_an_empty_dataset_is_not_waited_for(cluster, cache, look):
    cache.dataset(ufsTotal="0.00B", cacheStates={"cachedPercentage": "NaN%", "cached": "0.00B"})
    empty = {**PROBE, "files": 0, "size": 0}
    result = look(probe=empty)
    assert cluster.now == 0
    assert [name for name, each in result["promises"].items() if each["state"] != "kept"] == ["files_listed"]
    assert result["promises"]["figures"]["figures"]["percentage"] == "0.0%"
    assert "the under-store has files and accepts the credentials" in (
        result["promises"]["files_listed"]["next_step"])


def test_a_missing_figure_is_broken_at_the_end(cluster, cache, look):
    cache.dataset(cacheStates={"cached": None})
    promise = look(wait_timeout=5)["promises"]["figures"]
    assert (promise["state"], "80.00MiB, unknown, 4.00GiB, 100.0%" in promise["evidence"]) == ("broken", True)


# -- what is cached ---------------------------------------------------------------------------


def test_figures_of_the_cache_are_waited_for_after_a_sample(cluster, cache, states):
    cache.dataset(cacheStates={"cachedPercentage": "0.0%", "cached": "0.00B"})
    cluster.later(90, lambda: cache.dataset(
        cacheStates={"cachedPercentage": "100.0%", "cached": "80.00MiB"}))
    assert states(probe=PROBE) == {}
    assert cluster.now == pytest.approx(90, abs=1)


def test_too_little_is_cached(cluster, cache, look):
    cache.dataset(cacheStates={"cachedPercentage": "40.0%", "cached": "32.00MiB"})
    promise = look(probe=PROBE, wait_timeout=20)["promises"]["cached"]
    assert promise["state"] == "broken"
    assert promise["evidence"] == (
        "Dataset data/hbase has 40.0% cached 20 seconds after its files were read, expected 100% "
        "(32.00MiB of a capacity of 4.00GiB)")
    assert look(probe=PROBE, cached_percentage=40)["promises"]["cached"]["state"] == "kept"


@pytest.mark.parametrize(("cached", "state"), [("0.00B", "broken"), ("1023.50MiB", "kept")])
def test_a_sample_of_a_large_dataset_requires_its_own_bytes(cache, look, cached, state):
    cache.dataset(ufsTotal="28.00GiB", cacheStates={"cachedPercentage": "3.6%", "cached": cached})
    probe = {**PROBE, "size": 1024 ** 3, "complete": False}
    assert look(probe=probe, wait_timeout=5)["promises"]["cached"]["state"] == state


def test_a_sample_of_a_dataset_whose_size_is_calculated(cache, states):
    cache.dataset(ufsTotal="[Calculating]", cacheStates={"cachedPercentage": "", "cached": "0.00B"})
    assert states(probe=PROBE, wait_timeout=5) == {"figures": "unknown", "cached": "unknown"}


# -- the sample -------------------------------------------------------------------------------


@pytest.mark.parametrize(("probe", "expected"), [
    ({"pod": "hbase-verify-probe", "error": "timed out"}, {"files_listed": "broken", "files_read": "broken"}),
    ({"skipped": "the claim is ReadWriteOncePod"}, {"files_listed": "unknown", "files_read": "unknown"}),
    ({**PROBE, "files": 0}, {"files_listed": "broken"}),
    ({**PROBE, "listing_errors": ["find: /data/a: Input/output error"]}, {"files_listed": "broken"}),
    ({**PROBE, "reading_errors": ["cat: /data/a: Input/output error"]}, {"files_read": "broken"}),
])
def test_what_a_sample_breaks(cache, states, probe, expected):
    assert states(probe=probe) == expected


def test_a_sample_from_a_node_whose_mount_opens_no_file(cache, look):
    probe = {**PROBE, "reading_errors": ["cat: /data/a: File descriptor in bad state"]}
    [sentence] = look(probe=probe)["figures"]["failed_checks"]
    assert "delete the FUSE pod of the node whose file descriptors are in bad state" in sentence


@pytest.mark.parametrize(("size", "state", "text"), [
    (80 * 1024 ** 2, "kept", "bytes of claim data/hbase, without files that are being written (/data/log)"),
    (0, "unknown", "No file of data/hbase was read"),
])
def test_files_that_are_being_written_break_nothing(cache, look, size, state, text):
    promise = look(probe={**PROBE, "size": size, "complete": False, "being_written": ["/data/log"]})[
        "promises"]["files_read"]
    assert (promise["state"], text in promise["evidence"]) == (state, True)


def test_a_sample_without_a_byte_proves_nothing(cache, look):
    """Its files are empty, or were deleted since the listing."""
    promise = look(probe={**PROBE, "size": 0, "complete": False})["promises"]["files_read"]
    assert (promise["state"], promise["next_step"]) == (
        "unknown", "verify again when it has files with content")


# -- running pods -----------------------------------------------------------------------------


def test_the_mounts_of_running_pods_are_read(cache, look):
    cache.put_application("web-0")
    cache.put_application("job-0", running=False)
    cache.put_application("hbase-verify-probe", **{"app.kubernetes.io/part-of": "hbase-verify"})
    result = look()
    assert cache.commands == [("web-0", "app", "/data")]
    assert result["promises"]["application_mounts"]["figures"]["mounts"] == 1


@pytest.mark.parametrize(("answer", "state"), [
    (ExecResult(2, DEAD, ""), "broken"),
    (ExecResult(1, "ls: /data: Socket not connected", ""), "broken"),
    (ExecResult(2, "ls: reading directory '/data': Input/output error", ""), "broken"),
    (ExecResult(137, "", ""), "broken"),
    (ApiError("`ls /data` in web-0/app of namespace data did not end within 30 seconds"), "broken"),
    (ExecResult(2, "ls: cannot open directory '/data': Permission denied", ""), "unknown"),
    (ApiError("cannot run `ls /data`: Handshake status 500; it needs create on pods/exec"), "unknown"),
])
def test_a_mount_that_cannot_be_read(cache, look, answer, state):
    cache.put_application("web-0")
    cache.put_application("web-1")
    cache.answers["web-0"] = answer
    result = look()
    promise = result["promises"]["application_mounts"]
    assert promise["state"] == state
    assert "1 of 2 mounts of claim data/hbase in running pods" in promise["evidence"]
    assert "pod web-0 on node0 (container app, /data): " in promise["evidence"]
    assert result["kept"] is (state != "broken")


def test_a_dead_mount_is_named_with_its_error_and_the_next_step(cache, look):
    cache.put_application("web-0")
    cache.answers["web-0"] = ExecResult(2, DEAD, "")
    [sentence] = look()["figures"]["failed_checks"]
    assert "Transport endpoint is not connected" in sentence
    assert "delete the pods whose endpoint is not connected" in sentence


def test_a_mount_that_opens_no_file_is_dead(cache, look):
    cache.put_application("web-0")
    cache.answers["web-0"] = ExecResult(1, "head: /data/a: File descriptor in bad state", "")
    [sentence] = look()["figures"]["failed_checks"]
    assert "1 of 1 mounts of claim data/hbase in running pods are dead" in sentence
    assert "delete the FUSE pod of the node whose file descriptors are in bad state, then" in sentence


def test_dead_mounts_of_two_causes_have_a_next_step_each(cache, look):
    cache.put_application("web-0")
    cache.put_application("web-1")
    cache.answers["web-0"] = ExecResult(2, DEAD, "")
    cache.answers["web-1"] = ExecResult(1, "head: /data/a: File descriptor in bad state", "")
    [sentence] = look()["figures"]["failed_checks"]
    assert "delete the pods whose endpoint is not connected: a new pod gets a new mount" in sentence
    assert "delete the FUSE pod of the node whose file descriptors are in bad state" in sentence


def test_pods_on_a_dead_node_are_not_asked(cache, look):
    cache.put_application("web-0", node="node1")
    cache.lose_node("node1")
    promise = look()["promises"]["application_mounts"]
    assert (cache.commands, promise["state"], promise["lost_nodes"]) == ([], "degraded", ["node1"])
