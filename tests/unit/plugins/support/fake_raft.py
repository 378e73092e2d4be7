# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters of one runtime that live in memory: their pods and Services in the FakeCluster, and their Raft
groups.

A group heals, or not, as the test says: `heals` names the actions after which its lost peers are AVAILABLE
again.
"""

from datetime import timedelta

from fake_cluster import BEGAN

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import (
    CLOSED,
    LOADING,
    OPEN,
    Peer,
    Quorum,
)
from ansible_collections.datacache.fluid.plugins.module_utils.errors import QuorumUnknown
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.container_ages import ContainerAges
from ansible_collections.datacache.fluid.plugins.module_utils.masters.web_api import GroupView

PORTS = {"MASTER": 19200, "JOB_MASTER": 20003}
CONTAINERS = {"MASTER": "alluxio-master", "JOB_MASTER": "alluxio-job-master"}
STARTED = "2026-11-23T11:00:00Z"
NAMESPACE = "data"


class FakeRaft:
    """The groups of runtime hbase. states: by domain and address. leaders: by domain. actions: what was done,
    in order.
    """

    def __init__(self, cluster, masters=3, cluster_ips=True):
        self.cluster = cluster
        self.ages = ContainerAges()
        self.heals = {"elect", "restart", "remove"}
        self.refuses = set()
        self.actions = []
        self.silent = set()  # domains in which no master tells
        self.unreachable = set()  # pods from whose address nothing comes
        self.stepped_down = {}  # seconds, by pod, of former leaders that hang; nobody leads meanwhile
        self.closed = set()  # (domain, pod) whose process lives without its Raft server
        self.loading = set()  # (domain, pod) whose process loads its journal, before its Raft port opens
        self.silences = {}  # seconds since the last answer of a pod's peers, where it is not the usual one
        self.clock_ahead = None  # seconds of the masters' clocks; None if they show no milliseconds
        self.behind = {}  # committed entries that a pod's peers lack
        self.states = {domain: {} for domain in PORTS}
        self.leaders = {domain: address(domain, 0) for domain in PORTS}
        for index in range(masters):
            self.put_service(index, cluster_ips)
            self.put_pod(index)
            for domain in PORTS:
                self.states[domain][address(domain, index)] = "AVAILABLE"

    # -- what a test arranges -----------------------------------------------------------------

    def put_service(self, index, cluster_ip=True):
        spec = {"clusterIP": f"10.96.0.{index + 1}",
                "publishNotReadyAddresses": True} if cluster_ip else {"clusterIP": "None"}
        ports = [{"name": "embedded", "port": PORTS["MASTER"]},
                 {"name": "job-embedded", "port": PORTS["JOB_MASTER"]}]
        self.cluster.put(kinds.SERVICE, {
            "metadata": {"name": pod_name(index), "namespace": NAMESPACE,
                         "labels": {"role": "alluxio-master", "release": "hbase"}},
            "spec": {**spec, "ports": ports,
                     "selector": {"statefulset.kubernetes.io/pod-name": pod_name(index)}}})

    def put_pod(self, index, ready=True, started=STARTED, running=True):
        state = {"running": {"startedAt": started}} if running else {
            "waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
        self.cluster.put(kinds.POD, {
            "metadata": {"name": pod_name(index), "namespace": NAMESPACE,
                         "labels": {"role": "alluxio-master", "release": "hbase"}},
            "spec": {"nodeName": f"node{index}"},
            "status": {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
                       "containerStatuses": [
                           {"name": name, "state": state} for name in CONTAINERS.values()]}})

    @staticmethod
    def put_rendered(cluster, recorded):
        """The ConfigMap and the StatefulSet of the masters, as Fluid renders them."""
        for kind, file in ((kinds.CONFIG_MAP, "config_map.json"),
                           (kinds.STATEFUL_SET, "stateful_set_master.json")):
            rendered = recorded(file)
            rendered["metadata"]["namespace"] = NAMESPACE
            cluster.put(kind, rendered)

    def lose(self, index, domain="MASTER"):
        self.states[domain][address(domain, index)] = "UNAVAILABLE"

    # -- masters.Masters ----------------------------------------------------------------------

    def pods(self):
        return list(self.cluster.list(kinds.POD, NAMESPACE, "release=hbase,role=alluxio-master"))

    def quorum(self, domain, pods=None):
        if domain in self.silent:
            raise QuorumUnknown(f"no master tells of its {domain} quorum")
        leader = self.leaders[domain]
        peers = tuple(Peer(each, state, leader=each == leader,
                           silent=self.silences.get(_host(each), 0.5 if state == "AVAILABLE" else 60.0),
                           behind=self.behind.get(_host(each)))
                      for each, state in sorted(self.states[domain].items()))
        return Quorum(leader, peers), leader.partition(":")[0]

    def group_view(self, domain, pods):
        try:
            quorum, pod = self.quorum(domain, pods)
        except QuorumUnknown:
            return GroupView(None, None, len(pods), frozenset(self.unreachable))
        return GroupView(quorum, pod, 0, frozenset(self.unreachable))

    def raft_server(self, pod, domain, port):
        assert port == PORTS[domain]
        if (domain, pod) in self.loading:
            return LOADING
        return CLOSED if (domain, pod) in self.closed else OPEN

    def acting(self, fresh):
        """As the real ones, which check again before each command."""
        fresh()
        return self

    def elect(self, asked, to):
        self._perform("elect", to)
        self.leaders["MASTER"] = to
        self._heal("elect", "MASTER")

    def remove_peer(self, asked, domain, peer):
        self._perform("remove", peer)
        if "remove" in self.heals:
            del self.states[domain][peer]

    def restart(self, pod, domain):
        self._perform("restart", f"{domain} {pod}")
        self._count_restart(pod, domain)
        self.closed.discard((domain, pod))
        self._heal("restart", domain)

    def kill(self, pod, domain, on_signal=None):
        self._perform("kill", f"{domain} {pod}")
        self._count_restart(pod, domain)
        if self.stepped_down.pop(pod, None):
            self.silent.discard(domain)
        return True

    def _count_restart(self, pod, domain):
        existing = self.cluster.stored(kinds.POD, pod, NAMESPACE)
        if existing is not None:
            for each in existing["status"]["containerStatuses"]:
                each["restartCount"] = each.get("restartCount", 0) + (each["name"] == CONTAINERS[domain])
            self.cluster.change(kinds.POD, pod, NAMESPACE, {"status": existing["status"]})

    def stepped_down_for(self, pod):
        return self.stepped_down.get(pod)

    def has_conflict(self, pod):
        return False

    def local_time(self, pod):
        now = BEGAN + timedelta(seconds=self.cluster.now + (self.clock_ahead or 0.0))
        shown = now.strftime("%Y-%m-%dT%H:%M:%S,%f")[:-3]
        return "" if self.clock_ahead is None else shown, self.cluster.now

    def reset_priorities(self, asked, leader):
        self.actions.append("reset_priorities")
        return True

    def _perform(self, action, target):
        self.actions.append(f"{action} {target}")
        if action in self.refuses:
            raise QuorumUnknown("exit code 255: refused")

    def _heal(self, action, domain):
        if action in self.heals:
            self.states[domain] = dict.fromkeys(self.states[domain], "AVAILABLE")


def _host(peer):
    return peer.partition(":")[0]


def pod_name(index):
    return f"hbase-master-{index}"


def address(domain, index):
    return f"{pod_name(index)}:{PORTS[domain]}"
