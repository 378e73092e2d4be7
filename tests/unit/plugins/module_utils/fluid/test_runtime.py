# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import properties as alluxio_properties
from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import runtime
from ansible_collections.datacache.fluid.plugins.module_utils.redaction import secrets_within

LEVEL = {"mediumtype": "MEM", "path": "/dev/shm"}


def params(**given):
    return {"name": "hbase", "namespace": "data", "master_replicas": 1, "worker_replicas": 1,
            "network_mode": "HostNetwork", **given}


def level(**given):
    return {"tieredstore": [{**LEVEL, **given}]}


def spec(**given):
    return runtime.manifest(params(**given))["spec"]


STANDBY_WEB = {
    "properties": {"properties": {"alluxio.standby.master.web.enabled": True}},
    "jvm_options": {"jvm_options": ["-Xmx1g", "-Dalluxio.standby.master.web.enabled=true"]},
    "master.properties": {"master": {"properties": {"alluxio.standby.master.web.enabled": "TRUE"}}},
    "job_master.jvm_options": {"job_master": {"jvm_options": ["-Dalluxio.standby.master.web.enabled=true"]}},
}
REFUSED = [
    pytest.param({"name": "HBase"}, "AlluxioRuntime name 'HBase' is not a DNS-1035 label", id="name"),
    pytest.param({"namespace": "My_Team"}, "namespace 'My_Team' is not a DNS-1123 label", id="namespace"),
    pytest.param({"master_replicas": 2}, "master_replicas is 2, an even number", id="even-masters"),
    pytest.param({"master_replicas": 0}, "master_replicas is 0: a runtime needs at least one master",
                 id="no-master"),
    pytest.param({"worker_replicas": -1}, "worker_replicas is -1: expected zero or more workers",
                 id="less-than-no-worker"),
    pytest.param(level(quota="2Gi", quota_list="2Gi"),
                 "tieredstore[0] has both quota and quota_list: use quota, or quota_list with one quota for "
                 "each path", id="two-quotas"),
    pytest.param(level(quota="2GB"), "tieredstore[0].quota: '2GB' is not a Kubernetes quantity",
                 id="no-quantity"),
    pytest.param(level(quota="1e99"), "tieredstore[0].quota is 1e99: expected at most 9223372036854775807",
                 id="quota-beyond-the-api"),
    pytest.param(level(quota="0"), "tieredstore[0].quota is 0: expected a quantity above zero",
                 id="quota-of-nothing"),
    pytest.param(level(path="/a,/b", quota_list="1Gi"),
                 "tieredstore[0] has 1 quotas for 2 paths: expected one for each",
                 id="a-quota-too-few"),
    pytest.param(level(path="/a,/b", quota_list="1Gi,x"),
                 "tieredstore[0].quota_list: 'x' is not a Kubernetes quantity",
                 id="no-quantity-in-the-list"),
    pytest.param(level(high="0.5", low="0.7"),
                 "tieredstore[0] has high 0.5, which is not above low 0.7: eviction starts",
                 id="high-below-low"),
    pytest.param(level(high="0.7", low="0.7"), "tieredstore[0] has high 0.7, which is not above low 0.7",
                 id="high-equal-to-low"),
    pytest.param(level(low="1"), "tieredstore[0] has high 1, which is not above low 1",
                 id="low-at-the-default-high"),
    pytest.param(level(high="95"),
                 "tieredstore[0].high is '95': expected a share of the quota above 0 and at most 1",
                 id="percent"),
    pytest.param(level(low="0"), "tieredstore[0].low is '0': expected a share", id="low-of-zero"),
    pytest.param(level(low="half"), "tieredstore[0].low is 'half': expected a share", id="share-in-words"),
    pytest.param(level(low="nan"), "tieredstore[0].low is 'nan': expected a share", id="not-a-number"),
    pytest.param({"tieredstore": [LEVEL, {**LEVEL, "quota": "x"}]}, "tieredstore[1].quota: 'x'",
                 id="second-level"),
    pytest.param({"raft": {"election_timeout_min": "5s"},
                  "properties": {"alluxio.master.embedded.journal.election.timeout.min": "6s"}},
                 "raft.election_timeout_min and properties both set "
                 "alluxio.master.embedded.journal.election.timeout.min",
                 id="option-and-property"),
    pytest.param({"raft": {"election_timeout_min": "20s", "election_timeout_max": "20s"}},
                 "raft.election_timeout_min (20s) is not below raft.election_timeout_max (20s)",
                 id="min-equal-to-max"),
    pytest.param({"raft": {"election_timeout_min": "30s"}},
                 "raft.election_timeout_min (30s) is not below raft.election_timeout_max (20s)",
                 id="min-above-the-default-max"),
    pytest.param({"raft": {"election_timeout_max": "500ms"}},
                 "raft.election_timeout_min (10s) is not below raft.election_timeout_max (0.5s)",
                 id="max-below-the-default-min"),
    pytest.param({"raft": {"election_timeout_min": "soon"}},
                 "raft.election_timeout_min is 'soon': expected a whole number with a unit, such as 500ms",
                 id="no-duration"),
    pytest.param({"raft": {"election_timeout_min": "0s"}},
                 "raft.election_timeout_min is '0s': expected a whole number with a unit", id="no-time"),
    # FormatUtils.parseTimeSize of Alluxio 2.9.4 fails on these, and with it the master.
    pytest.param({"raft": {"election_timeout_min": "1.5s"}},
                 "raft.election_timeout_min is '1.5s': expected a whole number with a unit",
                 id="fraction-of-a-second"),
    pytest.param({"raft": {"election_timeout_min": "1 s"}},
                 "raft.election_timeout_min is '1 s': expected a whole number with a unit",
                 id="space-before-the-unit"),
    pytest.param({"raft": {"election_timeout_min": "1msec"}},
                 "raft.election_timeout_min is '1msec': expected a whole number with a unit",
                 id="unit-that-alluxio-does-not-know"),
    *[pytest.param({"raft": {option: "a while"}},
                   f"raft.{option} is 'a while': expected a whole number with a unit", id=option)
      for option in alluxio_properties.RAFT_DURATIONS],
    *[pytest.param({"raft": {option: text}}, f"raft.{option} is {text!r}: expected a number of bytes",
                   id=f"{option}-{text}")
      for option in alluxio_properties.RAFT_SIZES for text in ("much", "4 MB", "0", "4XB", "-1", "4M B")],
    *[pytest.param({"raft": {"checkpoint_period_entries": text}},
                   f"raft.checkpoint_period_entries is {text!r}: expected a whole", id=f"entries-{text}")
      for text in ("-5", "0", "1.5", "2k", "many")],
    pytest.param({"raft": {"profile": "balanced"},
                  "properties": {"alluxio.master.embedded.journal.election.timeout.max": "6s"}},
                 "raft.profile balanced and properties both set "
                 "alluxio.master.embedded.journal.election.timeout.max: set raft.election_timeout_max alone, "
                 "or raft.profile: default", id="profile-and-property"),
    pytest.param({"raft": {"profile": "balanced", "election_timeout_max": "4s"}},
                 "raft.election_timeout_min (4.5s) is not below raft.election_timeout_max (4s)",
                 id="max-below-the-min-of-the-profile"),
    *[pytest.param({"master_replicas": 3, **given},
                   f"{option} sets alluxio.standby.master.web.enabled: true, so that every master", id=option)
      for option, given in STANDBY_WEB.items()],
    pytest.param({"worker": {"resources": {"limits": {"memory": "2GB"}}}},
                 "worker.resources.limits.memory: '2GB' is not a Kubernetes quantity", id="resources"),
    *[pytest.param({"spec_overrides": given},
                   f"spec_overrides sets {path} to {value!r}, which {option} always sets: use {option}",
                   id=path)
      for given, path, value, option in [
          ({"replicas": 3}, "replicas", 3, "worker_replicas"),
          ({"master": {"replicas": 3}}, "master.replicas", 3, "master_replicas"),
          ({"worker": {"networkMode": ""}}, "worker.networkMode", "", "network_mode")]],
    *[pytest.param({"tieredstore": [{**LEVEL, "quota": "2Gi"}], "spec_overrides": given, **more},
                   f"spec_overrides, read as options: {message}", id=f"override-{message}")
      for given, more, message in [
          ({"properties": {"alluxio.master.journal.type": "UFS"}}, {"master_replicas": 3},
           "properties sets alluxio.master.journal.type: UFS"),
          ({"fuse": {"imageTag": "latest"}}, {}, "fuse.image_tag is 'latest'"),
          ({"fuse": {"imageTag": "latest"}}, {"fuse": {"image": "a", "image_tag": None}},
           "fuse.image_tag is 'latest'"),
          ({"master": {"ports": {"rpc": 5, "web": 5}}}, {}, "master.ports.web is 5, as master.ports.rpc is"),
          ({"worker": {"resources": {"limits": {"memory": "1Gi"}}}}, {},
           "worker.resources.limits.memory is 1Gi, below the 2Gi"),
          ({"podMetadata": {"labels": {"app": "x"}}}, {}, "pod_metadata.labels has app"),
          ({"jobMaster": {"env": {"A": {"B": 1}}}}, {}, "job_master.env.A is a mapping")]],
    pytest.param({"worker": {"volume_mounts": [{"name": "a", "mountPath": "/a"}]}},
                 "worker.volume_mounts[0] has the name 'a', and volumes has none", id="volume-mounts"),
    pytest.param({"init_users": {"resources": {"limits": {"memory": "2GB"}}}},
                 "init_users.resources.limits.memory: '2GB' is not a Kubernetes quantity",
                 id="resources-of-init-users"),
    pytest.param({"worker_replicas": 2**31}, "worker_replicas is 2147483648: expected at most 2147483647",
                 id="too-many-workers"),
    pytest.param({"job_worker": {"resources": {"requests": {"cpu": "lots"}}}},
                 "job_worker.resources.requests.cpu: 'lots' is not a Kubernetes quantity",
                 id="resources-of-a-job-worker"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_refused(given, message):
    with pytest.raises(InvalidInput) as refused:
        runtime.require_valid(params(**given))
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("given", [
    pytest.param({}, id="minimal"),
    pytest.param({"master_replicas": 3, "worker_replicas": 2}, id="highly-available"),
    pytest.param({"worker_replicas": 0}, id="a-frozen-cache"),
    pytest.param(level(quota="2Gi", high="0.95", low="0.7"), id="level"),
    pytest.param(level(path="/a,/b", quota_list="1Gi,2Gi", high="1"), id="level-of-two-paths"),
    *[pytest.param({"raft": {"profile": profile}}, id=f"profile-{profile}")
      for profile in alluxio_properties.RAFT_PROFILES],
    pytest.param({"master_replicas": 3, "properties": {"alluxio.standby.master.web.enabled": False}},
                 id="standbys-without-a-web-port"),
    pytest.param({"properties": {"alluxio.standby.master.web.enabled": True}}, id="a-single-master"),
    pytest.param({"raft": {"profile": "default"},
                  "properties": {"alluxio.master.embedded.journal.election.timeout.max": "30s"}},
                 id="alluxios-own-profile-and-a-property"),
    pytest.param({"raft": {"election_timeout_min": "1s", "election_timeout_max": "2s"}},
                 id="election-timeouts"),
    pytest.param({"raft": {"election_timeout_min": "500ms", "election_timeout_max": "1min"}},
                 id="other-units"),
    pytest.param({"raft": {"election_timeout_min": "1000", "election_timeout_max": "1hr"}},
                 id="a-bare-number-is-milliseconds"),
    pytest.param({"raft": {"election_timeout_min": None}, "properties": None, "master": None},
                 id="options-that-are-not-given"),
    pytest.param({"master": {"resources": {"limits": {"memory": "2Gi"}, "requests": {"cpu": 0.5}}}},
                 id="resources"),
    pytest.param({"master": {"resources": {"limits": None}}}, id="resources-that-are-not-given"),
])
def test_accepted(given):
    runtime.require_valid(params(**given))


def test_a_minimal_manifest():
    assert runtime.manifest(params()) == {
        "apiVersion": "data.fluid.io/v1alpha1", "kind": "AlluxioRuntime",
        "metadata": {"name": "hbase", "namespace": "data"},
        "spec": {"replicas": 1, "master": {"replicas": 1, "networkMode": "HostNetwork"},
                 "worker": {"networkMode": "HostNetwork"}}}


@pytest.mark.parametrize(("given", "field", "desired"), [
    pytest.param({"worker_replicas": 2, "master_replicas": 3}, "replicas", 2,
                 id="spec-replicas-counts-workers"),
    pytest.param({"worker_replicas": 2, "master_replicas": 3}, "master",
                 {"replicas": 3, "networkMode": "HostNetwork"},
                 id="masters-have-their-own-count"),
    pytest.param({"network_mode": "ContainerNetwork"}, "worker", {"networkMode": "ContainerNetwork"},
                 id="network-of-the-workers"),
    pytest.param(level(quota="2Gi", high="0.95", low="0.7", volume_type="emptyDir"), "tieredstore",
                 {"levels": [{**LEVEL, "quota": "2Gi", "high": "0.95", "low": "0.7",
                              "volumeType": "emptyDir"}]}, id="level"),
    pytest.param(level(quota_list="1Gi"), "tieredstore", {"levels": [{**LEVEL, "quotaList": "1Gi"}]},
                 id="quota-list"),
    pytest.param({"tieredstore": []}, "tieredstore", {"levels": []}, id="no-levels"),
    pytest.param({"properties": {"a": True, "b": 5}}, "properties", {"a": "true", "b": "5"},
                 id="properties-as-text"),
    pytest.param({"properties": {"a": "1"},
                  "raft": {"election_timeout_min": "1s", "election_timeout_max": None}}, "properties",
                 {"a": "1", "alluxio.master.embedded.journal.election.timeout.min": "1s"},
                 id="raft-options-are-properties"),
    pytest.param({"image": "alluxio", "image_tag": "2.9.4"}, "alluxioVersion",
                 {"image": "alluxio", "imageTag": "2.9.4"}, id="image"),
    pytest.param({"run_as": {"uid": 1, "gid": 2, "user": "u", "group": "g"}}, "runAs",
                 {"uid": 1, "gid": 2, "user": "u", "group": "g"}, id="run-as"),
    pytest.param({"jvm_options": ["-Xmx1g"]}, "jvmOptions", ["-Xmx1g"], id="jvm-options"),
    pytest.param({"disable_prometheus": False}, "disablePrometheus", False, id="false-is-asked-for"),
    pytest.param({"hadoop_config": "conf"}, "hadoopConfig", "conf", id="hadoop-config"),
    pytest.param({"job_master": {"jvm_options": ["-Xmx1g"], "properties": {"a": 1}, "env": {"B": True},
                                 "ports": {"rpc": 1},
                                 "node_selector": {"disk": "ssd"}, "resources": {"limits": {"cpu": 2}}}},
                 "jobMaster",
                 {"jvmOptions": ["-Xmx1g"], "properties": {"a": "1"}, "env": {"B": "true"},
                  "ports": {"rpc": 1},
                  "nodeSelector": {"disk": "ssd"}, "resources": {"limits": {"cpu": "2"}}}, id="component"),
    pytest.param({"fuse": {"image": "f", "image_tag": "1", "image_pull_policy": "Never", "args": ["-o"],
                           "clean_policy": "OnDemand"}},
                 "fuse", {"image": "f", "imageTag": "1", "imagePullPolicy": "Never", "args": ["-o"],
                          "cleanPolicy": "OnDemand"},
                 id="fuse"),
])
def test_manifest(given, field, desired):
    assert spec(**given)[field] == desired


def test_what_is_not_given_is_not_asked_for():
    given = {option: None for option in ("tieredstore", "properties", "jvm_options", "image", "run_as",
                                         "raft", "fuse", "worker")}
    assert spec(**given).keys() == {"replicas", "master", "worker"}


def test_each_raft_option_sets_a_property_of_its_own():
    options = {option: str(number) for number, option in enumerate(alluxio_properties.RAFT_PROPERTIES)}
    assert sorted(spec(raft=options)["properties"].values()) == sorted(options.values())


@pytest.mark.parametrize(("given", "desired"), [(True, "true"), (False, "false"), (None, None)])
def test_backup_delegation_is_a_property_in_alluxios_words(given, desired):
    properties = spec(raft={"backup_delegation": given, "write_timeout": "20s"})["properties"]
    assert properties.get("alluxio.master.backup.delegation.enabled") == desired


def test_masters_of_a_profile_wait_for_a_leader_before_their_first_election():
    first = {key: value for key, value in spec(raft={"profile": "fast"})["properties"].items()
             if "first-election" in key}
    assert list(first.values()) == ["3s", "5s"]
    key = next(iter(first))
    assert spec(raft={"profile": "balanced"}, properties={key: "9s"})["properties"][key] == "9s"
    own = spec(raft={"profile": "default"}, properties={"alluxio.a": "1"})["properties"]
    assert own == {"alluxio.a": "1"}


def test_an_option_goes_over_its_profile():
    properties = spec(raft={"profile": "fast", "backup_delegation": True})["properties"]
    assert properties["alluxio.master.backup.delegation.enabled"] == "true"
    assert properties["alluxio.master.embedded.journal.catchup.retry.wait"] == "100ms"


def test_sensitive_values_are_those_whose_key_says_so():
    given = {"properties": {"aws.secretKey": "abcdef", "region": "somewhere"},
             "fuse": {"env": {"PASSWORD": "ghijkl"}},
             "worker": {"properties": {"api.token": 1234567}}, "master": None}
    assert sorted(secrets_within(params(**given))) == ["1234567", "abcdef", "ghijkl"]


@pytest.mark.parametrize(("path", "applied_by"), [
    ("spec.management.metadataSyncPolicy.autoSync", "fluid"), ("spec.volumes", None),
    ("spec.master.volumeMounts", None), ("spec.podMetadata.labels.a", None),
    ("spec.replicas", "fluid"), ("metadata.labels.team", "fluid"), ("spec.tieredstore.levels", None),
    ("spec.worker.properties.a", None),
    ("spec.master.networkMode", None), ("spec.properties.a", "rollout"),
    ("spec.master.resources.limits.cpu", "rollout"),
    ("spec.jobMaster.jvmOptions", "rollout"), ("spec.alluxioVersion.imageTag", "rollout"),
])
def test_what_applies_a_change(path, applied_by):
    path = tuple(path.split("."))
    assert runtime.applied_by_rollout([path], 3) == ([path] if applied_by == "rollout" else [])
    assert runtime.applied_only_at_creation([path], 3) == ([path] if applied_by is None else [])
    # A single master is not rolled.
    assert runtime.applied_by_rollout([path], 1) == []
    at_creation = applied_by != "fluid" and path[1] != "jobMaster"
    assert runtime.applied_only_at_creation([path], 1) == ([path] if at_creation else [])


@pytest.mark.parametrize(("path", "unread"), [
    ("spec.jobMaster.jvmOptions", (1,)), ("spec.jobMaster.env.A", (1,)),
    ("spec.jobMaster.properties.a", (1,)), ("spec.jobMaster.nodeSelector.a", (1, 3)),
    ("spec.jobMaster.volumeMounts", (1, 3)), ("spec.jobMaster.replicas", (1, 3)),
    ("spec.jobMaster.ports.rpc", ()), ("spec.jobMaster.resources.limits.cpu", ()),
    ("spec.jobWorker.properties.a", (1, 3)), ("spec.jobWorker.resources.limits.cpu", ()),
    ("spec.worker.replicas", (1, 3)), ("spec.master.replicas", ()), ("spec.master.enabled", (1, 3)),
    ("spec.master.volumeMounts", ()), ("spec.fuse.volumeMounts", ()), ("spec.apiGateway.enabled", ()),
    ("spec.apiGateway.ports.web", ()), ("spec.apiGateway.resources.limits.cpu", (1, 3)),
    ("spec.initUsers.image", ()), ("spec.initUsers.env.A", (1, 3)), ("spec.data.pin", (1, 3)),
    ("spec.data.replicas", ()), ("spec.worker.resources.claims", (1, 3)),
    ("spec.jobWorker.resources.claims", (1, 3)), ("spec.volumes", ()), ("spec.replicas", ()),
    ("metadata.labels.data", ()),
])
def test_what_fluid_never_reads(path, unread):
    """unread: the numbers of masters with which nothing applies the field, of 1 and 3."""
    path = tuple(path.split("."))
    for masters in (1, 3):
        assert runtime.never_applied([path], masters) == ([path] if masters in unread else [])
        if masters in unread:
            assert runtime.applied_only_at_creation([path], masters) == []


@pytest.mark.parametrize(("given", "networks"), [
    ({}, ("HostNetwork", "HostNetwork", None)),
    ({"network_mode": "ContainerNetwork"}, ("ContainerNetwork", "ContainerNetwork", None)),
    ({"master": {"network_mode": "ContainerNetwork"}}, ("ContainerNetwork", "HostNetwork", None)),
    ({"network_mode": "ContainerNetwork", "worker": {"network_mode": "HostNetwork"},
      "fuse": {"network_mode": "ContainerNetwork"}},
     ("ContainerNetwork", "HostNetwork", "ContainerNetwork")),
])
def test_a_component_s_network_goes_over_the_common_one(given, networks):
    found = spec(**given)
    assert tuple(found.get(part, {}).get("networkMode") for part in ("master", "worker", "fuse")) == networks
    assert runtime.masters_share_hosts(params(**given)) == (networks[0] == "HostNetwork")


@pytest.mark.parametrize("worker", [5, "text", [1], {"resources": 5}, {"resources": {"requests": 5}}])
def test_overrides_of_another_type_are_left_to_the_server(worker):
    given = {"tieredstore": [{**LEVEL, "quota": "2Gi"}], "spec_overrides": {"worker": worker}}
    runtime.require_valid(params(**given))
    assert spec(**given)["tieredstore"]["levels"][0]["quota"] == "2Gi"


def test_overrides_go_below_the_options():
    below = {"properties": {"a": "2", "b": "2"}, "worker": {"affinity": {}},
             "updateStrategy": {"type": "OnDelete"}}
    found = spec(properties={"a": "1"}, worker={"env": {"A": "1"}}, spec_overrides=below)
    assert found["properties"] == {"a": "1", "b": "2"}
    assert found["worker"] == {"networkMode": "HostNetwork", "env": {"A": "1"}, "affinity": {}}
    assert found["updateStrategy"] == {"type": "OnDelete"}
