# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and working on many objects: how few requests, and whose failure it is."""

import threading

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import bulk
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    Forbidden,
    InvalidInput,
    KindNotFound,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

DATASET = fluid_kinds.DATASET


@pytest.fixture
def put(cluster):
    def run(*keys, kind=DATASET):
        for namespace, name in keys:
            cluster.put(kind, {"metadata": {"name": name, "namespace": namespace}})
    return run


def keys(namespaces, each):
    return [(f"ns{place}", f"d{number}") for place in range(namespaces) for number in range(each)]


@pytest.mark.parametrize(("namespaces", "each", "requests"), [
    pytest.param(1, 1, [("get", "datasets")], id="one"),
    pytest.param(1, 3, [("get", "datasets")] * 3, id="a-few"),
    pytest.param(1, 4, [("list", "datasets")], id="many-of-a-namespace"),
    pytest.param(2, 10, [("list", "datasets")] * 2, id="many-of-two-namespaces"),
    pytest.param(6, 1, [("list", "datasets")], id="of-many-namespaces"),
])
def test_read_in_few_requests(cluster, put, namespaces, each, requests):
    desired = keys(namespaces, each)
    put(*desired, ("ns0", "another"))
    assert bulk.read(cluster, DATASET, desired).keys() == set(desired)
    assert cluster.requests == requests


def test_what_does_not_exist_is_left_out(cluster, put):
    put(("ns0", "d0"))
    assert bulk.read(cluster, DATASET, keys(1, 3)).keys() == {("ns0", "d0")}
    assert bulk.read(cluster, DATASET, keys(1, 9)).keys() == {("ns0", "d0")}
    assert bulk.read(cluster, DATASET, []) == {}


def test_cluster_scoped_objects(cluster, put):
    desired = [(None, f"pv{number}") for number in range(5)]
    put(*desired, kind=kinds.PERSISTENT_VOLUME)
    assert bulk.read(cluster, kinds.PERSISTENT_VOLUME, desired).keys() == set(desired)


def test_without_the_right_to_list_all_namespaces_each_is_read(cluster, put, monkeypatch):
    desired = keys(6, 1)
    put(*desired)
    listing = cluster.list

    def refuse_all(kind, namespace, *args):
        if namespace is None:
            raise Forbidden("not allowed to list datasets", 403)
        return listing(kind, namespace, *args)
    monkeypatch.setattr(cluster, "list", refuse_all)
    assert bulk.read(cluster, DATASET, desired).keys() == set(desired)


def test_another_failure_of_the_list_is_an_error(cluster, monkeypatch):
    def fail(*_args):
        raise ApiError("HTTP 500", 500)
    monkeypatch.setattr(cluster, "list", fail)
    with pytest.raises(ApiError, match="HTTP 500"):
        bulk.read(cluster, DATASET, keys(6, 1))


def test_a_reference_is_of_the_object_that_its_options_name():
    assert bulk.ref_of({"name": "hbase", "namespace": "data", "labels": None}) == ObjectRef("data", "hbase")


def test_what_is_read_is_found_by_its_reference(cluster, put):
    for number in range(1, 5):
        put(("ns0", f"d{number}"))
        [*refs] = bulk.read(cluster, DATASET, keys(1, number + 1))
        assert {ref.name for ref in refs} == {f"d{each}" for each in range(1, number + 1)}
        assert {ref.namespace for ref in refs} == {"ns0"}


def test_of_a_kind_that_is_not_installed_there_are_no_objects(cluster, put):
    put(("ns0", "d0"))
    assert bulk.read_if_known(cluster, DATASET, keys(1, 1)).keys() == {("ns0", "d0")}
    cluster.missing_kinds.add(DATASET)
    assert bulk.read_if_known(cluster, DATASET, keys(1, 1)) == {}
    with pytest.raises(KindNotFound):
        bulk.read(cluster, DATASET, keys(1, 1))


def test_work_keeps_the_order():
    assert bulk.work(list(range(50)), lambda number: number * 2) == [number * 2 for number in range(50)]
    assert bulk.work([], lambda number: number) == []


def test_a_failure_stands_in_its_place():
    def action(number):
        if number == 2:
            raise InvalidInput("two")
        return number
    results = bulk.work([1, 2, 3], action)
    assert (results[0], results[2]) == (1, 3)
    assert str(results[1]) == "two"
    assert isinstance(bulk.work([2], action)[0], InvalidInput)


def test_a_mistake_of_ours_is_not_hidden_as_a_result():
    with pytest.raises(ZeroDivisionError):
        bulk.work([1, 0], lambda number: 1 / number)


def test_no_more_work_at_a_time_than_the_server_can_use():
    busy, most, guard = 0, 0, threading.Lock()
    all_there = threading.Barrier(bulk.WORKERS)

    def action(_number):
        nonlocal busy, most
        with guard:
            busy += 1
            most = max(most, busy)
        all_there.wait(timeout=10)
        with guard:
            busy -= 1
    bulk.work(list(range(bulk.WORKERS * 3)), action)
    assert most == bulk.WORKERS
