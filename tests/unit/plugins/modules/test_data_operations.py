# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of data operations: what they create, await, refuse and run again."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters

LOAD = {"name": "warm", "namespace": "data", "dataset": "hbase", "target": [{"path": "/hbase"}]}
AFTER = "2026-11-23T11:30:00Z"  # the cluster's objects are created before
SCRIPT = {"source": "true", "image": "busybox", "image_tag": "1"}
PROCESS = {"name": "index", "namespace": "data", "dataset": "hbase", "mount_path": "/data", "script": SCRIPT}
MIGRATION = {"name": "archive", "namespace": "data", "from": {"dataset": {"name": "hbase", "path": "/a/"}},
             "to": {"external_storage": {"uri": "s3://b/"}}}
VERSION = Masters.version


@pytest.fixture
def bound(cluster, monkeypatch):
    """Put a bound Dataset with its runtime; return a function that changes both."""
    monkeypatch.setattr(Masters, "version", lambda _self: "2.9.3")

    def put(phase="Bound", runtime="alluxio", workers=2, name="hbase"):
        cluster.put(fluid_kinds.DATASET, {"metadata": {"name": name, "namespace": "data"}, "status": {
            "phase": phase, "runtimes": [{"type": runtime}] if runtime else [],
            "cacheStates": {"cachedPercentage": "12.5%"}}})
        cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {
            "metadata": {"name": name, "namespace": "data"}, "spec": {"replicas": workers}})
    put()
    return put


@pytest.fixture
def warm(cluster, run, bound):
    """Create the load; return a function that sets its status."""
    run("data_load", **LOAD)
    cluster.requests.clear()

    def becomes(phase, **status):
        cluster.change(fluid_kinds.DATA_LOAD, "warm", "data", {"status": {"phase": phase, **status}})
    return becomes


def load(cluster):
    return cluster.stored(fluid_kinds.DATA_LOAD, "warm", "data")


def test_a_load(cluster, run, bound):
    result = run("data_load", **LOAD, labels={"team": "x"}, load_metadata=True, scheduler_name="s",
                 pod_metadata={"labels": {"a": 1}}, node_selector={"disk": True},
                 tolerations=[{"operator": "Exists"}], affinity={"nodeAffinity": {}},
                 resources={"requests": {"cpu": 1}}, ttl_seconds_after_finished=60)
    assert result["changed"] and result["phase"] == ""
    assert load(cluster)["metadata"]["labels"] == {"team": "x"}
    assert load(cluster)["spec"] == {
        "dataset": {"name": "hbase", "namespace": "data"}, "target": [{"path": "/hbase"}],
        "loadMetadata": True, "podMetadata": {"labels": {"a": "1"}}, "schedulerName": "s",
        "nodeSelector": {"disk": "true"},
        "tolerations": [{"operator": "Exists"}], "affinity": {"nodeAffinity": {}},
        "resources": {"requests": {"cpu": "1"}}, "ttlSecondsAfterFinished": 60}


def test_a_process_and_a_migration(cluster, run, bound):
    run("data_process", **PROCESS)
    assert cluster.stored(fluid_kinds.DATA_PROCESS, "index", "data")["spec"] == {
        "dataset": {"name": "hbase", "namespace": "data", "mountPath": "/data"},
        "processor": {"script": {"source": "true", "image": "busybox", "imageTag": "1"}}}
    bound(runtime="juicefs")
    run("data_migrate", **MIGRATION, options={"check-new": True})
    assert cluster.stored(fluid_kinds.DATA_MIGRATE, "archive", "data")["spec"] == {
        "from": {"dataset": {"name": "hbase", "namespace": "data", "path": "/a/"}},
        "to": {"externalStorage": {"uri": "s3://b/"}}, "options": {"check-new": "true"}}


@pytest.mark.parametrize("phase", ["", "Pending", "Executing", "Complete", "Failed"])
def test_a_second_run_changes_nothing_and_costs_one_request(cluster, run, warm, phase):
    warm(phase)
    result = run("data_load", **LOAD)
    assert (result["changed"], result["phase"]) == (False, phase)
    assert cluster.requests == [("get", "dataloads")]


def test_what_fluid_writes_back_is_no_change(cluster, run, bound):
    """It adds its finalizer and owner to a Go struct, whose quantities and empty fields it writes too."""
    options = {**LOAD, "resources": {"requests": {"cpu": "0.5"}}, "affinity": {"nodeAffinity": {}},
               "load_metadata": False, "tolerations": [{"key": "a", "operator": "Exists"}]}
    run("data_load", **options)
    cluster.change(fluid_kinds.DATA_LOAD, "warm", "data", {
        "metadata": {"finalizers": ["fluid-dataload-controller-finalizer"], "ownerReferences": [{}]},
        "spec": {"policy": "Once", "podMetadata": {}, "loadMetadata": None,
                 "resources": {"requests": {"cpu": "500m"}}},
        "status": {"phase": "Complete", "conditions": [], "waitingFor": {}}})
    assert not run("data_load", **options)["changed"]


@pytest.mark.parametrize(("options", "phase", "writes"), [
    ({"target": [{"path": "/other"}]}, "Complete", ["delete", "create"]),
    ({"target": [{"path": "/other"}]}, "Pending", ["delete", "create"]),
    ({"restarted_after": AFTER}, "Complete", ["delete", "create"]),
    ({"restarted_after": AFTER}, "Failed", ["delete", "create"]),
    ({"restarted_after": "2026-11-23T11:00:00Z"}, "Complete", []),
    ({"retry_failed": True}, "Failed", ["delete", "create"]),
    ({"retry_failed": True}, "Complete", []),
    ({"ttl_seconds_after_finished": 60}, "Complete", ["patch"]),
    ({"labels": {"a": "b"}}, "Executing", ["patch"]),
])
def test_what_runs_it_again(cluster, run, warm, options, phase, writes):
    warm(phase)
    predicted = run("data_load", check=True, diff=True, **{**LOAD, **options})
    assert load(cluster)["status"] == {"phase": phase}
    cluster.requests.clear()
    before = load(cluster)["metadata"]["uid"]
    done = run("data_load", diff=True, **{**LOAD, **options})
    assert [verb for verb, _plural in cluster.writes()] == writes
    assert done["changed"] is bool(writes)
    assert (load(cluster)["metadata"]["uid"] != before) is ("create" in writes)
    assert (predicted["changed"], predicted["diff"], predicted["result"].get("spec"), predicted["phase"]) == (
        done["changed"], done["diff"], done["result"]["spec"], done["phase"])


def test_a_changed_load_is_unchanged_in_the_next_run(cluster, run, warm):
    warm("Complete")
    options = {**LOAD, "target": [{"path": "/other"}]}
    assert run("data_load", **options)["changed"]
    assert not run("data_load", **options)["changed"]


@pytest.mark.parametrize("options", [
    {"target": [{"path": "/other"}]}, {"restarted_after": AFTER}], ids=["changed", "again"])
@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_an_executing_load_is_not_interrupted(cluster, run, warm, options, check):
    warm("Executing")
    result = run("data_load", check=check, **{**LOAD, **options})
    assert "DataLoad warm in namespace data is Executing, and" in result["msg"]
    assert cluster.writes() == []


def test_a_schedule_is_replaced_at_any_time(cluster, run, bound):
    options = {**LOAD, "policy": "Cron", "schedule": "0 3 * * *"}
    run("data_load", **options)
    cluster.change(fluid_kinds.DATA_LOAD, "warm", "data", {"status": {"phase": "Executing"}})
    assert run("data_load", **{**options, "schedule": "0 4 * * *"})["changed"]
    assert load(cluster)["spec"]["schedule"] == "0 4 * * *"


def test_the_finalizer_of_a_replaced_load_is_waited_for(cluster, run, warm):
    warm("Complete")
    cluster.change(fluid_kinds.DATA_LOAD, "warm", "data", {
        "metadata": {"finalizers": ["fluid-dataload-controller-finalizer"]}})
    cluster.later(4, lambda: cluster.vanish(fluid_kinds.DATA_LOAD, "warm", "data"))
    assert run("data_load", **LOAD, restarted_after=AFTER)["changed"]
    assert "status" not in load(cluster)
    cluster.change(fluid_kinds.DATA_LOAD, "warm", "data", {
        "status": {"phase": "Complete"}, "metadata": {"finalizers": ["fluid-dataload-controller-finalizer"]}})
    result = run("data_load", **LOAD, restarted_after=AFTER, wait_timeout=5)
    assert "was deleted but not created again" in result["msg"] and "dataset-controller" in result["msg"]
    assert result["changed"]


REFUSED = [
    ("data_load", {}, {"phase": "NotBound"},
     "is NotBound, expected Bound: wait until it is, or set wait: true"),
    ("data_load", {}, {"runtime": "thin"}, "of type thin, for which Fluid 1.0.8 has no DataLoad"),
    ("data_load", {"target": [{"path": "/", "replicas": 3}]}, {}, "target has 3 replicas and AlluxioRuntime "
     "hbase in namespace data has 2 workers"),
    ("data_load", {"dataset": "other"}, {}, "Dataset other in namespace data does not exist"),
    ("data_load", {"run_after": {"kind": "DataLoad", "name": "first"}}, {}, "run_after of DataLoad warm in "
     "namespace data names DataLoad first in namespace data, which does not exist"),
    ("data_load", {"run_after": {"kind": "DataLoad", "name": "warm"}}, {}, "the operation itself"),
    ("data_migrate", {}, {},
     "of type alluxio, for which Fluid 1.0.8 has no DataMigrate: expected one of juicefs"),
    ("data_migrate", {"from": {"dataset": {"name": "hbase", "namespace": "other"}}}, {},
     "Dataset hbase in namespace other does not exist"),
    ("data_process", {}, {"runtime": "goosefs"}, "has no DataProcess"),
]


@pytest.mark.parametrize(("module", "options", "dataset", "message"), REFUSED)
@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_refused_before_a_change(cluster, run, bound, module, options, dataset, message, check):
    bound(**dataset)
    given = {"data_load": LOAD, "data_migrate": MIGRATION, "data_process": PROCESS}[module]
    result = run(module, check=check, **{**given, **options})
    assert result["failed"] and message in result["msg"]
    assert cluster.writes() == []


def test_alluxio_without_the_command_is_refused(cluster, run, bound, monkeypatch):
    monkeypatch.setattr(Masters, "version", lambda _self: "2.9.4")
    result = run("data_load", **LOAD)
    assert "runs Alluxio 2.9.4, which has no command distributedLoad" in result["msg"]
    monkeypatch.setattr(Masters, "version", lambda _self: None)
    assert run("data_load", **LOAD)["changed"]


@pytest.fixture
def leader(cluster, bound, monkeypatch):
    """Put a master whose web port shows Alluxio 2.9.4."""
    monkeypatch.setattr(Masters, "version", VERSION)
    cluster.put(kinds.POD, {
        "metadata": {"name": "hbase-master-0", "namespace": "data",
                     "labels": {"release": "hbase", "role": "alluxio-master"}},
        "spec": {"containers": [
            {"name": "alluxio-master", "ports": [{"name": "web", "containerPort": 20001}]}]},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    cluster.web["hbase-master-0", 20001, "/api/v1/master/info"] = '{"version": "2.9.4"}'
    cluster.requests.clear()


CHECKS = [("get", "dataloads"), ("get", "datasets"), ("get", "alluxioruntimes"), ("list", "pods"),
          ("get", "pods/proxy")]


def test_the_version_is_read_from_the_leader(cluster, run, leader):
    assert "runs Alluxio 2.9.4" in run("data_load", **LOAD)["msg"]
    assert cluster.requests == CHECKS


@pytest.mark.parametrize("forbidden", [("get", "pods/proxy"), ("list", "pods")])
def test_an_unknown_version_is_no_obstacle(cluster, run, leader, forbidden):
    cluster.forbidden.add(forbidden)
    assert run("data_load", **LOAD)["changed"]


def test_a_new_load_costs_these_requests(cluster, run, leader):
    cluster.web["hbase-master-0", 20001, "/api/v1/master/info"] = '{"version": "2.9.0"}'
    run("data_load", **LOAD)
    assert cluster.requests == [*CHECKS, ("create", "dataloads")]


def test_a_failed_predecessor_is_refused(cluster, run, warm):
    after = {**LOAD, "name": "second", "run_after": {"kind": "DataLoad", "name": "warm"}}
    warm("Failed")
    assert "which has failed, and Fluid would wait for it forever" in run("data_load", **after)["msg"]
    warm("Executing")
    assert run("data_load", **after)["changed"]


@pytest.mark.parametrize(("policy", "desired"), [({}, "be Complete"), (
    {"policy": "Cron", "schedule": "@daily"}, "have its CronJob")], ids=["Once", "Cron"])
def test_a_predecessor_that_fails_ends_the_wait(cluster, run, warm, policy, desired):
    warm("Executing")
    cluster.later(1, lambda: cluster.change(fluid_kinds.DATA_LOAD, "second", "data", {
        "status": {"phase": "Pending", "waitingFor": {"operationComplete": True}}}))
    cluster.later(40, lambda: warm("Failed"))
    result = run("data_load", **{**LOAD, "name": "second"}, wait=True, **policy,
                 run_after={"kind": "DataLoad", "name": "warm"})
    assert result["msg"] == (
        f"waited for DataLoad second in namespace data to {desired}: it waits for DataLoad warm in namespace "
        "data, which has failed, so that Fluid never starts it: run that operation again first")
    assert 40 <= cluster.now <= 75


def test_a_wait_covers_an_unbound_dataset(cluster, run, bound):
    bound(phase="NotBound", runtime=None)
    cluster.later(30, lambda: cluster.change(
        fluid_kinds.DATA_LOAD, "warm", "data", {"status": {"phase": "Complete"}}))
    result = run("data_load", **LOAD, wait=True)
    assert (result["changed"], result["phase"], cluster.now) == (True, "Complete", 30)


def test_a_dataset_that_nothing_binds_is_refused(cluster, run, bound):
    bound(phase="NotBound", runtime=None)
    cluster.vanish(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data")
    result = run("data_load", **LOAD, wait=True)
    assert "Dataset hbase in namespace data is NotBound, and no runtime hbase exists" in result["msg"]
    assert (load(cluster), cluster.now) == (None, 0)


def test_a_predecessor_that_is_deleted_ends_the_wait(cluster, run, warm):
    """Such as one that Fluid deletes after its TTL; a task that runs it again deletes it for a moment."""
    warm("Executing")
    cluster.later(1, lambda: cluster.change(fluid_kinds.DATA_LOAD, "second", "data", {
        "status": {"phase": "Pending", "waitingFor": {"operationComplete": True}}}))
    cluster.later(40, lambda: cluster.vanish(fluid_kinds.DATA_LOAD, "warm", "data"))
    result = run("data_load", **{**LOAD, "name": "second"}, wait=True, wait_timeout=3600,
                 run_after={"kind": "DataLoad", "name": "warm"})
    assert "it waits for DataLoad warm in namespace data, which does not exist" in result["msg"]
    assert 85 <= cluster.now <= 160


def test_the_progress_has_the_cached_share(cluster, run, warm):
    warm("Executing")
    result = run("data_load", **LOAD, wait=True, wait_timeout=10)
    assert "its phase is Executing, 12.5 % of Dataset hbase in namespace data is cached" in result["msg"]


def test_a_failure_ends_the_wait_at_once_with_the_last_lines(cluster, run, warm):
    for name, created, phase in (("warm-loader-job-a", "2026-11-23T11:06:00Z", "Failed"),
                                 ("warm-loader-job-b", "2026-11-23T11:07:00Z", "Failed")):
        cluster.put(kinds.POD, {
            "metadata": {"name": name, "namespace": "data", "creationTimestamp": created,
                         "labels": {"release": "warm-loader"}},
            "spec": {"containers": [{"name": "dataloader"}]}, "status": {"phase": phase}})
    cluster.logs["warm-loader-job-b", "dataloader"] = (
        "+ set\ndataLoad failed because some paths not exist.\n\n" + "\t [cat <path>]      \n" * 40)
    cluster.later(5, lambda: warm("Failed", conditions=[{"reason": "BackoffLimitExceeded"}]))
    result = run("data_load", **LOAD, wait=True)
    assert result["msg"] == (
        "waited for DataLoad warm in namespace data to be Complete: it has failed (BackoffLimitExceeded)\n"
        "- last lines of pod warm-loader-job-b:\n- + set\n- dataLoad failed because some paths not exist.")
    assert cluster.now == 5


def test_the_last_lines_have_no_credential(cluster, run, warm):
    cluster.put(kinds.POD, {
        "metadata": {"name": "warm-loader-job-a", "namespace": "data", "labels": {"release": "warm-loader"}},
        "spec": {"containers": [{"name": "dataloader"}]}, "status": {"phase": "Failed"}})
    cluster.logs["warm-loader-job-a", "dataloader"] = (
        "+ export AWS_SECRET_ACCESS_KEY=planted-1\n+ curl -H 'Authorization: Bearer planted-22'\n"
        "-----BEGIN PRIVATE KEY-----\nplanted-3\n-----END PRIVATE KEY-----\nfailed")
    warm("Failed")
    message = run("data_load", **LOAD, wait=True)["msg"]
    assert "planted" not in message
    assert message.endswith("\n- + export AWS_SECRET_ACCESS_KEY=VALUE_HIDDEN\n"
                            "- + curl -H 'Authorization: Bearer VALUE_HIDDEN\n- VALUE_HIDDEN\n- failed")


@pytest.mark.parametrize(("forbidden", "text"), [
    (None, "it has failed; its Job has no pod"),
    (("list", "pods"), "its log is unknown: not allowed to list pods")])
def test_a_failure_without_a_log(cluster, run, warm, forbidden, text):
    warm("Failed")
    cluster.forbidden.add(forbidden)
    assert text in run("data_load", **LOAD, wait=True)["msg"]


def test_a_timeout_names_the_pods_and_events_of_the_job(cluster, run, warm):
    cluster.put(kinds.POD, {
        "metadata": {"name": "warm-loader-job-a", "namespace": "data", "labels": {"release": "warm-loader"}},
        "status": {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "message": "0/3 nodes"}]}})
    cluster.put(kinds.EVENT, {
        "metadata": {"name": "e", "namespace": "data"}, "type": "Warning", "message": "no chart",
        "reason": "DataOperationExecutionFailed", "involvedObject": {"kind": "DataLoad", "name": "warm"}})
    warm("Executing")
    assert run("data_load", **LOAD, wait=True, wait_timeout=10)["findings"] == [
        "pod warm-loader-job-a: not scheduled: 0/3 nodes",
        "event on DataLoad warm: DataOperationExecutionFailed: no chart"]


def test_a_load_that_expires(cluster, run, warm):
    cluster.later(5, lambda: cluster.vanish(fluid_kinds.DATA_LOAD, "warm", "data"))
    assert "it no longer exists; Fluid deletes it" in run("data_load", **LOAD, wait=True)["msg"]


@pytest.mark.parametrize("forbidden", [False, True])
def test_a_schedule_waits_for_its_cron_job_alone(cluster, run, bound, forbidden):
    if forbidden:
        cluster.forbidden.add(("get", "cronjobs"))
    cluster.later(10, lambda: cluster.change(
        fluid_kinds.DATA_LOAD, "warm", "data", {"status": {"phase": "Executing"}}))
    cluster.later(20, lambda: cluster.put(
        kinds.CRON_JOB, {"metadata": {"name": "warm-loader-job", "namespace": "data"}}))
    result = run("data_load", **LOAD, policy="Cron", schedule="@daily", wait=True)
    assert result["phase"] == "Executing"
    assert (cluster.now < 20) is forbidden


@pytest.mark.parametrize("with_job", [False, True])
def test_a_schedule_that_fails_before_its_cron_job_ends_the_wait_at_once(cluster, run, bound, with_job):
    """With its CronJob the schedule runs on: Fluid sets the phase to that of the last run."""
    if with_job:
        cluster.put(kinds.CRON_JOB, {"metadata": {"name": "warm-loader-job", "namespace": "data"}})
    cluster.later(5, lambda: cluster.change(fluid_kinds.DATA_LOAD, "warm", "data", {"status": {
        "phase": "Failed", "conditions": [{"message": "no engine has the operation"}]}}))
    result = run("data_load", **LOAD, policy="Cron", schedule="@daily", wait=True)
    assert (cluster.now, result.get("failed", False)) == (5, not with_job)
    assert with_job or result["msg"] == (
        "waited for DataLoad warm in namespace data to have its CronJob: it has failed (no engine has the "
        "operation), and CronJob warm-loader-job in namespace data does not exist: remove the cause, delete "
        "it with state: absent, then run this again")


def test_absent(cluster, run, warm):
    assert run("data_load", name="warm", namespace="data", state="absent", wait=True)["changed"]
    assert load(cluster) is None
    assert not run("data_load", name="warm", namespace="data", state="absent")["changed"]


@pytest.mark.parametrize(("module", "options", "message"), [
    ("data_load", {"name": "a"}, "state is present but all of the following are missing: dataset"),
    ("data_migrate", {"name": "a", "from": {}}, "missing: to"),
    ("data_process", {"name": "a", "dataset": "b"}, "missing: mount_path"),
    ("data_load", {**LOAD, "policy": "OnEvent"}, "does not implement"),
    ("data_load", {**LOAD, "tolerations": [{"key": "a", "operator": "In"}]}, "tolerations[0].operator"),
    ("data_load", {**LOAD, "loadMetadata": True}, "use the option load_metadata"),
    ("data_load", {**LOAD, "replicas": 2}, "use the option target[].replicas instead"),
    ("data_load", {**LOAD, "dataset": {"name": "hbase"}}, "dataset is a dictionary: expected a text"),
    ("data_load", {**LOAD, "dataset": "HBase"}, "is not a DNS-1035 label"),
    ("data_process", {**PROCESS, "mount_path": "x"}, "mount_path is 'x'"),
    ("data_migrate", {**MIGRATION, "parallelism": 2}, "parallelism is 2"),
])
def test_refused_without_a_request(cluster, run, module, options, message):
    result = run(module, **options)
    assert result["failed"] and message in result["msg"]
    assert cluster.requests == []


def test_secrets_are_in_no_output(run, bound):
    script = {**SCRIPT, "env": [{"name": "S3_SECRET_KEY", "value": "planted-value"}]}
    assert "planted-value" not in str(run("data_process", **{**PROCESS, "script": script}))
    bound(runtime="juicefs")
    bucket = {"external_storage": {"uri": "s3://user:planted-value@host/"}}
    assert "planted-value" not in str(run("data_migrate", **{**MIGRATION, "to": bucket}, options={
        "secret-key": "planted-value"}))


# -- data_operation_info -----------------------------------------------------------------------


def test_info(cluster, run, warm):
    run("data_process", **PROCESS)
    cluster.missing_kinds.add(fluid_kinds.DATA_BACKUP)
    warm("Complete", duration="4s")
    found = run("data_operation_info", namespace="data", summary=True)["summaries"]
    assert [(each["kind"], each["name"], each["dataset"], each["phase"]) for each in found] == [
        ("DataLoad", "warm", "hbase", "Complete"), ("DataProcess", "index", "hbase", "")]
    warm("Failed", conditions=[{"reason": "BackoffLimitExceeded", "message": "it ended early (twice)"}])
    [one] = run("data_operation_info", namespace="data", summary=True, kinds=["DataLoad"])["summaries"]
    assert one["reason"] == "it ended early (twice)"
    warm("Complete", conditions=None)
    cluster.requests.clear()
    [one] = run("data_operation_info", namespace="data", name="warm", kinds=["DataLoad"])["resources"]
    assert one["status"] == {"phase": "Complete", "duration": "4s"}
    assert cluster.requests == [("get", "dataloads")]
    assert run("data_operation_info", kinds=[])["resources"] == []
