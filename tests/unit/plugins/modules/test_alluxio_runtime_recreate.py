# SPDX-License-Identifier: GPL-3.0-or-later
"""The module alluxio_runtime where the masters' journal would change its type: refused, or the cache is
rebuilt.
"""

import json
from types import SimpleNamespace

import pytest
from fake_raft import FakeRaft

from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError, WaitTimeout
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle import property_check, waits
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import stable_addresses

FINALIZER = "alluxio-runtime-controller-finalizer"
OWN = {"name": "hbase", "namespace": "data", "network_mode": "ContainerNetwork",
       "stable_peer_addresses": False, "disruption_budget": False}
# Permits to delete the runtime, by its name.
RECREATE = {"recreate": "data/hbase"}
BOTH_WAYS = pytest.mark.parametrize(("masters", "desired"), [(1, 3), (3, 1)])
# What several masters cost more: a look at their budgets.
BUDGETS = {1: [], 3: [("list", "poddisruptionbudgets")]}
# Two dry runs, the deletion, the new one.
WRITES = [("create", "alluxioruntimes"), ("patch", "alluxioruntimes"), ("delete", "alluxioruntimes"),
          ("create", "alluxioruntimes")]


@pytest.fixture
def stored(cluster):
    return lambda name="hbase": cluster.stored(fluid_kinds.ALLUXIO_RUNTIME, name, "data")


@pytest.fixture
def existing(cluster, run, stored):
    """A runtime that Fluid has taken up: with its finalizer, its defaults and somebody's label; absent 30 s
    after its deletion.
    """
    def make(masters, name="hbase", gone_after=30):
        run("alluxio_runtime", **{**OWN, "name": name, "master_replicas": masters})
        cluster.change(fluid_kinds.ALLUXIO_RUNTIME, name, "data", {
            "metadata": {"finalizers": [FINALIZER], "labels": {"theirs": "x"}},
            "spec": {"management": {}}, "status": {"masterPhase": "Ready"}})
        if gone_after is not None:
            cluster.later(gone_after, lambda: cluster.vanish(fluid_kinds.ALLUXIO_RUNTIME, name, "data"))
        cluster.requests.clear()
        return stored(name)["metadata"]["uid"]
    return make


def pod(name, phase="Running", **metadata):
    return {"metadata": {"name": name, "namespace": "data", **metadata}, "status": {"phase": phase},
            "spec": {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "hbase"}}]}}


def without_servers_own(result):
    metadata = {key: value for key, value in result["metadata"].items() if key not
                in ("uid", "resourceVersion", "creationTimestamp")}
    return {**result, "metadata": metadata}


@BOTH_WAYS
@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_refused_without_recreate(cluster, run, existing, stored, masters, desired, check):
    uid = existing(masters)
    message = run("alluxio_runtime", check=check, master_replicas=desired, **OWN)["msg"]
    assert (f"has {masters} masters and {desired} are desired: a single master has a journal of type UFS and "
            "several have one of type EMBEDDED") in message
    assert (
        "set recreate: data/hbase, which rebuilds the cache: cached data is fetched from the under-store "
        "again and data that is only in Alluxio is lost, so back up the metadata first with "
        "datacache.fluid.alluxio_backup") in message
    assert cluster.requests == [("get", "alluxioruntimes")]
    assert stored()["metadata"]["uid"] == uid


@pytest.mark.parametrize("permission", [True, "", "hbase", "data/other"])
def test_the_permission_must_name_the_runtime(cluster, run, existing, permission):
    existing(3)
    message = run("alluxio_runtime", master_replicas=1, recreate=permission, **OWN)["msg"]
    assert message == (f"recreate is {str(permission)!r}: it permits to delete the cache; expected "
                       "data/hbase, or leave the option out")
    assert cluster.requests == []


@BOTH_WAYS
def test_recreated(cluster, run, existing, stored, masters, desired):
    uid = existing(masters)
    result = run("alluxio_runtime", diff=True, master_replicas=desired, **RECREATE, worker_replicas=2,
                 **OWN)
    assert (result["changed"], cluster.writes(), cluster.now) == (True, WRITES, 30)
    assert result["diff"] == {"before": {"spec": {"replicas": 1, "master": {"replicas": masters}}},
                              "after": {"spec": {"replicas": 2, "master": {"replicas": desired}}}}
    assert result["warnings"] == [
        f"AlluxioRuntime hbase in namespace data has {masters} masters and {desired} are declared, so the "
        "cache is rebuilt: cached data is fetched from the under-store again, and data that was only in "
        "Alluxio is "
        "lost"]
    made = stored()
    assert made["metadata"]["uid"] != uid
    assert made["spec"] == {"replicas": 2, "master": {"replicas": desired, "networkMode": "ContainerNetwork"},
                            "worker": {"networkMode": "ContainerNetwork"}}
    assert "finalizers" not in made["metadata"] and "labels" not in made["metadata"]
    cluster.requests.clear()
    again = run("alluxio_runtime", master_replicas=desired, **RECREATE, worker_replicas=2, **OWN)
    assert (again["changed"], again["warnings"],
            cluster.requests) == (False, [], [("get", "alluxioruntimes"), *BUDGETS[desired]])


@BOTH_WAYS
def test_check_mode_predicts_the_run_and_changes_nothing(cluster, run, existing, stored, masters, desired):
    existing(masters)
    before = stored()
    options = {**OWN, "master_replicas": desired, **RECREATE, "labels": {"team": "x"},
               "properties": {"a": "b"}, "wait": True,
               "stable_peer_addresses": True}
    predicted = run("alluxio_runtime", check=True, diff=True, **options)
    assert stored() == before
    assert (cluster.writes(), cluster.now) == (WRITES[:3], 0)
    done = run("alluxio_runtime", diff=True, **{**options, "wait": False})
    assert done["diff"] == predicted["diff"]
    assert (done["changed"], done["warnings"]) == (predicted["changed"],
                                                   predicted["warnings"]) == (True, predicted["warnings"])
    assert without_servers_own(done["result"]) == without_servers_own(predicted["result"])


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_pods_that_use_the_claim_are_in_the_way(cluster, run, existing, stored, check):
    uid = existing(1)
    for each in (pod("nginx"), pod("loader", "Pending"), pod("copied", "Succeeded")):
        cluster.put(kinds.POD, each)
    result = run("alluxio_runtime", check=check, master_replicas=3, **RECREATE, **OWN)
    assert result["msg"] == (
        "AlluxioRuntime hbase in namespace data cannot be recreated while pods use its claim hbase, because "
        "Fluid's deletion would wait "
        "for them: loader, nginx; delete them or scale down their workload, then run this again")
    assert (cluster.writes(), stored()["metadata"]["uid"], result["warnings"]) == ([], uid, [])


def test_pods_that_may_not_be_seen_are_no_leave_to_delete(cluster, run, existing):
    existing(1)
    cluster.forbidden.add(("list", "pods"))
    assert "not allowed to list pods" in run("alluxio_runtime", master_replicas=3, **RECREATE,
                                             **OWN)["msg"]
    assert cluster.writes() == []


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_datasets_that_refer_to_this_one_are_in_the_way(cluster, run, existing, stored, check):
    uid = existing(1)
    cluster.put(
        fluid_kinds.DATASET, {"metadata": {"name": "hbase", "namespace": "data"},
                              "status": {"datasetRef": ["web/copy", "ml/copy"]}})
    result = run("alluxio_runtime", check=check, master_replicas=3, **RECREATE, **OWN)
    assert ("cannot be recreated while other Datasets refer to it and would lose their volume: "
            "web/copy, ml/copy") in result["msg"]
    assert (cluster.writes(), stored()["metadata"]["uid"]) == ([], uid)


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_nothing_is_deleted_that_may_not_be_created(cluster, run, existing, stored, check):
    uid = existing(1)
    cluster.forbidden.add(("create", "alluxioruntimes"))
    assert "not allowed to create" in run("alluxio_runtime", check=check, master_replicas=3, **RECREATE,
                                          **OWN)["msg"]
    assert (cluster.writes(), stored()["metadata"]["uid"]) == (WRITES[:1], uid)


def test_pods_that_have_ended_or_use_another_claim_are_not(cluster, run, existing):
    existing(1)
    cluster.put(kinds.POD, pod("copied", "Succeeded"))
    cluster.put(kinds.POD, {**pod("plain"), "spec": {}})
    assert run("alluxio_runtime", master_replicas=3, **RECREATE, **OWN)["changed"]


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_too_few_nodes_are_found_before_the_deletion(cluster, run, existing, check):
    existing(1)
    cluster.put(kinds.NODE, {"metadata": {"name": "n1"}, "spec": {}})
    result = run("alluxio_runtime", check=check, master_replicas=3, **RECREATE,
                 **{**OWN, "network_mode": "HostNetwork"})
    assert "3 masters with network_mode HostNetwork need 3 schedulable nodes" in result["msg"]
    assert cluster.writes() == []


def test_a_field_of_somebody_else_is_a_conflict_before_the_deletion(cluster, run, existing):
    existing(1)
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"metadata": {"managedFields": [
        {"manager": "kubectl-edit", "operation": "Update",
         "fieldsV1": {"f:spec": {"f:master": {"f:replicas": {}}}}}]}})
    options = {**OWN, "master_replicas": 3, **RECREATE}
    assert "spec.master.replicas was set by field manager kubectl-edit" in run("alluxio_runtime", **options)[
        "msg"]
    assert cluster.writes() == []
    assert run("alluxio_runtime", force_conflicts=True, **options)["changed"]


def test_what_the_server_would_refuse_leaves_the_cache(cluster, run, existing, monkeypatch):
    existing(1)

    def refuse(*_args, dry_run):
        assert dry_run
        raise ApiError("admission said no", 422)
    monkeypatch.setattr(cluster, "patch", refuse)
    assert run("alluxio_runtime", master_replicas=3, **RECREATE, **OWN)["msg"] == "admission said no"
    assert cluster.writes() == WRITES[:1]


@pytest.mark.parametrize(
    "options", [{"master_replicas": 3}, {"master_replicas": 3, "worker_replicas": 2}, {"master_replicas": 5}])
def test_without_need_recreate_does_nothing(cluster, run, existing, stored, options):
    uid = existing(3, gone_after=None)
    predicted = run("alluxio_runtime", check=True, diff=True, **OWN, **options)
    asked = list(cluster.requests)
    cluster.requests.clear()
    assert run("alluxio_runtime", check=True, diff=True, **RECREATE, **OWN,
               **options)["diff"] == predicted["diff"]
    assert cluster.requests == asked
    done = run("alluxio_runtime", diff=True, **RECREATE, **OWN, **options)
    assert (done["diff"], done["warnings"],
            stored()["metadata"]["uid"]) == (predicted["diff"], predicted["warnings"], uid)


# -- cut off, and what lasts too long ---------------------------------------------------------------


def test_the_next_run_creates_an_absent_runtime(cluster, run, existing, stored):
    def cut():
        raise ApiError("power cut", 0)

    existing(1)
    cluster.before_write(lambda: None, lambda: None, lambda: None, cut)
    result = run("alluxio_runtime", diff=True, master_replicas=3, **RECREATE, **OWN)
    assert result["changed"] and result["failed"]
    assert result["msg"] == (
        "AlluxioRuntime hbase in namespace data was deleted but not created again: power cut; remove the "
        "cause "
        "and run this again to continue")
    assert result["diff"] == {"before": {"state": "present"}, "after": {"state": "absent"}}
    assert stored() is None
    again = run("alluxio_runtime", diff=True, master_replicas=3, **RECREATE, **OWN)
    assert (again["changed"], again["diff"]["before"], again["warnings"]) == (True, {}, [])
    assert stored()["spec"]["master"]["replicas"] == 3


def test_a_held_deletion_is_reported_and_the_next_run_continues(cluster, run, existing, stored):
    existing(1, gone_after=None)
    result = run("alluxio_runtime", master_replicas=3, **RECREATE, wait_timeout=60, **OWN)
    assert result["changed"] and result["failed"]
    assert "was deleted but not created again" in result["msg"]
    assert ("timed out after 60 s while waiting for AlluxioRuntime hbase in namespace data to be absent: it "
            f"still exists, held by {FINALIZER} (of alluxioruntime-controller)") in result["msg"]
    assert result["findings"] == [
        "Deployment alluxioruntime-controller, which removes the finalizer, has 0 of 0 replicas ready: start "
        "it"]
    assert stored()["metadata"]["deletionTimestamp"]
    assert "has been terminating since 20" in run("alluxio_runtime", master_replicas=3, **OWN)["msg"]
    predicted = run("alluxio_runtime", check=True, diff=True, master_replicas=3, **RECREATE, **OWN)
    cluster.later(9, lambda: cluster.vanish(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data"))
    done = run("alluxio_runtime", diff=True, master_replicas=3, **RECREATE, **OWN)
    assert (done["changed"], done["diff"]) == (predicted["changed"], predicted["diff"])
    assert "deletionTimestamp" not in stored()["metadata"]


def test_one_that_is_being_deleted_and_would_stay_as_it_is_is_not_present(cluster, run, existing):
    existing(3, gone_after=None)
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data",
                   {"metadata": {"deletionTimestamp": "2026-11-24T12:00:00Z"}})
    assert "has been terminating since 20" in run("alluxio_runtime", master_replicas=3, **RECREATE,
                                                  **OWN)["msg"]


def test_the_pods_of_the_old_runtime_are_waited_for(cluster, run, existing):
    """Those of a chart of the same name are not Fluid's to delete."""
    existing(3)
    cluster.put(kinds.POD,
                pod("hbase-master-0", "Failed", labels={"release": "hbase", "role": "alluxio-master"}))
    cluster.put(kinds.POD, pod("hbase-web", "Failed", labels={"release": "hbase"}))
    cluster.later(45, lambda: cluster.vanish(kinds.POD, "hbase-master-0", "data"))
    assert run("alluxio_runtime", master_replicas=1, **RECREATE, **OWN)["changed"]
    assert cluster.now == 45


def test_a_pod_that_does_not_end_is_reported(cluster, run, existing):
    existing(3)
    cluster.put(kinds.POD,
                pod("hbase-worker-0", "Failed", labels={"release": "hbase", "role": "alluxio-worker"}))
    result = run("alluxio_runtime", master_replicas=1, **RECREATE, wait_timeout=40, **OWN)
    assert ("timed out after 40 s while waiting for Pod hbase-worker-0 in namespace data to be "
            "absent") in result["msg"]
    assert cluster.writes() == WRITES[:3]


def test_somebody_else_who_makes_the_old_one_again_is_not_overwritten(cluster, run, existing, stored):
    existing(1)

    def make():
        cluster.put(fluid_kinds.ALLUXIO_RUNTIME,
                    {"metadata": {"name": "hbase", "namespace": "data"}, "spec": {"master": {"replicas": 1}}})
    cluster.before_write(lambda: None, lambda: None, lambda: None, make)
    result = run("alluxio_runtime", master_replicas=3, **RECREATE, **OWN)
    assert "was deleted but not created again" in result[
        "msg"] and "has 1 masters and 3 are desired" in result["msg"]
    assert stored()["spec"] == {"master": {"replicas": 1}}


# -- lists, and what follows a creation --------------------------------------------------------------


def test_each_of_a_list(cluster, run, existing, stored):
    for name in ("a", "b", "c", "d"):
        existing(1, name=name, gone_after=30 if name == "a" else None)
    cluster.put(kinds.POD, {
        **pod("nginx"), "spec": {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]}})
    options = {**{key: value for key, value in OWN.items() if key != "name"}, "master_replicas": 3,
               "runtimes": [
        {"name": "a", "recreate": "data/a"}, {"name": "b"}, {"name": "c", "recreate": "data/c"},
        {"name": "d", "recreate": "data/d", "master_replicas": 1}]}
    predicted = run("alluxio_runtime", check=True, diff=True, **options)
    assert cluster.writes() == WRITES[:3]
    result = run("alluxio_runtime", diff=True, **options)
    assert [entry["changed"] for entry in result["results"]] == [True, False, False, False]
    assert ["set recreate: data/b" in entry.get("error", "") for entry in result["results"]] == [
        False, True, False, False]
    assert ["while pods use its claim c" in entry.get("error", "") for entry in result["results"]] == [
        False, False, True, False]
    assert (result["results"], result["diff"],
            result["msg"]) == (predicted["results"], predicted["diff"], predicted["msg"])
    assert [stored(name)["spec"]["master"]["replicas"] for name in "abcd"] == [3, 1, 1, 1]


def test_it_is_waited_for_and_proven_like_a_new_one(cluster, run, existing, monkeypatch, recorded):
    monkeypatch.setattr(stable_addresses, "_await_reached", lambda *_args: None)
    proven = []
    monkeypatch.setattr(property_check, "require_known",
                        lambda _client, ref, keys: proven.append((ref, keys)))
    monkeypatch.setattr(waits, "runtimes_with_quorum",
                        lambda *_args: {("data", "hbase"): {"metadata": {"name": "ready"}}})
    existing(1)

    def render():
        for index in range(3):
            FakeRaft.put_service(SimpleNamespace(cluster=cluster), index, cluster_ip=False)
        FakeRaft.put_rendered(cluster, recorded)
    cluster.put(fluid_kinds.DATASET, {"metadata": {"name": "hbase", "namespace": "data"}, "spec": {}})
    cluster.later(50, render)
    options = {**OWN, "stable_peer_addresses": True, "master_replicas": 3, **RECREATE,
               "properties": {"a": "b"}}
    predicted = run("alluxio_runtime", check=True, diff=True, wait=True, **options)
    result = run("alluxio_runtime", diff=True, wait=True, **options)
    assert (result["result"]["metadata"]["name"], cluster.now, len(proven)) == ("ready", 50, 1)
    assert result["diff"] == predicted["diff"]
    services = [cluster.stored(kinds.SERVICE, f"hbase-master-{index}", "data") for index in range(3)]
    assert [service["spec"]["clusterIP"] for service in services] == ["10.96.1.1"] * 3


def test_nothing_follows_a_deletion_that_is_held(cluster, run, existing, monkeypatch):
    def unexpected(*_args):
        raise AssertionError("waited for a runtime that is being deleted")
    existing(1, gone_after=None)
    monkeypatch.setattr(waits, "runtimes_with_quorum", unexpected)
    monkeypatch.setattr(property_check, "require_known", unexpected)
    result = run("alluxio_runtime", wait=True, wait_timeout=5, **RECREATE, master_replicas=3,
                 **{**OWN, "stable_peer_addresses": True})
    assert result["failed"] and result["changed"]
    assert not [request for request in cluster.requests if request[1] == "services"]


def test_the_error_of_a_wait_keeps_its_details(cluster, run, existing, monkeypatch):
    existing(1, gone_after=None)
    monkeypatch.setattr(waits, "absent", lambda *_args: {
        ("data", "hbase"): WaitTimeout("too long", findings=["a pod"], result={"a": 1})})
    result = run("alluxio_runtime", master_replicas=3, **RECREATE, **OWN)
    assert (result["findings"], result["result"]) == (["a pod"], {"a": 1})


def test_no_secret_in_what_check_mode_shows(run, existing):
    existing(1)
    secret = {"properties": {"aws.secretKey": "very-secret"}}
    result = run("alluxio_runtime", check=True, diff=True, master_replicas=3, **RECREATE, **secret, **OWN)
    assert result["changed"] and "very-secret" not in json.dumps(result)
