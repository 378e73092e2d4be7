# SPDX-License-Identifier: GPL-3.0-or-later
"""The module alluxio_runtime: its options become an object, and what became of it a result."""

import json
from types import SimpleNamespace

import pytest
from fake_raft import FakeRaft

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ServerUnavailable
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.journal import gate
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle import property_check, waits
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import peer_services

COMPONENT = {"resources": {"requests": {"cpu": "1"}, "limits": {"memory": "2Gi"}}, "jvm_options": ["-Xmx1g"],
             "properties": {"a": 1}, "env": {"B": True}, "node_selector": {"disk": "ssd"}}
FULL = {
    "labels": {"team": "x"}, "annotations": {"note": "y"}, "master_replicas": 3, "worker_replicas": 2,
    "tieredstore": [{"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi", "high": "0.95", "low": "0.7",
                     "volume_type": "emptyDir"}],
    "properties": {"p": "q"}, "jvm_options": ["-Xmx1g"], "network_mode": "ContainerNetwork",
    "raft": {"election_timeout_min": "1s", "election_timeout_max": "2s"},
    **{name: COMPONENT for name in ("master", "worker", "job_master", "job_worker")},
    "fuse": {**COMPONENT, "image": "f", "image_tag": "1.0", "image_pull_policy": "Never", "args": ["-o"],
             "clean_policy": "OnDemand"},
    "image": "i", "image_tag": "2", "image_pull_policy": "Always",
    "run_as": {"uid": 1, "gid": 2, "user": "u", "group": "g"},
    "disable_prometheus": True, "hadoop_config": "conf",
}


@pytest.fixture(autouse=True)
def dataset(cluster):
    """Without it Fluid creates nothing for a runtime."""
    for namespace in ("default", "data"):
        cluster.put(fluid_kinds.DATASET, {"metadata": {"name": "hbase", "namespace": namespace}, "spec": {}})


@pytest.fixture
def stored(cluster):
    return lambda name="hbase", namespace="default": cluster.stored(
        fluid_kinds.ALLUXIO_RUNTIME, name, namespace)


@pytest.fixture
def nodes(cluster):
    def put(count):
        for number in range(count):
            cluster.put(kinds.NODE, {"metadata": {"name": f"n{number}"}, "spec": {}})
    return put


def test_minimal(run, stored):
    assert run("alluxio_runtime", name="hbase")["changed"]
    assert stored()["spec"] == {
        "replicas": 1, "master": {"replicas": 1, "networkMode": "HostNetwork"},
        "worker": {"networkMode": "HostNetwork"}}


def fluid_writes_back(cluster, stored):
    """What Fluid 1.0.8 makes of the sample's runtime when it writes it back, and its number of workers."""
    existing = stored()
    existing["spec"] |= {"master": {"resources": {}, "podMetadata": {}}, "fuse": {"resources": {}}}
    existing["spec"]["tieredstore"]["levels"][0] |= {"volumeType": "hostPath", "volumeSource": {}}
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, existing)


SAMPLE = {"replicas": 2, "tieredstore": {"levels": [
    {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi", "high": "0.95", "low": "0.7"}]}}
OF_SAMPLE = {"name": "hbase", "worker_replicas": 2, "tieredstore": [
    {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi", "high": "0.95", "low": "0.7"}]}


@pytest.mark.parametrize("written_back", [False, True], ids=["as-applied", "as-fluid-writes-it-back"])
def test_the_sample_that_kubectl_made_is_adopted_unchanged(cluster, run, stored, written_back):
    """samples/accelerate/dataset.yaml of Fluid 1.0.8."""
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME,
                {"metadata": {"name": "hbase", "namespace": "default"}, "spec": SAMPLE})
    if written_back:
        fluid_writes_back(cluster, stored)
    result = run("alluxio_runtime", **OF_SAMPLE)
    assert (result["changed"], result["warnings"], cluster.writes()) == (False, [], [])


@pytest.mark.parametrize("option", ["worker", "spec_overrides"])
def test_a_request_below_the_tier_is_unchanged_after_fluid_has_raised_it(cluster, run, stored, option):
    worker = {"resources": {"requests": {"memory": "1Gi", "cpu": "1"}}}
    given = {**OF_SAMPLE, option: worker if option == "worker" else {"worker": worker}}
    result = run("alluxio_runtime", **given)
    assert "AlluxioRuntime hbase in namespace default: worker.resources.requests.memory is 1Gi, below" in (
        result["warnings"][0])
    existing = stored()
    existing["spec"]["worker"]["resources"]["requests"]["memory"] = "2Gi"  # transformResourcesForWorker
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, existing)
    again = run("alluxio_runtime", **given)
    assert (again["changed"], again["warnings"]) == (False, [])


def test_a_cache_without_workers_is_ready(cluster, run, stored):
    run("alluxio_runtime", **{**OF_SAMPLE, "worker_replicas": "0"})
    existing = stored()
    del existing["spec"]["replicas"]  # Fluid leaves a zero out
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {**existing, "status": {
        "masterNumberReady": 1, "desiredMasterNumberScheduled": 1}})
    result = run("alluxio_runtime", **{**OF_SAMPLE, "worker_replicas": 0}, stable_peer_addresses=False,
                 wait=True, wait_timeout=5)
    assert not result["changed"] and "msg" not in result


def test_ports_as_a_template_gives_them(run, stored):
    run("alluxio_runtime", name="hbase", master={"ports": {"rpc": "20000"}})
    assert stored()["spec"]["master"]["ports"] == {"rpc": 20000}


def test_full(run, stored):
    result = run("alluxio_runtime", name="hbase", **FULL)
    assert (result["changed"], result["warnings"]) == (True, [
        "AlluxioRuntime hbase in namespace default: Fluid 1.0.8 never reads "
        "spec.jobMaster.nodeSelector.disk, spec.jobWorker.jvmOptions, spec.jobWorker.properties.a, "
        "spec.jobWorker.env.B, spec.jobWorker.nodeSelector.disk, which has no effect: leave it out"])
    spec = stored()["spec"]
    assert spec.keys() == {"replicas", "alluxioVersion", "tieredstore", "properties", "jvmOptions", "runAs",
                           "disablePrometheus",
                           "hadoopConfig", "master", "worker", "jobMaster", "jobWorker", "fuse"}
    assert spec["properties"]["alluxio.master.embedded.journal.election.timeout.max"] == "2s"
    assert spec["jobWorker"]["resources"] == {"requests": {"cpu": "1"}, "limits": {"memory": "2Gi"}}


def test_a_second_run_changes_nothing(cluster, run):
    run("alluxio_runtime", name="hbase", **FULL)
    cluster.requests.clear()
    assert not run("alluxio_runtime", name="hbase", **FULL)["changed"]
    assert cluster.requests == [
        ("get", "alluxioruntimes"), ("list", "poddisruptionbudgets"), ("list", "services")]


def test_check_mode_predicts_the_run(run, stored):
    predicted = run("alluxio_runtime", check=True, diff=True, name="hbase", **FULL)
    assert stored() is None
    done = run("alluxio_runtime", diff=True, name="hbase", **FULL)
    assert (predicted["changed"], predicted["diff"]) == (done["changed"], done["diff"])


@pytest.mark.parametrize(("options", "message"), [
    pytest.param({}, "one of the following is required: name, runtimes", id="no-name"),
    pytest.param({"name": "HBase"}, "AlluxioRuntime name 'HBase' is not a DNS-1035 label", id="name"),
    pytest.param({"name": "hbase", "master_replicas": 2}, "an even number", id="even-masters"),
    pytest.param({"name": "hbase", "tieredstore": [{"mediumtype": "MEM"}]},
                 "missing required arguments: path found in tieredstore", id="no-path"),
    pytest.param({"name": "hbase", "tieredstore": [{"mediumtype": "TAPE", "path": "/x"}]},
                 "value of mediumtype must be one of", id="medium"),
    pytest.param({"name": "hbase", "network_mode": "Bridge"}, "value of network_mode must be one of",
                 id="network"),
    pytest.param({"name": "hbase", "raft": {"election_timeout": "1s"}}, "Unsupported parameters",
                 id="unknown-raft-option"),
    pytest.param({"name": "hbase", "raft": {"election_timeout_min": "1.5s"}},
                 "expected a whole number with a unit", id="duration"),
    pytest.param({"name": "hbase", "master": {"resources": {"request": {"cpu": "1"}}}},
                 "Unsupported parameters", id="misspelt-resources"),
    pytest.param({"name": "hbase", "master": {"resources": {"limits": "2Gi"}}}, "unable to convert to dict",
                 id="resources-without-names"),
    pytest.param({"name": "hbase", "master": {"resources": {"limits": {"memory": "2GB"}}}},
                 "is not a Kubernetes quantity", id="quantity"),
    pytest.param({"runtimes": [{"name": "a", "master_replicas": 2}]}, "an even number", id="one-of-a-list"),
    pytest.param({"runtimes": [{"name": "a"}], "master_replicas": 4}, "an even number",
                 id="default-of-a-list"),
    pytest.param({"name": "", "state": "absent"}, "name '' is not a DNS-1123 subdomain",
                 id="empty-name-to-delete"),
])
def test_refused_before_the_cluster_is_touched(cluster, run, options, message):
    result = run("alluxio_runtime", **options)
    assert result["failed"]
    assert message in result["msg"]
    assert cluster.requests == []


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_too_few_nodes_are_refused_before_anything_is_written(cluster, run, nodes, check):
    nodes(2)
    result = run("alluxio_runtime", check=check, name="hbase", master_replicas=3)
    assert ("3 masters with network_mode HostNetwork need 3 schedulable nodes, and 2 of 2 nodes accept "
            "them") in result["msg"]
    assert cluster.writes() == []


def test_three_masters_on_three_nodes(run, nodes, stored):
    nodes(3)
    assert run("alluxio_runtime", name="hbase", master_replicas=3)["changed"]
    assert stored()["spec"]["master"]["replicas"] == 3


def test_a_single_master_stays_one(cluster, run, nodes):
    nodes(3)
    run("alluxio_runtime", name="hbase")
    result = run("alluxio_runtime", name="hbase", master_replicas=3)
    assert ("has 1 masters and 3 are desired: a single master has a journal of type UFS and "
            "several have one of type EMBEDDED") in result["msg"]


def test_more_workers_are_applied_without_a_warning(run, stored):
    run("alluxio_runtime", name="hbase")
    result = run("alluxio_runtime", name="hbase", worker_replicas=2)
    assert (result["changed"], result["warnings"]) == (True, [])
    assert stored()["spec"]["replicas"] == 2


def test_a_change_that_fluid_ignores_brings_a_warning(run):
    run("alluxio_runtime", name="hbase")
    [warning] = run("alluxio_runtime", name="hbase", properties={"a": "b"})["warnings"]
    assert warning.endswith(
        "Fluid reads spec.properties.a only when it creates a runtime: the change has no effect until the "
        "runtime "
        "is deleted and created again")
    assert run("alluxio_runtime", name="hbase", properties={"a": "b"})["warnings"] == []


def test_a_secret_among_the_properties_is_in_no_output(run):
    secret = {"properties": {"aws.secretKey": "very-secret"}, "fuse": {"env": {"API_TOKEN": "token-value"}}}
    text = json.dumps([run("alluxio_runtime", diff=True, name="hbase", **secret) for _time in range(2)])
    assert "very-secret" not in text
    assert "token-value" not in text


@pytest.fixture
def service(cluster):
    """The Service of a single master, which leads to it also while it is not ready."""
    cluster.put(kinds.SERVICE, {
        "metadata": {"name": "hbase-master-0", "namespace": "default", "labels": {"role": "alluxio-master"}},
        "spec": {"clusterIP": "10.96.0.1", "publishNotReadyAddresses": True,
                 "ports": []}})


def test_waiting(cluster, run, service):
    cluster.later(5, lambda: cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "default", {
        "status": {"masterNumberReady": 1, "workerNumberReady": 1}}))
    result = run("alluxio_runtime", name="hbase", wait=True)
    assert (result["changed"], result["result"]["status"]["workerNumberReady"]) == (True, 1)


@pytest.mark.parametrize("masters", [1, 3])
def test_a_runtime_without_its_dataset_fails_at_once(cluster, run, dataset, stored, masters):
    """Fluid creates nothing for it."""
    cluster.vanish(fluid_kinds.DATASET, "hbase", "default")
    options = {"name": "hbase", "master_replicas": masters, "network_mode": "ContainerNetwork", "wait": True}
    for changed in (True, False):
        result = run("alluxio_runtime", **options)
        assert result["failed"] and result["changed"] is changed
        assert result["msg"] == (
            "waited for AlluxioRuntime hbase in namespace default to be ready: no Dataset hbase exists in "
            "namespace default, without which Fluid creates no pods; create it before, with "
            "datacache.fluid.dataset, or set wait: false")
    assert (cluster.now, bool(stored())) == (0, True)
    assert not run("alluxio_runtime", check=True, **options).get("failed")


def test_a_runtime_whose_dataset_is_terminating_fails_at_once(cluster, run):
    cluster.change(fluid_kinds.DATASET, "hbase", "default", {"metadata": {
        "deletionTimestamp": "2026-11-23T12:00:00Z", "finalizers": ["fluid-dataset-controller-finalizer"]}})
    result = run("alluxio_runtime", name="hbase", wait=True)
    assert result["msg"] == (
        "waited for AlluxioRuntime hbase in namespace default to be ready: its Dataset is terminating; wait "
        "until that is absent, then run this again")
    assert (result["changed"], cluster.now) == (True, 0)


def test_the_dataset_of_a_ready_runtime_is_not_read(cluster, run, service):
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {
        "metadata": {"name": "hbase", "namespace": "default"},
        "spec": {"replicas": 1, "master": {"replicas": 1}},
        "status": {"masterNumberReady": 1, "workerNumberReady": 1}})
    assert not run("alluxio_runtime", name="hbase", wait=True).get("failed")
    assert ("get", "datasets") not in cluster.requests


@pytest.mark.parametrize("arrange", [
    lambda cluster: cluster.forbidden.add(("get", "datasets")), lambda _cluster: None],
    ids=["unreadable", "there"])
def test_a_dataset_that_may_exist_is_waited_with(cluster, run, service, arrange):
    arrange(cluster)
    assert run("alluxio_runtime", name="hbase", wait=True, wait_timeout=30)["msg"].startswith("timed out")


def test_a_timeout_reports_the_last_progress(cluster, run, service):
    result = run("alluxio_runtime", name="hbase", worker_replicas=2, wait=True, wait_timeout=30)
    assert result["failed"] and result["changed"]
    next_step = ("the playbook diagnose (module cache_diagnosis) reads the logs too and names the probable "
                 "cause")
    assert result["msg"].endswith(f"to be ready: 0 of 1 masters ready, 0 of 2 workers ready\n- {next_step}")
    assert result["findings"] == [next_step]


def test_absent(run, stored):
    run("alluxio_runtime", name="hbase")
    assert run("alluxio_runtime", name="hbase", state="absent", wait=True)["changed"]
    assert stored() is None
    assert not run("alluxio_runtime", name="hbase", state="absent", wait=True)["changed"]


def test_a_list_has_the_modules_options_where_it_gives_none(run, stored):
    result = run("alluxio_runtime", worker_replicas=2, network_mode="ContainerNetwork",
                 runtimes=[{"name": "a"}, {"name": "b", "worker_replicas": 5}])
    assert result["changed"]
    assert [stored(name)["spec"]["replicas"] for name in "ab"] == [2, 5]
    assert stored("a")["spec"]["worker"] == {"networkMode": "ContainerNetwork"}


# -- addresses and properties of masters that run ---------------------------------------------------


@pytest.fixture
def masters_of_hbase(cluster, monkeypatch):
    """Three masters behind headless Services; their Alluxio knows every key but misspelt ones, and they reach
    each other.
    """
    def execute(_client, _pod, _container, command, _timeout):
        return ExecResult(0, "".join(key + "\n" for key in command[4:] if "misspelt" in key), "")
    monkeypatch.setattr(pod_exec, "execute", execute)
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {"metadata": {"name": "hbase", "namespace": "data"}, "spec": {
        "replicas": 1, "master": {"replicas": 3, "networkMode": "ContainerNetwork"},
        "worker": {"networkMode": "ContainerNetwork"}}})
    FakeRaft(cluster, cluster_ips=False)
    return {"name": "hbase", "namespace": "data", "master_replicas": 3, "network_mode": "ContainerNetwork",
            "disruption_budget": False}


def test_a_runtime_that_kubectl_made_gets_stable_addresses(cluster, run, masters_of_hbase):
    predicted = run("alluxio_runtime", check=True, diff=True, **masters_of_hbase)
    assert cluster.writes() == []
    done = run("alluxio_runtime", diff=True, **masters_of_hbase)
    assert (predicted["changed"], predicted["diff"]) == (done["changed"], done["diff"])
    assert done["diff"]["before"]["services"] == {
        f"hbase-master-{index}": {"clusterIP": "None"} for index in range(3)}
    assert not run("alluxio_runtime", **masters_of_hbase)["changed"]


def test_a_single_master_gets_a_stable_address(cluster, run, masters_of_hbase):
    """Its startup probe asks it by its name, which a headless Service resolves for a ready pod alone."""
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"spec": {"master": {"replicas": 1}}})
    options = {**masters_of_hbase, "master_replicas": 1}
    assert [run("alluxio_runtime", **options)["changed"] for _run in range(2)] == [True, False]
    assert cluster.stored(kinds.SERVICE, "hbase-master-0", "data")["spec"]["publishNotReadyAddresses"]


def test_a_single_masters_service_that_an_interrupted_run_deleted_is_created(
        cluster, run, masters_of_hbase, monkeypatch):
    monkeypatch.setattr(waits, "runtimes_with_quorum", lambda *_args: {})
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"spec": {"master": {"replicas": 1}}})
    made = peer_services.copy_of(cluster.stored(kinds.SERVICE, "hbase-master-0", "data"))
    for index in range(3):
        cluster.vanish(kinds.SERVICE, f"hbase-master-{index}", "data")
    cluster.put(kinds.SERVICE, made)
    options = {**masters_of_hbase, "master_replicas": 1, "wait": True}
    assert run("alluxio_runtime", check=True, **options)["changed"]
    assert [run("alluxio_runtime", **options)["changed"] for _run in range(2)] == [True, False]
    assert cluster.stored(kinds.SERVICE, "hbase-master-0", "data")["spec"]["publishNotReadyAddresses"]
    assert not cluster.stored(kinds.SERVICE, "hbase-master-0-replaced", "data")


def test_services_are_left_alone(cluster, run, masters_of_hbase):
    assert not run("alluxio_runtime", **masters_of_hbase, stable_peer_addresses=False)["changed"]
    assert not [request for request in cluster.requests if request[1] == "services"]


def test_services_are_replaced_as_early_as_fluid_makes_them(cluster, run, monkeypatch, recorded):
    monkeypatch.setattr(property_check, "require_known", lambda *_args: None)
    monkeypatch.setattr(waits, "runtimes_with_quorum", lambda *_args: {})

    def make():
        for index in range(3):
            FakeRaft.put_service(SimpleNamespace(cluster=cluster), index, cluster_ip=False)
        FakeRaft.put_rendered(cluster, recorded)
    cluster.later(9, make)
    options = {"name": "hbase", "namespace": "data", "master_replicas": 3, "network_mode": "ContainerNetwork",
               "wait": True}
    predicted = run("alluxio_runtime", check=True, diff=True, **options)
    result = run("alluxio_runtime", diff=True, **options)
    assert (result["changed"], cluster.now) == (True, 9)
    assert result["diff"] == predicted["diff"]
    assert cluster.stored(kinds.SERVICE, "hbase-master-2", "data")["spec"]["clusterIP"] == "10.96.1.1"


def test_a_property_that_the_running_alluxio_does_not_know_changes_nothing(cluster, run, masters_of_hbase):
    result = run("alluxio_runtime", properties={"alluxio.misspelt": "1"}, **masters_of_hbase)
    assert "does not know alluxio.misspelt" in result["msg"]
    assert cluster.writes() == []


@pytest.mark.parametrize("key", ["alluxio.misspelt", "alluxio.known"])
def test_a_new_runtime_is_proven_after_its_wait(cluster, run, monkeypatch, masters_of_hbase, key, recorded):
    FakeRaft.put_rendered(cluster, recorded)
    cluster.vanish(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data")

    def formed(*_args):
        FakeRaft(cluster)
        return {}
    monkeypatch.setattr(waits, "runtimes_with_quorum", formed)
    result = run("alluxio_runtime", wait=True, properties={key: "1"}, **masters_of_hbase)
    assert result["changed"]
    assert ("does not know alluxio.misspelt" in result.get("msg", "")) == result.get("failed", False) == (
        key == "alluxio.misspelt")
    assert gate.FORMED in cluster.stored(kinds.CONFIG_MAP, "hbase-config", "data")["data"]


# -- the disruption budget of the masters -----------------------------------------------------------

THREE = {"name": "hbase", "namespace": "data", "master_replicas": 3, "network_mode": "ContainerNetwork",
         "stable_peer_addresses": False}
BUDGET = kinds.POD_DISRUPTION_BUDGET


def budget(cluster, name="hbase-masters"):
    return cluster.stored(BUDGET, name, "data")


def foreign_budget(cluster, name, selector):
    cluster.put(BUDGET, {"metadata": {"name": name, "namespace": "data"},
                         "spec": {"minAvailable": 2, "selector": selector}})


def test_masters_are_evicted_one_at_a_time(cluster, run, stored):
    assert run("alluxio_runtime", **THREE)["changed"]
    made = budget(cluster)
    assert made["spec"] == {
        "maxUnavailable": 1, "selector": {"matchLabels": {"release": "hbase", "role": "alluxio-master"}}}
    assert made["metadata"]["ownerReferences"] == [{
        "apiVersion": "data.fluid.io/v1alpha1", "kind": "AlluxioRuntime", "name": "hbase",
        "uid": stored("hbase", "data")["metadata"]["uid"]}]
    cluster.requests.clear()
    assert not run("alluxio_runtime", **THREE)["changed"]
    assert cluster.requests == [("get", "alluxioruntimes"), ("list", "poddisruptionbudgets")]


def test_check_mode_predicts_the_budget_of_a_runtime_that_exists(cluster, run):
    run("alluxio_runtime", disruption_budget=False, **THREE)
    predicted = run("alluxio_runtime", check=True, diff=True, **THREE)
    assert budget(cluster) is None
    done = run("alluxio_runtime", diff=True, **THREE)
    assert (predicted["changed"], predicted["diff"]) == (True, done["diff"])
    assert done["diff"]["after"]["disruption_budget"]["spec"]["maxUnavailable"] == 1
    assert done["diff"]["before"] == {"disruption_budget": {}}


def test_check_mode_predicts_a_new_runtime_alone(cluster, run):
    predicted = run("alluxio_runtime", check=True, diff=True, **THREE)
    assert ("list", "poddisruptionbudgets") not in cluster.requests
    assert predicted["diff"] == run("alluxio_runtime", diff=True, **THREE)["diff"]


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "kubectl's"])
def test_a_budget_is_removed_on_request_if_it_is_ours(cluster, run, ours):
    run("alluxio_runtime", disruption_budget=ours, **THREE)
    if not ours:
        foreign_budget(cluster, "hbase-masters", {"matchLabels": {"release": "hbase"}})
    off = {**THREE, "disruption_budget": False}
    assert run("alluxio_runtime", check=True, **off)["changed"] is ours
    assert budget(cluster)
    result = run("alluxio_runtime", diff=True, **off)
    assert (result["changed"], budget(cluster) is None) == (ours, ours)
    assert not run("alluxio_runtime", **off)["changed"]


@pytest.mark.parametrize(("selector", "selected"), [
    ({"matchLabels": {"role": "alluxio-master"}}, True), ({}, True),
    ({"matchExpressions": [{"key": "release", "operator": "In", "values": ["hbase"]}]}, True),
    ({"matchLabels": {"role": "alluxio-worker"}}, False), (None, False),
], ids=["masters", "all", "expression", "workers", "none"])
def test_where_another_budget_selects_the_masters_there_is_no_second_one(cluster, run, selector, selected):
    """The API server evicts no pod that has two."""
    run("alluxio_runtime", **THREE)
    foreign_budget(cluster, "platform", selector)
    assert run("alluxio_runtime", **THREE)["changed"] is selected
    assert (budget(cluster) is None, budget(cluster, "platform") is None) == (selected, False)
    assert not run("alluxio_runtime", **THREE)["changed"]


def test_a_single_master_costs_no_look_at_budgets(cluster, run):
    run("alluxio_runtime", name="hbase")
    assert ("list", "poddisruptionbudgets") not in cluster.requests


def test_the_budgets_of_a_list_are_read_once_for_each_namespace(cluster, run):
    runtimes = {"runtimes": [{"name": f"{name}{index}", "namespace": name}
                             for name in "ab" for index in range(3)],
                "master_replicas": 3, "network_mode": "ContainerNetwork", "stable_peer_addresses": False}
    run("alluxio_runtime", **runtimes)
    cluster.requests.clear()
    assert not run("alluxio_runtime", **runtimes)["changed"]
    assert cluster.requests.count(("list", "poddisruptionbudgets")) == 2


def test_a_drifted_budget_is_repaired_unless_another_manager_holds_it(cluster, run):
    run("alluxio_runtime", **THREE)
    cluster.change(BUDGET, "hbase-masters", "data", {"spec": {"maxUnavailable": 2}, "metadata": {
        "managedFields": [{"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:maxUnavailable": {}}}}]}})
    result = run("alluxio_runtime", **THREE)
    assert result["failed"] and "spec.maxUnavailable was set by field manager kubectl-edit" in result["msg"]
    assert run("alluxio_runtime", force_conflicts=True, **THREE)["changed"]
    assert budget(cluster)["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("desired", [True, False])
def test_the_permission_is_needed_for_a_budget_alone(cluster, run, desired):
    cluster.forbidden.add(("list", "poddisruptionbudgets"))
    result = run("alluxio_runtime", disruption_budget=desired, **THREE)
    assert (result["changed"], result.get("failed", False)) == (True, desired)
    assert ("not allowed to list poddisruptionbudgets.policy" in result.get("msg", "")) is desired


def test_budgets_that_no_server_lists_are_not_absent(cluster, run, monkeypatch):
    run("alluxio_runtime", **THREE)
    lists = cluster.list

    def unavailable(kind, *args, **options):
        if kind == BUDGET:
            raise ServerUnavailable("the API server answered with 503", 503)
        return lists(kind, *args, **options)
    monkeypatch.setattr(cluster, "list", unavailable)
    assert "answered with 503" in run("alluxio_runtime", disruption_budget=False, **THREE)["msg"]
