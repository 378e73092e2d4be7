# SPDX-License-Identifier: GPL-3.0-or-later
"""A cache with three masters in the cluster that lives in memory: its kubelet, its StatefulSet controller and
its files.

Commands in containers are really run, with each container's paths in a folder of its own; only `alluxio` is a
stand-in.
"""

import base64
import gzip
import os
import subprocess
from pathlib import Path

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import AVAILABLE, Peer, Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.backup import helper_pod
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore_template import (
    FILE,
    FOLDER,
    GO,
    WAITER,
)
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError, QuorumUnknown
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters

RUNNING = {"running": {}}
LABELS = {"release": "hbase", "role": "alluxio-master"}
FILES = ["-rw-r--r-- root root 7 PERSISTED 11-24-2026 10:00:00:000 100% /hbase/a file",
         "drwxr-xr-x root root 1 PERSISTED 11-24-2026 10:00:00:000 DIR /hbase"]
HELPER_IMAGE = "alluxio/alluxio:2.9.4"


def stateful_set(**spec):
    """What Fluid's chart makes, in its main lines."""
    master = {
        "name": "alluxio-master", "image": HELPER_IMAGE, "imagePullPolicy": "IfNotPresent",
        "securityContext": {"runAsUser": 0, "runAsGroup": 0}, "resources": {"limits": {"memory": "1Gi"}},
        "env": [
            {"name": "ALLUXIO_MASTER_HOSTNAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "envFrom": [{"configMapRef": {"name": "hbase-config"}}],
        "volumeMounts": [{"name": "alluxio-journal", "mountPath": "/journal"}],
    }
    return {
        "metadata": {"name": "hbase-master", "namespace": "data"},
        "spec": {
            "replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "template": {"metadata": {"labels": LABELS, "annotations": {"sidecar.istio.io/inject": "false"}},
                         "spec": {
                "initContainers": [{"name": "journal-format", "image": HELPER_IMAGE}],
                "containers": [master, {"name": "alluxio-job-master", "image": HELPER_IMAGE}],
                "volumes": [{"name": "alluxio-journal", "emptyDir": {"sizeLimit": "30Gi"}}],
                "imagePullSecrets": [{"name": "registry"}], **spec}}},
    }


class FakeJournals:
    """claim: the folder that the claim holds; cache: the folder of the cache's present state."""

    def __init__(self, cluster, folder: Path, monkeypatch):
        self.cluster = cluster
        self.claim = folder / "claim"
        self.cache = folder / "cache"
        self.commands = []
        self.unavailable = set()  # masters that do not take part; whoever begins anew does
        self._folder = folder
        self.programs = folder / "bin"
        for each in (self.claim, self.cache, self.programs):
            each.mkdir()
        (self.programs / "alluxio").symlink_to(Path(__file__).with_name("fake_alluxio.sh"))
        self.set_tree(FILES)
        self.lead("hbase-master-1")
        monkeypatch.setattr(cluster, "create", self._creating(cluster.create))
        monkeypatch.setattr(cluster, "delete", self._deleting(cluster.delete))
        cluster.put(fluid_kinds.ALLUXIO_RUNTIME,
                    {"metadata": {"name": "hbase", "namespace": "data"}, "spec": {"master": {"replicas": 3}}})
        cluster.put(kinds.STATEFUL_SET, stateful_set())
        cluster.put(kinds.PERSISTENT_VOLUME_CLAIM, {
            "metadata": {"name": "backups", "namespace": "data"}, "status": {"phase": "Bound"}})
        for index in range(3):
            self._start(f"hbase-master-{index}")
        for name in ("execute", "receive", "send"):
            monkeypatch.setattr(pod_exec, name, getattr(self, name))
        monkeypatch.setattr(Masters, "quorum", lambda _masters, domain: self.quorum(domain))

    # -- what a test arranges and looks at --------------------------------------------------

    def set_tree(self, lines):
        (self.cache / "tree").write_text("".join(line + "\n" for line in lines))

    def tree(self):
        return (self.cache / "tree").read_text().splitlines()

    def set_disk(self, blocks):
        """Let all file systems have these numbers of total, used and free blocks of 1024 bytes."""
        (self.programs / "df").write_text(
            f"#!/bin/sh\necho Filesystem\necho 'server:/path {blocks} 0% /mounted'\n")
        (self.programs / "df").chmod(0o755)

    def set_free(self, blocks):
        self.set_disk(f"{10 ** 9} {10 ** 9 - blocks} {blocks}")

    def write_during_backups(self, count):
        """Let a path be added after each of the next listings."""
        (self.cache / "writes").write_text(
            "".join(f"drwxr-xr-x root root 0 DIR /busy-{number}\n" for number in range(count)))

    def lead(self, pod):
        """Let the pod be the leader; an empty name lets there be none."""
        (self.cache / "leader").write_text(pod)

    def break_once(self, monkeypatch, task, event):
        """Let the next command of that task end as when its container is killed, after the event."""
        run, broken = self._run, []

        def killed(pod, container, command, stdin=""):
            if not broken and command[3:4] == [task]:
                broken.append(task)
                event()
                return ExecResult(137, "", "")
            return run(pod, container, command, stdin)
        monkeypatch.setattr(self, "_run", killed)

    def lose_majority(self):
        """Let two masters be pods that no node has started, with the journals gone."""
        self.lead("")
        for index in (0, 2):
            self.cluster.change(kinds.POD, f"hbase-master-{index}", "data", {"status": {
                "phase": "Pending", "conditions": [], "containerStatuses": None}})

    def files(self):
        return sorted(each.name for each in self.claim.rglob("*") if each.is_file())

    def helper_pods(self):
        return [pod for pod in self.cluster.list(kinds.POD) if helper_pod.LABEL
                in pod["metadata"].get("labels", {})]

    def quorum(self, _domain):
        leader = (self.cache / "leader").read_text()
        if not leader:
            raise QuorumUnknown("no master answers")
        names = [f"hbase-master-{index}" for index in range(3)]
        peers = tuple(Peer(name + ":19200", "UNAVAILABLE" if name in self.unavailable else AVAILABLE,
                           leader=name == leader)
                      for name in names)
        return Quorum(leader + ":19200", peers), leader

    # -- streams ----------------------------------------------------------------------------

    def execute(self, _client, pod, container, command, _timeout):
        return self._run(pod.name, container, command)

    def receive(self, _client, pod, container, command, write, _timeout):
        result = self._run(pod.name, container, command)
        write(base64.b64decode(result.stdout))
        return ExecResult(result.code, "", result.stderr)

    def send(self, _client, pod, container, command, chunks, _timeout):
        return self._run(pod.name, container, command,
                         "".join(base64.b64encode(chunk).decode() for chunk in chunks))

    def begin(self, pod, container, command):
        """Begin a command, whose standard input stays open; return its process."""
        if not self.cluster.stored(kinds.POD, pod, "data"):
            raise ApiError(f"cannot run it: pod {pod} not found")
        args = [self._local(pod, word) if number > 2 else word for number, word in enumerate(command)]
        self.commands.append((pod, container, command[3] if command[1:2] == ["-c"] else " ".join(command)))
        environ = {**os.environ, "PATH": f"{self.programs}:{os.environ['PATH']}", "CACHE": str(self.cache)}
        return subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env=environ)

    def _run(self, pod, container, command, stdin=""):
        with self.begin(pod, container, command) as process:
            stdout, stderr = process.communicate(stdin)
        if command[1:2] == ["-c"] and command[4:5] == [GO]:
            self._go(pod)
        return ExecResult(process.returncode, stdout, stderr)

    def _local(self, pod, word):
        if word.startswith(helper_pod.FOLDER):
            return str(self.claim) + word.removeprefix(helper_pod.FOLDER)
        if word == "/tmp" or word.startswith(("/tmp/", FOLDER)):
            (self._folder / pod / "tmp").mkdir(parents=True, exist_ok=True)
            (self._folder / pod / FOLDER.strip("/")).mkdir(exist_ok=True)
            return str(self._folder / pod) + word
        return word

    # -- controllers ------------------------------------------------------------------------

    def _creating(self, create):
        def create_and_start(kind, body, manager, dry_run=False):
            made = create(kind, body, manager, dry_run)
            if kind == kinds.POD and not dry_run:
                name = body["metadata"]["name"]
                self.cluster.later(1, lambda: self.cluster.stored(kind, name, "data") and self.cluster.change(
                    kind, name, "data",
                    {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}))
            return made
        return create_and_start

    def _deleting(self, delete):
        def delete_and_replace(kind, ref, uid, dry_run=False, grace=None):
            gone = delete(kind, ref, uid, dry_run, grace)
            if kind == kinds.POD and ref.name.startswith("hbase-master-"):
                self.lead("")  # whoever led, the majority goes with the others
                self.cluster.later(2, lambda: self._start(ref.name))
            return gone
        return delete_and_replace

    def _start(self, name):
        template = self.cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data")["spec"]["template"]
        waits = any(each["name"] == WAITER for each in template["spec"]["initContainers"])
        ready = [{"type": "Ready", "status": "False" if waits else "True"}]
        master = {"name": "alluxio-master", "state": {"waiting": {}} if waits else RUNNING}
        status = {"phase": "Pending" if waits else "Running", "conditions": ready,
                  "containerStatuses": [master]}
        if waits:
            status["initContainerStatuses"] = [{"name": WAITER, "state": {"running": {}}}]
        self.cluster.put(kinds.POD, {"metadata": {"name": name, "namespace": "data", **template["metadata"]},
                                     "status": status})

    def _go(self, pod):
        """The master begins with the file that it was given; the last one completes the quorum."""
        self.cluster.change(kinds.POD, pod, "data", {"status": {
            "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "alluxio-master", "state": RUNNING}],
            "initContainerStatuses": [{"name": WAITER, "state": {"terminated": {"exitCode": 0}}}]}})
        given = gzip.decompress((self._folder / pod / FILE.strip("/")).read_bytes())
        (self.cache / "tree").write_bytes(given)
        self.lead(pod)
        self.unavailable.discard(pod)
