# SPDX-License-Identifier: GPL-3.0-or-later
"""The masters of one runtime, whose commands in containers are played back."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters

LABELS = {"release": "hbase", "role": "alluxio-master"}
RUNTIME = ObjectRef("data", "hbase")


@pytest.fixture
def group(cluster, monkeypatch):
    """Return the masters of a runtime; pods: name to whether it is ready, answers: name to what its CLI says.
    """
    def make(pods, answers):
        for name, ready in pods.items():
            conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
            cluster.put(kinds.POD, {
                "metadata": {"name": name, "namespace": "data", "labels": LABELS},
                "status": {"conditions": conditions}})

        def execute(_client, pod, container, command, _timeout, _on_output=None):
            asked.append((pod.namespace, pod.name, container, " ".join(command)))
            if isinstance(answers[pod.name], Exception):
                raise answers[pod.name]
            return answers[pod.name]
        monkeypatch.setattr(pod_exec, "execute", execute)
        return Masters(cluster, RUNTIME, cluster.virtual_clock())
    asked = []
    make.asked = asked
    return make
