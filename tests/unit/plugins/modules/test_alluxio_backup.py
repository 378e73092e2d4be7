# SPDX-License-Identifier: GPL-3.0-or-later
"""Backing up and listing, with the real scripts and real files."""

import hashlib
import json
import re

import pytest
from fake_journals import FILES, HELPER_IMAGE

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.backup import helper_pod
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

CLAIM = {"name": "hbase", "namespace": "data", "claim": "backups", "path": "alluxio"}


def test_a_backup(cache, run, time):
    result = run("alluxio_backup", **CLAIM)
    assert result["changed"]
    made = result["backup"]
    [file] = cache.claim.rglob("*.gz")
    assert (made["sha256"], made["size_bytes"]) == (hashlib.sha256(file.read_bytes()).hexdigest(),
                                                    file.stat().st_size)
    assert (made["name"], made["created"]) == ("data.hbase.20261124T180000Z", "2026-11-24T18:00:00Z")
    assert (made["leader"], made["alluxio_version"], made["entries"],
            made["paths"]) == ("hbase-master-1", "2.9.4", 2, 2)
    assert made["uid"] == cache.cluster.stored(fluid_kinds.ALLUXIO_RUNTIME, "hbase",
                                               "data")["metadata"]["uid"]
    listing = sorted([FILES[0].replace(" 100% ", " "), FILES[1]])
    assert made["tree_sha256"] == hashlib.sha256(
        "".join(line + "\n" for line in listing).encode()).hexdigest()
    assert json.loads(file.with_suffix(".json").read_text()) == {"format": 1, **made}
    assert cache.files() == ["data.hbase.20261124T180000Z.gz", "data.hbase.20261124T180000Z.json"]
    assert result["backups"] == [made]


def test_nothing_is_left_behind(cache, run, tmp_path):
    run("alluxio_backup", **CLAIM)
    assert cache.helper_pods() == []
    assert list((tmp_path / "hbase-master-1" / "tmp").iterdir()) == []


def test_the_helper_pod_may_do_nothing_else(cache, run, monkeypatch):
    seen = []
    create = cache.cluster.create
    monkeypatch.setattr(cache.cluster, "create",
                        lambda kind, body, *rest: seen.append((kind, body)) or create(kind, body, *rest))
    run("alluxio_backup", **CLAIM)
    [pod] = [body for kind, body in seen if kind == kinds.POD]
    [container] = pod["spec"]["containers"]
    assert container["image"] == HELPER_IMAGE
    assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert pod["spec"]["activeDeadlineSeconds"] >= 600
    assert pod["spec"]["securityContext"] == {
        "runAsUser": 0, "runAsGroup": 0, "fsGroup": 0, "seccompProfile": {"type": "RuntimeDefault"}}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert pod["metadata"]["ownerReferences"][0]["kind"] == "AlluxioRuntime"
    assert "release" not in pod["metadata"]["labels"]


def test_each_run_makes_one_without_max_age(cache, run, time):
    run("alluxio_backup", **CLAIM)
    time.forward(seconds=5)
    assert run("alluxio_backup", **CLAIM)["changed"]
    assert len(cache.files()) == 4


def test_max_age(cache, run, time):
    first = run("alluxio_backup", max_age=3600, **CLAIM)["backup"]
    time.forward(minutes=59)
    for check in (True, False):
        result = run("alluxio_backup", check=check, diff=True, max_age=3600, **CLAIM)
        assert (result["changed"], result["backup"]) == (False, first)
        assert result["diff"]["before"] == result["diff"]["after"]
    time.forward(minutes=2)
    assert run("alluxio_backup", check=True, max_age=3600, **CLAIM)["changed"]
    assert run("alluxio_backup", max_age=3600, **CLAIM)["backup"]["name"] == "data.hbase.20261124T190100Z"


def test_a_damaged_backup_is_none(cache, run, time):
    run("alluxio_backup", **CLAIM)
    [file] = cache.claim.rglob("*.gz")
    file.write_bytes(bytes(file.stat().st_size))
    time.forward(seconds=5)
    assert run("alluxio_backup_info", verify=True, **CLAIM)["damaged"] == ["data.hbase.20261124T180000Z"]
    assert run("alluxio_backup", max_age=3600, **CLAIM)["changed"]


def test_without_a_leader_an_old_backup_may_still_be_young_enough(cache, run, time):
    run("alluxio_backup", **CLAIM)
    cache.lead("")
    assert not run("alluxio_backup", max_age=3600, **CLAIM)["changed"]


def test_keep(cache, run, time):
    others = ["notes.txt", "data.other.20251124T180000Z.gz", "data.other.20251124T180000Z.json", "x.y.Z.json"]
    (cache.claim / "alluxio").mkdir()
    for name in others:
        (cache.claim / "alluxio" / name).write_text("theirs")
    for _round in range(3):
        run("alluxio_backup", **CLAIM)
        time.forward(hours=1)
    predicted = run("alluxio_backup", check=True, diff=True, keep=2, **CLAIM)
    result = run("alluxio_backup", diff=True, keep=2, **CLAIM)
    assert result["removed"] == ["data.hbase.20261124T190000Z", "data.hbase.20261124T180000Z"]
    assert [each["name"] for each in result["backups"]] == [
        "data.hbase.20261124T210000Z", "data.hbase.20261124T200000Z"]
    assert (predicted["changed"], predicted["removed"],
            predicted["diff"]) == (True, result["removed"], result["diff"])
    assert [name for name in cache.files() if "hbase" not in name] == sorted(others)
    assert len(cache.files()) == len(others) + 4


def test_keep_removes_also_when_no_backup_is_needed(cache, run, time):
    for _round in range(2):
        run("alluxio_backup", **CLAIM)
        time.forward(minutes=1)
    result = run("alluxio_backup", keep=1, max_age=3600, **CLAIM)
    assert (result["changed"], result["removed"]) == (True, ["data.hbase.20261124T180000Z"])
    assert not run("alluxio_backup", keep=1, max_age=3600, **CLAIM)["changed"]


def test_check_mode_makes_nothing(cache, run):
    result = run("alluxio_backup", check=True, **CLAIM)
    assert (result["changed"], result["backup"], cache.files()) == (True, {}, [])
    assert all(task != "back up the metadata" for _pod, _container, task in cache.commands)


def test_check_mode_does_not_bind_a_claim(cache, run):
    cache.cluster.change(kinds.PERSISTENT_VOLUME_CLAIM, "backups", "data", {"status": {"phase": "Pending"}})
    assert run("alluxio_backup", check=True, max_age=60, **CLAIM)["changed"]
    assert cache.cluster.writes() == []


def test_a_namespace_that_changes_once_is_backed_up_again(cache, run):
    cache.write_during_backups(1)
    assert run("alluxio_backup", **CLAIM)["backup"]["paths"] == 3
    assert [task for _pod, _container, task in cache.commands].count("back up the metadata") == 2
    assert len(cache.files()) == 2


def test_a_namespace_that_always_changes_has_no_digest(cache, run):
    cache.write_during_backups(9)
    made = run("alluxio_backup", **CLAIM)["backup"]
    assert (made["tree_sha256"], made["paths"]) == (None, None)
    assert len(cache.files()) == 2


def test_bytes_that_change_on_the_way_are_no_backup(cache, run, monkeypatch):
    send = cache.send
    monkeypatch.setattr(pod_exec, "send", lambda *args: send(*args[:4], iter([b"x" * 60]), 1))
    result = run("alluxio_backup", **CLAIM)
    assert result["msg"].startswith("cannot store data.hbase.")
    assert re.search(r"\.gz in /alluxio of the claim in pod hbase-backup-\w+: exit code 1: SHA-256 ",
                     result["msg"])
    assert cache.files() == []
    assert cache.helper_pods() == []


def test_a_leader_that_fails_is_quoted(cache, run):
    (cache.cache / "tree").unlink()
    message = run("alluxio_backup", **{**CLAIM, "wait_timeout": 20})["msg"]
    assert message.startswith(
        "timed out after 20 s while waiting for the file tree of AlluxioRuntime hbase in namespace data: "
        "cannot list the file tree in pod hbase-master-1: exit code 1: cat:")


def test_a_leader_in_its_safe_mode_is_waited_for(cache, run):
    tree = cache.cache / "tree"
    tree.rename(tree.with_name("later"))
    cache.cluster.later(12, lambda: tree.with_name("later").rename(tree))
    assert run("alluxio_backup", **CLAIM)["backup"]["paths"] == 2


def test_pods_of_killed_runs_are_removed(cache, run):
    cache.cluster.put(kinds.POD, {
        "metadata": {"name": "hbase-backup-1", "namespace": "data", "labels": {helper_pod.LABEL: "hbase"}},
        "status": {"phase": "Failed"}})
    cache.cluster.put(kinds.POD, {
        "metadata": {"name": "hbase-backup-2", "namespace": "data", "labels": {helper_pod.LABEL: "hbase"}},
        "status": {"phase": "Running"}})
    run("alluxio_backup", **CLAIM)
    assert [pod["metadata"]["name"] for pod in cache.helper_pods()] == ["hbase-backup-2"]


# -- listing -----------------------------------------------------------------------------------


def test_listing(cache, run, time):
    made = run("alluxio_backup", **CLAIM)["backup"]
    (cache.claim / "alluxio" / "data.other.20251124T180000Z.gz").write_bytes(b"12")
    record = {**made, "format": 1, "name": "data.other.20251124T180000Z", "runtime": "other", "size_bytes": 2}
    (cache.claim / "alluxio" / "data.other.20251124T180000Z.json").write_text(json.dumps(record))
    before = cache.files()
    result = run("alluxio_backup_info", **CLAIM)
    assert result["backups"] == [made]
    assert [each["name"] for each in result["other_backups"]] == ["data.other.20251124T180000Z"]
    assert (result["changed"], "damaged" in result, cache.files()) == (False, False, before)
    assert run("alluxio_backup_info", verify=True, **CLAIM)["damaged"] == []


def test_what_is_not_whole_is_not_listed(cache, run, time):
    run("alluxio_backup", **CLAIM)
    [file] = cache.claim.rglob("*.gz")
    file.write_bytes(file.read_bytes() + b"more")
    assert run("alluxio_backup_info", **CLAIM)["backups"] == []


def test_listing_without_the_runtime_needs_an_image(cache, run, time):
    run("alluxio_backup", **CLAIM)
    cache.cluster.vanish(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data")
    cache.cluster.vanish(kinds.STATEFUL_SET, "hbase-master", "data")
    assert "image is required" in run("alluxio_backup_info", **CLAIM)["msg"]
    assert len(run("alluxio_backup_info", image="debian", **CLAIM)["backups"]) == 1


def test_an_empty_claim(cache, run):
    assert run("alluxio_backup_info", **CLAIM)["backups"] == []


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(("options", "message"), [
    pytest.param({"name": ""}, "name '' is not a DNS-1123 subdomain", id="name"),
    pytest.param({"claim": "hbase"}, "claim hbase is the Dataset's own", id="own-claim"),
    pytest.param({"path": "../up"}, "path '../up' is not a folder of the claim", id="path"),
    pytest.param({"path": "/top"}, "path '/top' is not a folder of the claim", id="absolute-path"),
    pytest.param({"keep": 0}, "keep is 0: expected at least 1", id="keep"),
    pytest.param({"max_age": -1}, "max_age is -1", id="max-age"),
    pytest.param({"wait_timeout": 0}, "wait_timeout is 0", id="wait-timeout"),
])
def test_refused_without_asking_the_cluster(cluster, run, options, message):
    assert run("alluxio_backup", **{**CLAIM, **options})["msg"].startswith(message)
    assert cluster.requests == []


@pytest.mark.parametrize(("arrange", "message"), [
    pytest.param(lambda cache: cache.cluster.vanish(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data"),
                 "AlluxioRuntime hbase in namespace data does not exist", id="no-runtime"),
    pytest.param(
        lambda cache: cache.cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data",
                                           {"metadata": {"deletionTimestamp": "now"}}),
        "AlluxioRuntime hbase in namespace data is terminating", id="terminating-runtime"),
    pytest.param(lambda cache: cache.cluster.vanish(kinds.STATEFUL_SET, "hbase-master", "data"),
                 "AlluxioRuntime hbase in namespace data has no masters yet", id="no-masters"),
    pytest.param(lambda cache: cache.cluster.vanish(kinds.PERSISTENT_VOLUME_CLAIM, "backups", "data"),
                 "PersistentVolumeClaim backups in namespace data does not exist", id="no-claim"),
    pytest.param(lambda cache: cache.cluster.change(kinds.PERSISTENT_VOLUME_CLAIM, "backups", "data",
                                                    {"status": {"phase": "Lost"}}),
                 "PersistentVolumeClaim backups in namespace data cannot be used: its volume is lost",
                 id="lost-claim"),
])
def test_refused_without_a_write(cache, run, arrange, message):
    arrange(cache)
    assert run("alluxio_backup", **CLAIM)["msg"].startswith(message)
    assert cache.cluster.writes() == []


def test_no_leader(cache, run):
    cache.lead("")
    assert run("alluxio_backup", **CLAIM)["msg"].startswith(
        "timed out after 600 s while waiting for a leader of AlluxioRuntime hbase in namespace data: no "
        "master answers; 3 of 3 masters have a journal")
    assert (cache.files(), cache.helper_pods()) == ([], [])


def test_a_leader_that_is_being_elected(cache, run):
    cache.lead("")
    cache.cluster.later(12, lambda: cache.lead("hbase-master-0"))
    assert run("alluxio_backup", **CLAIM)["backup"]["leader"] == "hbase-master-0"


def test_a_single_master(cache, run):
    cache.cluster.change(kinds.STATEFUL_SET, "hbase-master", "data", {"spec": {"replicas": 1}})
    cache.lead("hbase-master-0.data")
    assert run("alluxio_backup", **CLAIM)["backup"]["leader"] == "hbase-master-0"


def test_a_claim_that_no_pod_will_bind(cache, run, monkeypatch):
    unbound = [{"type": "PodScheduled", "status": "False",
                "message": "0/3 nodes: pod has unbound immediate PersistentVolumeClaims."}]
    create = type(cache.cluster).create.__get__(cache.cluster)  # without the kubelet that starts pods

    def create_unschedulable(kind, body, manager, dry_run=False):
        return create(kind, {**body, "status": {"phase": "Pending", "conditions": unbound}}, manager, dry_run)
    monkeypatch.setattr(cache.cluster, "create", create_unschedulable)
    assert "its claim is not Bound after 60 seconds" in run("alluxio_backup", **CLAIM)["msg"]
    assert 60 < cache.cluster.now < 120
    assert cache.helper_pods() == []


def test_impersonation(cache, run):
    cache.cluster.impersonates = True
    assert run("alluxio_backup",
               **CLAIM)["msg"].startswith("commands in pods cannot be run with impersonate_user")
    assert cache.cluster.requests == []
