# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of cache_probe: the pod's life, and what becomes of one that reads nothing."""

import pytest
from fake_raft import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.errors import Forbidden, InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.verify import probe

POD = "hbase-verify-probe"
LOG = "files 7 100.00 100.50\nfirst 83886080 100.50 106.15\nsecond 83886080 106.15 106.42\n"
PARAMS = {"name": "hbase", "namespace": NAMESPACE, "image": "nginx", "image_pull_secrets": [],
          "sample_bytes": "1Gi", "sample_seconds": 120, "wait_timeout": 600}


def pod_status(phase, **state):
    return {"status": {"phase": phase, "containerStatuses": [{"name": "probe", "state": state}]}}


@pytest.fixture
def sampled(cluster, cache):
    """Run it with options; ends: the status that the pod has after 5 s. created: the manifests."""
    real = cluster.create

    def create(kind, body, *rest, **more):
        if kind == kinds.POD:
            run.created.append(body)
            if run.ends:
                cluster.later(5, lambda: cluster.change(kinds.POD, POD, NAMESPACE, run.ends))
        return real(kind, body, *rest, **more)
    cluster.create = create

    def run(check_mode=False, **given):
        result = probe.ensure(cluster, {**PARAMS, **given}, check_mode,
                              Reporter(lambda _text: None, lambda _text: None))
        assert not result["changed"]
        return result["probe"]
    run.created, run.ends = [], pod_status("Succeeded", terminated={"exitCode": 0})
    cluster.logs[POD, "probe"] = LOG
    return run


def test_a_sample_leaves_nothing_behind(cluster, sampled):
    found = sampled()
    assert (found["files"], found["size"], found["first_seconds"], found["second_seconds"]) == (
        7, 83886080, 5.65, 0.27)
    assert (found["complete"], found["cached_before"], found["pod"]) == (True, "100.0%", POD)
    assert cluster.stored(kinds.POD, POD, NAMESPACE) is None
    assert cluster.writes() == [("create", "pods"), ("delete", "pods")]


def test_check_mode_creates_no_pod(cluster, sampled):
    assert (sampled(check_mode=True), cluster.requests) == ({}, [])


def test_the_pod_of_an_interrupted_run_is_removed_first(cluster, sampled, cache):
    cache.put_pod(POD, NAMESPACE, "node0", **{"app.kubernetes.io/part-of": "hbase-verify"})
    assert sampled()["files"] == 7
    assert cluster.writes() == [("delete", "pods"), ("create", "pods"), ("delete", "pods")]


def vanish(cluster):
    if cluster.stored(kinds.POD, POD, NAMESPACE):
        cluster.vanish(kinds.POD, POD, NAMESPACE)


def put_other_run(cluster, cache):
    """Let another run replace the pod by its own, which has not read yet."""
    vanish(cluster)
    cache.put_pod(POD, NAMESPACE, "node0", **{"app.kubernetes.io/part-of": "hbase-verify"})


def test_a_run_whose_pod_another_run_has_replaced_reads_after_it(cluster, sampled, cache):
    """Each removes pods of that name, which an interrupted run may have left."""
    cluster.later(3, lambda: put_other_run(cluster, cache))
    cluster.later(20, lambda: vanish(cluster))
    found = sampled()
    assert ("error" in found, found.get("files"), 25 <= cluster.now < 30) == (False, 7, True)
    assert len(sampled.created) == 2 and cluster.stored(kinds.POD, POD, NAMESPACE) is None


def test_a_run_whose_deleted_predecessor_begins_again_reads_after_it(cluster, sampled, cache):
    put_other_run(cluster, cache)
    real = cluster.delete

    def delete(kind, ref, uid, **options):
        done = real(kind, ref, uid, **options)
        if not sampled.created:
            put_other_run(cluster, cache)
        return done
    cluster.delete = delete
    cluster.later(20, lambda: vanish(cluster))
    assert sampled()["files"] == 7
    assert 25 <= cluster.now < 30


def test_two_runs_that_create_the_pod_at_once(cluster, sampled, cache):
    cluster.before_write(lambda: put_other_run(cluster, cache))
    cluster.later(20, lambda: vanish(cluster))
    assert sampled()["files"] == 7


def test_a_pod_that_is_always_deleted_is_an_error(cluster, sampled):
    sampled.ends = None
    for second in range(3, 300, 3):
        cluster.later(second, lambda: vanish(cluster))
    assert sampled()["error"] == (
        "Pod hbase-verify-probe in namespace data was deleted before it had read: end what deletes it, such "
        "as another verification of the cache, then run this again")
    assert len(sampled.created) == 3 and cluster.now < 30


def test_a_claim_that_is_not_bound_is_not_mounted(cluster, sampled):
    cluster.change(kinds.PERSISTENT_VOLUME_CLAIM, "hbase", NAMESPACE, {"status": {"phase": "Pending"}})
    assert sampled()["skipped"].startswith("the claim is not Bound")
    assert cluster.writes() == []


@pytest.mark.parametrize(("user", "skipped"), [(None, False), ("web-0", True)])
def test_a_claim_for_one_pod(cluster, sampled, cache, user, skipped):
    cluster.change(kinds.PERSISTENT_VOLUME_CLAIM, "hbase", NAMESPACE, {
        "spec": {"accessModes": ["ReadWriteOncePod"]}})
    if user:
        cache.put_application(user)
    found = sampled()
    assert ("skipped" in found) is skipped
    if skipped:
        assert found["skipped"] == (
            "the claim is ReadWriteOncePod and pod web-0 mounts it; the mount of that pod is read instead")


def test_a_pod_that_never_runs_is_removed_with_its_reason_and_events(cluster, sampled):
    sampled.ends = {"status": {"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]}}
    cluster.put(kinds.EVENT, {
        "metadata": {"name": "one", "namespace": NAMESPACE}, "type": "Warning", "reason": "FailedMount",
        "message": "driver name fuse.csi.fluid.io not found", "involvedObject": {"name": POD}})
    error = sampled(wait_timeout=30)["error"]
    assert error.startswith("timed out after 30 s while waiting for Pod hbase-verify-probe")
    assert "not scheduled: 0/3 nodes are available" in error
    assert "event FailedMount: driver name fuse.csi.fluid.io not found" in error
    assert cluster.stored(kinds.POD, POD, NAMESPACE) is None


@pytest.mark.parametrize(("ends", "reason"), [
    (pod_status("Failed", terminated={"exitCode": 127, "reason": "Error"}), "exit code 127"),
    (pod_status("Pending", waiting={"reason": "InvalidImageName", "message": "bad"}), "InvalidImageName bad"),
    ({"status": {"phase": "Failed", "message": "Pod was active longer than its deadline"}}, "longer than"),
])
def test_a_pod_that_fails_ends_the_wait(cluster, sampled, ends, reason):
    sampled.ends = ends
    assert reason in sampled()["error"]
    assert cluster.now < 10 and cluster.stored(kinds.POD, POD, NAMESPACE) is None


def test_a_sidecar_that_still_runs_is_not_waited_for(cluster, sampled):
    sampled.ends = pod_status("Running", terminated={"exitCode": 0})
    assert sampled()["files"] == 7
    assert cluster.now < 10


def test_a_log_without_a_sample_is_an_error(cluster, sampled):
    cluster.logs[POD, "probe"] = "sh: mktemp: not found\n"
    assert sampled()["error"] == "pod hbase-verify-probe has read nothing: sh: mktemp: not found"


def test_a_missing_permission_is_an_error_of_the_sample(cluster, sampled):
    def refuse(*_args, **_more):
        raise Forbidden("not allowed to create pods", 403)
    cluster.create = refuse
    assert sampled()["error"] == "not allowed to create pods"


@pytest.mark.parametrize("driver", [True, False])
def test_where_the_csi_plugin_is_off_a_sidecar_mounts_the_claim(cache, sampled, driver):
    for node in ("node1", "node2"):
        cache.register(node)
    cache.register("node0", "fuse.csi.fluid.io" if driver else "another.driver")
    sampled()
    [body] = sampled.created
    assert ("serverless.fluid.io/inject" in body["metadata"]["labels"]) is not driver


@pytest.mark.parametrize(("toleration", "avoided"), [
    ({"operator": "Exists"}, ["node1"]), ({"key": "pool", "operator": "Exists"}, []),
    ({"key": "node.kubernetes.io/unreachable", "operator": "Exists"}, ["node1"])])
def test_a_pod_that_tolerates_everything_avoids_lost_nodes(cluster, cache, sampled, toleration, avoided):
    cache.put_node("node1", ready=False)
    cluster.change(fluid_kinds.DATASET, "hbase", NAMESPACE, {"spec": {"tolerations": [toleration]}})
    sampled()
    [body] = sampled.created
    required = body["spec"]["affinity"].get("nodeAffinity", {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution", {"nodeSelectorTerms": [{"matchFields": []}]})
    [term] = required["nodeSelectorTerms"]
    assert [each["values"] for each in term["matchFields"]] == [[node] for node in avoided]


def test_a_resource_quota_of_the_namespace_admits_the_pod(sampled):
    """A quota refuses a pod that lacks a request or a limit that it counts."""
    sampled()
    [container] = sampled.created[0]["spec"]["containers"]
    assert {kind: set(amounts) for kind, amounts in container["resources"].items()} == {
        "requests": {"cpu", "memory"}, "limits": {"cpu", "memory"}}


def test_limits_reach_the_pod(sampled):
    sampled(sample_bytes="100Mi", sample_seconds=30, wait_timeout=60)
    [body] = sampled.created
    assert body["spec"]["containers"][0]["command"][6:8] == [str(100 * 1024 ** 2), "12"]
    assert body["spec"]["activeDeadlineSeconds"] == 120


@pytest.mark.parametrize(("options", "message"), [
    ({"sample_bytes": "much"}, "sample_bytes: 'much' is not a Kubernetes quantity"),
    ({"sample_bytes": "-1"}, "sample_bytes is -1: expected 0"),
    ({"sample_bytes": "1e20"}, "sample_bytes is 1e20: expected at most 9223372036854775807"),
    ({"image": "Nginx"}, "image is 'Nginx': expected the name of an image"),
    ({"name": "HBase"}, "HBase"),
])
def test_invalid_options_are_refused(options, message):
    with pytest.raises(InvalidInput, match=message):
        probe.require_valid({**PARAMS, **options})
