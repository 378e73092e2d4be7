# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounts of a bound Dataset that masters make again: after a change of the Dataset, and on request."""

import base64
import hashlib
import json
import subprocess

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle import remount
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle.dataset_changes import ANNOTATION

DATA = {"name": "data", "mount_point": "s3://b/x"}
ENCRYPTED = {"name": "aws.secretKey", "secret_name": "s3", "secret_key": "key"}
DATASET = {"name": "hbase", "namespace": "data"}
FILE = "/etc/fluid/secrets/s3/key"


class Master:
    """The commands of a master's container. files: the contents of the files that it sees."""

    def __init__(self):
        self.files = {FILE: b"old"}
        self.mounted = []  # the arguments of the script that mounts, for each run of it
        self.fails = False
        self.fuse = {}  # for each FUSE pod what its script prints, or the error of the exec
        self.dropped = []  # the FUSE pods that ran the script, with the number of mounts before it

    def execute(self, _client, pod, container, command, _timeout):
        if container == "alluxio-fuse":
            return self.drop(pod.name, command)
        assert (pod.name, container, command[:2]) == ("hbase-master-0", "alluxio-master", ["bash", "-c"])
        task, *arguments = command[3:]
        if task == "read the Secrets' files":
            digests = [hashlib.sha256(self.files[file]).hexdigest() if file in self.files else "-"
                       for file in arguments]
            return pod_exec.ExecResult(0, "\n".join(digests) + "\n", "")
        if self.fails:
            return pod_exec.ExecResult(1, "", "no such bucket")
        self.mounted.append(arguments)
        return pod_exec.ExecResult(0, "", "")

    def drop(self, name, command):
        assert command[3:] == ["drop the metadata", "/runtime-mnt/alluxio/data/hbase/alluxio-fuse"]
        self.dropped.append((name, len(self.mounted)))
        if isinstance(self.fuse[name], Exception):
            raise self.fuse[name]
        return pod_exec.ExecResult(0, self.fuse[name] + "\n", "")


@pytest.fixture
def master(cluster, monkeypatch):
    made = Master()
    monkeypatch.setattr(pod_exec, "execute", made.execute)
    cluster.put(kinds.POD, {"metadata": {"name": "hbase-master-0", "namespace": "data",
                                         "labels": {"release": "hbase", "role": "alluxio-master"}},
                            "status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    volumes = [{"name": "alluxio-mount-secret-s3"}, {"name": "alluxio-journal"}]
    cluster.put(kinds.STATEFUL_SET, {"metadata": {"name": "hbase-master", "namespace": "data"},
                                     "spec": {"template": {"spec": {"volumes": volumes}}}})
    cluster.put(kinds.CONFIG_MAP, {"metadata": {"name": "hbase-mount-config", "namespace": "data"},
                                   "data": {"mount.info": "/data s3://b/x\n"}})
    cluster.put(kinds.SECRET, {"metadata": {"name": "s3", "namespace": "data"},
                               "data": {"key": base64.b64encode(b"old").decode()}})
    return made


@pytest.fixture
def bound(cluster, run, master):
    """Declare a Dataset that an AlluxioRuntime binds."""
    def declare(**options):
        run("dataset", **DATASET, **options)
        mounts = cluster.stored(fluid_kinds.DATASET, "hbase", "data")["spec"].get("mounts") or []
        cluster.change(fluid_kinds.DATASET, "hbase", "data", {"status": {
            "phase": "Bound", "mounts": mounts, "runtimes": [{"name": "hbase", "type": "alluxio"}]}})
        cluster.requests.clear()
    return declare


@pytest.fixture
def fuse(cluster, master):
    """Add a FUSE pod. answer: what its script prints, or an error. state: that of its container."""
    def add(name, answer, state="running"):
        master.fuse[name] = answer
        cluster.put(kinds.POD, {
            "metadata": {"name": name, "namespace": "data",
                         "labels": {"release": "hbase", "role": "alluxio-fuse"}},
            "status": {"containerStatuses": [{"name": "alluxio-fuse", "state": {state: {"since": "then"}}}]}})
    return add


def mount_info(cluster):
    return cluster.stored(kinds.CONFIG_MAP, "hbase-mount-config", "data")["data"]["mount.info"]


def annotations(cluster):
    return cluster.stored(fluid_kinds.DATASET, "hbase", "data")["metadata"]["annotations"]


@pytest.mark.parametrize(("mount", "arguments"), [
    ({**DATA, "options": {"a": 1}}, ["/data", "s3://b/x", "--option", "a=1"]),
    ({**DATA, "mount_point": "s3://c/", "read_only": True}, ["/data", "s3://c/", "--readonly"]),
    ({**DATA, "encrypt_options": [ENCRYPTED]}, ["/data", "s3://b/x", "--secret", "aws.secretKey", FILE]),
], ids=["option", "url", "secret"])
def test_a_changed_mount_is_made_again(cluster, run, master, bound, mount, arguments):
    bound(mounts=[DATA, {"name": "web", "mount_point": "https://host/"}])
    mounts = [mount, {"name": "web", "mount_point": "https://host/"}]
    predicted = run("dataset", check=True, diff=True, **DATASET, mounts=mounts)
    assert master.mounted == []
    assert ANNOTATION not in annotations(cluster)
    done = run("dataset", diff=True, **DATASET, mounts=mounts)
    assert done["changed"] and done["diff"] == predicted["diff"]
    assert master.mounted == [arguments]
    assert mount_info(cluster) == " ".join(arguments).replace(
        "--secret aws.secretKey ", "--option aws.secretKey=") + "\n"
    assert ANNOTATION not in annotations(cluster)
    cluster.requests.clear()
    assert not run("dataset", **DATASET, mounts=mounts)["changed"]
    assert cluster.requests == [("get", "datasets")]
    assert cluster.stored(kinds.LEASE, "hbase-masters", "data") is None


def test_shared_options_reach_every_mount(run, master, bound):
    bound(mounts=[DATA, {"name": "web", "mount_point": "https://host/", "options": {"a": 2}}])
    run("dataset", **DATASET, shared_options={"a": 1, "b": True},
        mounts=[DATA, {"name": "web", "mount_point": "https://host/", "options": {"a": 2}}])
    assert master.mounted == [["/data", "s3://b/x", "--option", "a=1", "--option", "b=true"],
                              ["/web", "https://host/", "--option", "a=2", "--option", "b=true"]]


def test_a_failed_mount_is_tried_again(cluster, run, master, bound):
    bound(mounts=[DATA])
    master.fails = True
    changed = [{**DATA, "mount_point": "s3://c/"}]
    failed = run("dataset", **DATASET, mounts=changed)
    assert failed["failed"] and failed["changed"]
    assert failed["msg"] == "cannot mount /data again in pod hbase-master-0: exit code 1: no such bucket"
    assert json.loads(annotations(cluster)[ANNOTATION]) == ["/data"]
    master.fails = False
    assert run("dataset", check=True, **DATASET, mounts=changed)["changed"]
    assert run("dataset", **DATASET, mounts=changed)["changed"]
    assert master.mounted == [["/data", "s3://c/"]]
    assert not run("dataset", **DATASET, mounts=changed)["changed"]


class Killed(Exception):
    """The end of a run, wherever it is."""


def test_a_run_that_is_killed_at_any_write_is_continued_by_the_next(cluster, run, master, bound):
    changed = [{**DATA, "mount_point": "s3://c/"}]

    def killed():
        raise Killed

    for number in range(12):
        run("dataset", **DATASET, mounts=[DATA])
        bound(mounts=[DATA])
        master.mounted.clear()
        cluster.before_write(*[lambda: None] * number, killed)
        try:
            run("dataset", **DATASET, mounts=changed)
        except Killed:
            cluster._before_write.clear()
            run("dataset", **DATASET, mounts=changed)
        else:
            break
        assert master.mounted[-1] == ["/data", "s3://c/"]
        assert not run("dataset", **DATASET, mounts=changed)["changed"]
    assert number > 3
    cluster._before_write.clear()


@pytest.mark.parametrize(("mounts", "message"), [
    ([DATA, {"name": "local", "mount_point": "local:///d"}],
     "Dataset hbase in namespace data is bound, and Fluid mounts /local as a volume of the pods only when it "
     "creates the runtime: undo the change, or recreate AlluxioRuntime hbase in namespace data: delete it"),
    ([{**DATA, "encrypt_options": [{**ENCRYPTED, "secret_name": "new"}]}],
     "the masters of AlluxioRuntime hbase in namespace data mount the Secrets s3 and not new: Fluid mounts "
     "Secrets only when it creates a runtime"),
    ([DATA, {"name": "n", "mount_point": "s3://n/",
             "encrypt_options": [{**ENCRYPTED, "secret_name": "new"}]}],
     "the masters of AlluxioRuntime hbase in namespace data mount the Secrets s3 and not new"),
], ids=["native", "secret", "secret-of-an-added-mount"])
@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_what_only_a_new_runtime_mounts_is_refused(cluster, run, bound, check, mounts, message):
    bound(mounts=[DATA])
    result = run("dataset", check=check, **DATASET, mounts=mounts)
    assert result["failed"] and result["msg"].startswith(message)
    assert cluster.writes() == []


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_fields_that_fluid_reads_at_creation_are_warned_of(run, bound, check):
    bound(mounts=[DATA])
    result = run("dataset", check=check, **DATASET, mounts=[DATA], placement="Shared",
                 access_modes=["ReadOnlyMany"])
    assert result["changed"]
    assert result["warnings"] == [
        "Dataset hbase in namespace data is bound and Fluid reads spec.accessModes, spec.placement only when "
        "it creates a runtime: the change has no effect until the runtime is deleted and created again"]


def test_before_a_runtime_exists_every_change_is_written(cluster, run, master):
    run("dataset", **DATASET, mounts=[DATA])
    result = run("dataset", **DATASET, mounts=[{"name": "local", "mount_point": "local:///d"}],
                 placement="Shared")
    assert (result["changed"], result["warnings"], master.mounted) == (True, [], [])


def test_rotated_credentials_reach_the_mount(cluster, run, master, bound):
    bound(mounts=[{**DATA, "encrypt_options": [ENCRYPTED]}, {"name": "local", "mount_point": "local:///d"}])
    cluster.change(kinds.SECRET, "s3", "data", {"data": {"key": base64.b64encode(b"new").decode()}})
    cluster.later(60, lambda: master.files.update({FILE: b"new"}))
    assert run("dataset_remount", check=True, **DATASET)["paths"] == ["/data"]
    assert master.mounted == []
    result = run("dataset_remount", **DATASET)
    assert (result["changed"], result["paths"]) == (True, ["/data"])
    assert master.mounted == [["/data", "s3://b/x", "--secret", "aws.secretKey", FILE]]
    assert 60 <= cluster.now < 70
    assert "new" not in json.dumps(result)


def test_fuse_pods_drop_their_metadata_after_the_mount(cluster, run, master, bound, fuse):
    bound(mounts=[DATA, {"name": "web", "mount_point": "https://host/"}])
    for name in ("hbase-fuse-a", "hbase-fuse-b"):
        fuse(name, "")
    run("dataset_remount", check=True, **DATASET)
    assert master.dropped == []
    result = run("dataset_remount", **DATASET)
    assert sorted(master.dropped) == [("hbase-fuse-a", 2), ("hbase-fuse-b", 2)]
    assert (result["metadata_kept_by"], result["warnings"], cluster.now) == ([], [], 0)


@pytest.mark.parametrize(("answer", "seconds"), [
    ("90s", 90), ("2min", 120), ("10min", 600), ("nonsense", 600), (ApiError("no answer"), 600)])
def test_what_a_fuse_pod_cannot_drop_expires(cluster, run, master, bound, fuse, answer, seconds):
    bound(mounts=[DATA])
    fuse("hbase-fuse-a", answer)
    fuse("hbase-fuse-b", "")
    fuse("hbase-fuse-c", "1min", state="waiting")
    result = run("dataset_remount", **DATASET)
    assert (result["metadata_kept_by"], result["warnings"]) == (["hbase-fuse-a"], [])
    assert seconds <= cluster.now < seconds + 10
    assert sorted(master.dropped) == [("hbase-fuse-a", 1), ("hbase-fuse-b", 1)]
    assert cluster.stored(kinds.LEASE, "hbase-masters", "data") is None


def test_without_the_wait_the_module_warns(cluster, run, bound, fuse):
    bound(mounts=[DATA])
    fuse("hbase-fuse-a", "2min")
    result = run("dataset_remount", **DATASET, wait_for_clients=False)
    assert result["warnings"] == [
        "Dataset hbase in namespace data: files that are not cached are read with the earlier options of the "
        "mounts for up to 120 s through hbase-fuse-a, which cannot drop its metadata; keep the earlier "
        "credentials valid until then. With the property alluxio.fuse.special.command.enabled: true the FUSE "
        "pods of a new runtime drop it at once"]
    assert (result["metadata_kept_by"], cluster.now) == (["hbase-fuse-a"], 0)


def test_a_changed_mount_drops_the_metadata_and_does_not_wait(cluster, run, master, bound, fuse):
    bound(mounts=[DATA])
    fuse("hbase-fuse-a", "10min")
    assert run("dataset", **DATASET, mounts=[{**DATA, "mount_point": "s3://c/"}])["changed"]
    assert (master.dropped, cluster.now) == ([("hbase-fuse-a", 1)], 0)


def test_credentials_that_masters_never_see(cluster, run, master, bound):
    bound(mounts=[{**DATA, "encrypt_options": [ENCRYPTED]}])
    cluster.change(kinds.SECRET, "s3", "data", {"data": {"key": base64.b64encode(b"new").decode()}})
    result = run("dataset_remount", **DATASET, wait_timeout=30)
    assert result["msg"].startswith(
        "timed out after 30 s while waiting for changed Secrets: /etc/fluid/secrets/s3/key in pod "
        "hbase-master-0 has other contents than its Secret")
    assert master.mounted == []


def test_a_key_that_masters_see_later(cluster, run, master, bound):
    bound(mounts=[{**DATA, "encrypt_options": [ENCRYPTED]}])
    master.files.clear()
    cluster.later(40, lambda: master.files.update({FILE: b"old"}))
    assert run("dataset_remount", **DATASET)["changed"]
    assert len(master.mounted) == 1 and cluster.now >= 40


def test_a_secret_that_is_rotated_again_during_the_wait(cluster, run, master, bound):
    """An operator writes the keys of a Secret one after the other; kubelet shows the last ones alone."""
    bound(mounts=[{**DATA, "encrypt_options": [ENCRYPTED]}])

    def rotate(value):
        cluster.change(kinds.SECRET, "s3", "data", {"data": {"key": base64.b64encode(value).decode()}})
    rotate(b"new")
    cluster.later(20, lambda: rotate(b"newest"))
    cluster.later(60, lambda: master.files.update({FILE: b"newest"}))
    result = run("dataset_remount", **DATASET)
    assert (result.get("msg"), result["changed"], len(master.mounted)) == (None, True, 1)
    assert 60 <= cluster.now < 70


def test_the_script_prints_a_line_for_each_file(tmp_path):
    (tmp_path / "a b").write_bytes(b"x")
    command = ["bash", "-c", remount.HASH, "hash", str(tmp_path / "absent"), str(tmp_path / "a b")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["-", hashlib.sha256(b"x").hexdigest()]


def test_without_the_permission_to_read_secrets(cluster, run, master, bound):
    bound(mounts=[{**DATA, "encrypt_options": [ENCRYPTED]}])
    cluster.forbidden.add(("get", "secrets"))
    assert run("dataset_remount", **DATASET)["changed"]
    assert len(master.mounted) == 1


@pytest.mark.parametrize(("arrange", "options", "message"), [
    (lambda cluster: cluster.vanish(fluid_kinds.DATASET, "hbase", "data"), {},
     "Dataset hbase in namespace data does not exist: "),
    (lambda cluster: cluster.change(fluid_kinds.DATASET, "hbase", "data",
                                    {"status": {"phase": "NotBound"}}), {},
     "Dataset hbase in namespace data is not bound: "),
    (lambda cluster: None, {"paths": ["/web", "/data"]},
     "Dataset hbase in namespace data cannot mount /web again: the mounts that its masters can replace are "
     "/data"),
    (lambda cluster: cluster.vanish(kinds.POD, "hbase-master-0", "data"), {},
     "no master of AlluxioRuntime hbase in namespace data is ready to mount the under-stores"),
    (lambda cluster: cluster.vanish(kinds.SECRET, "s3", "data"), {},
     "Secret s3 in namespace data does not exist: create it"),
    (lambda cluster: cluster.change(kinds.STATEFUL_SET, "hbase-master", "data", {"spec": None}), {},
     "the masters of AlluxioRuntime hbase in namespace data mount the Secrets (none) and not s3: Fluid"),
    (lambda cluster: cluster.change(kinds.SECRET, "s3", "data", {"data": None}), {},
     "Secret s3 in namespace data has no key key: create it"),
], ids=["absent", "not-bound", "path", "no-master", "no-secret", "not-mounted", "no-key"])
def test_what_cannot_be_mounted_again(cluster, run, master, bound, arrange, options, message):
    bound(mounts=[{**DATA, "encrypt_options": [ENCRYPTED]}])
    arrange(cluster)
    result = run("dataset_remount", **DATASET, **options)
    assert result["failed"] and result["msg"].startswith(message)
    assert master.mounted == []
