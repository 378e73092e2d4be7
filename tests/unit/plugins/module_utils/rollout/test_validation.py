# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout refuses of a declaration."""

import json

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput, PreconditionFailed
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import operations
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.rollout import rendering, validation

RUNTIME = ObjectRef("data", "hbase")


@pytest.fixture
def check(recorded):
    """Check a spec of three masters on their nodes' network, with changes; members: how many masters run."""
    def run(members=3, replicas=3, **spec):
        workload = recorded("stateful_set_master.json")
        workload["spec"]["replicas"] = members
        master = {"replicas": replicas, **(spec.pop("master", None) or {})}
        config_map = recorded("config_map.json")
        if members == 1:  # Fluid renders no addresses of a journal then
            config_map["data"]["ALLUXIO_JAVA_OPTS"] = ""
        validation.require_applicable(RUNTIME, {**spec, "master": master}, config_map, workload)
    return run


@pytest.mark.parametrize("spec", [
    {}, {"members": 5}, {"members": 4}, {"replicas": 5},
    {"properties": {"alluxio.master.rpc.port": "21090", "alluxio.x": "a=b"}, "jvmOptions": ["-Xmx1g"]},
    {"master": {"ports": {"rpc": 21090}}},
], ids=["plain", "fewer", "cut-off", "more", "as-it-is", "ports-as-they-are"])
def test_applicable(check, spec):
    check(**spec)


@pytest.mark.parametrize(("spec", "reason"), [
    ({"members": 1, "replicas": 1}, "has a single master"),
    ({"members": 1, "replicas": 3},
     "has 1 masters and 3 are declared: a single master keeps its journal in the UFS format"),
    ({"members": 1, "replicas": 3},
     "declare 1 again, or change master_replicas from 1 to 3 with the option recreate of "
     "datacache.fluid.alluxio_runtime"),
    ({"replicas": 1}, "has 3 masters and 1 are declared"),
    ({"replicas": 4}, "master_replicas is 4, an even number"),
    ({"properties": {"alluxio.master.rpc.port": "1"}},
     "declares alluxio.master.rpc.port as 1 and its masters run with 21090"),
    ({"master": {"properties": {"alluxio.master.journal.folder": "/x"}}},
     "declares alluxio.master.journal.folder as /x"),
    ({"jobMaster": {"ports": {"web": 1}}}, "declares alluxio.job.master.web.port as 1"),
    ({"master": {"networkMode": "ContainerNetwork"}},
     "declares network_mode ContainerNetwork and its masters run with HostNetwork"),
    ({"properties": {"alluxio.x": "a b"}}, "declares alluxio.x with a space"),
    ({"master": {"jvmOptions": ["-Xmx1g -Xms1g"]}}, "declares the JVM option '-Xmx1g -Xms1g'"),
    ({"jvmOptions": [""]}, "declares the JVM option ''"),
])
def test_refused(check, spec, reason):
    with pytest.raises(InvalidInput) as refused:
        check(**spec)
    assert reason in str(refused.value)


def test_refused_while_a_backup_is_restored(recorded):
    workload = recorded("stateful_set_master.json")
    restoration = operations.Restoration("data.hbase.20261124T182233Z", "a" * 64, "2026-11-24T19:00:00Z")
    workload["spec"]["template"]["metadata"].setdefault("annotations",
                                                        {})[operations.ANNOTATION] = restoration.text()
    with pytest.raises(PreconditionFailed, match="backup data.hbase.20261124T182233Z is being restored into "
                                                 "AlluxioRuntime hbase .* finish that restoration"):
        validation.require_applicable(RUNTIME, {"master": {"replicas": 3}}, recorded("config_map.json"),
                                      workload)


@pytest.fixture
def roll(recorded):
    """Check an image tag that is declared while masters run from another."""
    def check(running, declared, displaced=None):
        workload, config_map = recorded("stateful_set_master.json"), recorded("config_map.json")
        for container in workload["spec"]["template"]["spec"]["containers"]:
            container["image"] = f"registry:5000/alluxio:{running}"
        if displaced:
            record = json.dumps({"pod": {"image": f"registry:5000/alluxio:{displaced}"}})
            config_map["metadata"]["annotations"] = {rendering.RECORD: record}
        spec = {"master": {"replicas": 3}, "alluxioVersion": {"imageTag": declared} if declared else {}}
        validation.require_applicable(RUNTIME, spec, config_map, workload)
    return check


@pytest.mark.parametrize(("running", "declared", "displaced"), [
    ("2.9.3", "2.9.4", None), ("2.9.4", "2.9.0", None), ("v2.9.3-custom", "2.10.0", None),
    ("2.9.4", None, "2.9.3"),
], ids=["up", "down", "with-a-suffix", "declared-no-longer"])
def test_images_whose_masters_cannot_install_the_snapshots_of_the_others(roll, running, declared, displaced):
    with pytest.raises(InvalidInput, match="Alluxio 2.9.4 changed how masters copy snapshots, so a restarted "
                                           "master .* take this way: back up with .*, and restore with"):
        roll(running, declared, displaced)


@pytest.mark.parametrize(("running", "declared"), [
    ("2.9.4", "2.9.5"), ("2.9.0", "2.9.3"), ("latest", "2.9.4"), ("2.9.3", "main-12"), ("2.9.3", None),
    ("2.9.4", "2.9.4"), ("2.9.3", "2.9"),
])
def test_other_images_may_be_rolled(roll, running, declared):
    roll(running, declared)


def test_a_credential_in_a_jvm_option_is_not_shown(check):
    with pytest.raises(InvalidInput, match="the JVM option '-Daws.secretKey=VALUE_HIDDEN -Xmx1g': expected"):
        check(jvmOptions=["-Daws.secretKey=abcdef -Xmx1g"])
