# SPDX-License-Identifier: GPL-3.0-or-later
"""The removal of a cache in the situations in which it gets stuck, each twice, with and without force."""

from collections import Counter
from copy import deepcopy

import pytest
from fake_fluid import NAMESPACE, FakeFluid

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

CACHE = {"name": "hbase", "namespace": NAMESPACE}
OWN_PROBE = {"app.kubernetes.io/managed-by": "datacache.fluid", "app.kubernetes.io/part-of": "hbase-verify"}
DATASET, RUNTIME = "Dataset hbase in namespace data", "AlluxioRuntime hbase in namespace data"


@pytest.fixture
def fluid(cluster):
    return FakeFluid(cluster)


@pytest.fixture
def remove(run):
    def remove_cache(check=False, **options):
        return run("cache_absent", check=check, **{**CACHE, "wait_timeout": 120, **options})
    return remove_cache


def held(result):
    """What holds each object that is left."""
    return {each["object"]: each["held_by"] for each in result["remains"]}


def blockers(result):
    """The same without the objects that only wait for an earlier one."""
    return {name: lines for name, lines in held(result).items()
            if lines and not all(line.endswith("goes first") for line in lines)}


def require_nothing_left(fluid, remove, **options):
    assert fluid.left() == []
    again = remove(**options)
    assert (again["changed"], again["actions"], again["remains"]) == (False, [], [])


def test_a_cache_goes_and_a_second_run_changes_nothing(fluid, remove):
    before = deepcopy(fluid.cluster._objects)
    assert remove(check=True)["changed"]
    # dry runs, which ask for the permission
    assert fluid.cluster.writes() == [("delete", "datasets"), ("delete", "alluxioruntimes")]
    assert fluid.cluster._objects == before
    result = remove()
    assert result["changed"] and result["actions"] == [DATASET, RUNTIME]
    require_nothing_left(fluid, remove)
    assert not remove(check=True)["changed"]


def test_an_absent_cache_costs_few_reads(cluster, remove):
    assert not remove()["changed"]
    assert Counter(cluster.requests) == Counter({
        **{("get", kind): 1 for kind in ("datasets", "alluxioruntimes", "persistentvolumeclaims",
                                         "persistentvolumes", "leases", "poddisruptionbudgets",
                                         "servicemonitors", "prometheusrules")},
        ("get", "configmaps"): 2,
        **{("list", kind.plural): 1 for kind in fluid_kinds.OPERATIONS}, ("list", "jobs"): 2,
        **{("list", kind): 1 for kind in ("statefulsets", "daemonsets", "services",
                                          "persistentvolumeclaims")},
        ("list", "pods"): 2, ("list", "configmaps"): 2, ("list", "nodes"): 2})


def test_a_look_during_a_wait_costs_five_requests(cluster, fluid, remove):
    """While a pod uses the claim: Dataset, runtime, claim, pods and probes."""
    fluid.put_pod("app", "node2", claim="hbase")
    remove(wait_timeout=60)
    looks = Counter(cluster.requests)
    assert looks["get", "datasets"] == 32
    assert looks["list", "pods"] == looks["get", "persistentvolumeclaims"] == 32
    assert looks["list", "statefulsets"] == 1  # at the end, to name what is left


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("absent", ["runtime", "dataset", "rendered"])
def test_half_a_cache_goes(cluster, fluid, remove, absent, force):
    gone = {"runtime": [(fluid_kinds.ALLUXIO_RUNTIME, "hbase")], "dataset": [(fluid_kinds.DATASET, "hbase")],
            "rendered": [(kinds.STATEFUL_SET, "hbase-worker"), (kinds.CONFIG_MAP, "hbase-config")]}
    for kind, name in gone[absent]:
        cluster.vanish(kind, name, NAMESPACE)
    result = remove(force=force)
    if absent == "runtime" and not force:
        assert held(result) == {
            name: ["its runtime is absent, so that nothing removes it: set force"]
            for name in ("ConfigMap sh.helm.release.v1.hbase.v1 in namespace data",
                         "ConfigMap hbase-alluxio-values in namespace data", "Node node0", "Node node1",
                         "Node node2")}
        assert result["failed"] and held(remove(check=True)) == held(result)
        result = remove(force=True)
    assert not result.get("failed")
    require_nothing_left(fluid, remove, force=force)


def test_without_definitions_force_removes_what_is_left(cluster, fluid, remove):
    fluid.lose_definitions()
    result = remove(wait_timeout=600)
    assert result["msg"].startswith("nobody removes what is left: ") and cluster.now < 90
    assert result["failed"] and "StatefulSet hbase-master in namespace data" in result["msg"]
    assert set(held(result)["Pod hbase-fuse-x in namespace data"]) == {
        "its runtime is absent, so that nothing removes it: set force"}
    assert held(remove(check=True)) == held(result)
    assert remove(force=True, check=True)["changed"]
    assert remove(force=True)["changed"]
    require_nothing_left(fluid, remove, force=True)


def test_dataset_numbers_of_nodes_are_decreased(cluster, fluid, remove):
    fluid.lose_definitions()
    cluster.change(kinds.NODE, "node1", None, {"metadata": {"labels": {
        "fluid.io/dataset-num": "1", "fluid_exclusive": "data_hbase"}}})
    remove(force=True)
    assert [cluster.stored(kinds.NODE, f"node{index}")["metadata"]["labels"] for index in range(2)] == [
        {"fluid.io/dataset-num": "1", "kubernetes.io/hostname": "node0"},
        {"kubernetes.io/hostname": "node1"}]


@pytest.mark.parametrize("state", ["zero", "namespace", "runtime controller"])
def test_a_controller_that_does_not_run(cluster, fluid, remove, state):
    """At zero, and with Fluid's namespace deleted first."""
    if state == "namespace":
        fluid.uninstall()
    else:
        fluid.scale("alluxioruntime-controller", 0)
        if state == "zero":
            fluid.scale("dataset-controller", 0)
    predicted = remove(check=True)
    result = remove()
    controller, item = (("alluxioruntime", RUNTIME) if state == "runtime controller"
                        else ("dataset", DATASET))
    finalizer = "alluxio-runtime" if state == "runtime controller" else "fluid-dataset"
    sentence = (f"finalizer {finalizer}-controller-finalizer, and Deployment {controller}-controller has 0 "
                "of 0 replicas ready: start it, or set force")
    assert sentence in blockers(result)[item] and sentence in result["msg"]
    assert sentence in predicted["msg"]
    started = cluster.now
    assert not remove(check=True, force=True).get("failed")
    assert remove(force=True)["changed"]
    assert cluster.now - started < 60
    require_nothing_left(fluid, remove, force=True)


def test_a_controller_that_is_starting_gets_a_minute(cluster, fluid, remove):
    fluid.scale("dataset-controller", 1, ready=0)
    cluster.later(30, lambda: fluid.scale("dataset-controller", 1))
    assert remove(force=True)["actions"] == [DATASET, RUNTIME]


def test_a_finalizer_of_another_client_stays(cluster, fluid, remove):
    cluster.change(fluid_kinds.DATASET, "hbase", NAMESPACE, {"metadata": {
        "finalizers": ["fluid-dataset-controller-finalizer", "backup.example/guard"]}})
    fluid.uninstall()
    result = remove(force=True)
    assert blockers(result) == {DATASET: [
        "finalizer backup.example/guard, which is not Fluid's: its owner has to remove it"]}
    assert blockers(remove(force=True, check=True)) == blockers(result)
    assert cluster.stored(fluid_kinds.DATASET, "hbase", NAMESPACE)["metadata"]["finalizers"] == [
        "backup.example/guard"]


@pytest.mark.parametrize("node", ["node0", "node1"])
def test_a_dead_node(cluster, fluid, remove, node):
    """A master's node; on node0 a command of Fluid in the first master hangs."""
    fluid.lose_node(node)
    predicted, result = remove(check=True), remove()
    pod = f"Pod hbase-master-{node[-1]} in namespace data"
    sentence = f"its node {node} is not Ready: start or delete the node, or set force"
    assert sentence in held(result)[pod] and sentence in held(predicted)[pod]
    result = remove(force=True)
    assert f"{pod} (its node {node} is not Ready)" in result["actions"]
    require_nothing_left(fluid, remove, force=True)
    mounts = [{"node": "node0", "path": "/runtime-mnt/alluxio/data/hbase"}] if node == "node0" else []
    assert result["mounts_left"] == mounts
    assert len(result["warnings"]) == len(mounts)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("lost", [False, True])
def test_a_pod_of_others_stays_and_holds_the_cache(cluster, fluid, remove, force, lost):
    fluid.put_pod("app", "node2", claim="hbase")
    if lost:
        fluid.lose_node("node2")
    predicted, result = remove(check=True, force=force), remove(force=force)
    lines = ["pod app on node node2 uses the claim hbase: delete it first"]
    assert held(result)[DATASET] == held(predicted)[DATASET] == lines
    assert held(result).keys() == held(predicted).keys()
    assert "Pod app" in "".join(fluid.left())
    assert cluster.stored(kinds.PERSISTENT_VOLUME_CLAIM, "hbase", NAMESPACE)["metadata"].get(
        "deletionTimestamp") is None
    cluster.vanish(kinds.POD, "app", NAMESPACE)
    remove(force=True)
    require_nothing_left(fluid, remove, force=force)


@pytest.mark.parametrize("force", [False, True])
def test_a_dataset_that_refers_to_it_holds_it(cluster, fluid, remove, force):
    cluster.change(fluid_kinds.DATASET, "hbase", NAMESPACE, {"status": {"datasetRef": ["team/copy"]}})
    predicted, result = remove(check=True, force=force), remove(force=force)
    lines = ["Dataset team/copy refers to this one: delete it first"]
    assert held(result)[DATASET] == held(predicted)[DATASET] == lines
    cluster.change(fluid_kinds.DATASET, "hbase", NAMESPACE, {"status": {"datasetRef": []}})
    assert remove(force=force)["changed"]
    require_nothing_left(fluid, remove, force=force)


@pytest.mark.parametrize("force", [False, True])
def test_a_dataset_of_another_runtime_is_left_alone(cluster, remove, force):
    cluster.put(fluid_kinds.DATASET, {"metadata": {**CACHE}, "spec": {}, "status": {
        "phase": "Bound", "runtimes": [{"name": "hbase", "type": "juicefs"}]}})
    cluster.put(kinds.PERSISTENT_VOLUME_CLAIM, {"metadata": {**CACHE, "annotations": {"CreatedBy": "fluid"}}})
    for check in (True, False):
        result = remove(check=check, force=force, wait_timeout=10)
        assert result["failed"] and blockers(result) == {DATASET: [
            "it is bound by a runtime of type juicefs, which this module does not remove: delete the Dataset "
            "with datacache.fluid.dataset, if it is yours"]}
    assert cluster.writes() == []


def test_a_reference_to_another_dataset_goes(cluster, remove):
    cluster.put(fluid_kinds.DATASET, {
        "metadata": {**CACHE}, "spec": {"mounts": [{"mountPoint": "dataset://other/hbase"}]},
        "status": {"phase": "Bound", "runtimes": [{"name": "hbase", "type": "thin"}]}})
    assert remove()["actions"] == [DATASET]


def test_operations_of_a_dataset(cluster, fluid, remove):
    """Fluid removes their finalizers; they go with their Dataset, and their Jobs with them."""
    cluster.put(fluid_kinds.DATA_LOAD, {"metadata": {
        "name": "warm", "namespace": NAMESPACE, "finalizers": ["fluid-dataload-controller-finalizer"],
        "ownerReferences": [{"kind": "Dataset", "name": "hbase"}]}})
    cluster.put(fluid_kinds.DATA_LOAD, {"metadata": {"name": "other", "namespace": NAMESPACE}})
    cluster.put(kinds.JOB, {"metadata": {"name": "warm-loader", "namespace": NAMESPACE, "labels": {
        "targetDataset": "hbase", "app": "alluxio"}}})
    fluid.uninstall()
    assert "DataLoad warm in namespace data" in held(remove(check=True, wait_timeout=5))
    result = remove(force=True)
    assert "DataLoad warm in namespace data" in result["actions"]
    assert fluid.left() == ["DataLoad other"]


def test_probes_of_an_interrupted_run_go(cluster, fluid, remove):
    fluid.put_pod("hbase-verify-probe", "node2", claim="hbase", **OWN_PROBE)
    cluster.put(kinds.JOB, {"metadata": {
        "name": "hbase-verify", "namespace": NAMESPACE, "labels": OWN_PROBE}})
    assert not remove().get("failed")
    require_nothing_left(fluid, remove)


@pytest.mark.parametrize("force", [False, True])
def test_claims_and_releases_of_others_are_left_alone(cluster, remove, force):
    """They have the names of the cache's objects, and Fluid has not created them."""
    own = {"name": "hbase", "namespace": NAMESPACE}
    cluster.put(kinds.PERSISTENT_VOLUME_CLAIM, {"metadata": own})
    cluster.put(kinds.PERSISTENT_VOLUME, {"metadata": {"name": "data-hbase"}})
    cluster.put(kinds.STATEFUL_SET, {"metadata": {**own, "labels": {"release": "hbase", "app": "hbase"}}})
    cluster.put(kinds.POD, {"metadata": {**own, "labels": {"release": "hbase", "role": "regionserver"}}})
    result = remove(force=force)
    assert (result["changed"], result["remains"]) == (False, [])
    assert cluster.writes() == []


@pytest.mark.parametrize(("namespace", "name", "left"), [
    ("data-of", "hbase", True), (NAMESPACE, "of-hbase", False)])
def test_the_volume_of_another_cache_is_left_alone(cluster, remove, namespace, name, left):
    """Fluid names the volumes of both caches alike."""
    cluster.put(kinds.PERSISTENT_VOLUME, {
        "metadata": {"name": "data-of-hbase", "annotations": {"CreatedBy": "fluid"}},
        "spec": {"claimRef": {"namespace": namespace, "name": name}}})
    result = remove(name="of-hbase", force=True)
    assert (result["changed"], result["remains"]) == (not left, [])
    assert bool(cluster.stored(kinds.PERSISTENT_VOLUME, "data-of-hbase")) is left


@pytest.mark.parametrize("keep", [False, True])
def test_kept_journals_stay(cluster, fluid, remove, keep):
    for claim in range(3):
        cluster.change(kinds.PERSISTENT_VOLUME_CLAIM, f"alluxio-journal-hbase-master-{claim}", NAMESPACE, {
            "metadata": {"labels": {"role": "kept" if keep else "alluxio-master"}}})
    remove(keep_journals=keep)
    assert len(fluid.left()) == (3 if keep else 0)


def test_without_permission_for_nodes_it_warns(cluster, fluid, remove):
    cluster.forbidden.add(("list", "nodes"))
    result = remove()
    assert not result.get("failed")
    assert result["warnings"] == ["could not check for nodes of the cache: not allowed to list nodes"]


def test_a_label_that_may_not_be_removed_is_reported(cluster, fluid, remove):
    fluid.lose_definitions()
    cluster.forbidden.add(("patch", "nodes"))
    result = remove(force=True, wait_timeout=600)
    assert held(result) == {f"Node node{index}": ["not allowed to patch nodes"] for index in range(3)}
    assert result["msg"].startswith("nobody removes what is left: Node node0, held by: not allowed to patch")
    assert cluster.now < 120


def test_what_is_collected_within_a_minute_is_not_left(cluster, fluid, remove):
    fluid.lose_definitions()

    def collect():
        for kind, namespace, name in list(cluster._objects):
            if namespace == NAMESPACE:
                cluster.vanish(kind, name, namespace)
        for index in range(3):
            cluster.vanish(kinds.NODE, f"node{index}", None)
    cluster.later(40, collect)
    assert not remove().get("failed")
    assert 40 <= cluster.now < 50


@pytest.mark.parametrize("kind", [kinds.NODE, fluid_kinds.DATASET])
def test_an_object_that_goes_before_it_is_changed_is_gone(cluster, fluid, remove, monkeypatch, kind):
    if kind == kinds.NODE:
        fluid.lose_definitions()
    else:
        fluid.uninstall()
    patch = cluster.patch

    def after_deletion(patched, ref, *args, **options):
        if patched == kind:
            cluster.vanish(kind, ref.name, ref.namespace)
        return patch(patched, ref, *args, **options)
    monkeypatch.setattr(cluster, "patch", after_deletion)
    result = remove(force=True)
    assert not result.get("failed"), result["msg"]
    assert not any(kind.kind in action and "(" in action for action in result["actions"])
    assert fluid.left() == []


def test_an_api_server_that_does_not_answer_the_first_look_ends_the_run(cluster, remove):
    cluster.go_down(1000)
    assert remove()["msg"].startswith("no API server answers")
    assert cluster.now < 5


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("kind", [fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME])
def test_without_permission_to_delete_the_cache_nothing_is_deleted(cluster, fluid, remove, check, kind):
    cluster.forbidden.add(("delete", kind.plural))
    started = cluster.now
    result = remove(check=check)
    assert result["msg"].startswith(f"not allowed to delete {kind.resource}")
    assert (result["changed"], result["actions"], cluster.now) == (False, [], started)
    assert not cluster.stored(fluid_kinds.DATASET, "hbase", NAMESPACE)["metadata"].get("deletionTimestamp")


def test_a_permission_that_is_lost_after_the_first_deletion_ends_the_wait(
        cluster, fluid, remove, monkeypatch):
    permitted = cluster.delete

    def delete(kind, ref, uid, **options):
        done = permitted(kind, ref, uid, **options)
        if kind == fluid_kinds.DATASET and not options.get("dry_run"):
            cluster.forbidden.add(("delete", "alluxioruntimes"))
        return done
    monkeypatch.setattr(cluster, "delete", delete)
    result = remove()
    assert result["msg"].startswith("not allowed to delete alluxioruntimes")
    assert (result["changed"], result["actions"]) == (True, [DATASET])


@pytest.mark.parametrize(("options", "message"), [
    ({"wait_timeout": 0}, "wait_timeout is 0: expected at least one second"),
    ({"namespace": "My_Team"}, "namespace 'My_Team' is not a DNS-1123 label")])
def test_wrong_options_are_refused(cluster, remove, options, message):
    assert message in remove(**options)["msg"]
    assert cluster.requests == []
