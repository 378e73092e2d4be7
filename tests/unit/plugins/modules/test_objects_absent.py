# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules for what surrounds a cache: objects_absent, namespace, pod, fluid_info."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import WriteConflict
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

OURS = {"app.kubernetes.io/managed-by": "datacache.fluid"}
PODS = [{"kind": "Pod", "namespace": "data",
         "label_selectors": ["release=hbase", "role in (alluxio-master, alluxio-fuse)"]}]
READER = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "reader", "namespace": "data"},
          "spec": {"containers": []}}
READY = {"spec": {"nodeName": "n1"},
         "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}


def put_pod(cluster, name, role="alluxio-master", release="hbase", **metadata):
    return cluster.put(kinds.POD, {"metadata": {
        "name": name, "namespace": "data", "labels": {"release": release, "role": role}, **metadata}})


def test_nothing_to_wait_for_costs_one_list_for_each_selection(cluster, run):
    put_pod(cluster, "other", release="spark")
    put_pod(cluster, "worker", role="alluxio-worker")
    result = run("objects_absent", objects=PODS)
    assert (result["changed"], result["found"]) == (False, [])
    assert cluster.requests == [("list", "pods")]


def test_it_waits_for_what_others_delete(cluster, run):
    put_pod(cluster, "hbase-master-0")
    cluster.later(30, lambda: cluster.vanish(kinds.POD, "hbase-master-0", "data"))
    result = run("objects_absent", objects=PODS, wait_timeout=60)
    assert (result["changed"], result["found"]) == (False, ["Pod hbase-master-0 in namespace data"])
    assert 30 <= cluster.now <= 32


def test_pods_that_can_no_longer_be_listed_are_not_absent(cluster, run):
    put_pod(cluster, "hbase-master-0")
    cluster.later(10, lambda: cluster.forbidden.add(("list", "pods")))
    assert run("objects_absent", objects=PODS, wait_timeout=60)["msg"].startswith("not allowed to list pods")


@pytest.mark.parametrize(("first", "changed"), [("pods", False), ("jobs", True)])
def test_a_refused_deletion_reports_what_was_deleted_before(cluster, run, first, changed):
    """In the order of the option: a refused first one has changed nothing."""
    put_pod(cluster, "hbase-master-0")
    cluster.put(kinds.JOB, {"metadata": {"name": "load", "namespace": "data"}})
    jobs = [{"kind": "Job", "namespace": "data", "names": ["load"]}]
    cluster.forbidden.add(("delete", "pods"))
    result = run("objects_absent", objects=PODS + jobs if first == "pods" else jobs + PODS, delete=True)
    assert result["msg"].startswith("not allowed to delete pods")
    assert (result["changed"], sorted(result["found"])) == (changed, [
        "Job load in namespace data", "Pod hbase-master-0 in namespace data"])
    assert (cluster.stored(kinds.JOB, "load", "data") is None) is changed


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_what_others_have_deleted_is_no_change(cluster, run, check):
    """One pod is terminating; the other goes between the list and its deletion."""
    put_pod(cluster, "hbase-fuse-x", role="alluxio-fuse", deletionTimestamp="2026-11-23T12:00:00Z")
    cluster.later(5, lambda: cluster.vanish(kinds.POD, "hbase-fuse-x", "data"))
    put_pod(cluster, "hbase-master-0")
    cluster.before_write(lambda: cluster.vanish(kinds.POD, "hbase-master-0", "data"))
    result = run("objects_absent", check=check, objects=PODS, delete=True)
    assert (result["changed"], len(result["found"])) == (False, 2)


@pytest.mark.parametrize("seconds", [1, 600])
def test_a_wait_lasts_as_long_as_its_option_and_names_what_remains(cluster, run, seconds):
    put_pod(cluster, "hbase-fuse-x", role="alluxio-fuse", finalizers=["a/b"],
            deletionTimestamp="2026-11-23T12:00:00Z")
    put_pod(cluster, "hbase-master-0")
    result = run("objects_absent", objects=PODS, wait_timeout=seconds)
    assert result["msg"].startswith(
        f"timed out after {seconds} s while these objects still exist: Pod hbase-fuse-x in namespace data "
        "(terminating, finalizers a/b), Pod hbase-master-0 in namespace data; kubectl describe shows")
    assert cluster.now == pytest.approx(seconds)


def test_many_remaining_objects_are_counted(cluster, run):
    for number in range(200):
        put_pod(cluster, f"hbase-fuse-{number:03}", role="alluxio-fuse")
    message = run("objects_absent", objects=PODS, wait_timeout=1)["msg"]
    assert "and 190 more" in message and len(message) < 1000


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_it_deletes_only_what_is_selected(cluster, run, check):
    for name in ("a", "b"):
        cluster.put(kinds.NAMESPACE, {"metadata": {"name": name, "labels": OURS}})
    cluster.put(kinds.NAMESPACE, {"metadata": {"name": "foreign"}})
    selection = [{"kind": "Namespace", "names": [name], "label_selectors": [
        "app.kubernetes.io/managed-by=datacache.fluid"]} for name in ("a", "foreign")]
    result = run("objects_absent", check=check, objects=selection, delete=True)
    assert (result["changed"], result["found"]) == (True, ["Namespace a"])
    left = {name for name in ("a", "b", "foreign") if cluster.stored(kinds.NAMESPACE, name)}
    assert left == ({"a", "b", "foreign"} if check else {"b", "foreign"})
    if not check:
        assert not run("objects_absent", objects=selection, delete=True)["changed"]


def test_a_kind_that_the_cluster_does_not_know_is_absent(cluster, run):
    cluster.missing_kinds.add(kinds.JOB)
    assert not run("objects_absent", objects=[
        {"kind": "Job", "namespace": "data", "names": ["a"]}], delete=True)["changed"]


@pytest.mark.parametrize(("kind", "plural"), [("Node", "nodes"), ("Namespace", "namespaces")])
def test_without_permission_for_cluster_scoped_kinds_it_warns(cluster, run, kind, plural):
    cluster.forbidden.add(("list", plural))
    result = run("objects_absent", objects=[{"kind": kind, "label_selectors": ["a=b"]}, *PODS])
    assert not result.get("failed")
    [warning] = result["warnings"]
    assert warning == f"could not check for {plural} with the labels a=b: not allowed to list {plural}"


def test_without_permission_for_pods_it_fails(cluster, run):
    cluster.forbidden.add(("list", "pods"))
    assert run("objects_absent", objects=PODS)["msg"] == "not allowed to list pods"


@pytest.mark.parametrize(("selection", "message"), [
    ({"kind": "Pod", "namespace": "data"}, "objects[0] selects every Pod: give names or label_selectors"),
    ({"kind": "Pod", "namespace": "data", "names": [], "label_selectors": []},
     "objects[0] selects every Pod"),
    ({"kind": "Pod", "names": ["a"]}, "objects[0] has no namespace"),
    ({"kind": "Node", "names": ["n1"]}, "objects[0] would delete nodes"),
], ids=["all", "empty", "no-namespace", "node"])
def test_a_dangerous_selection_is_refused(cluster, run, selection, message):
    assert run("objects_absent", objects=[selection], delete=True)["msg"].startswith(message)
    assert cluster.requests == []


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_a_namespace_is_created_once(cluster, run, check):
    result = run("namespace", check=check, name="data")
    assert (result["changed"], result["existed"]) == (True, False)
    made = cluster.stored(kinds.NAMESPACE, "data")
    if check:
        assert made is None
        return
    assert made["metadata"]["labels"] == OURS
    cluster.requests.clear()
    result = run("namespace", name="data")
    assert (result["changed"], result["existed"]) == (False, True)
    assert cluster.requests == [("get", "namespaces")]


def test_a_foreign_namespace_stays_as_it_is(cluster, run):
    before = cluster.put(kinds.NAMESPACE, {"metadata": {"name": "data", "labels": {"team": "a"}}})
    assert not run("namespace", name="data")["changed"]
    assert cluster.stored(kinds.NAMESPACE, "data") == before


def test_a_namespace_that_may_not_be_read_is_assumed(cluster, run):
    cluster.forbidden.add(("get", "namespaces"))
    result = run("namespace", name="data")
    assert (result["changed"], result["existed"]) == (False, True)
    assert result["warnings"] == [
        "could not read namespace data, which is assumed to exist: not allowed to get namespaces"]


def test_a_terminating_namespace_is_refused(cluster, run):
    cluster.put(kinds.NAMESPACE, {"metadata": {"name": "data", "deletionTimestamp": "2026-11-23T12:00:00Z"}})
    assert run("namespace", name="data")["msg"].startswith("namespace data is terminating: wait until")


def test_fluid_is_required_before_the_namespace_is_created(cluster, run):
    cluster.missing_kinds |= {fluid_kinds.DATASET, *fluid_kinds.RUNTIMES}
    assert run("namespace", name="data", require_fluid=True)["msg"] == (
        "Fluid is not installed: the cluster has no CustomResourceDefinition datasets.data.fluid.io and "
        "alluxioruntimes.data.fluid.io. Run the playbook or the role datacache.fluid.install first")
    assert cluster.writes() == []
    predicted = run("namespace", check=True, name="data", require_fluid=True)
    assert (predicted["existed"], predicted["changed"]) == (False, True)
    assert predicted["missing"] == ["datasets.data.fluid.io", "alluxioruntimes.data.fluid.io"]


def test_fluid_and_the_namespace_cost_two_requests(cluster, run):
    cluster.put(kinds.NAMESPACE, {"metadata": {"name": "data"}})
    result = run("namespace", name="data", require_fluid=True)
    assert (result["changed"], result["existed"], result["missing"]) == (False, True, [])
    assert cluster.requests == [("get", "data.fluid.io"), ("get", "namespaces")]


def test_an_invalid_namespace_is_refused(cluster, run):
    assert "namespace 'My_Team' is not a DNS-1123 label" in run("namespace", name="My_Team")["msg"]
    assert cluster.requests == []


def test_fluid_is_read_by_one_request(cluster, run):
    cluster.put(fluid_kinds.DATASET, {"metadata": {"name": "hbase", "namespace": "data"}})
    result = run("fluid_info")
    assert (result["missing"], result["objects"]) == ([], [])
    assert "datasets.data.fluid.io" in result["definitions"]
    assert cluster.requests == [("get", "data.fluid.io")]
    assert run("fluid_info", objects=True)["objects"] == [
        {"kind": "Dataset", "namespace": "data", "name": "hbase"}]


def test_what_is_missing_of_fluid(cluster, run):
    cluster.missing_kinds |= {fluid_kinds.DATASET, *fluid_kinds.RUNTIMES}
    result = run("fluid_info", objects=True)
    assert result["definitions"] == result["objects"] == []
    assert result["missing"] == ["datasets.data.fluid.io", "alluxioruntimes.data.fluid.io"]


def test_a_pod_starts_and_replaces_that_of_an_interrupted_run(cluster, run):
    old = cluster.put(kinds.POD, {**READER, "metadata": {**READER["metadata"], "finalizers": ["a/b"]}})
    cluster.later(3, lambda: cluster.vanish(kinds.POD, "reader", "data"))
    cluster.later(8, lambda: cluster.change(kinds.POD, "reader", "data", READY))
    result = run("pod", definition=READER)
    assert (result["changed"], result["node"]) == (True, "n1")
    assert cluster.stored(kinds.POD, "reader", "data")["metadata"]["uid"] != old["metadata"]["uid"]


def test_a_pod_in_check_mode(cluster, run):
    assert run("pod", check=True, definition=READER)["changed"]
    assert cluster.writes() == []


def test_a_pod_that_does_not_start_is_explained(cluster, run):
    waiting = {"phase": "Pending", "containerStatuses": [{"name": "reader", "state": {"waiting": {
        "reason": "ErrImagePull", "message": "no such image"}}}]}
    cluster.later(1, lambda: cluster.change(kinds.POD, "reader", "data", {"status": waiting}))
    cluster.put(kinds.EVENT, {
        "metadata": {"name": "e", "namespace": "data"}, "type": "Warning", "reason": "FailedMount",
        "message": "no driver", "involvedObject": {"kind": "Pod", "name": "reader"}})
    message = run("pod", definition=READER, wait_timeout=20)["msg"]
    assert message == (
        "timed out after 20 s while waiting for Pod reader in namespace data to be ready: container "
        "reader is waiting: ErrImagePull no such image\n- event on Pod reader: FailedMount: no driver")


@pytest.mark.parametrize(("patch", "message"), [
    ({"status": {"phase": "Failed"}},
     "it has ended with phase Failed: read its log with kubectl logs reader"),
    (None, "it was deleted"),
], ids=["failed", "deleted"])
def test_a_pod_that_cannot_start_fails_at_once(cluster, run, patch, message):
    cluster.later(2, lambda: cluster.change(kinds.POD, "reader", "data", patch) if patch
                  else cluster.vanish(kinds.POD, "reader", "data"))
    assert run("pod", definition=READER)["msg"].endswith(message)
    assert cluster.now < 4


def test_a_definition_of_another_kind_is_refused(cluster, run):
    assert run("pod", definition={**READER, "kind": "Job"})["msg"] == (
        "definition has the kind 'Job': expected Pod")
    assert cluster.requests == []


# -- namespace, state absent ------------------------------------------------------------------------


def put_namespace(cluster, **labels):
    return cluster.put(kinds.NAMESPACE, {"metadata": {"name": "data", "labels": labels}})


def test_an_own_namespace_without_users_is_deleted(cluster, run):
    put_namespace(cluster, **OURS)
    cluster.put(kinds.POD, {**READER, "status": {"phase": "Succeeded"}})
    cluster.put(kinds.JOB, {"metadata": {"name": "done", "namespace": "data"}, "status": {
        "conditions": [{"type": "Complete", "status": "True"}]}})
    put_pod(cluster, "ending", deletionTimestamp="2026-11-23T12:00:00Z")
    put_pod(cluster, "owned", ownerReferences=[{"kind": "ReplicaSet", "name": "of-a-deleted-deployment"}])
    assert run("namespace", check=True, name="data", state="absent")["changed"]
    assert cluster.stored(kinds.NAMESPACE, "data") is not None
    assert run("namespace", name="data", state="absent")["changed"]
    assert cluster.stored(kinds.NAMESPACE, "data") is None
    assert not run("namespace", name="data", state="absent")["changed"]


@pytest.mark.parametrize(("kind", "metadata"), [
    (fluid_kinds.DATASET, {}), (fluid_kinds.RUNTIMES[1], {}), (kinds.PERSISTENT_VOLUME_CLAIM, {}),
    (kinds.POD, {}), (kinds.POD, {"ownerReferences": [{"kind": "Operator", "name": "x"}]}),
    (kinds.DEPLOYMENT, {}), (kinds.REPLICA_SET, {"ownerReferences": [{"kind": "Rollout", "name": "x"}]}),
    (kinds.STATEFUL_SET, {}), (kinds.DAEMON_SET, {}), (kinds.JOB, {}), (kinds.CRON_JOB, {}),
], ids=lambda value: value.kind if hasattr(value, "kind") else "")
@pytest.mark.parametrize("check", [False, True])
def test_a_namespace_that_another_uses_is_kept(cluster, run, kind, metadata, check):
    """Another cache, a claim with data, or a workload."""
    put_namespace(cluster, **OURS)
    cluster.put(kind, {"metadata": {"name": "spark", "namespace": "data", **metadata}})
    result = run("namespace", check=check, name="data", state="absent", cache="hbase")
    assert (result["changed"], result["kept_by"]) == (False, [f"{kind.kind} spark in namespace data"])
    assert result["warnings"] == [
        f"namespace data is kept, because it has {kind.kind} spark in namespace data"]
    assert cluster.writes() == []


def test_a_namespace_of_others_is_kept(cluster, run):
    put_namespace(cluster, team="a")
    assert not run("namespace", name="data", state="absent")["changed"]
    assert cluster.requests == [("get", "namespaces")]


def test_a_namespace_whose_users_are_unknown_is_kept(cluster, run):
    put_namespace(cluster, **OURS)
    cluster.forbidden.add(("list", "deployments"))
    assert run("namespace", name="data", state="absent")["kept_by"] == [
        "deployments that could not be read: not allowed to list deployments.apps"]


def test_check_mode_does_not_count_the_cache_whose_removal_it_predicts(cluster, run):
    put_namespace(cluster, **OURS)
    put_pod(cluster, "hbase-master-0")
    for kind in (fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME, kinds.PERSISTENT_VOLUME_CLAIM):
        cluster.put(kind, {"metadata": {"name": "hbase", "namespace": "data"}})
    assert run("namespace", check=True, name="data", state="absent", cache="hbase")["changed"]
    assert not run("namespace", name="data", state="absent", cache="hbase")["changed"]


def test_a_namespace_that_stays_terminating_is_explained(cluster, run):
    put_namespace(cluster, **OURS)
    condition = {"type": "NamespaceContentRemaining", "status": "True", "message": "Some pods are remaining"}
    cluster.change(kinds.NAMESPACE, "data", None, {
        "metadata": {"finalizers": ["kubernetes"]}, "status": {"conditions": [condition]}})
    assert run("namespace", name="data", state="absent", wait_timeout=5)["msg"] == (
        "timed out after 5 s while namespace data is terminating: Some pods are remaining")


def test_a_namespace_that_is_created_again_is_not_waited_for(cluster, run, monkeypatch):
    """Such as by a GitOps controller: its UID is another one, and nobody deletes it."""
    cluster.put(kinds.NAMESPACE, {"metadata": {"name": "data", "labels": OURS, "uid": "one"}})
    delete = cluster.delete

    def replaced(*args, **options):
        done = delete(*args, **options)
        cluster.put(kinds.NAMESPACE, {"metadata": {"name": "data", "uid": "two"}})
        return done
    monkeypatch.setattr(cluster, "delete", replaced)
    result = run("namespace", name="data", state="absent")
    assert "another client has created it again" in result["msg"]
    assert (result["changed"], cluster.now) == (True, 0)


def test_hosts_that_delete_a_namespace_at_the_same_time(cluster, run, monkeypatch):
    """Another run deletes it between the look and the deletion, which the API server then refuses."""
    put_namespace(cluster, **OURS)

    def refused(*_args):
        raise WriteConflict("namespaces \"data\" is terminating", 409)
    monkeypatch.setattr(cluster, "delete", refused)
    cluster.later(3, lambda: cluster.vanish(kinds.NAMESPACE, "data", None))
    result = run("namespace", name="data", state="absent")
    assert (result["changed"], result.get("failed")) == (False, None)


def test_hosts_that_create_a_namespace_at_the_same_time(cluster, run):
    cluster.before_write(lambda: put_namespace(cluster, **OURS))
    result = run("namespace", name="data")
    assert (result["changed"], result["existed"], result.get("failed")) == (False, True, None)
