# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters in memory with what their journals hold, a claim for backups, and the commands in their pods.

A journal holds one word, which the leader serves. A master whose pod was deleted has an empty one until it
has copied the leader's. An election is won by a journal that is not empty, if one of a majority has it. New
journals begin with the peers that the ConfigMap lists.
"""

import base64
import gzip
import hashlib
import json
import threading

from fake_masters import CATCHES_UP, ELECTS, JOINS, NAMESPACE, PORTS, FakeMasters, _status
from rollout_site import Site

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import quorum_size
from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore_template import WAITER
from ansible_collections.datacache.fluid.plugins.module_utils.drill import failover
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import operations
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import (
    COMMON_JAVA_OPTIONS,
    MASTER,
)
from ansible_collections.datacache.fluid.plugins.module_utils.journal import addresses
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters
from ansible_collections.datacache.fluid.plugins.module_utils.masters.web_api import GroupView

FIRST = "first"
WRITTEN = ["/.datacache-drill/1/0", "/.datacache-drill/1/1"]


class FakeContents(FakeMasters):
    """content: by pod, the word in its journal. served: the words that leaders served, in order. files: of
    the claim. disturbances: what others did to masters during a restoration. The
    eviction of one that only waits for its file is none: the API server protects no Pending pod.
    """

    def __init__(self, cluster, recorded, monkeypatch, members=3, **how):
        self.content, self.served, self.files, self.disturbances = {}, [], {}, []
        self.latency = lambda _task: None  # lets the time of a command pass
        self.outage = 0  # seconds for which the API server is away once it goes
        self._given, self._dumped = {}, {}
        self._restoring = None  # the thread whose restoration is under way
        super().__init__(cluster, recorded, monkeypatch, members, **how)
        self.write(FIRST)
        cluster.put(kinds.PERSISTENT_VOLUME_CLAIM, {
            "metadata": {"name": "backups", "namespace": NAMESPACE}, "status": {"phase": "Bound"}})
        monkeypatch.setattr(Masters, "kill", self._kill)
        monkeypatch.setattr(failover, "MasterWebApi", lambda _client: _WebApi(self))

    # -- what a test arranges and looks at --------------------------------------------------

    def write(self, word):
        """Let all journals hold this word."""
        self.content = dict.fromkeys(self._names(), word)

    def backups(self):
        """The words in the backups of the claim."""
        return [gzip.decompress(data).decode() for name, data in sorted(self.files.items())
                if name.endswith(".gz")]

    # -- Kubernetes ---------------------------------------------------------------------------

    def _counted(self, verb, real):
        def call(kind, *args, **options):
            answer = real(kind, *args, **options)
            if (verb, kind) == ("create", kinds.POD):
                self.cluster.later(1, lambda: self._run_helper(answer["metadata"]["name"]))
            return answer
        return super()._counted(verb, call)

    def _run_helper(self, name):
        if self.cluster.stored(kinds.POD, name, NAMESPACE):
            self.cluster.change(kinds.POD, name, NAMESPACE, {"status": {
                "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})

    def _put_workload(self, workload):
        super()._put_workload(workload)
        if operations.under_way(workload) is None:
            self._restoring = None
        elif self._restoring is None:
            self._restoring = threading.current_thread()

    def _pod_deleted(self, name):
        if name.startswith("hbase-master-"):
            if self.groups[MASTER].get(f"{name}:{PORTS[MASTER]}"):
                self._note_act("delete " + name)
            self.content[name] = ""
            self._given.pop(name, None)
            super()._pod_deleted(name)

    def _note_act(self, text):
        if self._restoring not in (None, threading.current_thread()):
            self.disturbances.append(text)

    def _start(self, index):
        name = f"hbase-master-{index}"
        init_containers = self.workload["spec"]["template"]["spec"].get("initContainers") or []
        self.content[name] = ""
        if not any(each["name"] == WAITER for each in init_containers):
            super()._start(index)
            return
        self.cluster.change(kinds.POD, name, NAMESPACE, {"status": {
            "phase": "Pending", "initContainerStatuses": [{"name": WAITER, "state": {"running": {}}}],
            "containerStatuses": [{"name": each, "ready": False, "state": {"waiting": {}}}
                                  for each in ("alluxio-master", "alluxio-job-master")]}})

    def _go(self, name):
        """Let a master begin with the file that it was given; its init container ends."""
        statuses = self.cluster.stored(kinds.POD, name, NAMESPACE)["status"]["initContainerStatuses"]
        if "terminated" in statuses[0]["state"] or name not in self._given:
            raise ApiError(f"cannot start the master in pod {name}: no container or no backup", 404)
        self._begin_groups()
        started = self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        pod = self.cluster.change(kinds.POD, name, NAMESPACE, {"status": {
            **_status(started, ready=False),
            "initContainerStatuses": [{"name": WAITER, "state": {"terminated": {"exitCode": 0}}}]}})
        self.content[name] = gzip.decompress(self._given[name]).decode()
        made = int(pod["metadata"]["uid"].removeprefix("pod-"))
        self.cluster.later(JOINS, lambda: self._join(int(name.rpartition("-")[2]), made))
        return ""

    def _begin_groups(self):
        """Let both groups have the peers of the ConfigMap, when the first master starts from the file."""
        statuses = [status for name in self._names() for status in self.cluster.stored(
            kinds.POD, name, NAMESPACE)["status"].get("initContainerStatuses") or []]
        if any("terminated" in each["state"] for each in statuses):
            return
        text = self.config_map["data"][COMMON_JAVA_OPTIONS]
        hosts = [each.rpartition(":")[0] for each in addresses.members_of(text)]
        self.leader = dict.fromkeys(PORTS)
        for domain, port in PORTS.items():
            self.groups[domain] = {f"{host}:{port}": False for host in hosts}
        self._whole_at = {**dict.fromkeys(hosts, 0.0), **self._whole_at}

    def _kill(self, pod, domain, on_signal=lambda: None):
        self.require_server()
        on_signal()
        self._note_act("kill " + pod)
        self.actions.append(f"SIGKILL {domain} {pod}")
        existing = self.cluster.stored(kinds.POD, pod, NAMESPACE)
        if existing is None:
            raise ApiError(f"pod {pod} not found", 404)
        state = existing["status"]["containerStatuses"][0]["state"]
        self._set_started(existing, state["running"]["startedAt"])
        self._unavailable(pod, [domain])
        self.cluster.later(1, lambda: self._set_started(existing, self.now().strftime("%Y-%m-%dT%H:%M:%SZ")))
        self.cluster.later(1 + JOINS, lambda: self._rejoin(existing))
        self._count()
        return True

    def _set_started(self, pod, started):
        if self._is_there(pod):
            self.cluster.change(kinds.POD, pod["metadata"]["name"], NAMESPACE, {
                "status": _status(started, ready=False)})

    def _rejoin(self, pod):
        """Let a master whose process was killed join with its journal."""
        if self._is_there(pod):
            self._join(int(pod["metadata"]["name"].rpartition("-")[2]))

    def _is_there(self, pod):
        existing = self.cluster.stored(kinds.POD, pod["metadata"]["name"], NAMESPACE)
        return existing is not None and existing["metadata"]["uid"] == pod["metadata"]["uid"]

    # -- Raft -------------------------------------------------------------------------------------

    def _unavailable(self, name, domains=tuple(PORTS)):
        before = self.only_copy, self.most_unavailable, self.lost_majority
        super()._unavailable(name, domains)
        if self._restoring is not None:  # it takes all of them
            self.only_copy, self.most_unavailable, self.lost_majority = before

    def _join(self, index, made=None):
        super()._join(index, made)
        name = f"hbase-master-{index}"
        if not self.groups[MASTER].get(f"{name}:{PORTS[MASTER]}"):
            return
        pod = self.cluster.stored(kinds.POD, name, NAMESPACE)
        self.cluster.later(0 if self.content.get(name) else CATCHES_UP, lambda: self._copy(pod))
        for domain in PORTS:
            if self.leader.get(domain) is None:
                self.cluster.later(ELECTS, lambda domain=domain: self._new_leader(domain))

    def _copy(self, pod):
        """Let a follower have what the leader's journal holds."""
        if self._is_there(pod) and self.leader[MASTER]:
            self.content[pod["metadata"]["name"]] = self.content[self.leader[MASTER]]

    def _new_leader(self, domain):
        group = self.groups[domain]
        able = [address.rpartition(":")[0] for address, available in sorted(group.items()) if available]
        if self.leader[domain] is not None or len(able) < quorum_size(len(group)):
            return
        self.leader[domain] = max(able, key=lambda name: (bool(self.content[name]), name))
        if domain == MASTER:
            self.served.append(self.content[self.leader[domain]])
            self.content.update(dict.fromkeys(able, self.served[-1]))

    def _elect(self, asked, address):
        self.require_server()
        self._note_act("elect " + address)
        if self.leader[MASTER]:  # Ratis sends what the new leader lacks first
            self.content[address.rpartition(":")[0]] = self.content[self.leader[MASTER]]
        super()._elect(asked, address)

    def _remove_peer(self, asked, domain, address):
        self.require_server()
        self._note_act("remove " + address)
        super()._remove_peer(asked, domain, address)

    def _restart(self, pod, domain):
        self.require_server()
        self._note_act("restart " + pod)
        super()._restart(pod, domain)

    # -- streams ----------------------------------------------------------------------------

    def execute(self, client, pod, command):
        code, output = self._run(client, pod.name, command)
        return ExecResult(code, output, "" if code == 0 else output)

    def receive(self, client, pod, _container, command, write, _timeout):
        code, data = self._run(client, pod.name, command)
        if code == 0:
            write(data)
        return ExecResult(code, "", data if code else "")

    def send(self, client, pod, _container, command, chunks, _timeout):
        code, output = self._run(client, pod.name, command, b"".join(chunks))
        return ExecResult(code, output, "")

    def _run(self, client, pod, command, data=b""):
        def connect():
            client.before_command()
            self.require_server()
        client.until_answered(connect)
        task, args = command[3], command[4:]
        began = self.cluster.now
        self.latency(task)
        if self.cluster.stored(kinds.POD, pod, NAMESPACE) is None:
            raise ApiError(f"cannot {task}: pod {pod} not found", 404)
        answer = self._answer(pod, task, args, data)
        self._count()
        if self.cluster.back - self.outage > began:  # the outage came meanwhile, and broke the stream
            return -1, ""
        return answer

    def _answer(self, pod, task, args, data):
        """Return the exit code and the output of a command. task: as its PodShell calls it."""
        known = {
            "read the free space": lambda: str(10 ** 12),
            "list the file tree": lambda: f"{self._digest(self.content[pod].encode())}  -\n2\n",
            "back up the metadata": lambda: self._dump(pod, args[0]),
            "fetch the backup": lambda: _piece(self._dumped[pod, args[0].rpartition("/")[0]], *args[1:]),
            "remove the backup's files": lambda: self._dumped.pop((pod, args[0]), None) and "",
            "look for the backup": lambda: self._digest(self._given[pod]) if pod in self._given else "",
            "store the backup": lambda: self._given.update({pod: data}) or "",
            "start the master": lambda: self._go(pod),
            "start the drill's writer": lambda: "",
            "count the drill's directories": lambda: str(len(WRITTEN)),
            "stop the drill's writer": lambda: "".join(
                f"Successfully created directory {each}\n" for each in WRITTEN),
            "remove the drill's directories": lambda: "",
            "list backups": lambda: "".join(map(self._listed, self._complete())),
            "store": lambda: self.files.update({args[1]: data}) or "",
            "read": lambda: _piece(self.files[args[0].rpartition("/")[2]], *args[1:]),
            "check": lambda: self._digest(self.files[args[1]]),
            "remove backups": lambda: "".join(
                self.files.pop(name + end, "") and "" for name in args[1:] for end in (".json", ".gz")),
        }
        if task in ("list the file tree", "back up the metadata") and self.leader[MASTER] != pod:
            return 1, "no leader"
        exact = task if task in known else next(key for key in (
            "list backups", "remove backups", "store", "read", "check") if task.startswith(key))
        return 0, known[exact]()

    def _dump(self, pod, folder):
        data = self._dumped[pod, folder] = gzip.compress(self.content[pod].encode())
        return f"Backup Entry Count : 3\nversion 2.9.4\n{len(data)}\n{self._digest(data)}  -\n"

    def _complete(self):
        return [name.removesuffix(".json") for name in sorted(self.files)
                if name.endswith(".json") and name.removesuffix(".json") + ".gz" in self.files]

    def _listed(self, name):
        record = base64.b64encode(self.files[name + ".json"]).decode()
        return f"{name} {len(self.files[name + '.gz'])} {record}\n"

    @staticmethod
    def _digest(data):
        return hashlib.sha256(data).hexdigest()


class _WebApi:
    """What a drill reads from the masters' web ports."""

    def __init__(self, cache):
        self.cache = cache

    def ask(self, domain, pods):
        self.cache.require_server()
        leader = self.cache.leader[domain]
        serves = any(pod["metadata"]["name"] == leader for pod in pods)
        return GroupView(None, leader if serves else None, 0 if serves else len(pods))

    def configuration(self, _pod, _domain):
        return {}

    def get(self, _pod, _domain, _path):
        self.cache.require_server()
        return json.dumps({"fileInfos": [{"absolutePath": each} for each in WRITTEN],
                           "ntotalFile": len(WRITTEN)}).encode()


class CacheSite(Site):
    """A site whose masters have contents and backups."""

    MASTERS = FakeContents

    def __init__(self, recorded, monkeypatch, members=3, **how):
        super().__init__(recorded, monkeypatch, members, **how)
        for name in ("receive", "send"):
            monkeypatch.setattr(pod_exec, name, getattr(self.masters, name))

    def _execute(self, client, pod, container, command, timeout):
        if len(command) > 3:  # a PodShell's
            return self.masters.execute(client, pod, command)
        return super()._execute(client, pod, container, command, timeout)


def _piece(data, first, length):
    """What `tail -c +FIRST | head -c LENGTH` prints."""
    return data[int(first) - 1:int(first) - 1 + int(length)]
