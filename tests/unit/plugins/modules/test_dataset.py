# SPDX-License-Identifier: GPL-3.0-or-later
"""The module dataset: its options become an object, and what became of it a result."""

import json

import pytest
from module_arguments import returns_invocation

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

MOUNT = {"name": "web", "mount_point": "https://host/path/"}
AFFINITY = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "Exists"}]}]}
FULL = {
    "labels": {"team": "x"}, "annotations": {"note": "y"},
    "mounts": [{**MOUNT, "path": "/w", "read_only": True, "shared": False, "options": {"a": 1},
                "encrypt_options": [{"name": "aws.secretKey", "secret_name": "s3", "secret_key": "key"}]}],
    "shared_options": {"b": True},
    "shared_encrypt_options": [{"name": "c", "secret_name": "s", "secret_key": "k"}],
    "access_modes": ["ReadOnlyMany"], "placement": "Shared", "node_affinity": AFFINITY,
    "tolerations": [{"operator": "Exists"}], "owner": {"uid": 1, "gid": 2, "user": "u", "group": "g"},
}


@pytest.fixture
def stored(cluster):
    return lambda name="hbase", namespace="default": cluster.stored(fluid_kinds.DATASET, name, namespace)


def test_minimal(run, stored):
    result = run("dataset", name="hbase")
    assert result["changed"]
    assert result["result"]["kind"] == "Dataset"
    assert stored()["spec"] == {}
    assert "diff" not in result


def test_full(run, stored):
    assert run("dataset", name="hbase", namespace="data", **FULL)["changed"]
    existing = stored(namespace="data")
    assert existing["metadata"]["labels"] == {"team": "x"}
    assert existing["metadata"]["annotations"]["note"] == "y"
    assert existing["spec"].keys() == {"mounts", "sharedOptions", "sharedEncryptOptions", "accessModes",
                                       "placement", "nodeAffinity", "tolerations", "owner"}
    assert existing["spec"]["mounts"][0].keys() == {"mountPoint", "name", "path", "readOnly", "shared",
                                                    "options", "encryptOptions"}


@pytest.mark.parametrize(("secrets", "warnings"), [
    ({"s3": {"key": "eA=="}, "s": {"k": "eA=="}}, []),
    ({"s3": {"key": "eA=="}}, ["Secret s in namespace data does not exist, and masters do not start without "
                               "it: create it"]),
    ({"s3": {"other": "eA=="}, "s": {"k": "eA=="}},
     ["Secret s3 in namespace data has no key key, and the mount gets no value for it: create it"]),
    ({"s3": None, "s": {"k": "eA=="}},
     ["Secret s3 in namespace data has no key key, and the mount gets no value for it: create it"]),
], ids=["there", "absent", "another-key", "empty"])
@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_secrets_that_do_not_exist_are_warned_of(cluster, run, secrets, warnings, check):
    for name, data in secrets.items():
        cluster.put(kinds.SECRET, {"metadata": {"name": name, "namespace": "data"}, "data": data})
    result = run("dataset", check=check, name="hbase", namespace="data", **FULL)
    assert result["warnings"] == [f"Dataset hbase in namespace data: {each}" for each in warnings]


def test_without_the_permission_for_secrets_nothing_is_said(cluster, run):
    cluster.forbidden.add(("get", "secrets"))
    result = run("dataset", name="hbase", namespace="data", **FULL)
    assert (result["changed"], result["warnings"]) == (True, [])


def test_a_second_run_changes_nothing(cluster, run):
    run("dataset", name="hbase", **FULL)
    cluster.requests.clear()
    result = run("dataset", diff=True, name="hbase", **FULL)
    assert not result["changed"]
    assert result["diff"] == {"before": {}, "after": {}}
    assert cluster.requests == [("get", "datasets")]


def test_check_mode_predicts_the_run(run, stored):
    options = {"name": "hbase", "mounts": [MOUNT]}
    predicted = run("dataset", check=True, diff=True, **options)
    assert stored() is None
    done = run("dataset", diff=True, **options)
    assert (predicted["changed"], predicted["diff"]) == (done["changed"], done["diff"]) == (
        True,
        {"before": {}, "after": {"spec": {"mounts": [{"name": "web", "mountPoint": "https://host/path/"}]}}})


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_absent(run, stored, check):
    run("dataset", name="hbase")
    result = run("dataset", check=check, diff=True, name="hbase", state="absent")
    assert result["changed"]
    assert result["result"] == {}
    assert result["diff"] == {"before": {"state": "present"}, "after": {"state": "absent"}}
    assert (stored() is None) is not check


def test_absent_of_nothing(cluster, run):
    assert not run("dataset", name="hbase", state="absent", wait=True)["changed"]
    cluster.missing_kinds.add(fluid_kinds.DATASET)
    assert not run("dataset", name="hbase", state="absent", wait=True)["changed"]


@pytest.mark.parametrize(("options", "message"), [
    pytest.param({}, "one of the following is required: name, datasets", id="no-name"),
    pytest.param({"name": "hbase", "mounts": [{"name": "web"}]},
                 "missing required arguments: mount_point found in mounts", id="no-mount-point"),
    pytest.param({"name": "hbase", "mounts": [{"mountPoint": "s3://b/", "name": "web"}]},
                 "mounts[0].mountPoint is the name of Fluid's field: use the option mount_point instead",
                 id="camel-case"),
    pytest.param({"datasets": [{"name": "a", "mounts": [{"name": "m", "mount_point": "s3://b/a|id"}]}]},
                 "mounts[0].mount_point has the character '|'", id="shell"),
    pytest.param({"name": "hbase", "owner": {"uid": 1}},
                 "missing required arguments: gid, group, user found in owner", id="half-an-owner"),
    pytest.param({"name": "hbase", "placement": "Anywhere"}, "value of placement must be one of",
                 id="placement"),
    pytest.param({"name": "hbase", "access_modes": ["RWX"]}, "value of access_modes must be one or more of",
                 id="access-mode"),
    pytest.param({"name": "HBase"}, "is not a DNS-1035 label", id="name"),
    pytest.param({"name": "hbase", "namespace": ""}, "namespace '' is not a DNS-1123 label", id="namespace"),
    pytest.param({"name": "", "state": "absent"}, "name '' is not a DNS-1123 subdomain",
                 id="empty-name-to-delete"),
    pytest.param({"name": "hbase", "mounts": [{"mount_point": "/data"}]},
                 "is not a URL with a lower-case scheme", id="mount-point"),
    pytest.param({"name": "hbase", "wait": True, "wait_for": {"path": "status["}},
                 "is not a JMESPath expression", id="wait-for"),
    pytest.param({"name": "hbase", "wait_for": {"value": 1}},
                 "missing required arguments: path found in wait_for", id="wait-for-nothing"),
    pytest.param({"datasets": [{"name": "a"}, {"name": "a", "namespace": "default"}]},
                 "default/a is in the list twice", id="twice"),
    pytest.param({"datasets": [{"name": "a"}, {"name": "B"}]}, "Dataset name 'B' is not a DNS-1035 label",
                 id="one-of-a-list"),
])
def test_refused_before_the_cluster_is_touched(cluster, run, options, message):
    result = run("dataset", **options)
    assert result["failed"]
    assert message in result["msg"]
    assert cluster.requests == []


def test_an_error_of_the_cluster_is_the_modules_message(cluster, run):
    cluster.forbidden.add(("create", "datasets"))
    result = run("dataset", name="hbase")
    assert (result["failed"], result["msg"]) == (True, "not allowed to create datasets.data.fluid.io")


def test_a_kind_that_is_not_installed(cluster, run):
    cluster.missing_kinds.add(fluid_kinds.DATASET)
    assert "does not know the kind Dataset" in run("dataset", name="hbase")["msg"]


def test_a_conflict_is_reported_as_plain_values_too(cluster, run):
    run("dataset", name="hbase", placement="Shared")
    cluster.change(fluid_kinds.DATASET, "hbase", "default",
                   {"spec": {"placement": "Exclusive"}, "metadata": {"managedFields": [
                       {"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:placement": {}}}}]}})
    result = run("dataset", name="hbase", placement="Shared")
    assert result["conflicts"] == [{"field": "spec.placement", "manager": "kubectl-edit"}]
    assert run("dataset", name="hbase", placement="Shared", force_conflicts=True)["changed"]


def test_a_secret_among_the_options_is_in_no_output(run, stored):
    mounts = [
        {**MOUNT, "mount_point": "https://ann:pass-word@host/", "options": {"aws.secretKey": "very-secret"}}]
    outputs = [run("dataset", diff=True, name="hbase", mounts=mounts) for _time in range(2)]
    outputs.append(run("dataset", diff=True, name="hbase",
                       mounts=[{**MOUNT, "options": {"aws.secretKey": "other-secret"}}]))
    outputs.append(run("dataset", name="hbase",
                       mounts=[{"mount_point": "no-scheme", "options": {"aws.secretKey": "very-secret"}}]))
    text = json.dumps(outputs)
    assert not [secret for secret in ("very-secret", "other-secret", "pass-word") if secret in text]
    assert stored()["spec"]["mounts"][0]["options"] == {"aws.secretKey": "other-secret"}


def test_waiting_returns_the_bound_dataset(cluster, run):
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {"metadata": {"name": "hbase", "namespace": "default"}})
    cluster.later(
        5, lambda: cluster.change(fluid_kinds.DATASET, "hbase", "default", {"status": {"phase": "Bound"}}))
    result = run("dataset", name="hbase", wait=True)
    assert (result["changed"], result["result"]["status"]) == (True, {"phase": "Bound"})


@pytest.mark.parametrize(("options", "status", "expected"), [
    ({}, {"phase": "Bound"}, True),
    ({}, {"phase": "NotBound"}, False),
    ({}, {}, False),
    ({"wait_phase": "NotBound"}, {"phase": "NotBound"}, True),
    ({"mounts": [{"name": "a", "mount_point": "https://host/"}]},
     {"phase": "Bound", "mounts": [{"name": "a", "mountPoint": "https://host/"}]}, True),
    ({"mounts": [{"name": "a", "mount_point": "https://host/"}, {"name": "b", "mount_point": "https://b/"}]},
     {"phase": "Bound", "mounts": [{"name": "a", "mountPoint": "https://host/"}]}, False),
], ids=["bound", "not-bound", "new", "other-phase", "mounted", "not-mounted"])
def test_whether_a_wait_would_end_at_once(cluster, run, options, status, expected):
    run("dataset", name="hbase", **options)
    cluster.change(fluid_kinds.DATASET, "hbase", "default", {"status": status})
    cluster.requests.clear()
    assert run("dataset", name="hbase", **options)["in_phase"] is expected
    assert len(cluster.requests) == 1


def test_the_absence_of_a_dataset_has_no_phase(run):
    assert "in_phase" not in run("dataset", name="hbase", state="absent")


def test_check_mode_waits_for_nothing(cluster, run):
    assert run("dataset", check=True, name="hbase", wait=True)["changed"]
    assert cluster.now == 0


def test_a_failed_wait_reports_that_the_object_was_changed(run, stored):
    result = run("dataset", name="hbase", wait=True)
    assert result["failed"] and result["changed"]
    assert "no runtime hbase exists in namespace default" in result["msg"]
    assert stored() is not None


def test_a_forbidden_wait_reports_that_the_object_was_changed(cluster, run):
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {"metadata": {"name": "hbase", "namespace": "default"}})
    cluster.forbidden.add(("watch", "datasets"))
    result = run("dataset", name="hbase", wait=True)
    assert result["failed"] and result["changed"]
    assert "not allowed to watch" in result["msg"]


def test_waiting_for_a_field(cluster, run):
    cluster.later(
        5, lambda: cluster.change(fluid_kinds.DATASET, "hbase", "default", {"status": {"fileNum": "15"}}))
    result = run("dataset", name="hbase", wait=True, wait_for={"path": "status.fileNum", "value": 15})
    assert result["result"]["status"] == {"fileNum": "15"}


def test_waiting_for_absence(cluster, run):
    run("dataset", name="hbase")
    cluster.change(fluid_kinds.DATASET, "hbase", "default", {"metadata": {"finalizers": ["a"]}})
    cluster.later(5, lambda: cluster.vanish(fluid_kinds.DATASET, "hbase", "default"))
    result = run("dataset", name="hbase", state="absent", wait=True)
    assert (result["changed"], result["result"], cluster.now) == (True, {}, 5)


def test_an_absence_that_does_not_come_is_explained(cluster, run):
    run("dataset", name="hbase")
    cluster.change(fluid_kinds.DATASET, "hbase", "default", {"metadata": {"finalizers": ["a"]}})
    result = run("dataset", name="hbase", state="absent", wait=True, wait_timeout=30)
    assert result["failed"] and result["changed"]
    assert result["msg"].startswith(
        "timed out after 30 s while waiting for Dataset hbase in namespace default to be absent")


# -- lists -------------------------------------------------------------------------------------


def test_a_list(cluster, run, stored):
    datasets = [{"name": "a", "mounts": [MOUNT]}, {"name": "b", "namespace": "other"}]
    result = run("dataset", diff=True, namespace="data", datasets=datasets)
    assert [(entry["name"], entry["namespace"], entry["changed"]) for entry in result["results"]] == [
        ("a", "data", True), ("b", "other", True)]
    assert [entry["before_header"] for entry in result["diff"]] == ["data/a", "other/b"]
    assert stored("a", "data")["spec"]["mounts"]
    assert stored("b", "other") is not None
    again = run("dataset", diff=True, namespace="data", datasets=datasets)
    assert (again["changed"], again["diff"]) == (False, [])


def test_a_list_returns_what_was_changed(run):
    run("dataset", datasets=[{"name": "a"}])
    kept, made = run("dataset", datasets=[{"name": "a"}, {"name": "b", "placement": "Shared"}])["results"]
    assert kept == {"name": "a", "namespace": "default", "changed": False}
    assert made == {"name": "b", "namespace": "default", "changed": True,
                    "diff": {"before": {}, "after": {"spec": {"placement": "Shared"}}}}


def test_a_list_returns_the_objects_that_were_waited_for(cluster, run):
    run("dataset", datasets=[{"name": "a"}])
    cluster.change(fluid_kinds.DATASET, "a", "default", {"status": {"phase": "Bound"}})
    [kept] = run("dataset", wait=True, datasets=[{"name": "a"}])["results"]
    assert (kept["changed"], kept["result"]["status"]) == (False, {"phase": "Bound"})


@returns_invocation
def test_a_list_returns_the_options_that_it_was_given(run):
    options = run("dataset", datasets=[{"name": "a", "labels": {"team": "x"}, "mounts": [MOUNT]}])[
        "invocation"]["module_args"]
    assert options["datasets"] == [{"name": "a", "labels": {"team": "x"}, "mounts": [MOUNT]}]
    assert (options["namespace"], options["wait_for"]) == ("default", None)


def test_a_long_list_is_read_at_once(cluster, run):
    datasets = [{"name": f"d{number}"} for number in range(30)]
    run("dataset", datasets=datasets)
    cluster.requests.clear()
    assert not run("dataset", datasets=datasets)["changed"]
    assert cluster.requests == [("list", "datasets")]


def test_one_failure_does_not_stop_the_others(cluster, run, stored):
    cluster.put(fluid_kinds.DATASET,
                {"metadata": {"name": "b", "namespace": "default", "deletionTimestamp": "t"}})
    result = run("dataset", datasets=[{"name": "a"}, {"name": "b"}, {"name": "c"}])
    assert result["failed"] and result["changed"]
    assert result["msg"].startswith(
        "1 of 3 objects failed: default/b: Dataset b in namespace default has been terminating since")
    assert ["error" in entry for entry in result["results"]] == [False, True, False]
    assert stored("a") and stored("c")


def test_a_list_is_waited_for_together(cluster, run):
    for name in ("a", "b"):
        cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {"metadata": {"name": name, "namespace": "default"}})
        cluster.later(5, lambda name=name: cluster.change(
            fluid_kinds.DATASET, name, "default", {"status": {"phase": "Bound"}}))
    result = run("dataset", wait=True, datasets=[{"name": "a"}, {"name": "b"}, {"name": "orphan"}])
    assert [entry["result"].get("status") for entry in result["results"]] == [
        {"phase": "Bound"}, {"phase": "Bound"}, None]
    assert "no runtime orphan exists in namespace default" in result["results"][2]["error"]
    assert [verb for verb, plural in cluster.requests if plural == "datasets"].count("watch") == 1


def test_a_list_that_is_empty(cluster, run):
    result = run("dataset", datasets=[])
    assert (result["changed"], result["results"], cluster.requests) == (False, [], [])


def test_a_list_is_deleted(run, stored):
    run("dataset", datasets=[{"name": "a"}, {"name": "b"}])
    result = run("dataset", datasets=[{"name": "a"}, {"name": "b"}, {"name": "c"}], state="absent", wait=True)
    assert [entry["changed"] for entry in result["results"]] == [True, True, False]
    assert stored("a") is None
