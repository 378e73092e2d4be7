# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings on a cluster in memory: all at once, the most severe first."""

import pytest
from fake_cache import FLUID
from fake_raft import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.preflight import nodes


def test_a_cluster_that_is_ready(preflight, cluster):
    result = preflight()
    assert result["report"] == ["info: versions: Kubernetes is v1.34.4", "info: versions: Fluid is v1.0.8-a"]
    assert (result["passed"], result["changed"], cluster.writes()) == (True, False, [])


def test_all_findings_come_at_once(preflight, site):
    site.cluster.change(kinds.NODE, "node2", None, {"spec": {"unschedulable": True}})
    site.put_pod("squatter", "node1", memory="7Gi", port=20500)
    result = preflight(fuse=None, worker_replicas=2, worker={"resources": {"requests": {"memory": "6Gi"}}})
    assert [(each["severity"], each["check"]) for each in result["findings"]][:4] == [
        ("error", "nodes"), ("error", "memory"), ("warning", "nodes"), ("warning", "ports")]
    assert not result["passed"]
    assert all(line.count("\n") == 0 for line in result["report"])


def test_host_ports_that_others_take(found, site):
    site.put_pod("squatter", "node1", port=20500)
    [(severity, check, evidence)] = found()
    assert (severity, check) == ("warning", "ports")
    assert "20500 by other/squatter" in evidence
    assert found(network_mode="ContainerNetwork") == []


def test_ports_of_other_caches_are_known_to_fluid(found, site):
    """Its controller keeps a list of those that it has given to AlluxioRuntimes."""
    site.put_pod("images-worker-0", "node1", port=20500, **{
        "release": "images", "role": "alluxio-worker", "fluid.io/managed-by": "fluid"})
    assert found() == []
    site.put_pod("own-worker-0", "node1", port=20501, release="own", role="alluxio-worker")
    [(_severity, _check, evidence)] = found()
    assert "pods take 1 ports" in evidence and "20501 by other/own-worker-0" in evidence


def test_a_fixed_port_of_another_cache(found, site):
    site.put_pod("images-master-0", "node0", port=20100, **{
        "release": "images", "role": "alluxio-master", "fluid.io/managed-by": "fluid"})
    [(severity, check, _evidence)] = found(master={"jvm_options": ["-Xmx1g"], "ports": {"rpc": 20100}})
    assert (severity, check) == ("error", "ports")


@pytest.mark.parametrize(("nodes", "severity"), [(1, "error"), (0, "warning")], ids=["too few", "enough"])
def test_fixed_ports_that_others_take(found, site, nodes, severity):
    site.put_pod("squatter", "node0", port=19998)
    if not nodes:
        site.put_node("node3")
    [finding] = found(master={"jvm_options": ["-Xmx1g"], "ports": {"rpc": 19998}})
    assert finding == (
        severity, "ports", f"master.ports.rpc is taken: 19998 on node0 by other/squatter; {3 - nodes} nodes "
                           "have all ports free, and 3 pods need one each")


@pytest.mark.parametrize(("options", "option"), [
    ({"job_master": {"ports": {"rpc": 19998}}}, "job_master.ports.rpc"),
    ({"job_worker": {"ports": {"data": "19998"}}}, "job_worker.ports.data"),
    ({"properties": {"alluxio.master.web.port": "19998"}}, "properties.alluxio.master.web.port"),
])
def test_each_way_to_fix_a_port(found, site, options, option):
    for index in range(3):
        site.put_pod(f"squatter-{index}", f"node{index}", port=19998)
    assert [(severity, check, evidence.partition(" on ")[0]) for severity, check, evidence in found(
        worker_replicas=3, **options)] == [("error", "ports", f"{option} is taken: 19998")]


@pytest.mark.parametrize(("quota", "requested", "severity"), [
    ("9Gi", None, "error"), ("6Gi", "4Gi", "warning"), ("6Gi", "1Gi", None),
], ids=["above every node", "not free", "free"])
def test_tiers_against_the_memory_of_nodes(found, site, quota, requested, severity):
    for index in range(3):
        if requested:
            site.put_pod(f"app-{index}", f"node{index}", memory=requested)
    level = {"mediumtype": "MEM", "path": "/dev/shm", "quota": quota, "high": "0.95", "low": "0.7"}
    assert [(each[0], each[1]) for each in found(tieredstore=[level])] == (
        [(severity, "memory")] if severity else [])


def requesting(memory, **more):
    return {"resources": {"requests": {"memory": memory}}, **more}


@pytest.mark.parametrize(("spec", "requested"), [
    ({"containers": [requesting("1Gi"), requesting("2Gi")]}, 3),
    ({"containers": [requesting("1Gi")], "initContainers": [requesting("4Gi"), requesting("2Gi")]}, 4),
    ({"containers": [requesting("1Gi")], "initContainers": [requesting("2Gi", restartPolicy="Always")]}, 3),
    ({"containers": [requesting("1Gi")], "initContainers": [
        requesting("2Gi", restartPolicy="Always"), requesting("3Gi")]}, 5),
    ({"containers": [requesting("1Gi")], "overhead": {"memory": "1Gi"}}, 2),
    ({"containers": [{}, {}], **requesting("4Gi")}, 4),
], ids=["containers", "init", "sidecar", "init beside a sidecar", "overhead", "of the pod"])
def test_the_memory_that_the_scheduler_counts(spec, requested):
    """k8s.io/component-helpers, resource.PodRequests."""
    assert nodes.requested_memory({"spec": spec}) == requested * 2 ** 30


def test_the_pods_of_the_cache_itself_do_not_count(found, site):
    for index in range(3):
        site.put_pod(f"hbase-worker-{index}", f"node{index}", memory="7Gi", port=20500, namespace=NAMESPACE,
                     release="hbase")
    assert found() == []


def test_the_default_heap_of_fuse_pods(found):
    [(severity, check, evidence)] = found(fuse=None)
    assert (severity, check) == ("warning", "memory")
    assert evidence == ("the heap of fuse is reserved with 16Gi, and 3 of 3 nodes have less memory "
                        "(node0 8Gi)")


def test_a_heap_above_the_limit(found):
    [(severity, _check, evidence)] = found(fuse={
        "jvm_options": ["-Xmx4g"], "resources": {"limits": {"memory": "2Gi"}}})
    assert (severity, "the heap of fuse is 4Gi, above its memory limit 2Gi" in evidence) == ("warning", True)


def test_a_tier_above_the_disk(found):
    level = {"mediumtype": "SSD", "path": "/cache", "quota": "200Gi", "high": "0.95", "low": "0.7"}
    [(severity, check, evidence)] = found(tieredstore=[level])
    assert (severity, check) == ("warning", "disks")
    assert "the SSD tier /cache has 200Gi, and 3 of 3 nodes report less" in evidence


@pytest.mark.parametrize(("drivers", "severity"), [(0, "error"), (2, "warning")], ids=["none", "some"])
def test_nodes_without_the_driver(found, site, drivers, severity):
    for index in range(drivers, 3):
        site.cluster.put(kinds.CSI_NODE, {"metadata": {"name": f"node{index}"}, "spec": {"drivers": []}})
    [(found_severity, check, evidence)] = found()
    assert (found_severity, check) == (severity, "csi")
    assert "the plugin uses /var/lib/kubelet" in evidence


def without_fluid(cluster):
    cluster.vanish(kinds.DEPLOYMENT, "dataset-controller", FLUID)
    cluster.vanish(kinds.DAEMON_SET, "csi-nodeplugin-fluid", FLUID)


@pytest.mark.parametrize(("version", "name"), [
    ("v1.29.4+k3s1", "K3s"), ("v1.28.9+rke2r1", "RKE2"), ("v1.30.4-eks-a737599", "EKS"),
    ("v1.31.2+k0s", "k0s"), ("v1.30.5-gke.1443001", "GKE"),
])
def test_a_distribution_whose_kubelets_have_other_paths(preflight, cluster, version, name):
    """Fluid's CSI plugin waits for the kubeconfig of kubeadm, until the installation times out."""
    without_fluid(cluster)
    cluster.change(kinds.NODE, "node1", None, {"status": {"nodeInfo": {"kubeletVersion": version}}})
    [finding] = [each for each in preflight()["findings"] if each["severity"] != "info"]
    assert (finding["severity"], finding["check"]) == ("warning", "csi")
    assert finding["evidence"] == (
        f"the kubelet of node1 is that of {name}, which has no /etc/kubernetes/kubelet.conf: the CSI plugin "
        "of Fluid's chart does not start there by default")
    assert "csi.useNodeAuthorization" in finding["remedy"] and "fluid_chart_values" in finding["remedy"]


def test_no_distribution_is_named_where_the_plugin_runs_or_kubeadm_made_the_nodes(found, cluster):
    cluster.change(kinds.NODE, "node1", None, {"status": {"nodeInfo": {"kubeletVersion": "v1.29.4+k3s1"}}})
    assert found() == []
    without_fluid(cluster)
    cluster.change(kinds.NODE, "node1", None, {"status": {"nodeInfo": {"kubeletVersion": "v1.34.4"}}})
    assert found() == []


def test_no_distribution_is_named_where_fluid_runs_without_its_plugin(found, cluster):
    """Sidecars mount the cache there (csi.enabled: false)."""
    cluster.vanish(kinds.DAEMON_SET, "csi-nodeplugin-fluid", FLUID)
    cluster.change(kinds.NODE, "node1", None, {"status": {"nodeInfo": {"kubeletVersion": "v1.29.4+k3s1"}}})
    assert found() == []


@pytest.mark.parametrize("csi", [
    {"enabled": False}, {"useNodeAuthorization": False},
    {"kubelet": {"kubeConfigFile": "/var/lib/rancher/k3s/agent/kubelet.kubeconfig"}}])
def test_no_distribution_is_named_with_values_that_suit_it(found, cluster, csi):
    without_fluid(cluster)
    cluster.change(kinds.NODE, "node1", None, {"status": {"nodeInfo": {"kubeletVersion": "v1.29.4+k3s1"}}})
    assert found(chart_values={"csi": csi}) == []
    assert [check for _severity, check, _evidence in found(chart_values={"csi": {"x": 1}})] == ["csi"]


def enforce(cluster, namespace, standard):
    cluster.put(kinds.NAMESPACE, {"metadata": {
        "name": namespace, "labels": {"pod-security.kubernetes.io/enforce": standard}}})


@pytest.mark.parametrize("standard", ["baseline", "restricted"])
def test_a_namespace_that_refuses_the_pods_of_a_cache(found, cluster, standard):
    enforce(cluster, NAMESPACE, standard)
    assert found() == [("error", "namespaces", (
        f"namespace {NAMESPACE} enforces the Pod Security standard {standard}, expected privileged: "
        "FUSE pods are privileged, and workers mount folders of their node"))]


def test_the_namespace_of_fluid_counts_before_the_installation(found, cluster):
    enforce(cluster, NAMESPACE, "privileged")
    enforce(cluster, FLUID, "baseline")
    assert found() == []
    without_fluid(cluster)
    [(severity, check, evidence)] = found()
    assert (severity, check) == ("error", "namespaces")
    assert f"namespace {FLUID} enforces" in evidence and "the CSI plugin is privileged" in evidence


def test_the_namespace_of_fluid_takes_its_controllers_without_the_plugin(found, cluster):
    enforce(cluster, FLUID, "baseline")
    without_fluid(cluster)
    assert found(chart_values={"csi": {"enabled": False}}) == []


def test_namespaces_that_the_account_may_not_read(found, cluster):
    cluster.forbidden.add(("get", "namespaces"))
    [(severity, check, evidence)] = found()
    assert (severity, check) == ("warning", "namespaces") and evidence.startswith("not checked: ")


def test_a_secret_that_does_not_exist(found, cluster):
    dataset = {"mounts": [{"mount_point": "s3://b/", "name": "b", "encrypt_options": [
        {"name": "aws.secretKey", "secret_name": "keys", "secret_key": "secret"}]}]}
    assert ("error", "secrets", f"Secret keys in namespace {NAMESPACE} does not exist, and masters do not "
            "start without it") in found(dataset=dataset)
    cluster.put(kinds.SECRET, {
        "metadata": {"name": "keys", "namespace": NAMESPACE}, "data": {"secret": "eA=="}})
    assert not [each for each in found(dataset=dataset) if each[1] == "secrets"]
    cluster.forbidden.add(("get", "secrets"))
    [(severity, _check, evidence)] = [each for each in found(dataset=dataset) if each[1] == "secrets"]
    assert severity == "warning" and evidence.startswith("not checked: ")


def test_all_faults_of_options_are_found(found):
    faults = found(dataset={"mounts": [{"mount_point": "host"}]}, master_replicas=2)
    assert [(severity, check) for severity, check, _evidence in faults] == [("error", "options")] * 2
    assert "Dataset hbase in namespace data" in faults[0][2]
    assert "AlluxioRuntime hbase in namespace data" in faults[1][2]


def test_a_journal_on_claims_without_a_storage_class(found, site):
    site.cluster.vanish(kinds.STORAGE_CLASS, "fast", None)
    [(severity, check, evidence)] = found(journal_volume={"type": "claim", "size": "30Gi"})
    assert (severity, check) == ("error", "journal")
    assert "no default StorageClass" in evidence


def test_an_existing_cache_keeps_its_journal(found, site):
    site.cluster.vanish(kinds.STORAGE_CLASS, "fast", None)
    site.cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {
        "metadata": {"name": "hbase", "namespace": NAMESPACE}, "spec": {"master": {"replicas": 3}}})
    assert found(journal_volume={"type": "claim", "size": "30Gi"}) == []


@pytest.mark.parametrize(("kubernetes", "image", "evidence"), [
    ("v1.25.3", "dataset-controller:v1.0.8", "Kubernetes is v1.25.3, expected 1.27 or newer"),
    ("v1.34.4", "dataset-controller:v0.9.2", "Fluid is v0.9.2, and releases from 1.0.5 to 1.0.8 are known"),
])
def test_old_versions(found, site, kubernetes, image, evidence):
    site.cluster.server_version = lambda: kubernetes
    site.cluster.change(kinds.DEPLOYMENT, "dataset-controller", FLUID, {
        "spec": {"template": {"spec": {"containers": [{"image": image}]}}}})
    [(severity, check, text)] = found()
    assert (severity, check, evidence in text) == ("warning", "versions", True)


def test_without_fluid_and_without_permissions(preflight, site):
    site.cluster.vanish(kinds.DEPLOYMENT, "dataset-controller", FLUID)
    site.cluster.forbidden |= {("list", "pods"), ("list", "csinodes")}
    report = preflight()["report"]
    assert "info: versions: Fluid is not installed: the playbook deploy_ha installs it" in report
    assert [line.partition(": not")[0] for line in report if "not checked" in line] == [
        "warning: pods", "warning: csi"]


def test_fluid_is_examined_where_its_controller_is(preflight, site):
    """Fluid's documentation installs it in the namespace default."""
    for kind, name in ((kinds.DEPLOYMENT, "dataset-controller"), (kinds.DAEMON_SET, "csi-nodeplugin-fluid")):
        existing = site.cluster.stored(kind, name, FLUID)
        site.cluster.vanish(kind, name, FLUID)
        site.cluster.put(kind, {**existing, "metadata": {"name": name, "namespace": "default"}})
    site.cluster.put(kinds.CSI_NODE, {"metadata": {"name": "node1"}, "spec": {"drivers": []}})
    report = preflight()["report"]
    assert "info: versions: Fluid is v1.0.8-a" in report
    assert [line for line in report if line.startswith("warning: csi: the kubelet of 1 of 3 nodes")]


def test_its_requests(preflight, cluster, account):
    preflight()
    assert len(cluster.requests) == 9
    assert account.reviews.count("SelfSubjectRulesReview") == 2
    assert account.reviews.count("SelfSubjectAccessReview") < 35


def test_warnings_of_options_that_cannot_be_read(found):
    worker = {"jvm_options": ["-Xmx1g"], "resources": {"requests": {"memory": "1Gi"}}}
    level = {"mediumtype": "MEM", "path": "/dev/shm", "quota": "much"}
    [(severity, check, evidence)] = found(tieredstore=[level], worker=worker)
    assert (severity, check) == ("error", "options")
    assert "tieredstore[0].quota: 'much' is not a Kubernetes quantity" in evidence


IGNORED = {"requests": {"cpu": "1"}, "limits": {"memory": "2Gi", "pods": "1"}}


@pytest.mark.parametrize("options", [
    {"worker": {"jvm_options": ["-Xmx1g"], "resources": IGNORED}},
    {"spec_overrides": {"worker": {"resources": IGNORED}}},
], ids=["option", "override"])
def test_resources_that_fluid_ignores(found, options):
    assert ("warning", "options", "Fluid 1.0.8 ignores worker.resources.limits.pods: it knows cpu and memory "
            "alone") in found(**options)


@pytest.mark.parametrize(("quota", "warned"), [("64Mi", True), ("256Mi", False)])
def test_a_tier_below_the_space_of_a_write(found, quota, warned):
    level = {"mediumtype": "MEM", "path": "/dev/shm", "quota": quota}
    findings = found(dataset={"access_modes": ["ReadWriteMany"]}, tieredstore=[level])
    assert [(severity, check) for severity, check, _evidence in findings] == (
        [("warning", "options")] if warned else [])
    assert not warned or f"/dev/shm, has {quota}: applications fail to write" in findings[0][2]
