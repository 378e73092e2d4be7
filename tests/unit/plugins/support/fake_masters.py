# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters of one runtime in the cluster in memory: their StatefulSet's controller, and their Raft groups.

It notes the worst that was ever so: how many masters were unavailable at once, and how few were left of the
groups. An action of the code under test can be made the last one, as if its process was killed.
"""

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import (
    AVAILABLE,
    CLOSED,
    OPEN,
    UNAVAILABLE,
    Peer,
    Quorum,
    quorum_size,
)
from ansible_collections.datacache.fluid.plugins.module_utils.api import bulk
from ansible_collections.datacache.fluid.plugins.module_utils.apply.field_manager import MANAGER
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    FluidError,
    QuorumUnknown,
    ServerUnavailable,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import JOB_MASTER, MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.journal import addresses, template
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters
from ansible_collections.datacache.fluid.plugins.module_utils.masters.web_api import GroupView
from ansible_collections.datacache.fluid.plugins.module_utils.rollout import plan as rollout_plan, rendering

NAMESPACE = "data"
BEGAN = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
PORTS = {MASTER: 23083, JOB_MASTER: 23671}
LABELS = {"app": "alluxio", "name": "hbase-master", "release": "hbase", "role": "alluxio-master"}
ENDS, STARTS, JOINS, CATCHES_UP, ELECTS = 3, 2, 8, 5, 4  # seconds


class Killed(BaseException):
    """The process of the code under test is no more."""


def one_after_another(items, action):
    """What bulk.work does, in this thread."""
    done = []
    for item in items:
        try:
            done.append(action(item))
        except FluidError as err:
            done.append(err)
    return done


class FakeMasters:
    """The masters of runtime hbase. spec: what it declares; nodes: the nodes in turn that take a pod."""

    def __init__(self, cluster, recorded, monkeypatch, members=3, network="HostNetwork"):
        self.cluster = cluster
        cluster.began = BEGAN
        self.actions = []
        self.most_unavailable = 0
        self.lost_majority = False
        self.only_copy = False  # whether one was taken away while another had not caught up with the journal
        self._closed = set()
        self._whole_at = {}  # pod to when it has the whole journal
        self.preferred = ""  # the address to which an interrupted transfer has left a higher priority
        self.elected_early = False  # whether the leadership moved while a follower was catching up
        self.configuration = {"alluxio.master.known": "1"}  # of the leader
        self.broken = set()  # pods that never join
        # Pods that close their Raft server when they are to join for the first time, and silence the leader.
        self.closes = set()
        self.groups = {domain: {} for domain in PORTS}  # address to whether AVAILABLE
        self.leader = {}
        self._left = None  # how many more requests until the process is killed
        self.when_killed = None  # called instead of the kill, after that request
        self._made = 0
        config_map, workload = recorded("config_map.json"), recorded("stateful_set_master.json")
        for each in (config_map, workload):
            each["metadata"]["namespace"] = NAMESPACE
        workload["spec"]["replicas"] = members
        del workload["status"]
        workload["spec"]["template"]["spec"]["hostNetwork"] = network == "HostNetwork"
        data = config_map["data"]
        data[rendering.COMMON] = addresses.with_members(data[rendering.COMMON], "hbase", members)
        cluster.put(fluid_kinds.ALLUXIO_RUNTIME,
                    {"metadata": {"name": "hbase", "namespace": NAMESPACE}, "spec": {
                        "master": {"replicas": members, "networkMode": network}}})
        cluster.put(kinds.CONFIG_MAP, config_map)
        self._put_workload(workload)
        for index in range(members):
            self._put_service(f"hbase-master-{index}")
            self._make(index)
            self._join(index)
        for index in range(1, 6):
            cluster.put(kinds.NODE, {"metadata": {"name": f"node{index}"}, "spec": {}})
        self.leader = {domain: "hbase-master-0" for domain in PORTS}
        cluster._planned.clear()  # they are members already
        self._patch_client(monkeypatch)
        monkeypatch.setattr(bulk, "work", one_after_another)  # other threads would not be interleaved
        monkeypatch.setattr(Masters, "_view", self._view)
        monkeypatch.setattr(Masters, "configuration", lambda _masters, _pods=None: self.configuration)
        monkeypatch.setattr(Masters, "end", lambda _masters, _pod, _domain: None)
        monkeypatch.setattr(Masters, "unknown_properties",
                            lambda _masters, keys: [key for key in keys if "bogus" in key])
        monkeypatch.setattr(Masters, "elect", self._elect)
        monkeypatch.setattr(Masters, "with_priorities", self._with_priorities)
        monkeypatch.setattr(Masters, "remove_peer", self._remove_peer)
        monkeypatch.setattr(Masters, "reset_priorities", self._rank)
        monkeypatch.setattr(
            Masters, "raft_server",
            lambda _masters, pod, domain, _port: CLOSED if domain == MASTER and pod in self._closed else OPEN)
        monkeypatch.setattr(Masters, "restart", self._restart)
        monkeypatch.setattr(Masters, "is_connected", self._is_connected)
        monkeypatch.setattr(Masters, "has_conflict", self._has_conflict)
        monkeypatch.setattr(Masters, "stepped_down_for", lambda _masters, _pod: None)
        monkeypatch.setattr(Masters, "local_time", lambda _masters, _pod: ("", self.cluster.now))

    # -- what a test arranges and looks at --------------------------------------------------

    def declare(self, **spec):
        """Change the runtime's spec, with a merge patch."""
        self.cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {"spec": spec})

    def put_budget(self):
        """A PodDisruptionBudget that lets one master at a time be evicted."""
        self.cluster.put(kinds.POD_DISRUPTION_BUDGET, {
            "metadata": {"name": "hbase-masters", "namespace": NAMESPACE},
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {
                "release": "hbase", "role": "alluxio-master"}}}})

    def close_raft_server(self, name):
        """Let a master that runs be without its Raft server, which its readiness probe notices."""
        pod = self.cluster.stored(kinds.POD, name, NAMESPACE)
        if pod is None or not all(each["ready"] for each in pod["status"]["containerStatuses"]):
            return
        started = pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
        self.cluster.change(kinds.POD, name, NAMESPACE, {"status": _status(started, ready=False)})
        self.groups[MASTER][f"{name}:{PORTS[MASTER]}"] = False
        self._closed.add(name)

    def set_java_option(self, option):
        """Add an option of all JVMs to the ConfigMap, as if it was there from the beginning."""
        data = self.config_map["data"]
        self.cluster.change(kinds.CONFIG_MAP, "hbase-config", NAMESPACE, {
            "data": {rendering.COMMON: f"{data[rendering.COMMON]} {option}"}})

    def now(self):
        return BEGAN + timedelta(seconds=self.cluster.now)

    def kill_at(self, request):
        """Let the process end right after its n-th request from now, before it has the answer; None for
        never.
        """
        self._left = request

    def require_server(self):
        """Raise ServerUnavailable while no API server answers, as every request does."""
        if self.cluster.now < self.cluster.back:
            raise ServerUnavailable("no API server answers")

    def pods(self):
        return rollout_plan.pods_of(
            "hbase", [self.cluster.stored(kinds.POD, name, NAMESPACE) for name in self._names()])

    @property
    def workload(self):
        return self.cluster.stored(kinds.STATEFUL_SET, "hbase-master", NAMESPACE)

    @property
    def config_map(self):
        return self.cluster.stored(kinds.CONFIG_MAP, "hbase-config", NAMESPACE)

    def services(self):
        return sorted(existing["metadata"]["name"] for existing
                      in self.cluster._select(kinds.SERVICE, NAMESPACE, "", ""))

    def whole(self):
        """Tell whether the expected peers, and no others, are AVAILABLE, and each pod is of the newest
        revision.
        """
        members = self.workload["spec"]["replicas"]
        names = [f"hbase-master-{index}" for index in range(members)]
        return ([pod.name for pod in self.pods()] == names
                and all(pod.revision == self.workload["status"]["updateRevision"] for pod in self.pods())
                and all(group == {f"{name}:{PORTS[domain]}": True for name in names} for domain,
                        group in self.groups.items()))

    # -- Kubernetes ---------------------------------------------------------------------------

    def _patch_client(self, monkeypatch):
        for verb in ("get", "list", "create", "patch", "delete"):
            monkeypatch.setattr(self.cluster, verb, self._counted(verb, getattr(self.cluster, verb)))

    def _counted(self, verb, real):
        def call(kind, *args, **options):
            answer = real(kind, *args, **options)
            if verb == "list":
                answer = list(answer)
            if (verb, kind) == ("delete", kinds.POD):
                self._pod_deleted(args[0].name)
            if (verb, kind) == ("patch", kinds.CONFIG_MAP):
                self.cluster.change(kind, args[0].name, NAMESPACE, {"metadata": {"managedFields": [
                    {"manager": MANAGER, "operation": "Update",
                     "time": self.now().strftime("%Y-%m-%dT%H:%M:%SZ")}]}})
            if verb in ("patch", "create") and kind == kinds.STATEFUL_SET:
                self._put_workload(self.workload)
                self._control()
                answer = self.workload
            self._count()
            return answer
        return call

    def _count(self):
        if self._left is not None:
            self._left -= 1
            if self._left <= 0 and self.when_killed:
                self.when_killed()
            elif self._left <= 0:  # a process that was killed sends nothing more, not even in a finally
                raise Killed

    def _put_workload(self, workload):
        template = json.dumps(workload["spec"]["template"], sort_keys=True)
        before = (workload.get("status") or {}).get("updateRevision")
        revision = "hbase-master-" + hashlib.sha256(template.encode()).hexdigest()[:10]
        if before and before != revision and workload["spec"]["updateStrategy"]["type"] != "OnDelete":
            raise AssertionError("the StatefulSet's own rolling update would restart masters")
        workload["metadata"]["generation"] = workload["metadata"].get("generation", 0) + 1
        workload["status"] = {"observedGeneration": workload["metadata"]["generation"],
                              "updateRevision": revision}
        self.cluster.put(kinds.STATEFUL_SET, workload)
        self.cluster.put(kinds.CONTROLLER_REVISION, {
            "metadata": {"name": revision, "namespace": NAMESPACE, "labels": LABELS},
            "data": {"spec": {"template": {**workload["spec"]["template"], "$patch": "replace"}}}})

    def _control(self):
        """What the StatefulSet's controller does."""
        members = self.workload["spec"]["replicas"]
        for name in self._names():
            if int(name.rpartition("-")[2]) >= members:
                self.actions.append("end " + name)
                self._unavailable(name)
                self.cluster.later(ENDS, lambda name=name: self._vanish(name))
        for index in range(members):
            if f"hbase-master-{index}" not in self._names():
                self.cluster.later(STARTS, lambda index=index: self._make(index))

    def _pod_deleted(self, name):
        # The pod of a real cluster stays until its containers have ended; its name is taken until then.
        self.actions.append("restart " + name)
        self._unavailable(name)
        index = int(name.rpartition("-")[2])
        self._closed.discard(name)
        self.cluster.later(STARTS, lambda: self._make(index))

    def _vanish(self, name):
        if name in self._names():
            self.cluster.vanish(kinds.POD, name, NAMESPACE)

    def _blocked(self, index):
        """Whether a running pod without its claim keeps the controller from this one: it proceeds in batches
        of 1, 2, 4 pods, until one has an error (slowStartBatch).
        """
        batch = next(number for number in range(9) if index < 2 ** (number + 1) - 1)
        return template.on_claims(self.workload) and any(
            not template.has_claim(pod) and int(name.rpartition("-")[2]) < 2 ** batch - 1
            for name in self._names() if (pod := self.cluster.stored(kinds.POD, name, NAMESPACE)))

    def _make(self, index):
        name = f"hbase-master-{index}"
        if self.workload is None or self._blocked(index):
            self.cluster.later(STARTS, lambda: self._make(index))
            return
        if name in self._names() or index >= self.workload["spec"]["replicas"]:
            return
        volumes = [{"name": "alluxio-journal", "persistentVolumeClaim": {
            "claimName": "alluxio-journal-" + name}}] if template.on_claims(self.workload) else []
        self._made += 1
        started = self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        self.cluster.put(kinds.POD, {
            "metadata": {"name": name, "namespace": NAMESPACE, "uid": f"pod-{self._made}",
                         "creationTimestamp": started,
                         "annotations": self.workload["spec"]["template"]["metadata"].get("annotations", {}),
                         "labels": {**LABELS,
                                    "controller-revision-hash": self.workload["status"]["updateRevision"]}},
            "spec": {"nodeName": f"node{index + 1}", "volumes": volumes},
            "status": _status(started, ready=False)})
        self._start(index)

    def _start(self, index):
        """Start the containers of a pod that was made."""
        if f"hbase-master-{index}" not in self.broken:
            self.cluster.later(JOINS, lambda made=self._made: self._join(index, made))

    def put_client(self, name, role):
        """A worker or FUSE pod that starts now, on node2."""
        started = self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        self.cluster.put(kinds.POD, {
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"release": "hbase", "role": role}},
            "spec": {"nodeName": "node2"},
            "status": {"containerStatuses": [{"name": role, "state": {"running": {"startedAt": started}}}]}})

    def _put_service(self, name):
        ports = [{"name": "embedded", "port": PORTS[MASTER]},
                 {"name": "job-embedded", "port": PORTS[JOB_MASTER]}]
        self.cluster.put(kinds.SERVICE,
                         {"metadata": {"name": name, "namespace": NAMESPACE, "labels": LABELS}, "spec": {
                             "clusterIP": "10.0.0.1", "publishNotReadyAddresses": True, "ports": ports,
                             "selector": {"statefulset.kubernetes.io/pod-name": name}}})

    def _names(self):
        return [existing["metadata"]["name"] for existing
                in self.cluster._select(kinds.POD, NAMESPACE, "role=alluxio-master", "")]

    # -- Raft -------------------------------------------------------------------------------------

    def catch_up(self, pod, seconds):
        """Let a member lack entries for the given seconds."""
        self._whole_at[pod] = self.cluster.now + seconds

    def _join(self, index, made=None):
        name = f"hbase-master-{index}"
        existing = self.cluster.stored(kinds.POD, name, NAMESPACE)
        if existing is None or (made is not None and existing["metadata"]["uid"] != f"pod-{made}"):
            return
        if name in self.closes:
            self.closes.remove(name)
            self._closed.add(name)
            return
        self._whole_at[name] = self.cluster.now + CATCHES_UP if made is not None else 0.0
        started = existing["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
        self.cluster.change(kinds.POD, name, NAMESPACE, {"status": _status(started, ready=True)})
        for domain, port in PORTS.items():
            self.groups[domain][f"{name}:{port}"] = True

    def _unavailable(self, name, domains=tuple(PORTS)):
        self.only_copy |= any(at > self.cluster.now for other, at in self._whole_at.items() if other != name)
        for domain in domains:
            address = f"{name}:{PORTS[domain]}"
            if address in self.groups[domain]:
                self.groups[domain][address] = False
            group = self.groups[domain]
            unavailable = [each for each, available in group.items() if not available]
            self.most_unavailable = max(self.most_unavailable, len(unavailable))
            self.lost_majority |= len(group) - len(unavailable) < quorum_size(len(group))
            if self.leader.get(domain) == name:
                self.leader[domain] = None
                self.cluster.later(ELECTS, lambda domain=domain: self._new_leader(domain))

    def _new_leader(self, domain):
        if self.leader[domain] is None:
            able = sorted(address for address, available in self.groups[domain].items() if available)
            if not able:
                return
            self.leader[domain] = able[-1].rpartition(":")[0]

    def _view(self, domain, _pods):
        self.require_server()
        leader = self.leader[domain]
        if leader is None or (domain == MASTER and self._closed):
            return GroupView(None, None, 1)
        leader = f"{leader}:{PORTS[domain]}"
        peers = tuple(
            Peer(address, AVAILABLE if available else UNAVAILABLE, leader=address == leader, silent=0.0,
                 behind=int(self._whole_at[address.rpartition(":")[0]] > self.cluster.now))
            for address, available in sorted(self.groups[domain].items()))
        return GroupView(Quorum(leader, peers), leader.rpartition(":")[0], 0)

    def _restart(self, pod, domain):
        self.actions.append(f"kill {domain} {pod}")
        if pod in self._closed:
            self._closed.remove(pod)
            self.cluster.later(JOINS, lambda: self._join(int(pod.rpartition("-")[2])))

    def _has_conflict(self, _pod):
        return False

    def _is_connected(self, _pod, _domain, _address, _port):
        return False

    def _elect(self, _asked, address):
        if self.leader[MASTER] is None or not self.groups[MASTER].get(address):
            raise QuorumUnknown("exit code 255: the new leader is not available")
        self.actions.append("elect " + address.rpartition(":")[0])
        self.preferred = address
        self.elected_early |= any(at > self.cluster.now for at in self._whole_at.values())
        self.leader[MASTER] = address.rpartition(":")[0]
        self._count()
        self.preferred = ""

    def _with_priorities(self, quorum, _domain, _pods):
        return replace(quorum, peers=tuple(
            replace(peer, priority=2 if peer.address == self.preferred else 1) for peer in quorum.peers))

    def _rank(self, _asked, leader):
        self.actions.append("rank before new ones, asking " + leader.rpartition(":")[0])
        self.preferred = ""
        self._count()
        return True

    def _remove_peer(self, _asked, domain, address):
        self.actions.append(f"remove {domain} {address.rpartition(':')[0]}")
        del self.groups[domain][address]
        self._count()


def _status(started, ready):
    """A pod's status. ready: whether the Raft port is open, as the readiness probe of a master tells."""
    return {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [
                {"name": "alluxio-master", "ready": ready, "state": {"running": {"startedAt": started}}},
                {"name": "alluxio-job-master", "ready": True, "state": {"running": {"startedAt": started}}}]}
