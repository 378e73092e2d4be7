# SPDX-License-Identifier: GPL-3.0-or-later
"""The module fluid_ready: what it waits for, and which nodes it leaves out."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

PLUGIN = "csi-nodeplugin-fluid"
VIRTUAL = {"matchExpressions": [{"key": "type", "operator": "NotIn", "values": ["virtual-kubelet"]}]}
TEMPLATE = {"spec": {"tolerations": [{"operator": "Exists"}], "affinity": {"nodeAffinity": {
    "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [VIRTUAL]}}}}}


@pytest.fixture(autouse=True)
def own_time(cluster, monkeypatch):
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", cluster.virtual_clock())


@pytest.fixture
def node(cluster):
    def put(name, ready="True", plugin=True, registered=True, labels=None, **spec):
        cluster.put(kinds.NODE, {
            "metadata": {"name": name, "labels": labels or {}}, "spec": spec,
            "status": {"conditions": [{"type": "Ready", "status": ready}]}})
        drivers = [{"name": "fuse.csi.fluid.io"}] if registered else []
        cluster.put(kinds.CSI_NODE, {"metadata": {"name": name}, "spec": {"drivers": drivers}})
        if plugin:
            cluster.put(kinds.POD, {
                "metadata": {"name": f"{PLUGIN}-{name}", "namespace": "fluid-system",
                             "labels": {"app": PLUGIN}}, "spec": {"nodeName": name},
                "status": {"conditions": [{"type": "Ready", "status": ready}]}})
    return put


@pytest.fixture
def fluid(cluster, node):
    """Fluid on two nodes that serve."""
    for name, replicas in (("dataset-controller", 1), ("alluxioruntime-controller", 1),
                           ("jindoruntime-controller", 0)):
        cluster.put(kinds.DEPLOYMENT, {
            "metadata": {"name": name, "namespace": "fluid-system", "generation": 2,
                         "labels": {"control-plane": name}},
            "spec": {"replicas": replicas},
            "status": {"observedGeneration": 2, "availableReplicas": replicas, "updatedReplicas": replicas}})
    cluster.put(kinds.DAEMON_SET, {
        "metadata": {"name": PLUGIN, "namespace": "fluid-system", "generation": 1},
        "spec": {"template": TEMPLATE},
        "status": {"observedGeneration": 1, "desiredNumberScheduled": 3, "updatedNumberScheduled": 3}})
    node("n0")
    node("n1")


def test_a_ready_fluid_is_not_waited_for(cluster, run, fluid):
    result = run("fluid_ready")
    assert (result["changed"], result["nodes"], result["excluded_nodes"]) == (False, ["n0", "n1"], [])
    assert (result["warnings"], cluster.now, cluster.writes()) == ([], 0, [])
    assert cluster.requests == [("list", "deployments"), ("get", "daemonsets"), ("list", "nodes"),
                                ("list", "pods"), ("list", "csinodes")]


TAINT = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}


@pytest.mark.parametrize(("state", "reason"), [
    ({"ready": "Unknown"}, "is not Ready"),
    ({"unschedulable": True, "plugin": False}, "is cordoned"),
    ({"taints": [TAINT], "registered": False}, "has the taint node.kubernetes.io/unreachable"),
    ({"taints": [{"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}], "plugin": False},
     "has the taint node.kubernetes.io/out-of-service"),
], ids=["down", "cordoned", "tainted", "out-of-service"])
def test_a_node_that_does_not_serve_is_named_and_not_waited_for(cluster, run, fluid, node, state, reason):
    node("n2", **state)
    result = run("fluid_ready")
    assert result["nodes"] == ["n0", "n1"]
    assert result["excluded_nodes"] == [{"name": "n2", "reason": reason}]
    assert result["warnings"] == [f"Fluid does not serve node n2, which {reason}: it was not waited for"]
    assert cluster.now == 0


@pytest.mark.parametrize(("label", "considered"), [("gpu", True), ("virtual-kubelet", False)])
def test_only_virtual_kubelets_are_hidden_by_the_label_type(run, fluid, node, label, considered):
    node("n2", labels={"type": label})
    result = run("fluid_ready")
    assert (result["nodes"], result["excluded_nodes"]) == (["n0", "n1", *(["n2"] if considered else [])], [])


def test_a_dedicated_node_is_waited_for(run, fluid, node):
    node("n2", plugin=False, taints=[{"key": "pool", "effect": "NoSchedule"}])
    assert "n2 has no ready pod of csi-nodeplugin-fluid" in run("fluid_ready", wait_timeout=10)["msg"]


def test_the_wait_ends_when_the_driver_is_registered(cluster, run, fluid, node):
    node("n2", registered=False)
    cluster.later(7, lambda: node("n2"))
    assert run("fluid_ready")["nodes"] == ["n0", "n1", "n2"]
    assert cluster.now == 8


@pytest.mark.parametrize(("kind", "name", "patch", "reason"), [
    (kinds.DEPLOYMENT, "dataset-controller", {"status": {"availableReplicas": None}},
     "Deployment dataset-controller has 0 of 1 replicas available"),
    (kinds.DEPLOYMENT, "dataset-controller", {"metadata": {"generation": 3}},
     "Deployment dataset-controller has 1 of 1 replicas available"),
    (kinds.DEPLOYMENT, "dataset-controller", {"status": {"replicas": 2}},
     "Deployment dataset-controller still runs 1 of its earlier replicas"),
    (kinds.DAEMON_SET, PLUGIN, {"status": {"updatedNumberScheduled": 2}},
     "DaemonSet csi-nodeplugin-fluid has updated 2 of 3 pods"),
    (kinds.CSI_NODE, "n1", {"spec": {"drivers": None}}, "n1 has not registered fuse.csi.fluid.io"),
], ids=["controller", "old-generation", "old-replica", "old-plugin", "not-registered"])
def test_a_timeout_says_what_is_not_ready(cluster, run, fluid, kind, name, patch, reason):
    cluster.change(kind, name, "fluid-system", patch)
    result = run("fluid_ready", wait_timeout=30)
    assert result["failed"]
    assert result["msg"] == (
        f"timed out after 30 s while waiting for Fluid in namespace fluid-system to be ready: {reason}")
    assert cluster.now == 30


def test_a_new_controller_that_does_not_start_is_named(cluster, run, fluid):
    """Its predecessor stays available until it is ready (an upgrade on the lab passed at once)."""
    cluster.change(kinds.DEPLOYMENT, "dataset-controller", "fluid-system", {
        "spec": {"selector": {"matchLabels": {"control-plane": "dataset-controller"}}},
        "status": {"replicas": 2}})
    for name, state in (("old", {"ready": True}), ("new", {"ready": False, "state": {"waiting": {
            "reason": "ImagePullBackOff", "message": "no such image"}}})):
        ready = "True" if state["ready"] else "False"
        cluster.put(kinds.POD, {
            "metadata": {"name": f"dataset-controller-{name}", "namespace": "fluid-system",
                         "labels": {"control-plane": "dataset-controller"}},
            "spec": {"nodeName": "n0", "containers": [{"name": "manager"}]},
            "status": {"phase": "Running" if state["ready"] else "Pending",
                       "conditions": [{"type": "Ready", "status": ready}],
                       "containerStatuses": [{"name": "manager", "restartCount": 0, **state}]}})
    message = run("fluid_ready", wait_timeout=5)["msg"]
    assert message.endswith(
        "Deployment dataset-controller still runs 1 of its earlier replicas: pod dataset-controller-new is "
        "not ready (container manager is waiting: ImagePullBackOff no such image)")


def test_pods_of_a_dead_node_are_not_expected_to_be_updated(cluster, run, fluid, node):
    node("n2", ready="Unknown")
    cluster.change(kinds.DAEMON_SET, PLUGIN, "fluid-system", {"status": {"updatedNumberScheduled": 2}})
    assert not run("fluid_ready").get("failed")


@pytest.mark.parametrize("labels", [{}, {"control-plane": "controller-manager"}])
def test_other_programs_of_the_namespace_are_not_waited_for(cluster, run, fluid, labels):
    cluster.put(kinds.DEPLOYMENT, {
        "metadata": {"name": "grafana", "namespace": "fluid-system", "labels": {
            "app.kubernetes.io/managed-by": "Helm", **labels}},
        "spec": {"replicas": 2}, "status": {"availableReplicas": 0}})
    assert not run("fluid_ready", wait_timeout=4).get("failed")
    assert cluster.now == 0


def test_without_the_plugin_no_node_is_looked_at(cluster, run, fluid):
    assert run("fluid_ready", csi=False)["nodes"] == []
    assert cluster.requests == [("list", "deployments")]


def test_a_missing_installation(run):
    assert run("fluid_ready", wait_timeout=4)["msg"].endswith(
        "its Deployments do not exist yet; DaemonSet csi-nodeplugin-fluid does not exist yet")


def test_an_api_server_that_never_answers_ends_the_wait(cluster, run):
    cluster.go_down(10_000)
    assert run("fluid_ready", wait_timeout=3600)["msg"].startswith("no API server answers")
    assert 60 <= cluster.now < 65


@pytest.mark.parametrize("began", [0, 4])
def test_an_outage_does_not_end_the_wait(cluster, run, fluid, node, began):
    def available(replicas):
        cluster.change(kinds.DEPLOYMENT, "dataset-controller", "fluid-system", {
            "status": {"availableReplicas": replicas}})
    available(0)
    cluster.later(began, lambda: cluster.go_down(40))
    cluster.later(began + 30, lambda: available(1))
    assert not run("fluid_ready", wait_timeout=600).get("failed")
    assert began + 40 <= cluster.now < began + 50


def test_a_wait_of_no_time_is_refused(cluster, run):
    assert "wait_timeout is 0: expected at least one second" in run("fluid_ready", wait_timeout=0)["msg"]
    assert cluster.requests == []


@pytest.mark.parametrize("ready", ["Unknown", "True"])
def test_a_controller_on_a_node_that_is_down_is_not_waited_for(cluster, run, fluid, node, ready):
    """Its pod tolerates every taint, so Kubernetes leaves it there (seen on the lab)."""
    node("n2", ready=ready)
    cluster.change(kinds.DEPLOYMENT, "dataset-controller", "fluid-system", {
        "spec": {"selector": {"matchLabels": {"control-plane": "dataset-controller"}}},
        "status": {"availableReplicas": 0}})
    cluster.put(kinds.POD, {
        "metadata": {"name": "dataset-controller-x", "namespace": "fluid-system",
                     "labels": {"control-plane": "dataset-controller"}},
        "spec": {"nodeName": "n2"}, "status": {}})
    cluster.put(kinds.POD, {
        "metadata": {"name": "dataset-controller-evicted", "namespace": "fluid-system",
                     "labels": {"control-plane": "dataset-controller"}},
        "spec": {"nodeName": "n0"}, "status": {"phase": "Failed", "reason": "Evicted"}})
    result = run("fluid_ready", wait_timeout=5)
    if ready == "True":
        assert "Deployment dataset-controller has 0 of 1 replicas available" in result["msg"]
        return
    assert result["lost_controllers"] == ["dataset-controller"]
    [warning] = [each for each in result["warnings"] if "dataset-controller" in each]
    assert warning == (
        "Deployment dataset-controller in namespace fluid-system is unavailable: pod dataset-controller-x is "
        "on node n2, which is not Ready, and tolerates that. If the node does not return, run: "
        "kubectl delete pod --force -n fluid-system dataset-controller-x")


def test_the_nodes_of_several_lost_controllers_are_listed_once(cluster, run, fluid, node):
    node("n2", ready="Unknown")
    for name in ("dataset-controller", "alluxioruntime-controller"):
        cluster.change(kinds.DEPLOYMENT, name, "fluid-system", {
            "spec": {"selector": {"matchLabels": {"control-plane": name}}},
            "status": {"availableReplicas": 0}})
        cluster.put(kinds.POD, {
            "metadata": {"name": f"{name}-x", "namespace": "fluid-system", "labels": {"control-plane": name}},
            "spec": {"nodeName": "n2"}, "status": {}})
    assert run("fluid_ready", wait_timeout=5)["lost_controllers"] == [
        "alluxioruntime-controller", "dataset-controller"]
    # Once for the controllers, and once for the nodes that the CSI plugin serves.
    assert cluster.requests.count(("list", "nodes")) == 2


@pytest.fixture
def dataset(cluster):
    def put(name, phase, namespace="data"):
        cluster.put(fluid_kinds.DATASET, {
            "metadata": {"name": name, "namespace": namespace}, "spec": {}, "status": {"phase": phase}})
    return put


def test_datasets_are_waited_for_when_fluid_is_ready(cluster, run, fluid, dataset):
    dataset("hbase", "Failed")
    cluster.later(7, lambda: dataset("hbase", "Bound"))
    result = run("fluid_ready", bound_datasets=["data/hbase"])
    assert (result["changed"], cluster.now) == (False, 8)
    assert cluster.requests[-1] == ("get", "datasets")


def test_a_timeout_names_the_datasets(run, fluid, dataset):
    dataset("hbase", "Failed")
    assert run("fluid_ready", bound_datasets=["data/hbase", "data/gone"], wait_timeout=4)["msg"].endswith(
        "Dataset hbase in namespace data has phase Failed, expected Bound; Dataset gone in namespace data "
        "does not exist, expected Bound")


def test_a_dataset_that_is_terminating_is_not_waited_for(cluster, run, fluid, dataset):
    dataset("hbase", "Failed")
    metadata = {"deletionTimestamp": "2026-11-23T11:00:00Z", "finalizers": ["fluid-dataset-controller"]}
    dataset("left", "Failed")
    cluster.change(fluid_kinds.DATASET, "left", "data", {"metadata": metadata})
    cluster.later(3, lambda: cluster.vanish(fluid_kinds.DATASET, "left", "data"))
    cluster.later(7, lambda: dataset("hbase", "Bound"))
    result = run("fluid_ready", bound_datasets=["data/hbase", "data/left"])
    assert (result.get("failed", False), cluster.now) == (False, 8)
    assert result["warnings"] == [
        "Dataset left in namespace data is terminating or was deleted: it was not waited for"]


def test_phases_of_the_past_are_not_read(cluster, run, fluid, dataset):
    dataset("hbase", "Bound")
    cluster.change(
        kinds.DEPLOYMENT, "dataset-controller", "fluid-system", {"status": {"availableReplicas": 0}})
    assert run("fluid_ready", bound_datasets=["data/hbase"], wait_timeout=4)["failed"]
    assert ("get", "datasets") not in cluster.requests


@pytest.mark.parametrize("text", ["hbase", "/hbase", "data/", "data/a/b"])
def test_a_dataset_needs_its_namespace(cluster, run, text):
    assert f"bound_datasets has {text}: expected <namespace>/<name>" in run(
        "fluid_ready", bound_datasets=[text])["msg"]
    assert cluster.requests == []
