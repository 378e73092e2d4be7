# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import PreconditionFailed
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds, lookup
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

HBASE = ObjectRef("data", "hbase")


@pytest.fixture
def put(cluster):
    def run(masters=3, **metadata):
        spec = {"master": {"replicas": masters}}
        return cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {
            "metadata": {"name": "hbase", "namespace": "data", **metadata}, "spec": spec})
    return run


def test_the_runtime_that_has_to_exist(cluster, put):
    existing = put()
    assert lookup.require_runtime(cluster, HBASE) == existing


@pytest.mark.parametrize("require", [
    lookup.require_runtime, lambda client, ref: lookup.require_quorum(client, ref, ""),
], ids=["runtime", "quorum"])
def test_a_runtime_that_does_not_exist_is_refused(cluster, require):
    with pytest.raises(PreconditionFailed) as raised:
        require(cluster, HBASE)
    assert str(raised.value) == (
        "AlluxioRuntime hbase in namespace data does not exist: check name and namespace")


def test_a_runtime_that_is_terminating_is_refused(put):
    lookup.require_not_terminating(put())
    with pytest.raises(PreconditionFailed, match="^AlluxioRuntime hbase in namespace data is terminating: "
                                                 "wait until it is absent, then create it again$"):
        lookup.require_not_terminating(put(deletionTimestamp="2026-11-23T12:00:00Z"))


def test_how_many_masters_a_quorum_is_declared_with(cluster, put):
    put(masters=5)
    assert lookup.require_quorum(cluster, HBASE, "") == 5


@pytest.mark.parametrize("masters", [1, None])
def test_a_single_master_has_no_quorum(cluster, put, masters):
    put(masters=masters)
    with pytest.raises(PreconditionFailed) as raised:
        lookup.require_quorum(cluster, HBASE, ": nothing can be elected")
    assert str(raised.value) == (
        "AlluxioRuntime hbase in namespace data has a single master: nothing can be elected")
