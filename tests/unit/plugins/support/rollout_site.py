# SPDX-License-Identifier: GPL-3.0-or-later
"""A runtime's masters in a cluster in memory, and rollouts on them in virtual time."""

from fake_cluster import FakeCluster
from fake_masters import NAMESPACE, FakeMasters

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.executor import RolloutExecutor
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.planner import RolloutOptions

RUNTIME = ObjectRef(NAMESPACE, "hbase")
MIN = "alluxio.master.embedded.journal.election.timeout.min"


class Site:
    """Masters in a cluster of their own. Commands in them answer with the options that the ConfigMap gives
    them.
    """

    MASTERS = FakeMasters

    def __init__(self, recorded, monkeypatch, members, **how):
        self.cluster = FakeCluster()
        self.masters = self.MASTERS(self.cluster, recorded, monkeypatch, members, **how)
        self.warnings = []
        self.forged = {}  # pod to the arguments that its process has instead
        monkeypatch.setattr(pod_exec, "execute", self._execute)

    def kill_at(self, request):
        self.masters.kill_at(request)

    def executor(self, timeout=1800.0, utc_now=None, **options):
        """A rollout on the clock of the cluster."""
        deadline = self.cluster.deadline(timeout, utc_now=utc_now or self.masters.now)
        return RolloutExecutor(self.cluster, RUNTIME, RolloutOptions(**options), deadline,
                               self.warnings.append)

    def roll(self, check=False, **options):
        """Roll out; return the plan's and the done steps."""
        self.warnings.clear()
        one = self.executor(**options)
        plan = one.plan()
        if plan.changes and not check:
            one.run()
        return [(step.action, step.pod) for step in plan.steps], [
            (step.action, step.pod) for step in one.done]

    def _execute(self, _client, pod, container, _command, _timeout):
        name = {"alluxio-master": "AlluxioMaster", "alluxio-job-master": "AlluxioJobMaster"}[container]
        data = self.masters.config_map["data"]
        own = data[
            "ALLUXIO_MASTER_JAVA_OPTS" if container == "alluxio-master" else "ALLUXIO_JOB_MASTER_JAVA_OPTS"]
        arguments = self.forged.get(pod.name, ["java", *data["ALLUXIO_JAVA_OPTS"].split(), *own.split()])
        return ExecResult(0, "\n".join([*arguments, "alluxio.master." + name]) + "\n\n", "")


def drain(one, name, seconds):
    """Let somebody delete the master's pod, which ends after its grace period."""
    one.cluster.change(kinds.POD, name, NAMESPACE,
                       {"metadata": {"deletionTimestamp": "2026-11-25T12:00:00Z"}})

    def end():
        existing = one.cluster.stored(kinds.POD, name, NAMESPACE)
        if existing and "deletionTimestamp" in existing["metadata"]:
            one.masters._unavailable(name)
            one.masters._vanish(name)
            one.masters._control()
    one.cluster.later(seconds, end)
