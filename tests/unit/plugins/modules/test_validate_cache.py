# SPDX-License-Identifier: GPL-3.0-or-later
"""The module validate_cache: what it refuses, and that it needs neither Fluid nor the namespace."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

IDENTITY = {"name": "hbase", "namespace": "data"}
MOUNTS = [{"mount_point": "https://host/"}]


def cache(dataset=None, runtime=None, volume=None, **options):
    return {"dataset": {**IDENTITY, "mounts": MOUNTS, **(dataset or {})},
            "runtime": {**IDENTITY, **(runtime or {})},
            "volume": {**IDENTITY, **(volume or {})}, **options}


def tier(**given):
    return cache(runtime={"tieredstore": [{"mediumtype": "MEM", "path": "/dev/shm", **given}]})


@pytest.fixture(autouse=True)
def no_fluid(cluster):
    """The check runs before Fluid is installed."""
    cluster.missing_kinds |= {fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME}
    for index in range(3):
        cluster.put(kinds.NODE,
                    {"metadata": {"name": f"n{index}", "labels": {"disk": "ssd" if index else "hdd"}}})


@pytest.mark.parametrize("options", [
    pytest.param(cache(), id="minimal"),
    pytest.param({name: value for name, value in cache().items() if name != "volume"}, id="no-volume"),
    pytest.param(tier(quota="500m"), id="quota-in-milli"),
    pytest.param(tier(quota="2Gi", high="0.95", low="0.7"), id="watermarks"),
    pytest.param(cache(runtime={"master_replicas": "3"}), id="number-as-text"),
    pytest.param(cache(runtime={"master_replicas": 5, "network_mode": "ContainerNetwork"}),
                 id="masters-without-their-node"),
    pytest.param(cache(volume={"capacity": "100Gi"}, wait_timeout=1), id="capacity"),
])
@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_accepted(cluster, run, options, check):
    result = run("validate_cache", check=check, **options)
    assert (result["changed"], result["warnings"]) == (False, [])
    assert set(cluster.requests) <= {("list", "nodes")}


@pytest.mark.parametrize(("options", "message"), [
    pytest.param(cache(dataset={"name": "HBase"}),
                 "Dataset HBase in namespace data: Dataset name 'HBase' is not a DNS-1035 label",
                 id="name"),
    pytest.param(cache(dataset={"namespace": "My_Team"}), "namespace 'My_Team' is not a DNS-1123 label",
                 id="namespace"),
    pytest.param(cache(dataset={"mounts": []}), "mounts is empty: declare at least one mount", id="no-mount"),
    pytest.param(cache(dataset={"mounts": [{"name": "a"}]}),
                 "dataset: missing required arguments: mount_point", id="no-mount-point"),
    pytest.param(cache(dataset={"mounts": [{"mount_point": "/data"}]}), "mount_point '/data' is not a URL",
                 id="mount-point"),
    *(pytest.param({**cache(), part: {}}, f"{part}: missing required arguments: name", id=f"empty-{part}")
      for part in ("dataset", "runtime", "volume")),
    pytest.param(cache(dataset={"mount": []}), "dataset: unsupported option mount", id="misspelt"),
    pytest.param(cache(runtime={"master_replicas": 2}),
                 "AlluxioRuntime hbase in namespace data: master_replicas is 2, an even number",
                 id="even-masters"),
    pytest.param(cache(runtime={"master_replicas": 0}), "needs at least one master", id="no-master"),
    pytest.param(cache(runtime={"worker_replicas": -1}), "worker_replicas is -1", id="negative-workers"),
    pytest.param(cache(runtime={"master_replicas": 3, "properties": {"alluxio.master.journal.type": "UFS"}}),
                 "properties sets alluxio.master.journal.type: UFS", id="journal-type"),
    pytest.param(cache(runtime={"fuse": {"image_tag": "latest"}}), "fuse.image_tag is 'latest'",
                 id="fuse-tag"),
    pytest.param(cache(runtime={"network_mode": "ContainerNetwork", "master": {"ports": {"rpc": 20000}}}),
                 "master.ports.rpc is 20000, and with network_mode ContainerNetwork", id="ports"),
    pytest.param(cache(runtime={"worker": {"resources": {"limits": {"memory": "1Gi"}}}, "tieredstore": [
        {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi"}]}),
        "worker.resources.limits.memory is 1Gi, below the 2Gi", id="limit-below-the-tier"),
    pytest.param(tier(quota="1.2.3K"), "tieredstore[0].quota: '1.2.3K' is not a Kubernetes quantity",
                 id="quota"),
    pytest.param(tier(high="0.5", low="0.7"), "high 0.5, which is not above low 0.7", id="watermarks"),
    pytest.param(tier(low="1"), "high 1, which is not above low 1", id="low-watermark"),
    pytest.param(cache(runtime={"raft": {"profile": "slow"}}), "runtime: value of profile must be one of",
                 id="choice"),
    pytest.param(cache(volume={"capacity": "much"}), "capacity: 'much' is not a Kubernetes quantity",
                 id="capacity"),
    pytest.param(cache(dataset={"labels": {"team": "a b"}}),
                 "Dataset hbase in namespace data: labels[team] is 'a b', which is no value of a label",
                 id="label"),
    pytest.param(cache(runtime={"annotations": {"": "x"}}), "annotations has the key ''", id="annotation"),
    pytest.param(cache(wait_timeout=0), "wait_timeout is 0: expected at least one second", id="wait-timeout"),
    pytest.param(cache(warm_up=["/"], warm_up_timeout=0),
                 "warm_up_timeout is 0: expected at least one second", id="warm-up-timeout"),
    pytest.param(cache(rollout_timeout=-1),
                 "rollout_timeout is -1: expected at least one second", id="rollout-timeout"),
])
def test_refused_without_a_request(cluster, run, options, message):
    result = run("validate_cache", **options)
    assert result["failed"]
    assert message in result["msg"]
    assert cluster.requests == []


@pytest.mark.parametrize(("runtime", "message"), [
    ({"master_replicas": 5}, "5 masters with network_mode HostNetwork need 5 schedulable nodes, and 3 of 3 "
                             "nodes accept them (n0, n1, n2)"),
    ({"master_replicas": 3, "master": {"node_selector": {"disk": "ssd"}}},
     "and 2 of 3 nodes accept them (n1, n2; n0 lacks the label disk=ssd)"),
    ({"master": {"node_selector": {"disk": "tape"}}}, "and 0 of 3 nodes accept them (none; n0 lacks"),
], ids=["more-masters-than-nodes", "node-selector", "single-master"])
def test_too_few_nodes(run, runtime, message):
    result = run("validate_cache", **cache(runtime=runtime))
    assert result["msg"].startswith("AlluxioRuntime hbase in namespace data: ")
    assert message in result["msg"]


OVERRIDES = [
    ("datasets", {"dataset": {"spec_overrides": {"mount": []}}}),
    ("datasets", {"dataset": {"tolerations": [{"key": "a", "operator": "Exists"}]}}),
    ("alluxioruntimes", {"runtime": {"spec_overrides": {"updateStrategy": "OnDelete"}}}),
    ("alluxioruntimes", {"runtime": {"volumes": [{"name": "a", "secrt": {}}]}}),
    ("alluxioruntimes", {"runtime": {"tieredstore": [
        {"mediumtype": "SSD", "path": "/a", "quota": "1Gi", "volume_source": {"hostPth": {}}}]}}),
]


@pytest.mark.parametrize(("plural", "options"), OVERRIDES,
                         ids=["dataset", "tolerations", "runtime", "volumes", "source-of-a-tier"])
def test_fields_that_the_definitions_lack_are_refused(cluster, run, plural, options):
    cluster.missing_kinds.clear()
    cluster.before_write(lambda: refuse("the cluster's definition has no field spec.x", 400))
    result = run("validate_cache", **cache(**options))
    assert result["failed"]
    assert result["msg"].endswith("hbase in namespace data: the cluster's definition has no field spec.x")
    assert cluster.requests == [("create", plural)]


@pytest.mark.parametrize(("plural", "options"), OVERRIDES,
                         ids=["dataset", "tolerations", "runtime", "volumes", "source-of-a-tier"])
@pytest.mark.parametrize("answer", ["accepts", "no-fluid", "no-namespace", "not-allowed"])
def test_fields_are_left_to_the_write(cluster, run, plural, options, answer):
    if answer != "no-fluid":
        cluster.missing_kinds.clear()
    if answer == "no-namespace":
        cluster.before_write(lambda: refuse('namespaces "data" not found', 404))
    if answer == "not-allowed":
        cluster.forbidden.add(("create", plural))
    assert not run("validate_cache", **cache(**options)).get("failed")
    assert cluster.requests == [("create", plural), ("list", "nodes")]
    assert cluster.stored(fluid_kinds.DATASET, "hbase", "data") is None


def refuse(message, status):
    raise ApiError(message, status)


def test_without_permission_for_nodes_it_warns(cluster, run):
    cluster.forbidden.add(("list", "nodes"))
    [warning] = run("validate_cache", **cache(runtime={"master_replicas": 3}))["warnings"]
    assert warning.startswith("could not check whether each of 3 masters finds its own node")


def written(quota, modes=("ReadWriteMany",), **runtime):
    return cache(dataset={"access_modes": list(modes)}, runtime={
        "tieredstore": [{"mediumtype": "MEM", "path": "/dev/shm", "quota": quota}], **runtime})


@pytest.mark.parametrize(("options", "start"), [
    (written("64Mi"), "a write reserves 256MB on a worker (alluxio.user.block.size.bytes.default), and the "
                      "largest path of tieredstore, /dev/shm, has 64Mi: "),
    (written("8Mi", raft={"profile": "fast"}), "a write reserves 16MB on a worker "),
    (cache(dataset={"spec_overrides": {"accessModes": ["ReadWriteOnce"]}}, runtime={"spec_overrides": {
        "tieredstore": {"levels": [{"mediumtype": "MEM", "path": "/dev/shm", "quota": "64Mi"}]}}}),
     "a write reserves 256MB on a worker "),
], ids=["options", "properties-of-raft", "overrides"])
def test_a_tier_below_the_space_of_a_write_is_warned_of(cluster, run, options, start):
    cluster.missing_kinds.clear()
    result = run("validate_cache", **options)
    assert not result.get("failed")
    [warning] = result["warnings"]
    assert warning.startswith(f"AlluxioRuntime hbase in namespace data: {start}")


@pytest.mark.parametrize("options", [
    written("256Mi"), written("64Mi", modes=["ReadOnlyMany"]), written("16Mi", raft={"profile": "fast"}),
], ids=["a-block", "read-only", "properties-of-raft"])
def test_a_tier_with_the_space_of_a_write(run, options):
    assert run("validate_cache", **options)["warnings"] == []


def test_credentials_are_hidden(run):
    mounts = [{"mount_point": "s3://bucket/", "options": {"aws.secretKey": "very-secret"}}]
    result = run("validate_cache",
                 **cache(dataset={"mounts": mounts}, runtime={"properties": {"aws.secretKey": "as-secret"}}))
    assert not result.get("failed")
    assert "very-secret" not in str(result) and "as-secret" not in str(result)


@pytest.mark.parametrize("misspelt", [
    {"mounts": [{"mountpoint": "s3://b/", "options": {"aws.secretKey": "very-secret"}}]},
    {"mount": [{"mount_point": "s3://ann:very-secret@b/"}]},
], ids=["option-of-a-mount", "option"])
def test_credentials_in_refused_options_are_hidden(run, misspelt):
    result = run("validate_cache", **cache(dataset=misspelt))
    assert result["failed"]
    assert "unsupported option mount" in result["msg"]
    assert "very-secret" not in str(result)
