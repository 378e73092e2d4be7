# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that only read."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.cli_output import (
    parse_master_info,
    parse_quorum_info,
)
from ansible_collections.datacache.fluid.plugins.module_utils.errors import QuorumUnknown
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters

BOTH = pytest.mark.parametrize(("module", "kind", "recording"), [
    ("dataset_info", fluid_kinds.DATASET, "dataset_bound.json"),
    ("alluxio_runtime_info", fluid_kinds.ALLUXIO_RUNTIME, "alluxio_runtime_ready.json"),
])


@BOTH
def test_whole_objects(cluster, run, recorded, module, kind, recording):
    cluster.put(kind, recorded(recording))
    for check in (False, True):
        result = run(module, check=check)
        assert not result["changed"]
        [found] = result["resources"]
        assert found["spec"] == recorded(recording)["spec"]
        assert "managedFields" not in found["metadata"]
        assert "datacache.fluid/last-applied" not in str(found)


@BOTH
def test_summaries(cluster, run, recorded, module, kind, recording):
    cluster.put(kind, recorded(recording))
    result = run(module, summary=True)
    assert "resources" not in result
    [found] = result["summaries"]
    assert (found["name"], found["namespace"]) == ("hbase", "default")


@BOTH
def test_nothing_found(run, module, kind, recording):
    assert run(module, name="hbase", namespace="default")["resources"] == []


@BOTH
def test_a_kind_that_is_not_installed(cluster, run, module, kind, recording):
    cluster.missing_kinds.add(kind)
    assert f"does not know the kind {kind.kind}" in run(module)["msg"]


@BOTH
def test_refused(cluster, run, module, kind, recording):
    assert "parameters are mutually exclusive: name|names" in run(module, name="a", names=["b"])["msg"]
    assert "parameters are mutually exclusive: namespace|namespaces" in run(
        module, namespace="a", namespaces=["b"])["msg"]
    assert "is not a DNS-1123 subdomain" in run(module, name="")["msg"]
    assert cluster.requests == []


# -- alluxio_quorum_info -----------------------------------------------------------------------


@pytest.fixture
def runtime(cluster):
    def put(masters):
        cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {
            "metadata": {"name": "hbase", "namespace": "default"}, "spec": {"master": {"replicas": masters}}})
    return put


@pytest.fixture
def answers(monkeypatch, recorded):
    """Let the masters answer what real ones did."""
    texts = {"MASTER": "quorum_info_master.txt", "JOB_MASTER": "quorum_info_job_master.txt"}
    monkeypatch.setattr(Masters, "quorum", lambda _self, domain, _pods: (
        parse_quorum_info(recorded(texts[domain])), "hbase-master-0"))
    monkeypatch.setattr(Masters, "single",
                        lambda _self: (parse_master_info(recorded("master_info.txt")), "hbase-master-0"))


@pytest.mark.usefixtures("answers")
def test_quorums(run, runtime):
    runtime(3)
    result = run("alluxio_quorum_info", name="hbase")
    assert (result["changed"], result["answered_by"]) == (False, "hbase-master-0")
    assert result["masters"]["leader"] == "hbase-master-1:21181"
    assert result["job_masters"]["leader"] == "hbase-master-0:25415"
    for group in (result["masters"], result["job_masters"]):
        assert (group["size"], group["quorum_size"], group["fault_tolerance"], group["available"],
                group["complete"]) == (3, 2, 1, 3, True)
    assert result["unstable_addresses"] == []


@pytest.mark.usefixtures("answers")
def test_services_that_lose_their_address_are_named(cluster, run, runtime):
    runtime(3)
    for index, address in enumerate(["None", "10.96.0.7", "None"]):
        cluster.put(kinds.SERVICE, {
            "metadata": {"name": f"hbase-master-{index}", "namespace": "default",
                         "labels": {"role": "alluxio-master"}},
            "spec": {"clusterIP": address, "publishNotReadyAddresses": address != "None"}})
    assert run("alluxio_quorum_info",
               name="hbase")["unstable_addresses"] == ["hbase-master-0", "hbase-master-2"]


@pytest.mark.usefixtures("answers")
def test_a_single_master(run, runtime):
    runtime(1)
    result = run("alluxio_quorum_info", name="hbase")
    assert (result["masters"]["size"], result["masters"]["complete"],
            result["job_masters"]) == (1, True, None)


def test_no_master_answers(run, runtime, monkeypatch):
    def fail(_self, _domain, _pods):
        raise QuorumUnknown("no master answers")
    monkeypatch.setattr(Masters, "quorum", fail)
    runtime(3)
    assert run("alluxio_quorum_info", name="hbase")["msg"] == "no master answers"


def test_a_runtime_that_does_not_exist(run):
    assert run("alluxio_quorum_info", name="hbase")["msg"] == (
        "AlluxioRuntime hbase in namespace default does not exist: check name and namespace")


@pytest.mark.parametrize(("options", "message"), [
    ({}, "missing required arguments: name"), ({"name": ""}, "name '' is not a DNS-1123 subdomain"),
])
def test_quorum_info_refuses(cluster, run, options, message):
    assert message in run("alluxio_quorum_info", **options)["msg"]
    assert cluster.requests == []


def test_a_percentage_that_no_cache_reaches_is_refused(cluster, run):
    result = run("cache_info", name="hbase", namespace="data", cached_percentage=150)
    assert (result["failed"], result["msg"]) == (True, "cached_percentage is 150: expected 0 to 100")
    assert cluster.requests == []
