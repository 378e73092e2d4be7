# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters with their journals on local volumes in the cluster in memory: claims, their protection while a
scheduled pod uses them, volumes, nodes, and what the StatefulSet's controller and the scheduler make of them.
"""

from fake_masters import ELECTS, JOINS, NAMESPACE, PORTS, STARTS, FakeMasters, _status

from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import container_of
from ansible_collections.datacache.fluid.plugins.module_utils.journal import template
from ansible_collections.datacache.fluid.plugins.module_utils.journal.volume import JournalVolume
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.nodes import OUT_OF_SERVICE

PROTECTED = "kubernetes.io/pvc-protection"
GOES = 9  # seconds until the protection of an unused claim ends
TAINT = {"key": OUT_OF_SERVICE, "value": "nodeshutdown", "effect": "NoExecute"}


class FakeClaims(FakeMasters):
    """on_claims: False for journals on emptyDirs. hasty: how often the controller creates a pod although its
    old claim is terminating, by an outdated cache.
    """

    def __init__(self, cluster, recorded, monkeypatch, members=3, on_claims=True):
        self.on_claims = on_claims
        self.conflicts = set()  # UIDs of pods
        self.ended = []  # domain and pod of each process that was restarted, and how many were unavailable
        self.hasty = 0
        self.spare = "node6"  # the node with room for a master that is made again; empty for none
        # By domain, pod and lost pod: connections that the lost one's node has not closed. keep: the pods
        # that have one when a node is lost; None for all.
        self.hanging = set()
        self.keep = ()
        self._made_claims = 0
        self._initial = True
        super().__init__(cluster, recorded, monkeypatch, members)
        self._initial = False
        for index in range(1, 7):
            self._put_node(f"node{index}")

    # -- what a test arranges and looks at --------------------------------------------------

    def claim(self, index):
        return self.cluster.stored(
            kinds.PERSISTENT_VOLUME_CLAIM, f"alluxio-journal-hbase-master-{index}", NAMESPACE)

    def pod(self, index):
        return self.cluster.stored(kinds.POD, f"hbase-master-{index}", NAMESPACE)

    def power_cut(self, index):
        """Let the node of a master be not Ready: its pod shows it, and its peers do not answer."""
        name = f"hbase-master-{index}"
        node = self.pod(index)["spec"]["nodeName"]
        self._put_node(node, ready=False)
        self.cluster.change(kinds.POD, name, NAMESPACE, {"status": {
            "conditions": [{"type": "Ready", "status": "False"}]}})
        others = self._names() if self.keep is None else self.keep
        self.hanging |= {(domain, other, name) for domain in PORTS for other in others if other != name}
        self._unavailable(name)
        return node

    def lose_node(self, index, how="taint"):
        """Lose the node of a master: by the taint with the pod still on it, with the pod Pending as the pod
        collector leaves it, or with the Node's object.
        """
        node = self.power_cut(index)
        if how == "absent":
            self.cluster.vanish(kinds.NODE, node, None)
        else:
            self.taint(node)
        if how in ("absent", "pending"):
            self._vanish(f"hbase-master-{index}")
            self._make(index)
        self.sleep_until_elected()
        return node

    def power_on(self, index, node):
        """Let the node return with its master, whose host closes the connections from before."""
        self._put_node(node)
        self.hanging = {each for each in self.hanging if each[2] != f"hbase-master-{index}"}
        self._join(index)

    def taint(self, node):
        self.cluster.change(kinds.NODE, node, None, {"spec": {"taints": [TAINT]}})

    def sleep_until_elected(self):
        self.cluster.sleep(STARTS + JOINS)

    # -- Kubernetes ---------------------------------------------------------------------------

    def _put_node(self, name, ready=True):
        self.cluster.put(kinds.NODE, {
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}, "spec": {},
            "status": {"conditions": [{"type": "Ready", "status": "True" if ready else "Unknown"}]}})

    def _put_workload(self, workload):
        if self.on_claims and not template.on_claims(workload):
            workload = template.replacement("hbase", workload, JournalVolume("claim"), True)
        super()._put_workload(workload)

    def _counted(self, verb, real):
        def call(kind, *args, **options):
            answer = real(kind, *args, **options)
            if verb == "delete" and kind == kinds.PERSISTENT_VOLUME_CLAIM:
                self.actions.append("delete " + args[0].name)
                self._end_protection(args[0].name)
            return answer
        return super()._counted(verb, call)

    def _end_protection(self, name):
        """Let a terminating claim go once no scheduled pod uses it."""
        def attempt():
            claim = self.cluster.stored(kinds.PERSISTENT_VOLUME_CLAIM, name, NAMESPACE)
            if claim is None or not claim["metadata"].get("deletionTimestamp"):
                return
            pod = self.pod(int(name.rpartition("-")[2]))
            if pod is not None and pod["spec"].get("nodeName"):
                self.cluster.later(GOES, attempt)
            else:
                self.cluster.vanish(kinds.PERSISTENT_VOLUME_CLAIM, name, NAMESPACE)
        self.cluster.later(GOES, attempt)

    def _make(self, index):
        if not self.on_claims:
            self._make_on(index, self._free_node(index), [])
            return
        claim = self.claim(index)
        if claim is not None and claim["metadata"].get("deletionTimestamp") and not self.hasty:
            self.cluster.later(STARTS, lambda: self._make(index))
            return
        if self.pod(index) is not None:
            return
        terminating = claim is not None and claim["metadata"].get("deletionTimestamp")
        if terminating:
            self.hasty -= 1
        if claim is None:
            claim = self._make_claim(index)
        volume = self.cluster.stored(kinds.PERSISTENT_VOLUME, claim["spec"].get("volumeName", ""))
        node = volume and volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0][
            "matchExpressions"][0]["values"][0]
        self._make_on(index, "" if terminating else node or "", [{
            "name": "alluxio-journal", "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}}])

    def _free_node(self, index):
        return f"node{index + 1}" if self._initial else self.spare

    def _make_claim(self, index):
        """Make a claim, bound to a local volume of a node with room if there is one."""
        name, node = f"alluxio-journal-hbase-master-{index}", self._free_node(index)
        self._made_claims += 1
        volume = f"volume-{self._made_claims}"
        if node:
            self.cluster.put(kinds.PERSISTENT_VOLUME, {"metadata": {"name": volume}, "spec": {
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                    {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]}}}})
        return self.cluster.put(kinds.PERSISTENT_VOLUME_CLAIM, {
            "metadata": {"name": name, "namespace": NAMESPACE, "uid": f"claim-{self._made_claims}",
                         "finalizers": [PROTECTED]},
            "spec": {"volumeName": volume} if node else {}})

    def _make_on(self, index, node, volumes):
        """Make the pod, which runs if it gets a node that is in service."""
        name = f"hbase-master-{index}"
        if self.pod(index) is not None:
            return
        existing = self.cluster.stored(kinds.NODE, node) if node else None
        runs = self._initial or (existing is not None and not existing["spec"].get("taints"))
        self._made += 1
        started = self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        unscheduled = {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "message": "no node matches"}]}
        self.cluster.put(kinds.POD, {
            "metadata": {"name": name, "namespace": NAMESPACE, "uid": f"pod-{self._made}",
                         "creationTimestamp": started, "labels": {
                             "app": "alluxio", "name": "hbase-master", "release": "hbase",
                             "role": "alluxio-master",
                             "controller-revision-hash": self.workload["status"]["updateRevision"]}},
            "spec": {"volumes": volumes, **({"nodeName": node} if runs else {})},
            "status": _status(started, ready=False) if runs else unscheduled})
        if runs:
            self.cluster.later(JOINS, lambda made=self._made: self._join(index, made))

    def _join(self, index, made=None):
        """A leader with a connection that hangs does not reach the next pod of the name."""
        name = f"hbase-master-{index}"
        if any((domain, self.leader.get(domain), name) in self.hanging for domain in PORTS):
            self.cluster.later(JOINS, lambda: self._join(index, made))
        else:
            super()._join(index, made)

    def _is_connected(self, pod, domain, _address, port):
        assert port == PORTS[domain]
        return any(each[:2] == (domain, pod) for each in self.hanging)

    def conflict(self, index):
        """Let a master that runs have an entry in its journal that the leader has not."""
        self.conflicts.add(self.pod(index)["metadata"]["uid"])
        self.groups["MASTER"][f"hbase-master-{index}:{PORTS['MASTER']}"] = False

    def _has_conflict(self, pod):
        return self.cluster.stored(kinds.POD, pod, NAMESPACE)["metadata"]["uid"] in self.conflicts

    def _restart(self, pod, domain):
        """End a process, and with it its connections; its journal stays. Another peer leads if it led."""
        super()._restart(pod, domain)
        self.hanging = {each for each in self.hanging if each[:2] != (domain, pod)}
        self.groups[domain][f"{pod}:{PORTS[domain]}"] = False
        self.ended += [(domain, pod, list(self.groups[domain].values()).count(False))]
        self.cluster.later(STARTS, lambda: self._start_container(pod, domain))
        if self.leader[domain] == pod:
            self.leader[domain] = None
            self.cluster.later(ELECTS, lambda: self._new_leader(domain))

    def _start_container(self, pod, domain):
        """Let kubelet start a container whose process has ended, which joins later."""
        existing = self.cluster.stored(kinds.POD, pod, NAMESPACE)
        for each in existing["status"]["containerStatuses"]:
            if each["name"] == container_of(domain):
                each["state"]["running"]["startedAt"] = self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        self.cluster.change(kinds.POD, pod, NAMESPACE, {"status": existing["status"]})
        self.cluster.later(JOINS, lambda: self.groups[domain].update({f"{pod}:{PORTS[domain]}": True}))

    def _remove_peer(self, asked, domain, address):
        """As the command does: the removal of a peer that is no member changes nothing."""
        if address in self.groups[domain]:
            super()._remove_peer(asked, domain, address)
        else:
            self.actions.append(f"remove nobody from {domain}")
            self._count()

    def members(self):
        """The addresses of each group, and whether each is AVAILABLE."""
        return {domain: dict(self.groups[domain]) for domain in PORTS}
