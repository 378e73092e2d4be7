# SPDX-License-Identifier: GPL-3.0-or-later
"""Each running master is asked whether its processes have what was declared."""

import pytest
from rollout_site import RUNTIME

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.errors import Conflict
from ansible_collections.datacache.fluid.plugins.module_utils.rollout import verification

CLASSES = {"alluxio-master": "alluxio.master.AlluxioMaster",
           "alluxio-job-master": "alluxio.master.AlluxioJobMaster"}


@pytest.fixture
def verify(cluster, recorded, monkeypatch):
    """Verify a spec on the recorded masters; arguments: by pod and container, the process' own."""
    def execute(_client, pod, container, _command, _timeout):
        asked.append((pod.name, container))
        arguments = verify_spec.arguments.get((pod.name, container), ["-Dalluxio.x=1"])
        lines = [] if arguments is None else ["java", *arguments, CLASSES[container]]
        return ExecResult(0, "\n".join(lines) + "\n\n", "")

    def verify_spec(spec):
        verification.require_in_force(cluster, RUNTIME, spec, recorded("master_pods.json"))
        return asked
    asked, verify_spec.arguments = [], {}
    monkeypatch.setattr(pod_exec, "execute", execute)
    return verify_spec


def test_without_a_declaration_no_command_runs(verify):
    assert verify({"alluxioVersion": {"imageTag": "2.9.5"}}) == []


def test_a_common_property_is_asked_of_both_processes_of_each_master(verify):
    assert verify({"properties": {"alluxio.x": "1"}}) == [
        (f"hbase-master-{index}", container) for container in CLASSES for index in range(3)]


@pytest.mark.parametrize(("part", "container"),
                         [("master", "alluxio-master"), ("jobMaster", "alluxio-job-master")])
def test_a_property_of_one_component_is_asked_of_that_one(verify, part, container):
    assert {asked for _pod, asked in verify({part: {"properties": {"alluxio.x": "1"}}})} == {container}


@pytest.mark.parametrize(("spec", "arguments", "reason"), [
    ({"properties": {"alluxio.x": "1"}}, ["-Dalluxio.x=2"], "alluxio.x is 2, expected 1"),
    ({"properties": {"alluxio.x": "1"}}, [], "alluxio.x is not set, expected 1"),
    ({"jvmOptions": ["-Xmx1g"]}, [], "JVM option -Xmx1g is missing"),
    ({"properties": {"alluxio.x": "1"}}, None, "its process does not run"),
], ids=["another-value", "not-set", "jvm-option", "no-process"])
def test_a_process_that_differs_is_named(verify, spec, arguments, reason):
    verify.arguments["hbase-master-1", "alluxio-job-master"] = arguments
    for index in range(3):
        verify.arguments[f"hbase-master-{index}", "alluxio-master"] = ["-Dalluxio.x=1", "-Xmx1g"]
    verify.arguments["hbase-master-0", "alluxio-job-master"] = ["-Dalluxio.x=1", "-Xmx1g"]
    with pytest.raises(Conflict) as differs:
        verify(spec)
    assert str(differs.value) == (
        f"container alluxio-job-master of hbase-master-1 does not run with the declared options: {reason}; "
        "run alluxio_rollout again, which restarts it")


def test_a_components_own_property_wins_over_the_common_one(verify):
    for index in range(3):
        verify.arguments[f"hbase-master-{index}", "alluxio-master"] = ["-Dalluxio.x=2"]
    verify({"properties": {"alluxio.x": "1"}, "master": {"properties": {"alluxio.x": "2"}}})
