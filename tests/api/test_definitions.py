# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of dataset and alluxio_runtime against the definitions of the cluster's Fluid."""

import json
from pathlib import Path

import crd_fields
import pytest
from outcomes import outcome

from ansible_collections.datacache.fluid.plugins.module_utils.fluid.fields.dataset import DATASET
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.fields.runtime import RUNTIME
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.fields.table import paths
from ansible_collections.datacache.fluid.plugins.module_utils.module import cache_options, runtime_options

RECORDED = Path(__file__).parents[1] / "unit" / "plugins" / "recorded" / "fluid_fields.json"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
# Options beside the spec, and two of which other options set the fields.
LEFT_OUT = {"labels", "annotations", "spec_overrides", "recreate", "journal_volume", "spread_masters",
            "stable_peer_addresses", "disruption_budget", "network_mode", "raft"}
VALUES = {
    "mounts": [{"mount_point": "s3://bucket/a", "name": "a", "path": "/a", "read_only": True, "shared": True,
                "options": {"a": "1"},
                "encrypt_options": [{"name": "b", "secret_name": "secret", "secret_key": "key"}]}],
    "node_affinity": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "Exists"}]}]},
    "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0}],
    "data_restore_location": {"path": "local:///backup", "node_name": "node1"},
    "master_replicas": 1,
    "tieredstore": [
        {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2048Mi", "high": "0.95", "low": "0.7",
         "volume_type": "emptyDir",
         "volume_source": {"emptyDir": {"medium": "Memory", "sizeLimit": "1024Mi"}}},
        {"mediumtype": "SSD", "path": "/a,/b", "quota_list": "1Gi,2Gi"}],
    "volumes": [{"name": "keytab", "secret": {"secretName": "hdfs", "defaultMode": 256, "optional": False}},
                {"name": "scratch", "emptyDir": {}}],
    "volume_mounts": [{"name": "keytab", "mountPath": "/etc/keytab", "readOnly": True},
                      {"name": "scratch", "mountPath": "/scratch"}],
    "image_tag": "2.9.4", "requests": {"cpu": "0.5"}, "limits": {"memory": "4096Mi"},
    "auto_sync": False, "path": "/a",
}
# Each component's own, as they share the ports of their node.
PORTS = {"master": {"rpc": 20001}, "worker": {"rpc": 20002}, "job_master": {"rpc": 20003},
         "job_worker": {"rpc": 20004}, "api_gateway": {"web": 20005}}
PLAIN = {"str": "text", "int": 2, "bool": True, "dict": {"a": "1"}}
MINIMAL = {"dataset": {"mounts": [{"mount_point": "s3://bucket/a"}]}, "alluxio_runtime": {}}
KINDS = [pytest.param("dataset", "datasets", cache_options.dataset(), DATASET, id="dataset"),
         pytest.param("alluxio_runtime", "alluxioruntimes", runtime_options.runtime(), RUNTIME,
                      id="alluxio_runtime")]


def every(options):
    """A value for each option, also for each suboption."""
    given = {name: value(name, option) for name, option in options.items()}
    for component in PORTS.keys() & given.keys():
        given[component]["ports"] = PORTS[component]
    return given


def value(name, option):
    if name in VALUES:
        return VALUES[name]
    kind = option["elements"] if option["type"] == "list" else option["type"]
    one = (every(option["options"]) if option.get("options")
           else option["choices"][0] if option.get("choices") else PLAIN[kind])
    return [one] if option["type"] == "list" else one


def lacking(spec, path):
    """Whether a field is missing from a spec; of a list one element must have it."""
    key, _dot, rest = path.partition(".")
    found = spec.get(key.removesuffix("[]"))
    if found is None:
        return True
    if key.endswith("[]"):
        return not found or bool(rest) and all(lacking(each, rest) for each in found)
    return bool(rest) and lacking(found, rest)


@pytest.mark.parametrize(("kind", "name"), [
    ("Dataset", "datasets.data.fluid.io"), ("AlluxioRuntime", "alluxioruntimes.data.fluid.io"),
    ("DataLoad", "dataloads.data.fluid.io"), ("DataMigrate", "datamigrates.data.fluid.io"),
    ("DataProcess", "dataprocesses.data.fluid.io")])
def test_the_recorded_fields_are_those_of_the_cluster(api, kind, name):
    assert crd_fields.fields(crd_fields.spec_schema(api.get(DEFINITIONS + name))) == json.loads(
        RECORDED.read_text())[kind]


@pytest.mark.parametrize(("module", "plural", "options", "table"), KINDS)
def test_every_option_at_once(succeed, existing, fluid, module, plural, options, table):
    given = every({name: option for name, option in options.items() if name not in LEFT_OUT})
    predicted = succeed(module, check=True, name="hbase", **given)
    done = succeed(module, name="hbase", **given)
    assert outcome(done) == outcome(predicted)
    spec = existing(plural)["spec"]
    assert [path for _option, path in paths(table) if lacking(spec, path)] == []

    unchanged = existing(plural)
    for check in (True, False):
        again = succeed(module, check=check, name="hbase", **given)
        assert (again["changed"], again["warnings"]) == (False, [])
    assert existing(plural) == unchanged
    if module == "alluxio_runtime":
        fluid.write_back("hbase")
        assert not succeed(module, name="hbase", **given)["changed"]

    assert succeed(module, name="hbase", **MINIMAL[module])["changed"]
    rest = existing(plural)["spec"]
    always = {"replicas", "master.replicas", "master.networkMode", "worker.networkMode",
              "mounts[].mountPoint"}
    # What the server and the stand-in for Fluid's controllers put there themselves.
    defaults = {"data.pin", "data.replicas", "management.cleanCachePolicy.gracePeriodSeconds",
                "management.cleanCachePolicy.maxRetryAttempts"}
    assert {path for _option, path in paths(table) if not lacking(rest, path)} <= always | defaults


@pytest.mark.parametrize(("module", "plural", "overrides", "other", "options"), [
    ("dataset", "datasets", {"placement": "Shared", "sharedOptions": {"a": "1"}}, {"placement": "Exclusive"},
     {"shared_options": {"b": "2"}}),
    ("alluxio_runtime", "alluxioruntimes",
     {"worker": {"env": {"A": "1"}}, "management": {"metadataSyncPolicy": {"autoSync": False}}},
     {"worker": {"env": {"A": "2"}}}, {"worker": {"jvm_options": ["-Xmx1g"]}}),
])
@pytest.mark.usefixtures("fluid")
def test_overrides_have_a_record(succeed, existing, module, plural, overrides, other, options):
    common = {"name": "hbase", **MINIMAL[module], **options}
    for given in (overrides, other):
        predicted = succeed(module, check=True, spec_overrides=given, **common)
        done = succeed(module, spec_overrides=given, **common)
        assert outcome(done) == outcome(predicted)
        assert done["changed"]
        assert has(existing(plural)["spec"], given)
        assert not succeed(module, spec_overrides=given, **common)["changed"]
    assert not has(existing(plural)["spec"], overrides)
    assert succeed(module, **common)["changed"]
    assert not has(existing(plural)["spec"], other)
    assert not succeed(module, **common)["changed"]


def has(tree, part):
    if isinstance(part, dict):
        return isinstance(tree, dict) and all(has(tree.get(key), each) for key, each in part.items())
    return tree == part


@pytest.mark.parametrize(("module", "plural"), [
    ("dataset", "datasets"), ("alluxio_runtime", "alluxioruntimes")])
@pytest.mark.parametrize("check", [True, False])
def test_an_override_that_the_definition_lacks_is_refused(fail, existing, module, plural, check):
    options = {**MINIMAL[module], "spec_overrides": {"later": {"field": 1}}}
    assert fail(module, check=check, name="hbase", **options)["msg"].endswith(
        "has no field spec.later: leave it out, or install the version that has it")
    assert existing(plural) is None
