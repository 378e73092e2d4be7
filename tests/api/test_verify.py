# SPDX-License-Identifier: GPL-3.0-or-later
"""cache_probe and cache_info against a real API server. Nothing runs the pods, so that answers of commands
and logs are put in.
"""

import uuid

import pytest
from fluid_stand_in import counts

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.client import Client
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult

PROBE = "hbase-verify-probe"
LOG = "files 7 100.00 100.50\nfirst 83886080 100.50 106.15\nsecond 83886080 106.15 106.42\n"
DEAD = "ls: cannot open directory '/data': Transport endpoint is not connected"


@pytest.fixture
def pods(namespace):
    return f"/api/v1/namespaces/{namespace}/pods"


@pytest.fixture
def bound(succeed, fluid):
    """A Dataset with a volume and a claim that are Bound, and a runtime of one master and two workers."""
    succeed("dataset", name="hbase", tolerations=[{"operator": "Exists"}])
    succeed("alluxio_runtime", name="hbase", stable_peer_addresses=False)
    figures = {"cached": "80.00MiB", "cacheCapacity": "4.00GiB", "cachedPercentage": "100.0%"}
    fluid.status("datasets", "hbase", phase="Bound", conditions=[], ufsTotal="80.00MiB", fileNum="7",
                 cacheStates=figures)
    fluid.status("alluxioruntimes", "hbase", **counts(1, 2))
    fluid.bind("hbase")


@pytest.fixture
def lost_node(api):
    """A node that has never become Ready."""
    name = "lost-" + uuid.uuid4().hex[:8]
    api.create("/api/v1/nodes", {"metadata": {"name": name}})
    yield name
    api.delete("/api/v1/nodes/" + name)


def container_status(name, **state):
    return {"name": name, "image": "nginx", "imageID": "", "ready": False, "restartCount": 0, "state": state}


def promises(result):
    return {each["name"]: each["state"] for each in result["promises"]}


def test_the_server_accepts_the_pod_which_reads_and_is_removed(
        api, succeed, fluid, bound, pods, lost_node, monkeypatch):
    bodies = []

    def end():
        bodies.append(api.request("GET", f"{pods}/{PROBE}"))
        api.patch(f"{pods}/{PROBE}/status", {"status": {"phase": "Succeeded", "containerStatuses": [
            container_status("probe", terminated={"exitCode": 0})]}})
    fluid.later(0.5, end)
    monkeypatch.setattr(Client, "log", lambda *_args, **_more: LOG)
    probe = succeed("cache_probe", name="hbase", wait_timeout=60)["probe"]
    assert (probe["files"], probe["complete"], probe["first_seconds"]) == (7, True, 5.65)
    assert api.get(f"{pods}/{PROBE}") is None
    assert {"operator": "Exists"} in bodies[-1]["spec"]["tolerations"]
    assert lost_node in str(bodies[-1]["spec"]["affinity"])
    found = promises(succeed("cache_info", name="hbase", probe=probe))
    objects = ("runtime", "runtime_phases", "dataset", "figures", "volume")
    assert {found[name] for name in (*objects, "files_listed", "files_read", "cached")} == {"kept"}


def test_a_pod_that_is_not_scheduled_is_removed_in_time(api, succeed, bound, pods):
    error = succeed("cache_probe", name="hbase", wait_timeout=2)["probe"]["error"]
    assert error.startswith(f"timed out after 2 s while waiting for Pod {PROBE}")
    assert (api.get(f"{pods}/{PROBE}") or {"metadata": {"deletionTimestamp": "now"}})["metadata"][
        "deletionTimestamp"]


@pytest.mark.parametrize(("answer", "state"), [
    (ExecResult(0, "", ""), "kept"), (ExecResult(2, DEAD, ""), "broken"), (None, "unknown")])
def test_mounts_of_running_pods(api, succeed, pods, monkeypatch, answer, state):
    """Without an answer the real stream is tried, which has no kubelet."""
    api.create(pods, {"metadata": {"name": "web-0"}, "spec": {
        "nodeName": "absent-node", "volumes": [
            {"name": "files", "persistentVolumeClaim": {"claimName": "hbase"}}],
        "containers": [{"name": "app", "image": "nginx", "volumeMounts": [
            {"name": "files", "mountPath": "/data"}]}]}})
    api.patch(f"{pods}/web-0/status", {"status": {"phase": "Running", "containerStatuses": [
        container_status("app", running={"startedAt": "2026-11-26T18:00:00Z"})]}})
    if answer:
        monkeypatch.setattr(pod_exec, "execute", lambda *_args: answer)
    result = succeed("cache_info", name="hbase")
    assert promises(result)["application_mounts"] == state
    assert ("web-0" in str(result["report"])) is (state != "kept")


def test_a_cache_that_does_not_exist(succeed, sent, fluid_runs):
    result = succeed("cache_info", name="hbase", master_replicas=3)
    found = promises(result)
    absent = ("runtime", "masters", "workers", "master_quorum", "dataset", "volume")
    assert {found[name] for name in absent} == {"broken"}
    assert not result["kept"] and {method for method, _path in sent} == {"GET"}
