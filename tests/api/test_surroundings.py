# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules for what surrounds a cache, on a real API server."""

import time

import pytest


@pytest.fixture
def put(api, namespace):
    def config_map(name, release):
        labels = {"owner": "helm", "name": release}
        api.create(f"/api/v1/namespaces/{namespace}/configmaps",
                   {"metadata": {"name": name, "labels": labels}})
    return config_map


def test_fluid_is_found_by_one_request(succeed, sent, existing):
    result = succeed("fluid_info", namespace=None)
    assert result["missing"] == []
    assert {"datasets.data.fluid.io", "alluxioruntimes.data.fluid.io"} <= set(result["definitions"])
    assert sent == [("GET", "/apis/data.fluid.io/v1alpha1")]


def test_the_objects_of_all_kinds_are_named(succeed, namespace):
    succeed("dataset", name="hbase")
    assert {"kind": "Dataset", "namespace": namespace, "name": "hbase"} in succeed(
        "fluid_info", namespace=None, objects=True)["objects"]


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_a_namespace(succeed, api, namespace, check):
    name = namespace + "-new"
    try:
        result = succeed("namespace", check=check, namespace=None, name=name)
        assert (result["changed"], result["existed"]) == (True, False)
        made = api.get("/api/v1/namespaces/" + name)
        assert (made is None) == check
        if not check:
            again = succeed("namespace", namespace=None, name=name)
            assert (again["changed"], again["existed"]) == (False, True)
    finally:
        api.delete("/api/v1/namespaces/" + name)


def test_only_what_is_selected_is_deleted(succeed, api, put, namespace, sent):
    put("a", "hbase")
    put("b", "spark")
    selection = [{"kind": "ConfigMap", "namespace": namespace,
                  "label_selectors": ["owner=helm", "name in (hbase, other)"]}]
    assert succeed("objects_absent", check=True, namespace=None, objects=selection, delete=True)["changed"]
    result = succeed("objects_absent", namespace=None, objects=selection, delete=True)
    assert (result["changed"], result["found"]) == (True, [f"ConfigMap a in namespace {namespace}"])
    left = api.request("GET", f"/api/v1/namespaces/{namespace}/configmaps", labelSelector="owner=helm")
    assert [each["metadata"]["name"] for each in left["items"]] == ["b"]
    sent.clear()
    assert not succeed("objects_absent", namespace=None, objects=selection, delete=True)["changed"]
    assert len(sent) == 1


def test_what_remains_is_named_when_the_time_is_up(fail, api, put, namespace):
    put("a", "hbase")
    began = time.monotonic()
    result = fail("objects_absent", namespace=None, wait_timeout=2, objects=[
        {"kind": "ConfigMap", "namespace": namespace, "label_selectors": ["owner=helm"]}])
    assert result["msg"].startswith(
        f"timed out after 2 s while these objects still exist: ConfigMap a in namespace {namespace};")
    assert 2 <= time.monotonic() - began < 5
