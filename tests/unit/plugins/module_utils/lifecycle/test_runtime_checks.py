# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused, or warned of, before a runtime is written."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.apply.merge import Change, MergeResult
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    InvalidInput,
    PreconditionFailed,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle import runtime_checks

CREATED = MergeResult({}, ())


def params(**given):
    return {"name": "hbase", "namespace": "data", "master_replicas": 3, "network_mode": "HostNetwork",
            "master": None, **given}


def node(name, labels=None, **spec):
    return {"metadata": {"name": name, "labels": labels or {}}, "spec": spec}


@pytest.fixture
def guard(cluster):
    """Run the guard of a runtime with these options and return what it warns of."""
    def run(given, existing=None, merged=CREATED):
        warnings = []
        runtime_checks.guard_of(cluster, given, warnings.append)(existing, merged)
        return warnings
    return run


@pytest.fixture
def nodes(cluster):
    def put(*each):
        for one in each:
            cluster.put(kinds.NODE, one)
    return put


def test_a_node_for_each_master_is_enough(guard, nodes):
    nodes(node("n1"), node("n2"), node("n3"))
    assert guard(params()) == []


@pytest.mark.parametrize(("third", "count", "why"), [
    pytest.param(node("n3", unschedulable=True), 3, "; n3 is cordoned", id="cordoned"),
    pytest.param(node("n3", taints=[{"key": "k", "effect": "NoSchedule"}]), 3,
                 "; n3 has the taint k:NoSchedule, which is not tolerated", id="tainted"),
    pytest.param(node("n3", taints=[{"key": "k", "effect": "NoExecute"}]), 3,
                 "; n3 has the taint k:NoExecute, which is not tolerated", id="evicting"),
    pytest.param({**node("n3"), "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}, 3,
                 "; n3 is not Ready", id="down"),
    pytest.param(node("n2"), 2, "", id="missing"),
])
def test_too_few_nodes_for_masters_on_their_network(guard, nodes, third, count, why):
    nodes(node("n1"), node("n2"), third)
    with pytest.raises(InvalidInput) as refused:
        guard(params())
    assert str(refused.value) == (
        f"3 masters with network_mode HostNetwork need 3 schedulable nodes, and 2 of {count} nodes accept "
        f"them (n1, n2{why}): use fewer masters, network_mode ContainerNetwork, or more nodes")


def test_the_first_nodes_that_refuse_are_named(guard, nodes):
    nodes(*(node(f"n{index}", unschedulable=True) for index in range(5)))
    with pytest.raises(InvalidInput) as refused:
        guard(params())
    assert "(none; n0 is cordoned; n1 is cordoned; n2 is cordoned; 2 more)" in str(refused.value)


DEDICATED = [{"key": "dedicated", "value": "cache", "effect": "NoSchedule"}]
SSD = {"required": {"nodeSelectorTerms": [
    {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}]}}


def test_the_tolerations_of_the_dataset_open_a_dedicated_pool(cluster, guard, nodes):
    nodes(*(node(f"n{index}", taints=DEDICATED) for index in range(3)))
    with pytest.raises(InvalidInput, match="dedicated:NoSchedule, which is not tolerated"):
        guard(params())
    cluster.put(fluid_kinds.DATASET, {"metadata": {"name": "hbase", "namespace": "data"}, "spec": {
        "tolerations": [{"key": "dedicated", "operator": "Exists"}]}})
    assert guard(params()) == []


def test_the_node_affinity_of_a_local_mount_counts(cluster, guard, nodes):
    nodes(node("n0", {"disk": "ssd"}), node("n1", {"disk": "ssd"}), node("n2"))
    dataset = {"metadata": {"name": "hbase", "namespace": "data"}, "spec": {
        "nodeAffinity": SSD, "mounts": [{"mountPoint": "https://host/"}]}}
    cluster.put(fluid_kinds.DATASET, dataset)
    assert guard(params()) == []
    dataset["spec"]["mounts"] = [{"mountPoint": "local:///data", "name": "data"}]
    cluster.put(fluid_kinds.DATASET, dataset)
    with pytest.raises(InvalidInput, match="n2 does not match the required node affinity"):
        guard(params())


def test_a_dataset_that_may_not_be_read_demands_nothing(cluster, guard, nodes):
    nodes(node("n0"), node("n1"), node("n2"))
    cluster.forbidden.add(("get", "datasets"))
    assert guard(params()) == []


def test_a_taint_that_only_prefers_repels_no_master(guard, nodes):
    nodes(node("n1"), node("n2"), node("n3", taints=[{"key": "k", "effect": "PreferNoSchedule"}]))
    assert guard(params()) == []


def test_only_nodes_with_the_wanted_labels_count(guard, nodes):
    nodes(node("n1", {"disk": "ssd"}), node("n2", {"disk": "hdd"}), node("n3"))
    with pytest.raises(InvalidInput, match=r"1 of 3 nodes accept them \(n1; n2 lacks the label disk=ssd"):
        guard(params(master={"node_selector": {"disk": "ssd"}}))


@pytest.mark.parametrize("given", [{"master_replicas": 1}, {"network_mode": "ContainerNetwork"}],
                         ids=["one", "own-addresses"])
def test_masters_that_need_no_node_each_need_no_look_at_the_nodes(cluster, guard, given):
    assert guard(params(**given)) == []
    assert cluster.requests == [("get", "datasets")]


@pytest.mark.parametrize("masters", [1, 3])
def test_a_dataset_that_another_runtime_serves_is_refused(cluster, guard, masters):
    cluster.put(fluid_kinds.DATASET, {
        "metadata": {"name": "hbase", "namespace": "data"}, "spec": {"mounts": [{"mountPoint": "s3://b/"}]},
        "status": {"phase": "Bound", "runtimes": [{"name": "hbase", "namespace": "data", "type": "thin"}]}})
    with pytest.raises(PreconditionFailed) as refused:
        guard(params(master_replicas=masters))
    assert str(refused.value) == (
        "Dataset hbase in namespace data is bound to a runtime of type thin, and Fluid would let two "
        "runtimes serve it: delete that runtime and wait until it is absent, or use another name")


@pytest.mark.parametrize("status", [
    {}, {"phase": "NotBound", "runtimes": []}, {"phase": "Bound", "runtimes": [{"type": "alluxio"}]}],
    ids=["new", "unbound", "of-alluxio"])
def test_a_dataset_without_another_runtime_passes(cluster, guard, status):
    cluster.put(fluid_kinds.DATASET, {
        "metadata": {"name": "hbase", "namespace": "data"}, "spec": {"mounts": [{"mountPoint": "s3://b/"}]},
        "status": status})
    assert guard(params(network_mode="ContainerNetwork")) == []


def test_without_permission_for_nodes_it_warns(cluster, guard):
    cluster.forbidden.add(("list", "nodes"))
    assert guard(params()) == [
        "could not check whether each of 3 masters finds its own node: not allowed to list nodes"]


def test_another_failure_of_the_look_is_an_error(cluster, guard, monkeypatch):
    def fail(*_args):
        raise ApiError("HTTP 500", 500)
    monkeypatch.setattr(cluster, "list", fail)
    with pytest.raises(ApiError, match="HTTP 500"):
        guard(params())


COUNT = MergeResult({}, (Change(("spec", "master", "replicas")),))


@pytest.mark.parametrize(("master", "desired", "found"), [({"replicas": 3}, 1, 3), ({}, 3, 1), (None, 5, 1)])
def test_a_single_master_stays_one(cluster, guard, master, desired, found):
    with pytest.raises(InvalidInput) as refused:
        guard(params(master_replicas=desired), {"spec": {"master": master}}, COUNT)
    assert str(refused.value) == (
        f"AlluxioRuntime hbase in namespace data has {found} masters and {desired} are desired: a single "
        "master has a journal of type UFS and several have one of type EMBEDDED, and neither can be "
        f"converted; keep master_replicas: {found}, or set recreate: data/hbase, which rebuilds the cache: "
        "cached data is fetched from the under-store again and data that is only in Alluxio is lost, so back "
        "up the metadata first with datacache.fluid.alluxio_backup")
    assert cluster.requests == []


@pytest.mark.parametrize("existing", [{"spec": {"master": None}}, {"spec": {"master": {}}}, {}],
                         ids=["no-masters", "no-number", "no-spec"])
def test_a_number_that_was_left_out_is_one_master(guard, existing):
    """As in a runtime that kubectl made: writing the number down changes nothing."""
    assert guard(params(master_replicas=1), existing, COUNT) == []


def test_another_number_of_masters_needs_a_rollout(guard, nodes):
    nodes(*(node(f"n{index}") for index in range(5)))
    for now, desired in ((3, 5), (5, 3)):
        assert guard(params(master_replicas=desired), {"spec": {"master": {"replicas": now}}}, COUNT) == [
            f"AlluxioRuntime hbase in namespace data has {now} masters and {desired} are declared: run "
            "datacache.fluid.alluxio_rollout, which adds or removes them one at a time"]


def test_more_masters_than_nodes(guard, nodes):
    nodes(node("n1"), node("n2"), node("n3"))
    with pytest.raises(InvalidInput,
                       match="5 masters with network_mode HostNetwork need 5 schedulable nodes"):
        guard(params(master_replicas=5), {"spec": {"master": {"replicas": 3}}}, COUNT)


CHANGES = MergeResult({}, tuple(map(Change, (
    ("spec", "replicas"), ("spec", "properties", "a"), ("spec", "master", "networkMode"),
    ("spec", "jobMaster", "env", "A"),
    ("spec", "fuse", "args")))))


def test_what_fluid_ignores_later_brings_a_warning(guard):
    assert guard(params(), {"spec": {"master": {"replicas": 3}}}, CHANGES) == [
        "AlluxioRuntime hbase in namespace data is running and Fluid does not apply changes of "
        "spec.properties.a, spec.jobMaster.env.A: run datacache.fluid.alluxio_rollout, which applies them to "
        "one master at a time",
        "AlluxioRuntime hbase in namespace data is running and Fluid reads spec.master.networkMode, "
        "spec.fuse.args only when it creates a runtime: the change has no effect until the runtime is "
        "deleted and created again"]


def test_a_single_master_is_not_rolled(guard):
    [unread, warning] = guard(params(master_replicas=1), {"spec": {"master": {"replicas": 1}}}, CHANGES)
    assert ("Fluid reads spec.properties.a, spec.master.networkMode, spec.fuse.args "
            "only when it creates a runtime: the change has no effect until the runtime is deleted and "
            "created again") in warning
    assert unread == ("AlluxioRuntime hbase in namespace data: Fluid 1.0.8 never reads spec.jobMaster.env.A, "
                      "which has no effect: leave it out")


def test_what_fluid_applies_later_brings_none(guard):
    assert guard(params(), {"spec": {}},
                 MergeResult({}, (Change(("spec", "replicas")), Change(("metadata", "labels", "a"))))) == []
