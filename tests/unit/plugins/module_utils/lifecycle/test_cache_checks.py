# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a whole cache, before any part of it exists."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle import cache_checks

IDENTITY = {"name": "hbase", "namespace": "data"}


def dataset(**given):
    return {**IDENTITY, "mounts": [{"mount_point": "https://host/"}], **given}


def runtime(**given):
    return {**IDENTITY, "master_replicas": 3, "worker_replicas": 1, "network_mode": "HostNetwork", **given}


def volume(**given):
    return {**IDENTITY, "capacity": None, **given}


@pytest.mark.parametrize("own", [None, volume(), volume(capacity="100Gi")],
                         ids=["no-volume", "volume", "capacity"])
def test_a_cache_that_its_modules_accept(own):
    cache_checks.require_valid(dataset(), runtime(), own)


@pytest.mark.parametrize(("parts", "message"), [
    ((dataset(mounts=[]), runtime(), None),
     "Dataset hbase in namespace data: mounts is empty: declare at least one"),
    ((dataset(), runtime(master_replicas=2), None),
     "AlluxioRuntime hbase in namespace data: master_replicas is 2, an even number"),
    ((dataset(), runtime(), volume(capacity="much")),
     "Dataset hbase in namespace data: capacity: 'much' is not a Kubernetes quantity"),
    ((dataset(), runtime(), volume(name="HBase")),
     "Dataset HBase in namespace data: Dataset name 'HBase' is not a DNS-1035 label"),
    ((dataset(mounts=[{"mount_point": "dataset://data/other"}]), runtime(), None),
     "Dataset hbase in namespace data: it mounts another Dataset, which Fluid serves without an "
     "AlluxioRuntime"),
    ((dataset(mounts=[{"mount_point": "s3://b/a b"}]), runtime(), None),
     "Dataset hbase in namespace data: mounts[0].mount_point has the character ' '"),
    ((dataset(), runtime(master={"env": {"A": {"b": 1}}}), None),
     "AlluxioRuntime hbase in namespace data: master.env.A is a mapping: expected text"),
    ((dataset(), runtime(name="n" * 46), None),
     f"AlluxioRuntime {'n' * 46} in namespace data: AlluxioRuntime name '{'n' * 46}' has 46 characters"),
], ids=["dataset", "runtime", "volume", "name-of-the-volume", "reference", "shell", "nested", "long-name"])
def test_what_a_module_refuses_is_refused_with_the_objects_name(parts, message):
    with pytest.raises(InvalidInput) as refused:
        cache_checks.require_valid(*parts)
    assert str(refused.value).startswith(message)


@pytest.fixture
def nodes(cluster):
    def put(count):
        for index in range(count):
            cluster.put(kinds.NODE, {"metadata": {"name": f"n{index}"}})
    return put


def test_a_node_for_each_master_is_enough(cluster, nodes):
    nodes(3)
    warnings = []
    cache_checks.require_nodes(cluster, dataset(), runtime(), warnings.append)
    assert (warnings, cluster.requests) == ([], [("list", "nodes")])


def test_too_few_nodes_are_refused_with_the_runtimes_name(cluster, nodes):
    nodes(2)
    with pytest.raises(InvalidInput) as refused:
        cache_checks.require_nodes(cluster, dataset(), runtime(), [].append)
    assert str(refused.value).startswith(
        "AlluxioRuntime hbase in namespace data: 3 masters with network_mode HostNetwork need 3 schedulable "
        "nodes")


def test_without_permission_for_nodes_it_warns(cluster):
    cluster.forbidden.add(("list", "nodes"))
    warnings = []
    cache_checks.require_nodes(cluster, dataset(), runtime(), warnings.append)
    assert warnings == [
        "could not check whether each of 3 masters finds its own node: not allowed to list nodes"]


def exists(cluster, masters=3, **metadata):
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {
        "metadata": {**IDENTITY, **metadata}, "spec": {"master": {"replicas": masters}}})


DAMAGES = [
    ({"spec": {"unschedulable": True}}, "n2 is cordoned"),
    ({"spec": {"taints": [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]}},
     "n2 has the taint node.kubernetes.io/unreachable:NoExecute, which is not tolerated"),
    ({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}, "n2 is not Ready"),
]


@pytest.mark.parametrize(("damage", "why"), DAMAGES, ids=["cordoned", "unreachable", "down"])
@pytest.mark.parametrize("workers", [1, 2], ids=["unchanged", "one-worker-more"])
def test_existing_masters_need_no_place(cluster, nodes, damage, why, workers):
    nodes(3)
    cluster.change(kinds.NODE, "n2", None, damage)
    exists(cluster)
    warnings = []
    cache_checks.require_nodes(cluster, dataset(), runtime(worker_replicas=workers), warnings.append)
    [warning] = warnings
    assert warning.startswith("AlluxioRuntime hbase in namespace data exists and keeps its masters, but one "
                              "that is deleted may find no node: 3 masters with network_mode HostNetwork")
    assert why in warning


def test_enough_nodes_cost_no_look_at_the_runtime(cluster, nodes):
    nodes(3)
    exists(cluster)
    cache_checks.require_nodes(cluster, dataset(), runtime(), [].append)
    assert cluster.requests == [("list", "nodes")]


@pytest.mark.parametrize("existing", [
    {"masters": 1}, {"deletionTimestamp": "2026-11-26T10:00:00Z"}, None, "forbidden", "unknown"],
    ids=["more-masters", "terminating", "absent", "forbidden", "without-fluid"])
def test_masters_that_have_to_be_placed_need_places(cluster, nodes, existing):
    nodes(2)
    if isinstance(existing, dict):
        exists(cluster, **existing)
    elif existing == "forbidden":
        cluster.forbidden.add(("get", "alluxioruntimes"))
    elif existing == "unknown":
        cluster.missing_kinds.add(fluid_kinds.ALLUXIO_RUNTIME)
    with pytest.raises(InvalidInput, match="2 of 2 nodes accept them"):
        cache_checks.require_nodes(cluster, dataset(), runtime(), [].append)


def test_the_tolerations_of_the_dataset_count(cluster, nodes):
    nodes(1)
    cluster.change(kinds.NODE, "n0", None, {"spec": {"taints": [{"key": "pool", "effect": "NoSchedule"}]}})
    single = runtime(master_replicas=1)
    with pytest.raises(InvalidInput, match="pool:NoSchedule"):
        cache_checks.require_nodes(cluster, dataset(), single, [].append)
    tolerant = dataset(tolerations=[{"key": "pool", "operator": "Exists"}])
    cache_checks.require_nodes(cluster, tolerant, single, [].append)
