# SPDX-License-Identifier: GPL-3.0-or-later
"""The short-lived pod that mounts a claim."""

import queue
import subprocess

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.api.waiter import Waiter
from ansible_collections.datacache.fluid.plugins.module_utils.backup import helper_pod
from ansible_collections.datacache.fluid.plugins.module_utils.backup.helper_pod import (
    FOLDER,
    LABEL,
    Claim,
    Image,
    running,
)
from ansible_collections.datacache.fluid.plugins.module_utils.errors import WaitFailed, WaitTimeout
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

CLAIM = Claim("backups", "data", "hbase", "uid-1")
IMAGE = Image("alluxio/alluxio:2.9.4", pull_secrets=("registry",), user=0, group=5)
READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


def unscheduled(message):
    return {"phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "False", "message": message}]}


UNBOUND = unscheduled("0/3 nodes: pod has unbound immediate PersistentVolumeClaims.")


# -- the pod -----------------------------------------------------------------------------------


def test_the_pod_may_do_nothing_but_move_files():
    spec = helper_pod.manifest("p", CLAIM, IMAGE, 90)["spec"]
    [container] = spec["containers"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"] == {
        "runAsUser": 0, "runAsGroup": 5, "fsGroup": 5, "seccompProfile": {"type": "RuntimeDefault"}}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert container["volumeMounts"] == [{"name": "claim", "mountPath": FOLDER, "readOnly": False}]
    assert spec["imagePullSecrets"] == [{"name": "registry"}]


def test_the_pod_ends_by_itself():
    spec = helper_pod.manifest("p", CLAIM, IMAGE, 90)["spec"]
    assert (spec["activeDeadlineSeconds"], spec["restartPolicy"]) == (90, "Never")
    assert spec["containers"][0]["command"][3:] == ["60", "/proc"]


def idle(tmp_path, processes):
    """Run the pod's script. processes: those beside its own at each of its looks; return its looks."""
    folder, programs, looks = tmp_path / "proc", tmp_path / "bin", tmp_path / "looks"
    for each in (folder / "1", programs):
        each.mkdir(parents=True)
    (folder / "self").mkdir()
    (tmp_path / "processes").write_text("".join(f"{count}\n" for count in processes))
    (programs / "sleep").write_text(f"""#!/bin/bash
cd {tmp_path}; echo "$1" >>looks; rm -rf proc/2*
for ((each = $(head -1 processes)+0; each > 0; each--)); do mkdir "proc/2$each"; done
sed -i 1d processes
""")
    (programs / "sleep").chmod(0o755)
    command = helper_pod.manifest("p", CLAIM, IMAGE, 90)["spec"]["containers"][0]["command"]
    subprocess.run([*command[:-1], folder], env={"PATH": f"{programs}:/usr/bin:/bin"}, check=True, timeout=60)
    return looks.read_text().split()


@pytest.mark.parametrize(("processes", "looks"), [([], 12), ([2, 0, 0, 1], 16)], ids=["none", "some"])
def test_the_pod_ends_a_minute_after_the_last_process(tmp_path, processes, looks):
    assert idle(tmp_path, processes) == ["5"] * looks


def test_the_run_keeps_the_pod_from_ending(cluster, start, monkeypatch):
    commands = queue.Queue()
    monkeypatch.setattr(helper_pod, "_KEEP_EVERY", 0.001)
    monkeypatch.setattr(pod_exec, "execute", lambda _client, pod, container, command, _timeout: (
        commands.put((pod.name, container, command[2])), ExecResult(1, "", ""))[1])
    with start() as name:
        for _each in range(2):  # also after an error
            assert commands.get(timeout=60) == (name, "files", "sleep 60 </dev/null >/dev/null 2>&1 &")
    assert helper_pod._KEPT >= helper_pod._IDLE > 20


def test_the_pod_prefers_the_node_of_a_killed_runs_pod():
    """That one mounts the claim until it ends, and a claim may be one that a single node mounts."""
    [preferred] = helper_pod.manifest("p", CLAIM, IMAGE, 90)["spec"]["affinity"]["podAffinity"][
        "preferredDuringSchedulingIgnoredDuringExecution"]
    assert preferred["podAffinityTerm"] == {
        "topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {LABEL: "hbase"}}}


def test_the_pod_goes_with_its_runtime():
    assert helper_pod.manifest("p", CLAIM, IMAGE, 90)["metadata"] == {
        "name": "p", "namespace": "data", "labels": {LABEL: "hbase"},
        "ownerReferences": [{"apiVersion": "data.fluid.io/v1alpha1", "kind": "AlluxioRuntime",
                             "name": "hbase",
                             "uid": "uid-1"}]}
    orphan = helper_pod.manifest("p", Claim("backups", "data", "hbase"), IMAGE, 90)
    assert orphan["metadata"]["ownerReferences"] == []


def test_what_is_not_known_of_the_user_is_left_to_the_image():
    spec = helper_pod.manifest("p", CLAIM, Image("debian"), 90)["spec"]
    assert spec["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}


def test_a_claim_that_is_only_read_is_mounted_so():
    spec = helper_pod.manifest("p", Claim("backups", "data", "hbase", read_only=True), IMAGE, 90)["spec"]
    assert spec["volumes"] == [
        {"name": "claim", "persistentVolumeClaim": {"claimName": "backups", "readOnly": True}}]
    assert spec["containers"][0]["volumeMounts"][0]["readOnly"] is True


# -- whether it runs ---------------------------------------------------------------------------


@pytest.mark.parametrize(("pod", "elapsed", "done", "progress", "failed"), [
    ({"status": READY}, 0, True, "", ""),
    ({"status": {"phase": "Pending"}}, 500, False, "phase Pending", ""),
    (None, 0, False, "", "it was deleted"),
    ({"status": {"phase": "Failed", "message": "Pod was active longer"}}, 0, False, "",
     "it has ended: Pod was active longer"),
    ({"status": {"phase": "Succeeded"}}, 0, False, "", "it has ended: Succeeded"),
    ({"status": unscheduled("0/3 nodes are available")}, 500, False, "not scheduled: 0/3 nodes are available",
     ""),
    ({"status": UNBOUND}, 60, False,
     "not scheduled: 0/3 nodes: pod has unbound immediate PersistentVolumeClaims.", ""),
    ({"status": UNBOUND}, 61, False, "",
     "its claim is not Bound after 60 seconds: give it a volume, or a storage class "
     "whose provisioner works"),
    ({"status": {"phase": "Pending", "containerStatuses": [{"name": "backup", "state": {"waiting": {
        "reason": "InvalidImageName", "message": "bad"}}}]}}, 0, False, "",
     "container backup is waiting: InvalidImageName bad"),
], ids=["ready", "pending", "deleted", "failed", "ended", "no-room", "just-made-claim",
        "claim-that-nobody-binds", "invalid-image"])
def test_running(pod, elapsed, done, progress, failed):
    status = running(lambda: elapsed)(pod)
    assert (status.done, status.progress, status.failed) == (done, progress, failed)


# -- its life ----------------------------------------------------------------------------------


@pytest.fixture
def start(cluster):
    """Start the pod, whose kubelet lets it have the status after a second; yields as started() does."""
    def run(status=None, seconds=30, claim=CLAIM):
        create = cluster.create

        def create_and_run(kind, body, manager, dry_run=False):
            name = body["metadata"]["name"]
            cluster.later(1, lambda: cluster.stored(kind, name, "data") and cluster.change(
                kind, name, "data", {"status": READY if status is None else status}))
            return create(kind, body, manager, dry_run)
        cluster.create = create_and_run
        return helper_pod.started(cluster, claim, IMAGE, Waiter(cluster, cluster.deadline(seconds)), 60)
    return run


def test_the_pod_runs_inside_and_is_gone_afterwards(cluster, start):
    with start() as name:
        stored = cluster.stored(kinds.POD, name, "data")
        assert stored["status"] == READY
        assert stored["spec"]["activeDeadlineSeconds"] == 30 + 5 * 60 + 60  # our own timeout comes first
    assert cluster.stored(kinds.POD, name, "data") is None
    assert cluster.now == 1


def test_the_pod_is_gone_also_after_a_failure_inside(cluster, start):
    with pytest.raises(ZeroDivisionError), start():
        raise ZeroDivisionError
    assert list(cluster.list(kinds.POD)) == []


@pytest.mark.parametrize(("status", "error", "message"), [
    ({"phase": "Failed", "message": "no such image"}, WaitFailed, "to run: it has ended: no such image"),
    ({"phase": "Pending"}, WaitTimeout,
     "timed out after 30 s while waiting for Pod hbase-backup-.* to run: phase Pending"),
], ids=["ended", "not-started"])
def test_a_pod_that_does_not_run_is_removed(cluster, start, status, error, message):
    with pytest.raises(error, match=message), start(status):
        pytest.fail("it does not run")
    assert list(cluster.list(kinds.POD)) == []


def test_pods_of_killed_runs_are_removed_and_those_of_others_stay(cluster, start):
    for name, phase, runtime in (("ended", "Failed", "hbase"), ("going", "Running", "hbase"),
                                 ("other", "Failed", "other")):
        cluster.put(kinds.POD, {"metadata": {"name": name, "namespace": "data", "labels": {LABEL: runtime}},
                                "status": {"phase": phase}})
    with start():
        pass
    assert [pod["metadata"]["name"] for pod in cluster.list(kinds.POD)] == ["going", "other"]


def test_the_name_fits_whatever_the_runtimes_is(start):
    with start(claim=Claim("backups", "data", "h" * 39 + "-" + "b" * 23)) as name:
        assert name.startswith("h" * 39 + "-backup-")
        assert len(name) <= 63
