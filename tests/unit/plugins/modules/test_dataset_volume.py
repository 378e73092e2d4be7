# SPDX-License-Identifier: GPL-3.0-or-later
"""The module dataset_volume on objects that were recorded on a lab."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds


@pytest.fixture
def bound(cluster, recorded):
    for kind, name in ((fluid_kinds.DATASET, "dataset_bound"),
                       (kinds.PERSISTENT_VOLUME, "persistent_volume_bound"),
                       (kinds.PERSISTENT_VOLUME_CLAIM, "persistent_volume_claim_bound")):
        cluster.put(kind, recorded(name + ".json"))


@pytest.mark.usefixtures("bound")
def test_minimal(run):
    result = run("dataset_volume", name="hbase", wait=True)
    assert not result["changed"]
    assert result["persistent_volume"]["status"]["phase"] == "Bound"
    assert result["persistent_volume_claim"]["status"]["phase"] == "Bound"
    assert result["pods"] == []


@pytest.mark.usefixtures("bound")
def test_full(run):
    options = {"name": "hbase", "capacity": "100Gi", "reclaim_policy": "Delete", "labels": {"team": "x"},
               "wait": True}
    predicted = run("dataset_volume", check=True, diff=True, **options)
    done = run("dataset_volume", diff=True, **options)
    assert done["changed"]
    assert done["diff"]["after"].keys() == {"dataset", "persistent_volume", "persistent_volume_claim"}
    assert (predicted["changed"], predicted["diff"],
            predicted["warnings"]) == (done["changed"], done["diff"], done["warnings"])
    assert "has capacity 100Pi, not 100Gi" in done["warnings"][0]
    assert not run("dataset_volume", **options)["changed"]


@pytest.mark.parametrize(("options", "message"), [
    ({}, "one of the following is required: name, volumes"),
    ({"name": "HBase"}, "Dataset name 'HBase' is not a DNS-1035 label"),
    ({"name": "hbase", "capacity": "100GB"}, "is not a Kubernetes quantity"),
    ({"name": "hbase", "reclaim_policy": "Recycle"}, "value of reclaim_policy must be one of"),
    ({"name": "", "state": "absent"}, "name '' is not a DNS-1123 subdomain"),
    ({"volumes": [{"name": "a"}, {"name": "a"}]}, "default/a is in the list twice"),
], ids=["no-name", "name", "capacity", "reclaim-policy", "empty-name-to-delete", "twice"])
def test_refused_before_the_cluster_is_touched(cluster, run, options, message):
    result = run("dataset_volume", **options)
    assert result["failed"]
    assert message in result["msg"]
    assert cluster.requests == []


def test_without_a_dataset(run):
    assert run("dataset_volume", name="hbase")["msg"] == "Dataset hbase in namespace default does not exist"


@pytest.mark.usefixtures("bound")
def test_absent_is_refused_while_the_dataset_exists(run):
    assert "exists and owns its volume and claim" in run("dataset_volume", name="hbase", state="absent")[
        "msg"]


def test_absent_of_nothing(run):
    result = run("dataset_volume", name="hbase", state="absent", wait=True)
    assert (result["changed"], result["persistent_volume"],
            result["persistent_volume_claim"]) == (False, {}, {})


@pytest.mark.usefixtures("bound")
def test_a_list(run):
    result = run("dataset_volume", volumes=[{"name": "hbase", "labels": {"team": "x"}}, {"name": "missing"}])
    assert result["failed"] and result["changed"]
    assert result["msg"] == (
        "1 of 2 objects failed: default/missing: Dataset missing in namespace default does not exist")
    assert result["results"][0]["persistent_volume"]["metadata"]["labels"]["team"] == "x"
