# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading Datasets and runtimes back through the info modules."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import client


@pytest.fixture
def datasets(succeed):
    succeed("dataset",
            datasets=[{"name": f"d{number}", "labels": {"team": "even" if number % 2 == 0 else "odd"}}
                      for number in range(7)])


def names(result):
    return [found["metadata"]["name"] for found in result["resources"]]


@pytest.mark.usefixtures("datasets")
@pytest.mark.parametrize(("options", "found"), [
    pytest.param({}, ["d0", "d1", "d2", "d3", "d4", "d5", "d6"], id="all"),
    pytest.param({"name": "d3"}, ["d3"], id="one"),
    pytest.param({"name": "d9"}, [], id="none"),
    pytest.param({"names": ["d5", "d1", "d9"]}, ["d5", "d1"], id="names"),
    pytest.param({"names": []}, [], id="no-names"),
    pytest.param({"label_selectors": ["team=odd"]}, ["d1", "d3", "d5"], id="label"),
    pytest.param({"label_selectors": ["team in (odd, even)", "team!=odd"]}, ["d0", "d2", "d4", "d6"],
                 id="labels"),
    pytest.param({"field_selectors": ["metadata.name!=d0"], "label_selectors": ["team=even"]},
                 ["d2", "d4", "d6"], id="field"),
    pytest.param({"names": ["d1", "d2"], "label_selectors": ["team=odd"]}, ["d1"], id="names-and-label"),
])
def test_selection(succeed, options, found):
    assert names(succeed("dataset_info", **options)) == found
    assert names(succeed("dataset_info", check=True, **options)) == found


@pytest.mark.usefixtures("datasets")
def test_in_all_namespaces(succeed, namespace):
    found = succeed("dataset_info", namespace=None, name="d3")["resources"]
    assert namespace in [each["metadata"]["namespace"] for each in found]


@pytest.mark.usefixtures("datasets")
def test_pages(succeed, sent, monkeypatch):
    monkeypatch.setattr(client, "PAGE", 3)
    assert len(names(succeed("dataset_info"))) == 7
    assert len(sent) == 3


def test_whole_objects_without_what_nobody_asked_for(succeed, existing):
    succeed("dataset", name="hbase", annotations={"note": "x"}, placement="Shared")
    [found] = succeed("dataset_info", name="hbase")["resources"]
    assert (found["apiVersion"], found["kind"]) == ("data.fluid.io/v1alpha1", "Dataset")
    assert found["metadata"]["annotations"] == {"note": "x"}
    assert found["spec"] == existing("datasets")["spec"]
    assert "managedFields" not in found["metadata"]


def test_listed_objects_look_like_single_ones(succeed):
    succeed("dataset", name="hbase")
    assert succeed("dataset_info", name="hbase")["resources"] == succeed("dataset_info")["resources"]


def test_summaries(succeed, fluid, namespace):
    succeed("dataset", name="hbase")
    fluid.status("datasets", "hbase", phase="Bound", conditions=[], ufsTotal="113.88MiB", fileNum="15",
                 cacheStates={
        "cached": "113.88MiB", "cacheCapacity": "4.00GiB", "cachedPercentage": "100.0%"})
    [found] = succeed("dataset_info", name="hbase", summary=True)["summaries"]
    assert found == {"name": "hbase", "namespace": namespace, "phase": "Bound", "terminating": False,
                     "total_bytes": 119411835, "cached_bytes": 119411835,
                     "capacity_bytes": 4294967296, "cached_percentage": 100.0, "files": 15, "runtimes": []}


def test_a_selector_that_the_server_refuses(fail):
    assert "was refused: " in fail("dataset_info", field_selectors=["spec.placement=Shared"])["msg"]


def test_runtimes(succeed, fluid):
    succeed("alluxio_runtime", runtimes=[{"name": "a"}, {"name": "b", "worker_replicas": 2}])
    assert names(succeed("alluxio_runtime_info")) == ["a", "b"]
    [found] = succeed("alluxio_runtime_info", name="b", summary=True)["summaries"]
    assert found["workers"] == {"ready": 0, "desired": 2}
