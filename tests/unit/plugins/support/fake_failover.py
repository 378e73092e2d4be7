# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters in memory whose leader is killed, with the writer of a drill in one of them."""

import json
from datetime import timedelta
from functools import partial

from fake_cluster import BEGAN
from fake_raft import NAMESPACE, FakeRaft

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.drill import failover, writer
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.web_api import GroupView
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import healer

IDENTITY = {"name": "hbase", "namespace": NAMESPACE, "confirm": "hbase"}


class FakeFailover:
    """Masters that elect the next leader some seconds after the leader's process was killed, and a writer in
    one of them. wins: the index of the next leader; the killed one answers again after back_after.
    """

    def __init__(self, cluster, raft):
        self.cluster, self.raft = cluster, raft
        self.elected_after = 3.0
        self.starts_after = 0.0  # what the kill's command takes until it sends the signal
        self.back_after = 12.0
        self.wins = 1
        self.runs = True  # whether the killed container ran a master
        self.properties = {}  # in force in each leader
        self.writes = []  # the acknowledged directories
        self.forgotten = set()  # what the next leader does not list
        self.commands = []
        self.on_election = lambda: None
        raft_kill = raft.kill

        def kill(pod, domain, on_signal):
            assert domain == "MASTER"
            cluster.now += self.starts_after
            on_signal()
            raft_kill(pod, domain)
            if self.runs:
                raft.silent = {"MASTER"}
                cluster.later(self.elected_after, partial(self._elect, int(pod[-1])))
                # Its container starts a few seconds before its JVM answers the leader.
                cluster.later(self.back_after - 3, partial(self._restart, int(pod[-1])))
                cluster.later(self.back_after, self._complete)
            return self.runs

        raft.kill = kill

    def _elect(self, killed):
        self.raft.silent = set()
        self.raft.leaders["MASTER"] = f"hbase-master-{self.wins}:19200"
        self.raft.lose(killed)
        self.on_election()

    def _restart(self, index):
        """The container of a killed process runs again; a deleted pod is made anew."""
        restarted = (BEGAN + timedelta(seconds=self.cluster.now)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.raft.put_pod(index, started=restarted)

    def _complete(self):
        self.raft.states["MASTER"] = dict.fromkeys(self.raft.states["MASTER"], "AVAILABLE")

    def configuration(self, pod, domain):
        return self.properties

    def ask(self, domain, pods):
        leader = self.raft.leaders[domain].partition(":")[0]
        serves = domain not in self.raft.silent and any(pod["metadata"]["name"] == leader for pod in pods)
        return GroupView(None, leader if serves else None, 0 if serves else len(pods))

    def get(self, pod, domain, path):
        listed = [each for each in self.writes if each not in self.forgotten]
        page = {"fileInfos": [{"absolutePath": each} for each in listed], "ntotalFile": len(listed)}
        return json.dumps(page).encode()

    def execute(self, _client, pod, _container, command, _timeout, _on_output=None):
        self.commands.append((pod.name, command[2]))
        view = "".join(f"Successfully created directory {each}\n" for each in self.writes)
        result = {writer._COUNT: "2\n", writer._STOP: view}.get(command[2], "")
        return ExecResult(0, result, "")


def make(cluster, monkeypatch) -> FakeFailover:
    """Put the masters in the place of those that a drill acts on."""
    raft = FakeRaft(cluster)
    made = FakeFailover(cluster, raft)
    made.writes = ["/.datacache-drill/1/0", "/.datacache-drill/1/1", "/.datacache-drill/1/2"]
    monkeypatch.setattr(healer, "Masters", lambda *_args: raft)
    monkeypatch.setattr(failover, "MasterWebApi", lambda *_args: made)
    monkeypatch.setattr(pod_exec, "execute", made.execute)
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME,
                {"metadata": {"name": "hbase", "namespace": NAMESPACE}, "spec": {"master": {"replicas": 3}}})
    return made
