# SPDX-License-Identifier: GPL-3.0-or-later
"""The pod that tries to reach the under-stores."""

import pytest
from fake_raft import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.preflight import origins

POD = "hbase-preflight"
ENDPOINT = "alluxio.underfs.s3.endpoint"
ENDED = {"phase": "Succeeded"}
NO_IMAGE = {"phase": "Pending", "containerStatuses": [{"name": "preflight", "state": {
    "waiting": {"reason": "ErrImagePull", "message": "not found"}}}]}


def after_start(cluster, status, log=None):
    """The pod gets this status a second after its creation."""
    cluster.later(1, lambda: cluster.change(kinds.POD, POD, NAMESPACE, {"status": status}))
    if log is not None:
        cluster.logs[POD, "preflight"] = log


def test_a_store_that_is_reached(preflight, cluster):
    after_start(cluster, ENDED, "reached host 443\ndone\n")
    assert "info: origin: a pod reaches host:443" in preflight(probe=True)["report"]
    assert cluster.stored(kinds.POD, POD, NAMESPACE) is None
    assert cluster.writes() == [("create", "pods"), ("delete", "pods")]


def test_a_resource_quota_of_the_namespace_admits_the_pod():
    """A quota refuses a pod that lacks a request or a limit that it counts."""
    body = origins.manifest(ObjectRef(NAMESPACE, "hbase"), "alluxio", [], [], [], 60)
    [container] = body["spec"]["containers"]
    assert {kind: set(amounts) for kind, amounts in container["resources"].items()} == {
        "requests": {"cpu", "memory"}, "limits": {"cpu", "memory"}}


def test_a_store_that_is_not_reached(found, cluster):
    after_start(cluster, ENDED, "failed host 443 preflight: connect: Connection refused\ndone\n")
    assert found(probe=True) == [
        ("error", "origin", "a pod does not reach host:443: preflight: connect: Connection refused")]


@pytest.mark.parametrize(("variables", "image"), [
    ([{"name": "ALLUXIO_RUNTIME_IMAGE_ENV", "value": "mirror.local/alluxio/alluxio-dev:2.9.4"}],
     "mirror.local/alluxio/alluxio-dev:2.9.4"),
    ([{"name": "OTHER"}], "alluxio/alluxio-dev:2.9.0"),
], ids=["of-the-controller", "of-fluid"])
def test_the_default_image_is_that_of_masters_and_workers(found, cluster, variables, image):
    cluster.put(kinds.DEPLOYMENT, {
        "metadata": {"name": "alluxioruntime-controller", "namespace": "fluid-system"},
        "spec": {"template": {"spec": {"containers": [{"name": "manager", "env": variables}]}}}})
    after_start(cluster, NO_IMAGE)
    [(_severity, _check, evidence)] = found(probe=True, probe_image=None)
    assert f"with image {image}:" in evidence


def test_an_image_that_cannot_be_pulled(found, cluster):
    after_start(cluster, NO_IMAGE)
    [(severity, check, evidence)] = found(probe=True)
    assert (severity, check) == ("error", "image")
    assert "alluxio/alluxio:2.9.4" in evidence and "ErrImagePull" in evidence
    assert cluster.stored(kinds.POD, POD, NAMESPACE) is None


def test_a_pod_that_finds_no_node_is_no_fault_of_the_image(preflight, cluster):
    after_start(cluster, {"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes fit"}]})
    [finding] = [each for each in preflight(probe=True)["findings"] if each["severity"] != "info"]
    assert (finding["severity"], finding["check"]) == ("error", "probe")
    assert "not scheduled: 0/3 nodes fit" in finding["evidence"]
    assert finding["remedy"] == "let a node run the pod, or leave out the probe"


@pytest.mark.parametrize("status", [
    {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."},
    {"phase": "Failed", "reason": "DeadlineExceeded", "message": "Pod was active on the node too long"}])
def test_a_pod_that_its_node_ends_is_no_fault_of_the_image(found, cluster, status):
    after_start(cluster, status)
    assert [(severity, check) for severity, check, _evidence in found(probe=True)] == [("error", "probe")]


def test_an_image_without_a_shell(found, cluster):
    after_start(cluster, {"phase": "Failed", "containerStatuses": [{"name": "preflight", "state": {
        "terminated": {"exitCode": 128, "reason": "StartError"}}}]})
    assert [(severity, check) for severity, check, _evidence in found(probe=True)] == [("error", "image")]


def test_the_pod_of_an_interrupted_run_is_replaced(preflight, cluster):
    cluster.put(kinds.POD, {"metadata": {"name": POD, "namespace": NAMESPACE}, "status": ENDED})
    after_start(cluster, ENDED, "reached host 443\n")
    preflight(probe=True)
    assert cluster.writes() == [("delete", "pods"), ("create", "pods"), ("delete", "pods")]


def test_check_mode_and_invalid_options_start_no_pod(preflight, cluster):
    preflight(check_mode=True, probe=True)
    preflight(probe=True, master_replicas=2)
    assert cluster.writes() == []


def test_a_warning_about_options_does_not_keep_the_pod_from_its_start(preflight, cluster):
    """Fluid ignores resources of FUSE without a limit of the memory; the deployment succeeds."""
    after_start(cluster, ENDED, "reached host 443\ndone\n")
    fuse = {"jvm_options": ["-Xmx1g"], "resources": {"requests": {"cpu": "1"}}}
    report = preflight(probe=True, fuse=fuse)["report"]
    assert [line for line in report if line.startswith("warning: options: fuse.resources")] != []
    assert "info: origin: a pod reaches host:443" in report


def test_a_pod_that_is_refused_is_a_warning(found, cluster):
    cluster.forbidden.add(("create", "pods"))
    [(severity, check, _evidence)] = found(probe=True)
    assert (severity, check) == ("warning", "probe")


@pytest.mark.parametrize(("mount", "target"), [
    ({"mount_point": "http://host:8080/path"}, [("host", 8080)]),
    ({"mount_point": "s3://bucket/path"}, [("s3.amazonaws.com", 443)]),
    ({"mount_point": "s3://bucket/", "options": {ENDPOINT: "minio:9000"}}, [("minio", 9000)]),
    ({"mount_point": "s3://bucket/", "options": {ENDPOINT: "http://minio"}}, [("minio", 80)]),
    ({"mount_point": "hdfs://namenode/path"}, [("namenode", 8020)]),
    ({"mount_point": "local:///data"}, []),
    ({"mount_point": "pvc://claim/data"}, []),
    ({"mount_point": "s3://bucket/", "options": {ENDPOINT + ".region": "eu-1", ENDPOINT: "minio:9000"}},
     [("minio", 9000)]),
    ({"mount_point": "s3://bucket/", "options": {ENDPOINT + ".region": "eu-1", ENDPOINT: None}},
     [("s3.amazonaws.com", 443)]),
    ({"mount_point": "hdfs://one:8020,two:8020/"}, []),
    ({"mount_point": "https://host:port/"}, []),
])
def test_the_address_of_a_store(mount, target):
    assert origins.targets({"mounts": [mount]}) == target


def test_a_logical_name_of_hdfs_is_not_tried():
    """The Hadoop configuration resolves it, and no DNS server does."""
    mounts = {"mounts": [{"mount_point": "hdfs://nameservice1/x"}, {"mount_point": "hdfs://namenode:9000/x"}]}
    assert origins.targets(mounts, hadoop_config=True) == [("namenode", 9000)]


def test_the_probe_knows_of_the_hadoop_configuration(preflight, cluster):
    after_start(cluster, ENDED, "done\n")
    dataset = {"mounts": [{"mount_point": "hdfs://nameservice1/x", "name": "x"}]}
    report = preflight(probe=True, dataset=dataset, hadoop_config="hdfs-site")["report"]
    assert not [line for line in report if "nameservice1" in line]


@pytest.mark.parametrize(("mount", "text"), [
    ({"mount_point": "https://ann:planted@host:99999/x"}, "https://ann:VALUE_HIDDEN@host:99999/x"),
    ({"mount_point": "http://[::1/x"}, "http://[::1/x"),
    ({"mount_point": "s3://bucket/", "options": {ENDPOINT: "http://minio:90a0"}}, "http://minio:90a0"),
])
def test_an_address_without_a_valid_port_is_found(found, mount, text):
    assert found(dataset={"mounts": [{**mount, "name": "x"}]}) == [
        ("error", "origin", f"{text} has no valid host or port")]


def put_other_run(cluster):
    """Let another run replace the pod by its own."""
    if cluster.stored(kinds.POD, POD, NAMESPACE):
        cluster.vanish(kinds.POD, POD, NAMESPACE)
    cluster.put(kinds.POD, {"metadata": {"name": POD, "namespace": NAMESPACE}, "spec": {}})


def test_a_pod_that_another_run_replaces_is_no_fault_of_the_cache(preflight, cluster):
    """Each removes the pod of that name, which an interrupted run may have left."""
    cluster.later(1, lambda: put_other_run(cluster))
    [finding] = [each for each in preflight(probe=True)["findings"] if each["severity"] != "info"]
    assert (finding["severity"], finding["check"]) == ("warning", "probe")
    assert finding["remedy"] == "run this again when no other run tries the under-stores of the cache"
    assert cluster.stored(kinds.POD, POD, NAMESPACE)


def test_a_pod_that_another_run_creates_again_is_no_fault_of_the_cache(found, cluster):
    put_other_run(cluster)
    delete = cluster.delete

    def replaced(kind, ref, uid, **options):
        done = delete(kind, ref, uid, **options)
        put_other_run(cluster)
        return done
    cluster.delete = replaced
    [(severity, check, evidence)] = found(probe=True)
    assert (severity, check) == ("warning", "probe")
    assert "another client has created it again" in evidence
