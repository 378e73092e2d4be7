# SPDX-License-Identifier: GPL-3.0-or-later
"""The module cache_comparison: a cache is unchanged if no module of a deployment would act, wait or warn."""

from collections import Counter

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.names import (
    claim_name,
    master_pod,
    volume_name,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

NAMES = ("ads", "hbase", "logs", "spark", "web")


def declared(name="hbase", dataset=None, runtime=None, volume=None, namespace="data"):
    who = {"name": name, "namespace": namespace}
    return {"dataset": {**who, "mounts": [{"name": name, "mount_point": f"https://host/{name}/"}],
                        "labels": {"team": "search"}, **(dataset or {})},
            "runtime": {**who, "worker_replicas": 2, "network_mode": "ContainerNetwork", **(runtime or {})},
            "volume": {**who, "capacity": "100Gi", "labels": {"team": "search"}, **(volume or {})}}


class Fluid:
    """Writes what Fluid's controllers and the volume binder write, into the cluster in memory."""

    def __init__(self, cluster):
        self.cluster = cluster

    def refs(self, name):
        ref = ObjectRef("data", name)
        return {fluid_kinds.DATASET: ref, fluid_kinds.ALLUXIO_RUNTIME: ref,
                kinds.PERSISTENT_VOLUME_CLAIM: ObjectRef("data", claim_name(name)),
                kinds.PERSISTENT_VOLUME: ObjectRef(None, volume_name(ref))}

    def change(self, name, kind, **fields):
        ref = self.refs(name)[kind]
        self.cluster.change(kind, ref.name, ref.namespace, fields)

    def bind(self, name, masters=1):
        self.cluster.put(kinds.NAMESPACE, {"metadata": {"name": "data"}})
        if masters == 1:
            self.cluster.put(kinds.SERVICE, {
                "metadata": {"name": master_pod(name, 0), "namespace": "data",
                             "labels": {"release": name, "role": "alluxio-master"}},
                "spec": {"clusterIP": "10.96.0.7", "publishNotReadyAddresses": True}})
        dataset = self.cluster.get(fluid_kinds.DATASET, ObjectRef("data", name))
        mounts = [{key: each[key] for key in ("name", "mountPoint")} for each in dataset["spec"]["mounts"]]
        self.change(name, fluid_kinds.DATASET, status={"phase": "Bound", "mounts": mounts})
        ready = {"masterPhase": "Ready", "workerPhase": "Ready", "desiredMasterNumberScheduled": masters,
                 "masterNumberReady": masters, "desiredWorkerNumberScheduled": 2, "workerNumberReady": 2}
        self.change(name, fluid_kinds.ALLUXIO_RUNTIME, status=ready)
        for kind in (kinds.PERSISTENT_VOLUME_CLAIM, kinds.PERSISTENT_VOLUME):
            ref = self.refs(name)[kind]
            self.cluster.put(kind, {
                "metadata": {"name": ref.name, **({"namespace": "data"} if ref.namespace else {}),
                             "annotations": {"CreatedBy": "fluid"}},
                "spec": {"capacity": {"storage": "100Gi"}},
                "status": {"phase": "Bound"}})


@pytest.fixture
def fluid(cluster):
    return Fluid(cluster)


@pytest.fixture
def deploy(run, fluid):
    """Create caches with the modules of the role deploy."""
    def create(*caches):
        for cache in caches:
            run("dataset", **cache["dataset"])
            run("dataset_volume", name=cache["volume"]["name"], namespace="data", capacity="100Gi")
            run("alluxio_runtime", **cache["runtime"])
            fluid.bind(cache["dataset"]["name"], cache["runtime"].get("master_replicas", 1))
            run("dataset_volume", **cache["volume"])
        fluid.cluster.requests.clear()
    return create


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_unchanged_caches_cost_lists(run, deploy, cluster, check):
    caches = [declared(name) for name in NAMES]
    deploy(*caches)
    result = run("cache_comparison", check=check, caches=caches)
    assert (result["differences"], result["warnings"], result["changed"]) == ({}, [], False)
    assert sorted(result["unchanged"]) == [f"data/{name}" for name in NAMES]
    assert Counter(cluster.requests) == {
        ("get", "namespaces"): 1, ("list", "datasets"): 1, ("list", "alluxioruntimes"): 1,
        ("list", "persistentvolumeclaims"): 1, ("list", "persistentvolumes"): 1, ("list", "services"): 1}


def test_a_cache_in_the_default_namespace_has_its_key(run, deploy):
    cache = declared()
    for part in cache.values():
        del part["namespace"]
    result = run("cache_comparison", caches=[cache, declared()])
    assert list(result["differences"]) == ["default/hbase", "data/hbase"]


@pytest.mark.parametrize("first", [2, 3])
def test_two_declarations_of_one_cache(run, deploy, first):
    """Both hosts deploy it, as without a comparison."""
    deploy(declared(), declared("spark"))
    caches = [declared(runtime={"worker_replicas": number}) for number in (first, 5 - first)]
    result = run("cache_comparison", caches=[*caches, declared("spark")])
    assert result["unchanged"] == ["data/spark"]
    assert result["differences"] == {"data/hbase": "data/hbase is declared 2 times"}


@pytest.mark.parametrize("part", ["dataset", "volume", "runtime"])
@pytest.mark.parametrize("other", [{"name": "spark"}, {"namespace": "other"}], ids=["name", "namespace"])
def test_parts_of_two_caches(run, deploy, part, other):
    deploy(declared(), declared("spark"))
    cache = declared()
    cache[part] |= other
    result = run("cache_comparison", caches=[cache])
    assert result["unchanged"] == []
    assert "expected one name and namespace" in str(result["differences"])


@pytest.mark.parametrize("part", ["dataset", "volume", "runtime"])
def test_a_part_without_options_is_invalid(run, deploy, part):
    deploy(declared("spark"))
    result = run("cache_comparison", caches=[{**declared(), part: {}}, declared("spark")])
    assert result["unchanged"] == ["data/spark"]
    assert "missing required arguments: name" in str(result["differences"])


@pytest.mark.parametrize(("options", "text"), [
    ({"dataset": {"placement": "Shared"}}, "Dataset hbase in namespace data differs from its declaration"),
    ({"dataset": {"labels": {"team": "ads"}}}, "Dataset hbase in namespace data differs"),
    ({"runtime": {"worker_replicas": 3}}, "AlluxioRuntime hbase in namespace data differs"),
    ({"runtime": {"properties": {"alluxio.user.file.readtype.default": "CACHE"}}}, "AlluxioRuntime hbase"),
    ({"volume": {"labels": {"team": "ads"}}}, "PersistentVolumeClaim hbase in namespace data differs"),
    ({"volume": {"reclaim_policy": "Delete"}}, "PersistentVolume data-hbase differs"),
    ({"volume": {"capacity": "200Gi"}}, "Dataset hbase in namespace data differs"),
    ({"runtime": {"master_replicas": 2}}, "master_replicas is 2, an even number"),
    ({"runtime": {"worker_replicas": "many"}}, "runtime: argument 'worker_replicas' is of type"),
    ({"dataset": {"mount": []}}, "dataset: unsupported option mount"),
], ids=["dataset", "labels", "workers", "property", "claim", "reclaim", "capacity", "even", "type",
        "misspelt"])
def test_another_declaration(run, deploy, options, text):
    deploy(declared(), declared("spark"))
    result = run("cache_comparison", caches=[declared(**options), declared("spark")])
    assert result["unchanged"] == ["data/spark"]
    assert text in result["differences"]["data/hbase"]


@pytest.mark.parametrize(("kind", "fields", "text"), [
    (fluid_kinds.DATASET, {"status": {"phase": "NotBound"}}, "is not Bound: its phase is NotBound"),
    (fluid_kinds.DATASET, {"status": {"phase": "Bound", "mounts": []}}, "is not Bound"),
    (fluid_kinds.ALLUXIO_RUNTIME, {"status": {"workerNumberReady": 1}},
     "AlluxioRuntime hbase in namespace data is not ready: 1 of 1 masters ready, 1 of 2 workers ready"),
    (kinds.PERSISTENT_VOLUME_CLAIM, {"status": {"phase": "Pending"}},
     "Claim hbase in namespace data is not Bound"),
    (kinds.PERSISTENT_VOLUME, {"status": {"phase": "Released"}}, "PersistentVolume data-hbase is not Bound"),
    (kinds.PERSISTENT_VOLUME, {"spec": {"capacity": {"storage": "1Gi"}}}, "has capacity 1Gi, not 100Gi"),
], ids=["phase", "mounts", "runtime", "claim", "volume", "capacity"])
def test_what_a_deployment_would_wait_for_or_warn_of(run, deploy, fluid, kind, fields, text):
    deploy(declared(), declared("spark"))
    fluid.change("hbase", kind, **fields)
    result = run("cache_comparison", caches=[declared(), declared("spark")])
    assert result["unchanged"] == ["data/spark"]
    assert text in result["differences"]["data/hbase"]


def test_a_tier_that_the_validation_would_warn_of(run, deploy):
    cache = declared(dataset={"access_modes": ["ReadWriteMany"]}, runtime={
        "tieredstore": [{"mediumtype": "MEM", "path": "/dev/shm", "quota": "64Mi"}]})
    deploy(cache, declared("spark"))
    result = run("cache_comparison", caches=[cache, declared("spark")])
    assert result["unchanged"] == ["data/spark"]
    assert "a write reserves 256MB on a worker" in result["differences"]["data/hbase"]


@pytest.mark.parametrize("kind", [
    fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME, kinds.PERSISTENT_VOLUME_CLAIM, kinds.PERSISTENT_VOLUME],
    ids=lambda kind: kind.kind)
@pytest.mark.parametrize("state", ["absent", "terminating"])
def test_a_part_that_is_absent_or_terminating(run, deploy, fluid, kind, state):
    deploy(declared())
    ref = fluid.refs("hbase")[kind]
    if state == "absent":
        fluid.cluster.vanish(kind, ref.name, ref.namespace)
    else:
        fluid.change("hbase", kind, metadata={"deletionTimestamp": "2026-11-27T12:00:00Z"})
    result = run("cache_comparison", caches=[declared()])
    expected = "does not exist" if state == "absent" else "is terminating"
    assert result["differences"]["data/hbase"] == f"{kind.describe(ref)} {expected}"


@pytest.mark.parametrize(("change", "text"), [
    ({"metadata": {"deletionTimestamp": "2026-11-27T12:00:00Z"}}, "namespace data is terminating"),
    (None, "namespace data does not exist"),
], ids=["terminating", "absent"])
def test_a_namespace_that_the_deployment_refuses_or_creates(run, deploy, cluster, change, text):
    deploy(declared())
    if change:
        cluster.change(kinds.NAMESPACE, "data", None, change)
    else:
        cluster.vanish(kinds.NAMESPACE, "data", None)
    assert text in run("cache_comparison", caches=[declared()])["differences"]["data/hbase"]


def test_a_namespace_that_may_not_be_read_is_warned_of(run, deploy, cluster):
    deploy(declared())
    cluster.forbidden.add(("get", "namespaces"))
    assert "could not read namespace data" in str(run("cache_comparison", caches=[declared()])["differences"])


@pytest.mark.parametrize("state", ["absent", "headless"])
def test_services_of_masters_that_the_deployment_waits_for_or_replaces(run, deploy, cluster, state):
    deploy(declared())
    if state == "absent":
        cluster.vanish(kinds.SERVICE, "hbase-master-0", "data")
        waited = run("alluxio_runtime", **declared()["runtime"], wait=True, wait_timeout=5)
        assert "waiting for Service hbase-master-0" in waited["msg"]
    else:
        cluster.change(kinds.SERVICE, "hbase-master-0", "data", {"spec": {"clusterIP": "None"}})
    assert run("cache_comparison", caches=[declared()])["differences"] == {
        "data/hbase": "AlluxioRuntime hbase in namespace data lacks stable Services hbase-master-0"}
    unstable = declared(runtime={"stable_peer_addresses": False})
    assert run("cache_comparison", caches=[unstable])["differences"] == {}


@pytest.mark.parametrize("part", ["dataset", "runtime"])
def test_fields_that_the_definitions_lack(run, deploy, cluster, monkeypatch, part):
    """An empty one does not differ from a missing one, but validate_cache refuses it."""
    def refuse(*_args, **_options):
        raise ApiError('unknown field "spec.tieredstor"', 400)

    cache = declared(**{part: {"spec_overrides": {"tieredstor": {}}}})
    deploy(cache)
    assert run("cache_comparison", caches=[cache])["differences"] == {}
    monkeypatch.setattr(cluster, "create", refuse)
    assert "unknown field" in run("cache_comparison", caches=[cache])["differences"]["data/hbase"]


def test_a_cache_that_cannot_be_read_counts_as_different(run, deploy, cluster):
    deploy(declared())
    cluster.forbidden.add(("get", "persistentvolumes"))
    result = run("cache_comparison", caches=[declared()])
    assert result["unchanged"] == []
    assert "persistentvolumes" in result["differences"]["data/hbase"]


def test_secrets_do_not_show(run, deploy):
    cache = declared(dataset={"mounts": [{"name": "x", "mount_point": "s3://bucket/", "options": {
        "aws.secretKey": "geheimnis"}}], "mount": 1})
    assert "geheimnis" not in str(run("cache_comparison", caches=[cache]))


@pytest.fixture
def group(masters, run, fluid, cluster):
    """Declare a cache of three masters that run, and return its declaration."""
    cache = declared(runtime={"master_replicas": 3, "network_mode": "HostNetwork"})
    run("dataset", **cache["dataset"])
    run("dataset_volume", name="hbase", namespace="data", capacity="100Gi")
    run("alluxio_runtime", **cache["runtime"])
    fluid.bind("hbase", 3)
    run("dataset_volume", **cache["volume"])
    run("alluxio_rollout", name="hbase", namespace="data")
    assert not run("alluxio_quorum", name="hbase", namespace="data")["changed"]
    cluster.requests.clear()
    return cache


def test_masters_with_complete_quorums(run, cluster, group):
    result = run("cache_comparison", caches=[group])
    assert (result["unchanged"], result["differences"]) == (["data/hbase"], {})
    assert cluster.writes() == []


@pytest.mark.parametrize(("options", "text"), [
    ({"properties": {"alluxio.master.known": "2"}}, "AlluxioRuntime hbase in namespace data differs"),
    ({"master_replicas": 5}, "AlluxioRuntime hbase in namespace data differs"),
    ({"disruption_budget": False}, "has not the declared disruption budget"),
], ids=["property", "masters", "budget"])
def test_another_declaration_of_masters(run, group, options, text):
    result = run("cache_comparison", caches=[{**group, "runtime": {**group["runtime"], **options}}])
    assert text in result["differences"]["data/hbase"]


def test_masters_that_lag_behind_the_runtime(run, masters, group):
    """Somebody has changed the runtime in a field that the cache does not declare, and rolled nothing out."""
    masters.declare(alluxioVersion={"imageTag": "2.9.5"})
    assert run("alluxio_rollout", check=True, name="hbase", namespace="data")["changed"]
    assert run("cache_comparison", caches=[group])["differences"] == {
        "data/hbase": "the masters of AlluxioRuntime hbase in namespace data differ from their declaration"}


def test_a_quorum_that_lacks_a_peer(run, masters, group):
    address = next(address for address in masters.groups[MASTER] if address != masters.leader[MASTER])
    del masters.groups[MASTER][address]
    assert run("cache_comparison", caches=[group])["differences"] == {
        "data/hbase": "the masters of AlluxioRuntime hbase in namespace data have no complete quorums"}
    found = run("alluxio_rollout", check=True, name="hbase", namespace="data", read_quorum=True)
    assert (found["changed"], found["settled"]) == (False, False)


def test_a_master_without_a_pod_whose_peer_is_still_available(run, cluster, masters, group):
    """The module alluxio_runtime waits for the pod."""
    cluster.vanish(kinds.POD, "hbase-master-1", "data")
    assert run("cache_comparison", caches=[group])["differences"] == {
        "data/hbase": "the masters of AlluxioRuntime hbase in namespace data have no complete quorums"}


def test_nodes_that_accept_no_more_masters(run, cluster, masters, group):
    """The deployment warns of them, so it is not skipped."""
    for node in list(cluster.list(kinds.NODE))[2:]:
        cluster.change(kinds.NODE, node["metadata"]["name"], None, {"spec": {"unschedulable": True}})
    found = run("cache_comparison", caches=[group])["differences"]["data/hbase"]
    assert "exists and keeps its masters" in found


def acts(run, cluster, cache):
    """Return the first module of the role deploy that changes something, fails, warns or waits."""
    who, wait = {"name": "hbase", "namespace": "data"}, {"wait": True, "wait_timeout": 9}
    steps = (("validate_cache", cache), ("namespace", {"name": "data", "require_fluid": True}),
             ("dataset", cache["dataset"]), ("alluxio_runtime", {**cache["runtime"], **wait}),
             ("alluxio_rollout", {**who, "read_quorum": True}),
             ("dataset_volume", {**cache["volume"], **wait}))
    for module, options in steps:
        began = cluster.now
        found = run(module, **options)
        if (found.get("failed") or found["changed"] or found["warnings"] or cluster.now > began
                or not found.get("settled", True)):
            return module
    return ""


OBJECTS = [
    (fluid_kinds.DATASET, "hbase"), (fluid_kinds.ALLUXIO_RUNTIME, "hbase"), (kinds.NAMESPACE, "data"),
    (kinds.PERSISTENT_VOLUME_CLAIM, "hbase"), (kinds.PERSISTENT_VOLUME, "data-hbase"),
    (kinds.STATEFUL_SET, "hbase-master"), (kinds.CONFIG_MAP, "hbase-config"),
    (kinds.POD_DISRUPTION_BUDGET, "hbase-masters"), (kinds.NODE, "node1"),
    *((kind, f"hbase-master-{index}") for index in range(3) for kind in (kinds.POD, kinds.SERVICE))]


@pytest.mark.parametrize("state", ["absent", "terminating", "as-it-is"])
@pytest.mark.parametrize(("kind", "name"), OBJECTS, ids=lambda value: getattr(value, "kind", value))
def test_no_module_of_a_deployment_acts_on_an_unchanged_cache(run, cluster, group, kind, name, state):
    namespace = "data" if kind.namespaced else None
    if state == "absent":
        cluster.vanish(kind, name, namespace)
    elif state == "terminating":
        cluster.change(kind, name, namespace, {"metadata": {"deletionTimestamp": "2026-11-27T12:00:00Z"}})
    unchanged = run("cache_comparison", caches=[group])["unchanged"]
    assert not unchanged or acts(run, cluster, group) == ""
    assert unchanged or state != "as-it-is"
