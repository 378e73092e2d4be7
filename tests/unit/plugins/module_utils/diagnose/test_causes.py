# SPDX-License-Identifier: GPL-3.0-or-later
"""Each known cause is named first where a healthy cache is broken by it, with what was observed."""

import pytest
from broken_cache import LONG_AGO, RECENT
from fake_cache import DEAD, FLUID
from fake_raft import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.diagnose import finding
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

NO_PORTS = ("0/3 nodes are available: 1 node(s) didn't have free ports for the requested pod ports, 2 "
            "node(s) didn't match pod anti-affinity rules.")
REFUSED_BY_S3 = """\
2026-11-23 11:59:30,100 WARN  BaseUnderFileSystem - Failed to list status of s3://bucket/data
com.amazonaws.services.s3.model.AmazonS3Exception: No such key (Service: S3; Status Code: 403; Error Code: \
InvalidAccessKeyId; Request ID: 1)
\tat com.amazonaws.http.AmazonHttpClient.handleErrorResponse(AmazonHttpClient.java:1879)"""
WEB_REFUSES = """\
2026-11-23 11:59:30,100 ERROR WebUnderFileSystem - Failed to read https://mirrors.example.org/apache/hbase
java.net.ConnectException: Connection refused (Connection refused)
\tat alluxio.underfs.web.WebUnderFileSystem.getFileStatus(WebUnderFileSystem.java:190)"""


def port_held(cache):
    cache.pending("hbase-worker-0", NO_PORTS)
    cache.change_pod("hbase-worker-0", spec={"hostNetwork": True, "containers": [
        {"name": "alluxio-worker", "ports": [{"containerPort": 20001, "hostPort": 20001}]}]})
    cache.put_pod("squatter", "other", "node1")
    cache.change_pod("squatter", namespace="other", spec={"containers": [
        {"name": "app", "ports": [{"containerPort": 80, "hostPort": 20001}]}]})


def port_bound(cache):
    cache.unready("hbase-master-1", "alluxio-master", restarts=3, state={"waiting": {
        "reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}})
    cache.log("hbase-master-1", previous=True, text="2026-11-23 11:59:30,100 ERROR AlluxioMaster - Fatal\n"
              "java.io.IOException: Failed to bind to address 0.0.0.0/0.0.0.0:20003")


def unschedulable(cache):
    cache.pending("hbase-worker-1", "0/3 nodes are available: 3 node(s) didn't match Pod's node "
                                    "affinity/selector.")


def image_missing(cache):
    cache.unready("hbase-worker-0", state={"waiting": {
        "reason": "ImagePullBackOff", "message": 'Back-off pulling image "alluxio/alluxio:2.9.4"'}})
    cache.event("Pod", "hbase-worker-0", "Failed", 'Failed to pull image "alluxio/alluxio:2.9.4": not found')
    cache.raft.lose(1)


def out_of_memory(cache):
    ended = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": RECENT}
    cache.unready("hbase-worker-0", last={"terminated": ended}, restarts=4, state={"waiting": {
        "reason": "CrashLoopBackOff"}})
    cache.change_pod("hbase-worker-0", spec={"containers": [
        {"name": "alluxio-worker", "resources": {"limits": {"memory": "1Gi"}}}]})


def limit_below_tier(cache):
    cache.cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {
        "spec": {"worker": {"resources": {"limits": {"memory": "1Gi"}}}}})


def limit_of_a_limit_range(cache):
    cache.change_pod("hbase-worker-1", spec={"containers": [
        {"name": "alluxio-worker", "resources": {"limits": {"memory": "512Mi"}}}]})


def journal_claim_gone(cache):
    cache.put_masters()
    cache.cluster.vanish(kinds.PERSISTENT_VOLUME_CLAIM, "alluxio-journal-hbase-master-1", NAMESPACE)
    cache.pending("hbase-master-1", '0/3 nodes are available: persistentvolumeclaim '
                                    '"alluxio-journal-hbase-master-1" not found.')
    cache.raft.lose(1)


def journal_gate(cache):
    cache.raft.silent = {"MASTER", "JOB_MASTER"}
    for index in range(3):
        cache.unready(f"hbase-master-{index}", "alluxio-master")
        cache.change_pod(f"hbase-master-{index}", status={"initContainerStatuses": [
            {"name": "datacache-gate", "state": {"running": {"startedAt": LONG_AGO}}}]})
        cache.log(
            f"hbase-master-{index}", "the journal is empty: waiting for a leader among the other masters",
            container="datacache-gate", when=LONG_AGO)


def service_gone(cache):
    cache.cluster.vanish(kinds.SERVICE, "hbase-master-1", NAMESPACE)
    cache.raft.lose(1)


def names_unresolved(cache):
    cache.raft.lose(1)
    cache.log("hbase-master-0", "2026-11-23 11:59:30,100 WARN  GrpcLogAppender - UNAVAILABLE: "
                                "Unable to resolve host hbase-master-1")


def dns_down(cache):
    cache.put_pod("coredns-1", "kube-system", "node0", ready=False, **{"k8s-app": "kube-dns"})


def stale_peer(cache):
    cache.raft.lose(1)


def finalizer_held(cache):
    cache.put_application("app")
    cache.cluster.change(fluid_kinds.DATASET, "hbase", NAMESPACE, {"metadata": {
        "deletionTimestamp": RECENT, "finalizers": ["fluid-dataset-controller-finalizer"]}})


def finalizer_stuck(cache):
    cache.cluster.change(fluid_kinds.DATASET, "hbase", NAMESPACE, {"metadata": {
        "deletionTimestamp": LONG_AGO, "finalizers": ["fluid-dataset-controller-finalizer"]}})


def controller_at_zero(cache):
    cache.scale("alluxioruntime-controller", 0)
    finalizer_stuck(cache)


def mount_dead(cache):
    cache.put_application("app")
    cache.answers["app"] = ExecResult(2, "", DEAD)


def mount_in_bad_state(cache):
    cache.put_application("app")
    cache.change_pod("hbase-fuse-x", status={
        "containerStatuses": [{"name": "alluxio-fuse", "state": {"running": {}}, "restartCount": 0}]})
    cache.cluster.logs["hbase-fuse-x", "alluxio-fuse", False] = (
        "2026-11-23T09:00:00.000000000Z 2026-11-23 09:00:00,000 WARN  AlluxioJniFuseFileSystem - "
        "Fuse.Open(path=/hbase/a (1),flags=0x8000) returned -38 in 5009 ms (>=1000 ms)\n")
    cache.answers["app"] = ExecResult(1, "head: /data/a: File descriptor in bad state", "")


def mount_fails(cache):
    cache.put_application("app", running=False)
    cache.change_pod("app", status={"phase": "Pending"})
    cache.event("Pod", "app", "FailedMount", 'MountVolume.SetUp failed for volume "data-hbase": driver name '
                "fuse.csi.fluid.io not found in the list of registered CSI drivers")


def store_unreachable(cache):
    cache.log("hbase-master-0", WEB_REFUSES)


def store_unreachable_at_first(cache):
    cache.dataset(phase="NotBound", mounts=None)
    cache.event("AlluxioRuntime", "hbase", "ErrorProcessRuntime",
                "Failed to setup ddc engine due to error execute mount.sh occurs error: bash -c 'alluxio fs "
                "mount /hbase https://mirrors.example.org/apache' UnknownHostException: mirrors.example.org")


def store_unreachable_to_a_master_that_starts(cache):
    cache.dataset(phase="NotBound", mounts=None)
    cache.log("hbase-master-0", text=(
        "2026-11-23 11:59:30,221 WARN  AbstractUfsManager - Failed to perform initial connect to UFS "
        "https://mirrors.example.org/apache: java.io.IOException: HEAD failed 5 times, at last with: "
        "java.net.ConnectException"))


def store_unreachable_by_the_controller(cache):
    pod = "alluxioruntime-controller-abcde-fghij"
    cache.dataset(phase="NotBound", mounts=None)
    cache.change_pod(pod, namespace=FLUID, status={"containerStatuses": [
        {"name": "manager", "ready": True, "state": {"running": {"startedAt": LONG_AGO}}}]})
    cache.log(pod, container="manager", text=(
        "2026-11-23T11:59:30.100Z\tERROR\talluxioctl\tAlluxioFileUtils.ExecMountScripts() failed\t"
        '{"alluxioruntime": {"name":"hbase","namespace":"data"}, "stdout": "' + "mounted " * 60 +
        '", "stderr": "Unable to mount: Ufs path https://mirrors.example.org/apache does not exist"}'))


def store_refused(cache):
    cache.log("hbase-worker-1", REFUSED_BY_S3, container="alluxio-worker")
    cache.change_pod("hbase-worker-1", status={"containerStatuses": [
        {"name": "alluxio-worker", "ready": True, "state": {"running": {"startedAt": LONG_AGO}}}]})


def disk_full(cache):
    cache.cluster.change(kinds.NODE, "node1", None, {"status": {"conditions": [
        {"type": "Ready", "status": "True"},
        {"type": "DiskPressure", "status": "True", "message": "kubelet has disk pressure"}]}})
    cache.pending("hbase-worker-1", "0/3 nodes are available: 1 node(s) had untolerated taint "
                                    "{node.kubernetes.io/disk-pressure: }.")


def node_down(cache):
    cache.lose_node("node1")


def definitions_old(cache):
    cache.fields["AlluxioRuntime"] = [path for path in cache.fields["AlluxioRuntime"]
                                      if not path.startswith("management.")]
    cache.put_definitions()


def quota(cache):
    cache.cluster.vanish(kinds.POD, "hbase-worker-1", NAMESPACE)
    cache.event("StatefulSet", "hbase-worker", "FailedCreate",
                "create Pod hbase-worker-1 in StatefulSet hbase-worker failed error: exceeded quota: small")


def creating(cache, name, reason, message, containers=("alluxio-worker", "alluxio-job-worker")):
    """The kubelet has not started the containers of a pod for an hour."""
    cache.change_pod(name, status={
        "phase": "Pending", "conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": [
            {"name": each, "ready": False, "restartCount": 0, "image": "alluxio/alluxio:2.9.4",
             "state": {"waiting": {"reason": "ContainerCreating"}}} for each in containers]})
    cache.cluster.change(kinds.POD, name, NAMESPACE, {"metadata": {"creationTimestamp": LONG_AGO}})
    cache.event("Pod", name, reason, message)


def secret_missing(cache):
    """Fluid mounts the Secrets of encryptOptions in the masters."""
    cache.raft.silent = {"MASTER", "JOB_MASTER"}
    cache.dataset(phase="NotBound", mounts=None)
    for index in range(3):
        creating(cache, f"hbase-master-{index}", "FailedMount", 'MountVolume.SetUp failed for volume '
                 '"alluxio-mount-secret-s3" : secret "s3" not found')


def volume_elsewhere(cache):
    creating(cache, "hbase-master-1", "FailedAttachVolume", 'Multi-Attach error for volume "pvc-1" Volume is '
             "already exclusively attached to one node and can't be attached to another")
    cache.raft.lose(1)


def no_pod_network(cache):
    creating(cache, "hbase-worker-0", "FailedCreatePodSandBox", "Failed to create pod sandbox: failed to "
             'setup network for sandbox: plugin type="calico" failed (add): unauthorized')


def secret_of_a_variable_missing(cache):
    cache.unready("hbase-worker-0", state={"waiting": {
        "reason": "CreateContainerConfigError", "message": 'secret "s3" not found'}})


def journal_full(cache):
    cache.unready("hbase-master-1", "alluxio-master", restarts=3, state={"waiting": {
        "reason": "CrashLoopBackOff"}}, last={"terminated": {"exitCode": 255, "reason": "Error"}})
    cache.log("hbase-master-1", previous=True, text="2026-11-23 11:59:30,100 ERROR SegmentedRaftLogWorker - "
              "failed\njava.io.IOException: No space left on device")
    cache.raft.lose(1)


def disk_tier_full(cache):
    levels = [{"mediumtype": "MEM", "path": "/dev/shm", "quota": "1Gi"},
              {"mediumtype": "SSD", "path": "/cache", "quota": "9Gi"}]
    cache.cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {
        "spec": {"tieredstore": {"levels": levels}}})
    cache.unready("hbase-worker-0")
    cache.log("hbase-worker-0", "2026-11-23 11:59:30,100 WARN  x - No space left on device: /cache/1",
              container="alluxio-worker", previous=True)
    cache.unready("hbase-worker-0", restarts=1)


def memory_tier_full(cache):
    cache.unready("hbase-worker-0", restarts=1)
    cache.log("hbase-worker-0", "2026-11-23 11:59:30,100 WARN  x - No space left on device",
              container="alluxio-worker", previous=True)


def put_workers(cache, replicas):
    cache.cluster.put(kinds.STATEFUL_SET, {
        "metadata": {"name": "hbase-worker", "namespace": NAMESPACE, "labels": {"release": "hbase"},
                     "creationTimestamp": LONG_AGO}, "spec": {"replicas": replicas}})


def pod_missing(cache):
    """The event that told why is older than those that count, or gone."""
    put_workers(cache, 2)
    cache.cluster.vanish(kinds.POD, "hbase-worker-1", NAMESPACE)


def pod_terminating(cache):
    put_workers(cache, 2)
    cache.cluster.change(kinds.POD, "hbase-worker-1", NAMESPACE, {
        "metadata": {"deletionTimestamp": LONG_AGO, "finalizers": ["example.org/held"]}})


def pod_unready(cache):
    cache.unready("hbase-worker-1", state={"running": {"startedAt": LONG_AGO}}, phase="Running")


CAUSES = {
    port_held: (finding.PORT_CLASH, "port 20001 is taken by Pod other/squatter on node node1"),
    port_bound: (finding.PORT_CLASH, "Failed to bind to address 0.0.0.0/0.0.0.0:20003"),
    unschedulable: (finding.UNSCHEDULABLE, "didn't match Pod's node affinity/selector"),
    image_missing: (finding.IMAGE_PULL, "event Failed: Failed to pull image"),
    out_of_memory: (finding.MEMORY_BELOW_TIER, "OOMKilled, exit code 137"),
    limit_below_tier: (finding.MEMORY_BELOW_TIER, "workers is 1Gi, and their tiers in memory have 2.00 GiB"),
    limit_of_a_limit_range: (finding.MEMORY_BELOW_TIER, "is 512Mi, and their tiers in memory have 2.00 GiB"),
    journal_claim_gone: (finding.JOURNAL_LOST, "claim alluxio-journal-hbase-master-1 does not exist"),
    journal_gate: (finding.JOURNAL_LOST, "the journal is empty: waiting for a leader"),
    service_gone: (finding.DNS, "it does not exist, so that the master's name does not resolve"),
    names_unresolved: (finding.DNS, "Unable to resolve host hbase-master-1"),
    dns_down: (finding.DNS, "none of 1 is ready"),
    stale_peer: (finding.STALE_ADDRESS, "as UNAVAILABLE, and its pod is ready since 2026-11-23T11:00"),
    finalizer_held: (finding.STUCK_FINALIZER, "Pod data/app on node node0 mounts its claim"),
    finalizer_stuck: (finding.STUCK_FINALIZER, "3600 s ago, it is held by fluid-dataset-controller"),
    controller_at_zero: (finding.CONTROLLER_AT_ZERO, "spec.replicas is 0"),
    mount_dead: (finding.FUSE_NOT_MOUNTED, "Transport endpoint is not connected"),
    mount_in_bad_state: (finding.FUSE_NOT_MOUNTED, "File descriptor in bad state; hbase-fuse-x/alluxio-fuse "
                         "has opened /hbase/a (1) while another node wrote it"),
    mount_fails: (finding.FUSE_NOT_MOUNTED, "not found in the list of registered CSI drivers"),
    store_unreachable: (finding.UNDER_STORE_UNREACHABLE, "Connection refused (Connection refused)"),
    store_unreachable_at_first: (finding.UNDER_STORE_UNREACHABLE, "UnknownHostException: mirrors"),
    store_unreachable_to_a_master_that_starts: (
        finding.UNDER_STORE_UNREACHABLE, "Failed to perform initial connect to UFS"),
    store_unreachable_by_the_controller: (
        finding.UNDER_STORE_UNREACHABLE, "Ufs path https://mirrors.example.org/apache does not exist"),
    store_refused: (finding.UNDER_STORE_REFUSED, "Error Code: InvalidAccessKeyId"),
    disk_full: (finding.NODE_PRESSURE, "condition DiskPressure is True: kubelet has disk pressure"),
    node_down: (finding.NODE_NOT_READY, "condition Ready is False"),
    definitions_old: (finding.OLD_DEFINITIONS, "its schema lacks spec.management,"),
    quota: (finding.PODS_REFUSED, "exceeded quota: small"),
    secret_missing: (finding.POD_NOT_STARTED, 'secret "s3" not found'),
    volume_elsewhere: (finding.POD_NOT_STARTED, "Multi-Attach error for volume"),
    no_pod_network: (finding.POD_NOT_STARTED, "Failed to create pod sandbox"),
    secret_of_a_variable_missing: (
        finding.CONTAINER_FAILS, 'CreateContainerConfigError: secret "s3" not found'),
    journal_full: (finding.DISK_FULL, "No space left on device"),
    disk_tier_full: (finding.DISK_FULL, "No space left on device: /cache/1"),
    memory_tier_full: (finding.MEMORY_BELOW_TIER, "No space left on device"),
    pod_missing: (finding.PODS_NOT_READY, "1 of 2 pods exist"),
    pod_terminating: (finding.PODS_NOT_READY, "it is terminating since 2026-11-23T11:00:00Z, held by "
                      "example.org/held"),
    pod_unready: (finding.PODS_NOT_READY, "phase Running"),
}


def test_a_healthy_cache_has_no_finding(cache, diagnose, cluster):
    cache.put_masters()
    cache.put_application("app")
    result = diagnose()
    assert (result["causes"], result["healthy"], result["unread"]) == ([], True, [])
    assert result["report"] == ["no cause of a fault was found for data/hbase"]
    assert cluster.writes() == []


@pytest.mark.parametrize("breaks", CAUSES, ids=lambda breaks: breaks.__name__)
def test_the_cause_is_named_first(cache, first, breaks):
    breaks(cache)
    cause, evidence = CAUSES[breaks]
    found = first()
    assert (found["cause"], found["certain"]) == (cause, True)
    assert evidence in found["evidence"]
    assert found["object"] and found["remedy"]


def test_what_follows_from_a_cause_comes_after_it(cache, diagnose):
    journal_claim_gone(cache)
    assert [each["cause"] for each in diagnose()["causes"]] == [
        finding.JOURNAL_LOST, finding.UNSCHEDULABLE, finding.QUORUM_INCOMPLETE]


@pytest.mark.parametrize(("when", "finds"), [
    ("2026-11-23T11:59:40Z", [finding.PODS_NOT_READY]), ("2026-11-23T11:59:00Z", [finding.POD_NOT_STARTED])])
def test_a_pod_that_pulls_its_image_is_past_its_mounts(cache, diagnose, when, finds):
    """At the start of a pod the kubelet may not have its ConfigMaps yet."""
    creating(cache, "hbase-worker-0", "FailedMount", 'MountVolume.SetUp failed for volume "config" : failed '
             "to sync configmap cache: timed out waiting for the condition")
    cache.event("Pod", "hbase-worker-0", "Pulling", "Pulling image", when=when, type="Normal")
    assert [each["cause"] for each in diagnose()["causes"]] == finds


def test_a_pod_of_a_known_cause_is_no_further_finding(cache, diagnose):
    put_workers(cache, 2)
    cache.unready("hbase-worker-0", state={"waiting": {"reason": "ImagePullBackOff"}})
    assert [each["cause"] for each in diagnose()["causes"]] == [finding.IMAGE_PULL]


@pytest.mark.parametrize(("breaks", "remedy"), [
    (mount_dead, "delete the pods whose endpoint is not connected"),
    (mount_in_bad_state, "delete the FUSE pod of the node whose file descriptors are in bad state")])
def test_a_dead_mount_has_the_remedy_of_its_error(cache, diagnose, breaks, remedy):
    breaks(cache)
    assert [each["remedy"] for each in diagnose()["causes"] if remedy in each["remedy"]] != []


@pytest.mark.parametrize("other", [definitions_old, mount_dead], ids=lambda breaks: breaks.__name__)
@pytest.mark.parametrize("breaks", [pod_missing, pod_terminating, pod_unready],
                         ids=lambda breaks: breaks.__name__)
def test_a_cause_that_holds_no_pod_up_hides_none(cache, diagnose, other, breaks):
    """A cache runs with old definitions for months; a worker that it lacks is another fault."""
    other(cache)
    breaks(cache)
    found = {each["cause"]: each["evidence"] for each in diagnose()["causes"]}
    assert list(found) == [CAUSES[other][0], finding.PODS_NOT_READY]
    assert CAUSES[breaks][1] in found[finding.PODS_NOT_READY]


def test_a_variable_without_its_secret_has_no_exit_code(cache, first):
    secret_of_a_variable_missing(cache)
    found = first()
    assert found["evidence"] == (
        'container alluxio-worker: CreateContainerConfigError: secret "s3" not found')
    assert found["remedy"] == "create what the message names, or correct its name"


def test_a_port_of_a_pod_that_is_ready_again_may_be_unrelated(cache, diagnose):
    port_bound(cache)
    cache.change_pod("hbase-master-1", status={"conditions": [{"type": "Ready", "status": "True"}],
                                               "phase": "Running"})
    unschedulable(cache)
    assert [(each["cause"], each["certain"]) for each in diagnose()["causes"][:1]] == [
        (finding.UNSCHEDULABLE, True)]


@pytest.mark.parametrize(("message", "finds"), [
    ('MountVolume.SetUp failed for volume "config" : configmap "app-config" not found', False),
    ("Unable to attach or mount volumes: unmounted volumes=[other], unattached volumes=[]", False),
    ("Unable to attach or mount volumes: unmounted volumes=[other files], unattached volumes=[]", True),
    ('MountVolume.SetUp failed for volume "data-hbase" : rpc error: code = Internal', True),
    ("MountVolume failed", True),
])
def test_another_volume_of_an_application_is_not_the_cache(cache, diagnose, message, finds):
    cache.put_application("app", running=False)
    cache.change_pod("app", status={"phase": "Pending"})
    cache.event("Pod", "app", "FailedMount", message)
    assert [each["cause"] for each in diagnose()["causes"]] == ([finding.FUSE_NOT_MOUNTED] if finds else [])


def test_the_cache_is_named_among_several_volumes_that_fail(cache, first):
    cache.put_application("app", running=False)
    cache.change_pod("app", status={"phase": "Pending"})
    cache.event("Pod", "app", "FailedMount", 'MountVolume.SetUp failed for volume "data-hbase" : internal',
                when="2026-11-23T11:58:00Z")
    cache.event("Pod", "app", "FailedMount", 'MountVolume.SetUp failed for volume "config" : not found')
    assert 'failed for volume "data-hbase" : internal' in first()["evidence"]


def test_equal_findings_are_one(cache, diagnose):
    for index in range(2):
        cache.pending(f"hbase-worker-{index}", "0/3 nodes are available: 3 Insufficient memory.")
    found = diagnose()["causes"]
    assert [each["object"] for each in found] == ["Pod data/hbase-worker-0, Pod data/hbase-worker-1"]
    assert found[0]["remedy"].startswith("lower the requests")


def test_a_line_counts_by_the_time_of_its_kubelet(cache, first):
    """Eleven o'clock and 59 minutes by Greenwich, in another zone."""
    cache.cluster.logs["hbase-master-0", "alluxio-master", False] = "".join(
        f"2026-11-23T12:59:30.1+01:00 {line}\n" for line in WEB_REFUSES.splitlines())
    assert first()["cause"] == finding.UNDER_STORE_UNREACHABLE


@pytest.mark.parametrize("fault", [
    lambda cache: cache.log("hbase-master-0", WEB_REFUSES, when=LONG_AGO),
    lambda cache: cache.log("hbase-master-0", "2026-11-23 11:59:30,100 WARN  x - Unable to resolve host "
                                              "hbase-master-1"),
    lambda cache: cache.log("hbase-master-0", "2026-11-23 11:59:30,100 WARN  RaftJournal - Connection "
                                              "refused: hbase-master-1/10.0.0.1:19200"),
    lambda cache: cache.event("Pod", "hbase-worker-0", "Failed", "Failed to pull image"),
    lambda cache: cache.pending("other", "0/3 nodes are available: 3 Insufficient cpu.", "elsewhere-ns"),
], ids=["an old line", "a name at the start", "a peer", "an event of a pod that runs", "a foreign pod"])
def test_what_is_over_or_foreign_is_no_finding(cache, diagnose, fault):
    cache.put_pod("other", "elsewhere-ns", "node0")
    fault(cache)
    assert diagnose()["causes"] == []


@pytest.mark.parametrize(("mount", "line", "finds"), [
    ("http://10.10.0.1:8090/hbase/", "Connection refused: hbase-master-1/10.10.0.11:20001", False),
    ("http://10.10.0.1:8090/hbase/", "Connection refused: /10.10.0.1:8090", True),
    ("s3://hbase/data", "Failed to free /hbase: Connection refused: hbase-worker-1", False),
    ("s3://hbase/data", "Failed to list s3://hbase/data: Connection refused", True),
    ("hdfs://namenode:8020/data", "java.net.UnknownHostException: namenode", True),
    ("https://example.org/", "Connection refused: mirrors.example.org.other", False),
])
def test_a_line_names_the_store_by_its_whole_host(cache, diagnose, mount, line, finds):
    mounts = [{"mountPoint": mount, "name": "hbase"}]
    cache.cluster.change(fluid_kinds.DATASET, "hbase", NAMESPACE, {
        "spec": {"mounts": mounts}, "status": {"mounts": mounts}})
    cache.log("hbase-master-0", f"2026-11-23 11:59:30,100 WARN  Any - {line}")
    assert [each["cause"] for each in diagnose()["causes"]] == (
        [finding.UNDER_STORE_UNREACHABLE] if finds else [])


def test_an_address_of_no_valid_form_is_no_traceback(cache, diagnose):
    mounts = [{"mountPoint": "http://[::1/x", "name": "x", "options": {
        "alluxio.underfs.s3.endpoint": "[bad", "alluxio.underfs.s3.endpoint.region": "eu-1"}}]
    cache.cluster.change(fluid_kinds.DATASET, "hbase", NAMESPACE, {
        "spec": {"mounts": mounts}, "status": {"mounts": mounts}})
    cache.log("hbase-master-0", "2026-11-23 11:59:30,100 WARN  Any - Connection refused: https://eu-1:443")
    assert diagnose()["causes"] == []


def test_a_full_node_without_pods_of_the_cache_may_be_unrelated(cache, diagnose):
    cache.put_node("node9")
    cache.put_pod("csi-nodeplugin-fluid-9", FLUID, "node9", app="csi-nodeplugin-fluid")
    cache.cluster.change(kinds.NODE, "node9", None, {"status": {"conditions": [
        {"type": "Ready", "status": "True"}, {"type": "MemoryPressure", "status": "True"}]}})
    found = diagnose()
    assert [(each["cause"], each["certain"]) for each in found["causes"]] == [(finding.NODE_PRESSURE, False)]
    assert "(may be unrelated)" in found["report"][0]


def evict(cache, when):
    """The kubelet has evicted a controller; its ReplicaSet has another pod, and leaves this one."""
    cache.put_pod("dataset-controller-abcde-old", FLUID, "node2", ready=False)
    cache.change_pod("dataset-controller-abcde-old", namespace=FLUID, status={
        "phase": "Failed", "reason": "Evicted",
        "message": "The node was low on resource: memory. Threshold quantity: 100Mi, available: 20Mi.",
        "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet",
                        "lastTransitionTime": when}],
        "containerStatuses": [{"name": "manager", "ready": False, "state": {"terminated": {
            "reason": "OOMKilled", "exitCode": 137, "finishedAt": when}}}]})


def test_a_pod_that_was_evicted_long_ago_is_no_finding(cache, diagnose):
    evict(cache, LONG_AGO)
    assert diagnose()["causes"] == []


@pytest.mark.parametrize(("when", "first"), [
    (LONG_AGO, finding.IMAGE_PULL), (RECENT, finding.NODE_PRESSURE)])
def test_an_eviction_counts_for_as_long_as_an_event(cache, diagnose, when, first):
    evict(cache, when)
    image_missing(cache)
    assert diagnose()["causes"][0]["cause"] == first


CSI_STATES = {
    "image": {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}},
    "crash": {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restarts": 4,
              "last": {"terminated": {"exitCode": 1, "reason": "Error"}}},
    "memory": {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restarts": 4, "last": {
        "terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": RECENT}}},
}


@pytest.mark.parametrize("reader", [False, True])
@pytest.mark.parametrize("state", CSI_STATES)
def test_a_csi_pod_on_a_node_without_the_cache_may_be_unrelated(cache, diagnose, state, reader):
    cache.put_node("node9")
    cache.put_pod("csi-nodeplugin-fluid-9", FLUID, "node9", app="csi-nodeplugin-fluid")
    cache.unready("csi-nodeplugin-fluid-9", "plugins", namespace=FLUID, **CSI_STATES[state])
    if reader:
        cache.put_application("app", "node9")
    found = [each["certain"] for each in diagnose()["causes"] if "csi-nodeplugin-fluid-9" in each["object"]]
    assert found and set(found) == {reader}


def test_a_cache_that_does_not_exist(cache, diagnose):
    assert [each["object"] for each in diagnose(name="nope")["causes"]] == [
        "Dataset data/nope, AlluxioRuntime data/nope"]


def test_without_fluid(cache, first):
    for name in ("dataset-controller", "alluxioruntime-controller"):
        cache.cluster.vanish(kinds.DEPLOYMENT, name, FLUID)
    cache.cluster.missing_kinds = {fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME}
    assert first()["cause"] == finding.FLUID_ABSENT


def test_fluid_is_found_where_its_controller_is(cache, diagnose, cluster):
    for name in ("dataset-controller", "alluxioruntime-controller"):
        cluster.vanish(kinds.DEPLOYMENT, name, FLUID)
        cluster.put(kinds.DEPLOYMENT, {"metadata": {"name": name, "namespace": "fluid"},
                                       "spec": {"replicas": 0}})
    assert [each["object"] for each in diagnose()["causes"][:2]] == [
        "Deployment fluid/dataset-controller", "Deployment fluid/alluxioruntime-controller"]


def test_what_may_not_be_read_is_named(cache, diagnose, cluster):
    for verb, plural in (("list", "nodes"), ("get", "customresourcedefinitions"), ("list", "csinodes")):
        cluster.forbidden.add((verb, plural))
    result = diagnose()
    assert result["causes"] == []
    assert [each.partition(":")[0] for each in result["unread"]] == ["csi_nodes", "definitions", "nodes"]


@pytest.mark.parametrize(("verb", "plural"), [
    ("get", "datasets"), ("get", "alluxioruntimes"), ("list", "pods")])
def test_a_cache_that_may_not_be_read_is_not_healthy(cache, diagnose, cluster, verb, plural):
    cluster.forbidden.add((verb, plural))
    result = diagnose(path="/tmp/any")
    assert (result["causes"], result["healthy"]) == ([], False)
    [line] = result["report"]
    assert line.startswith("no cause of a fault was found for data/hbase in what could be read: not allowed ")
    assert plural in line
    assert "No cause of a fault was found in what could be read." in result["files"]["index.md"].splitlines()


def test_credentials_that_are_refused_are_no_missing_permission(cache, diagnose, cluster, monkeypatch):
    def refused(*_args):
        raise ApiError("the API server does not accept the credentials (401)", 401)
    monkeypatch.setattr(cluster, "get", refused)
    with pytest.raises(ApiError, match="does not accept the credentials"):
        diagnose()


def test_many_fuse_pods_leave_no_master_out(cache, diagnose, cluster):
    for number in range(130):
        cache.put_pod(f"hbase-fuse-{number:03d}", NAMESPACE, "node0", release="hbase", role="alluxio-fuse")
        cache.change_pod(f"hbase-fuse-{number:03d}", status={"containerStatuses": [
            {"name": "alluxio-fuse", "ready": True, "state": {"running": {"startedAt": LONG_AGO}}}]})
        cache.log(f"hbase-fuse-{number:03d}", "runs", container="alluxio-fuse")
    cache.unready("hbase-fuse-129", "alluxio-fuse", state={"running": {"startedAt": LONG_AGO}})
    cache.log("hbase-fuse-129", "fails", container="alluxio-fuse")
    cache.log("hbase-master-0", WEB_REFUSES)
    controller = "alluxioruntime-controller-abcde-fghij"
    cache.change_pod(controller, namespace=FLUID, status={"containerStatuses": [
        {"name": "manager", "ready": True, "state": {"running": {"startedAt": LONG_AGO}}}]})
    cache.log(controller, "runs", container="manager")
    result = diagnose(path="/tmp/any")
    assert f"logs/{controller}/manager.log" in result["files"]
    assert result["causes"][0]["cause"] == finding.UNDER_STORE_UNREACHABLE
    assert result["unread"] == ["log: 17 containers of pods that are ready were left out"]
    assert "logs/hbase-fuse-129/alluxio-fuse.log" in result["files"]
    assert len([each for each in cluster.requests if each[0] == "log"]) == 120


def test_its_requests(cache, diagnose, cluster):
    """One for each subject; the logs of the six containers that have a status."""
    diagnose()
    kinds_asked = [request for request in cluster.requests if request[0] != "log"]
    assert len(kinds_asked) == 19
    assert len(cluster.requests) - len(kinds_asked) == 6


def test_every_cause_has_a_place_in_the_order():
    named = {value for name, value in vars(finding).items()
             if name.isupper() and isinstance(value, str)}
    assert named == set(finding.ORDER)
    assert {cause for cause, _evidence in CAUSES.values()} < named
