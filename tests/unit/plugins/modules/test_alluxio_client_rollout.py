# SPDX-License-Identifier: GPL-3.0-or-later
"""The module alluxio_client_rollout: which clients restart, in which order, which applications it names."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError, Forbidden
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.pods import is_ready

MODULE = "alluxio_client_rollout"
CACHE = {"name": "hbase", "namespace": "data"}
BEFORE, AFTER = "2026-11-23T10:00:00Z", "2026-11-23T11:59:00Z"
ALL = {"scope": "all", "restarted_after": "2026-11-23T11:00:00Z"}
READY = [{"type": "Ready", "status": "True"}]
NOTE = {"datacache.fluid/masters-known-by-clients": "3 2026-11-23T10:30:00Z"}


@pytest.fixture
def pod(cluster):
    def put(name, role, node, since=BEFORE, ready=True, namespace="data", claim=None, phase="Running"):
        volumes = [{"name": "files", "persistentVolumeClaim": {"claimName": claim}}] if claim else []
        cluster.put(kinds.POD, {
            "metadata": {"name": name, "namespace": namespace,
                         "labels": {"release": "hbase", "role": role} if role else {}},
            "spec": {"nodeName": node, "volumes": volumes},
            "status": {"phase": phase, "hostIP": f"ip-{node}", "conditions": READY if ready else [],
                       "containerStatuses": [{"name": "one", "state": {"running": {"startedAt": since}}}]}})
    return put


@pytest.fixture
def cache(cluster, pod, monkeypatch):
    """A cache with two workers and two FUSE pods, one of them with a reader."""
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {"metadata": {**CACHE}, "spec": {"master": {"replicas": 3}}})
    cluster.put(fluid_kinds.DATASET, {"metadata": {**CACHE}, "spec": {}, "status": {}})
    cluster.put(kinds.STATEFUL_SET, {"metadata": {"name": "hbase-master", "namespace": "data"},
                                     "spec": {"replicas": 3}})
    pod("hbase-master-0", "alluxio-master", "n0")
    for index in range(2):
        pod(f"hbase-worker-{index}", "alluxio-worker", f"n{index}")
        pod(f"hbase-fuse-{index}", "alluxio-fuse", f"n{index}")
    pod("app", None, "n0", claim="hbase")
    pod("ended", None, "n1", claim="hbase", phase="Succeeded")
    cluster.heartbeats = {"ip-n0": 0, "ip-n1": 0}
    deleted, delete = [], cluster.delete

    def delete_pod(kind, ref, *args, **options):
        found = delete(kind, ref, *args, **options)
        if kind is kinds.POD:
            deleted.append(ref.name)
            if "worker" in ref.name:
                cluster.later(5, lambda: pod(ref.name, "alluxio-worker", f"n{ref.name[-1]}", AFTER))
        return found

    def execute(_client, _pod, _container, command, _timeout):
        assert command[3] == "read the workers' heartbeats"
        return pod_exec.ExecResult(0, "".join(
            f"{host}  In Service  {age}  capacity  1GB\n" for host, age in cluster.heartbeats.items()), "")

    monkeypatch.setattr(cluster, "delete", delete_pod)
    monkeypatch.setattr(pod_exec, "execute", execute)
    return deleted


def names(entries):
    return [entry["pod"] for entry in entries]


def test_workers_restart_by_falling_ordinal_then_unused_fuse_pods(cluster, run, cache):
    predicted = run(MODULE, check=True, **CACHE, **ALL)
    assert (predicted["done"], cache, cluster.writes()) == ([], [], [])
    result = run(MODULE, **CACHE, **ALL)
    assert cache == ["hbase-worker-1", "hbase-worker-0", "hbase-fuse-1"]
    assert names(result["done"]) == names(result["plan"]) == names(predicted["plan"]) == cache
    assert result["changed"] is predicted["changed"] is True
    assert result["applications"] == predicted["applications"] == [
        {"pod": "data/app", "node": "n0", "fuse_pod": "hbase-fuse-0", "restart": "before"}]
    assert result["warnings"] == predicted["warnings"] == [
        "AlluxioRuntime hbase in namespace data: data/app read through FUSE pods that were not restarted: "
        "end these pods, then run this again"]


def test_a_second_run_continues(cluster, run, cache):
    run(MODULE, **CACHE, **ALL)
    cache.clear()
    result = run(MODULE, **CACHE, **ALL)
    assert (result["changed"], cache) == (False, [])
    assert result["applications"][0]["pod"] == "data/app"


def test_a_run_without_a_restart_costs_four_reads(cluster, run, cache):
    cluster.requests.clear()
    assert not run(MODULE, **CACHE)["changed"]
    assert cluster.requests == [("get", "alluxioruntimes"), ("list", "pods"), ("get", "datasets"),
                                ("get", "statefulsets")]


@pytest.mark.parametrize(("fuse", "deleted", "when"), [
    ("none", [], ["before"]), ("unused", ["hbase-fuse-1"], ["before"]),
    ("all", ["hbase-fuse-0", "hbase-fuse-1"], ["after"]),
])
def test_which_fuse_pods_restart(run, cache, fuse, deleted, when):
    result = run(MODULE, **CACHE, **ALL, fuse=fuse)
    assert cache[2:] == deleted
    assert [each["restart"] for each in result["applications"]] == when


def test_stale_clients(cluster, run, cache, pod):
    cluster.change(kinds.STATEFUL_SET, "hbase-master", "data", {"metadata": {"annotations": NOTE}})
    pod("hbase-worker-0", "alluxio-worker", "n0", AFTER)
    result = run(MODULE, **CACHE)
    assert cache == ["hbase-worker-1", "hbase-fuse-1"]
    assert result["plan"][0]["reason"] == f"it started at {BEFORE} and may know only 3 masters"


@pytest.fixture
def late(cluster, cache, pod, monkeypatch):
    """An application that starts on n1 while the workers restart, for minutes."""
    real = cluster.evict

    def evict(ref, uid):
        pod("late", None, "n1", claim="hbase")
        return real(ref, uid)
    monkeypatch.setattr(cluster, "evict", evict)


def test_a_fuse_pod_that_an_application_uses_since_the_plan_stays(run, cache, late):
    result = run(MODULE, **CACHE, **ALL)
    assert cache == names(result["done"]) == ["hbase-worker-1", "hbase-worker-0"]
    assert result["applications"][1:] == [
        {"pod": "data/late", "node": "n1", "fuse_pod": "hbase-fuse-1", "restart": "before"}]
    assert "data/app, data/late read through FUSE pods that were not restarted" in result["warnings"][0]


def test_nothing_changed_when_the_only_fuse_pod_of_the_plan_stays(cluster, run, cache, pod, monkeypatch):
    for index in range(2):
        pod(f"hbase-worker-{index}", "alluxio-worker", f"n{index}", AFTER)
    create = cluster.create

    def create_lease(kind, *args, **options):
        pod("late", None, "n1", claim="hbase")
        return create(kind, *args, **options)
    monkeypatch.setattr(cluster, "create", create_lease)
    result = run(MODULE, **CACHE, **ALL)
    assert (result["changed"], result["done"], cache) == (False, [], [])
    assert names(result["applications"]) == ["data/app", "data/late"]


@pytest.mark.parametrize("executed", [False, True])
def test_a_deletion_of_a_fuse_pod_is_repeated_only_after_another_look(
        cluster, run, cache, pod, monkeypatch, executed):
    """An application starts on the node while no API server answers, or the answer is lost."""
    delete, cut = cluster.delete, []

    def cutting(kind, ref, *args, **options):
        if ref.name == "hbase-fuse-1" and not cut:
            cut.append(ref.name)
            cluster.go_down(60)
            if executed:
                cluster.vanish(kinds.POD, ref.name, ref.namespace)
            else:
                cluster.later(30, lambda: pod("late", None, "n1", claim="hbase"))
        return delete(kind, ref, *args, **options)
    monkeypatch.setattr(cluster, "delete", cutting)
    result = run(MODULE, **CACHE, **ALL)
    assert cut and (cluster.stored(kinds.POD, "hbase-fuse-1", "data") is None) is executed
    assert ("hbase-fuse-1" in names(result["done"])) is executed
    assert ("data/late" in names(result["applications"])) is not executed


def test_a_worker_that_a_budget_delays_restarts_only_while_the_others_are_ready(
        cluster, run, cache, pod, monkeypatch):
    cluster.budget_forbids, evicted = True, []
    evict = cluster.evict

    def noting(ref, uid):
        answer = evict(ref, uid)
        evicted.append((ref.name, is_ready(cluster.stored(kinds.POD, "hbase-worker-0", "data") or {})))
        return answer
    monkeypatch.setattr(cluster, "evict", noting)

    def allow():
        cluster.budget_forbids = False
        pod("hbase-worker-0", "alluxio-worker", "n0", ready=False)
        cluster.later(60, lambda: pod("hbase-worker-0", "alluxio-worker", "n0"))
    cluster.later(20, allow)
    run(MODULE, **CACHE, **ALL, fuse="none")
    assert evicted[0] == ("hbase-worker-1", True)


def test_an_application_that_started_since_the_plan_is_named_when_its_mount_ends(run, cache, late):
    result = run(MODULE, **CACHE, **ALL, fuse="all")
    assert cache[2:] == ["hbase-fuse-0", "hbase-fuse-1"]
    assert [(each["pod"], each["restart"]) for each in result["applications"]] == [
        ("data/app", "after"), ("data/late", "after")]


def test_an_application_that_started_since_the_plan_is_named_in_a_failure(
        cluster, run, cache, late, monkeypatch):
    delete = cluster.delete

    def refuse(kind, ref, *args, **options):
        if ref.name == "hbase-fuse-1":
            raise ApiError("refused")
        return delete(kind, ref, *args, **options)
    monkeypatch.setattr(cluster, "delete", refuse)
    result = run(MODULE, **CACHE, **ALL, fuse="all")
    assert result["failed"] and names(result["applications"]) == ["data/app", "data/late"]


def test_the_readers_are_looked_for_before_each_fuse_pod(cluster, run, cache):
    cluster.requests.clear()
    run(MODULE, **CACHE, **ALL, fuse="all")
    assert cluster.requests.count(("get", "datasets")) == 4  # two plans, and one for each of two FUSE pods


def test_readers_of_datasets_that_refer_to_it(cluster, run, cache, pod):
    cluster.change(fluid_kinds.DATASET, "hbase", "data", {"status": {"datasetRef": ["team/shared"]}})
    pod("other", None, "n1", namespace="team", claim="shared")
    result = run(MODULE, **CACHE, **ALL)
    assert "hbase-fuse-1" not in cache
    assert names(result["applications"]) == ["data/app", "team/other"]


def test_the_next_worker_waits_for_a_heartbeat_since_the_start(cluster, run, cache):
    """A worker that has ended stays in the masters' list with its last heartbeat."""
    cluster.heartbeats["ip-n1"] = 10 ** 6
    cluster.later(60, lambda: cluster.heartbeats.update({"ip-n1": 1}))
    run(MODULE, **CACHE, **ALL, fuse="none")
    assert cache == ["hbase-worker-1", "hbase-worker-0"]
    assert cluster.now >= 60


def test_a_worker_that_does_not_return_ends_the_run(cluster, run, cache, monkeypatch):
    del cluster.heartbeats["ip-n1"]
    result = run(MODULE, **CACHE, **ALL, wait_timeout=30)
    assert result["failed"] and result["done"] == []
    assert "a heartbeat of hbase-worker-1 of AlluxioRuntime hbase in namespace data" in result["msg"]
    assert "no master lists a worker on ip-n1" in result["msg"]
    assert cache == ["hbase-worker-1"]


def test_a_worker_whose_image_no_node_can_get_ends_the_run(cluster, run, cache, pod):
    def create_again():
        pod("hbase-worker-1", "alluxio-worker", "n1", AFTER, ready=False)
        cluster.change(kinds.POD, "hbase-worker-1", "data", {"status": {"containerStatuses": [
            {"name": "one", "state": {"waiting": {"reason": "ErrImageNeverPull", "message": "absent"}}}]}})
    cluster.later(3, create_again)
    result = run(MODULE, **CACHE, **ALL, wait_timeout=900)
    assert "never runs: container one is waiting: ErrImageNeverPull absent" in result["msg"]
    assert (cache, cluster.now < 30) == (["hbase-worker-1"], True)


def test_without_the_permission_to_read_heartbeats_no_worker_restarts(cluster, run, cache, monkeypatch):
    def execute(*_args):
        raise Forbidden("not allowed to create pods/exec", 403)
    monkeypatch.setattr(pod_exec, "execute", execute)
    result = run(MODULE, **CACHE, **ALL)
    assert "not allowed to create pods/exec" in result["msg"]
    assert (result["changed"], cache, cluster.now) == (False, [], 0)


def test_a_permission_that_is_lost_after_an_eviction_ends_the_wait(cluster, run, cache, monkeypatch):
    allowed = pod_exec.execute

    def execute(*args):
        if cache:
            raise Forbidden("not allowed to create pods/exec", 403)
        return allowed(*args)
    monkeypatch.setattr(pod_exec, "execute", execute)
    result = run(MODULE, **CACHE, **ALL, wait_timeout=900)
    assert "not allowed to create pods/exec" in result["msg"]
    assert (cache, cluster.now < 60) == (["hbase-worker-1"], True)


def test_no_worker_restarts_while_another_is_not_ready(cluster, run, cache, pod):
    """One that was not ready at first does not count: its restart may be the remedy."""
    pod("hbase-worker-0", "alluxio-worker", "n0", ready=False)
    assert names(run(MODULE, **CACHE, **ALL, fuse="none")["done"]) == ["hbase-worker-1", "hbase-worker-0"]


def test_a_disruption_budget_delays_the_eviction(cluster, run, cache):
    cluster.budget_forbids = True

    def allow():
        cluster.budget_forbids = False
    cluster.later(20, allow)
    run(MODULE, **CACHE, **ALL, fuse="none")
    assert cluster.now >= 20 and cache == ["hbase-worker-1", "hbase-worker-0"]


@pytest.mark.parametrize(("options", "message"), [
    ({"scope": "all"}, "expected restarted_after with scope: all"),
    ({"restarted_after": BEFORE}, "expected restarted_after with scope: all"),
    ({"scope": "all", "restarted_after": "today"}, "restarted_after is 'today'"),
    ({"wait_timeout": 0}, "wait_timeout is 0: expected at least one second"),
])
def test_an_invalid_option_is_refused(cluster, run, options, message):
    assert message in run(MODULE, **CACHE, **options)["msg"]
    assert cluster.requests == []


def test_no_runtime(run):
    assert "does not exist" in run(MODULE, **CACHE)["msg"]
