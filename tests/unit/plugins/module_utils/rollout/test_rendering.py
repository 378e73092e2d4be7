# SPDX-License-Identifier: GPL-3.0-or-later
"""What Fluid rendered for the masters, against what the AlluxioRuntime declares now."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from rfc7396 import apply_patch

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import java_options
from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.properties import JOURNAL_ADDRESSES
from ansible_collections.datacache.fluid.plugins.module_utils.journal import addresses
from ansible_collections.datacache.fluid.plugins.module_utils.rollout import rendering
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.rendering import (
    COMMON,
    CONFIG_HASH,
    RECORD,
)

RECORDED = Path(__file__).parents[2] / "recorded"
MIN = "alluxio.master.embedded.journal.election.timeout.min"
LOG = "alluxio.master.journal.log.size.bytes.max"


class Cache:
    """A runtime whose ConfigMap and StatefulSet Fluid has just made; apply() does what a rollout would."""

    def __init__(self, config_map, workload):
        self.config_map = config_map
        self.workload = workload

    def render(self, spec=None, members=3, spread=None):
        return rendering.render("hbase", spec or {}, copy.deepcopy(self.config_map),
                                copy.deepcopy(self.workload), members, spread)

    def apply(self, spec=None, members=3, spread=None):
        found = self.render(spec, members, spread)
        self.config_map = apply_patch(self.config_map, found.config)
        self.workload = apply_patch(self.workload, found.workload)
        return found

    def properties(self, key=COMMON):
        return java_options.properties(self.config_map["data"][key])

    def container(self, name="alluxio-master"):
        return next(
            each for each in self.workload["spec"]["template"]["spec"]["containers"] if each["name"] == name)

    @property
    def hash(self):
        return self.workload["spec"]["template"]["metadata"]["annotations"].get(CONFIG_HASH)


def fresh():
    return Cache(*(json.loads((RECORDED / name).read_text()) for name
                   in ("config_map.json", "stateful_set_master.json")))


@pytest.fixture
def cache():
    return fresh()


def test_what_fluid_made_is_left_alone(cache):
    found = cache.render({"master": {"networkMode": "HostNetwork", "resources": {}}, "alluxioVersion": {}})
    assert (found.config, found.workload, found.before, found.warnings) == ({}, {}, {}, ())


def test_a_property_reaches_the_masters(cache):
    found = cache.apply({"properties": {MIN: "1s"}})
    assert found.config["data"].keys() == {COMMON}
    assert (found.before, found.after) == ({COMMON: {"properties": {}}},
                                           {COMMON: {"properties": {MIN: "1s"}}})
    assert found.restarts
    assert cache.properties()[MIN] == "1s"
    assert cache.workload["spec"]["updateStrategy"] == {"type": "OnDelete"}
    assert cache.hash == rendering.config_hash(cache.config_map["data"])
    assert cache.render({"properties": {MIN: "1s"}}) == rendering.RenderedChange()


def test_only_the_strings_of_masters_change_and_everything_else_stays(cache):
    before = copy.deepcopy(cache.config_map["data"])
    cache.apply({"properties": {MIN: "1s"}})
    after = cache.config_map["data"]
    assert {key for key in before if before[key] != after[key]} == {COMMON}
    assert [token for token in after[COMMON].split() if token != f"-D{MIN}=1s"] == before[COMMON].split()


def test_a_dropped_property_goes_and_fluids_default_comes_back(cache):
    cache.apply({"properties": {MIN: "1s", LOG: "1GB"}})
    assert cache.properties()[LOG] == "1GB"
    cache.apply({})
    assert (cache.properties().get(MIN), cache.properties()[LOG]) == (None, "500MB")
    assert not cache.render({}).changes


def test_raft_options_of_the_creation_go_without_a_record(cache):
    cache.config_map["data"][COMMON] += f"-D{MIN}=1s "
    cache.apply({})
    assert MIN not in cache.properties()


def test_an_undeclared_property_stays_and_brings_a_warning(cache):
    cache.config_map["data"][COMMON] += "-Dalluxio.master.audit.logging.enabled=true -Dfs.oss.endpoint=x "
    found = cache.render({})
    assert not found.changes
    assert len(found.warnings) == 1
    assert "they stay: alluxio.master.audit.logging.enabled; to remove them" in found.warnings[0]


@pytest.mark.parametrize(
    ("part", "key"), [("master", "ALLUXIO_MASTER_JAVA_OPTS"), ("jobMaster", "ALLUXIO_JOB_MASTER_JAVA_OPTS")])
def test_a_components_own_options(cache, part, key):
    cache.apply({part: {"properties": {"alluxio.x": "1"}, "jvmOptions": ["-Xmx1g"]}})
    assert cache.config_map["data"][
        key] == "-Dalluxio.master.hostname=${ALLUXIO_MASTER_HOSTNAME} -Dalluxio.x=1 -Xmx1g "
    cache.apply({})
    default = "-Xmx16G -XX:+UnlockExperimentalVMOptions " if part == "master" else ""
    assert cache.config_map["data"][key] == "-Dalluxio.master.hostname=${ALLUXIO_MASTER_HOSTNAME} " + default


@pytest.mark.parametrize("part", ["worker", "fuse"])
def test_workers_and_fuse_pods_are_not_rolled(cache, part):
    found = cache.render({part: {"properties": {"alluxio.x": "1"}}})
    assert not found.changes
    assert found.warnings[0].endswith("properties or jvmOptions of spec." + part)


def test_common_properties_warn_of_workers_that_run_on(cache):
    assert "until they restart" in cache.render({"properties": {MIN: "1s"}}).warnings[0]


def test_image_and_tag(cache):
    cache.apply({"alluxioVersion": {"imageTag": "2.9.5", "imagePullPolicy": "Always"}})
    for name in ("alluxio-master", "alluxio-job-master"):
        assert (cache.container(name)["image"],
                cache.container(name)["imagePullPolicy"]) == ("alluxio/alluxio-dev:2.9.5", "Always")
    cache.apply({"alluxioVersion": {"image": "registry:5000/alluxio", "imageTag": "2.9.5"}})
    assert cache.container()["image"] == "registry:5000/alluxio:2.9.5"
    cache.apply({})
    assert (cache.container()["image"],
            cache.container()["imagePullPolicy"]) == ("alluxio/alluxio-dev:2.9.4", "IfNotPresent")


def test_resources_of_each_container(cache):
    spec = {"master": {"resources": {"limits": {"memory": "2Gi"}}},
            "jobMaster": {"resources": {"requests": {"cpu": "500m"}}}}
    found = cache.apply(spec)
    assert cache.container()["resources"] == {"limits": {"memory": "2Gi"}}
    assert cache.container("alluxio-job-master")["resources"] == {"requests": {"cpu": "500m"}}
    assert found.after["alluxio-master"] == {"resources": {"limits": {"memory": "2Gi"}}}
    spec["master"]["resources"]["limits"]["memory"] = "2048Mi"
    assert not cache.render(spec).workload
    cache.apply({})
    assert cache.container()["resources"] == {}


def test_environment_and_nodes(cache):
    names = [each["name"] for each in cache.container()["env"]]
    spec = {"master": {"env": {"A": "1"}, "nodeSelector": {"disk": "ssd"}}}
    cache.apply(spec)
    assert cache.container()["env"][-1] == {"name": "A", "value": "1"}
    assert cache.workload["spec"]["template"]["spec"]["nodeSelector"] == {"disk": "ssd"}
    assert cache.render(spec) == rendering.RenderedChange()
    cache.workload["spec"]["template"]["spec"]["nodeSelector"]["by"] = "hand"
    cache.apply({})
    assert [each["name"] for each in cache.container()["env"]] == names
    assert cache.workload["spec"]["template"]["spec"]["nodeSelector"] == {"by": "hand"}


@pytest.mark.parametrize("spread", ["required", "preferred"])
def test_masters_are_spread_over_nodes(cache, spread):
    found = cache.apply({}, spread=spread)
    assert "affinity" in found.after
    [(rule, [term])] = cache.workload["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"].items()
    assert rule.startswith(spread)
    assert term.get("podAffinityTerm", term) == {
        "labelSelector": {"matchLabels": {"release": "hbase", "role": "alluxio-master"}},
        "topologyKey": "kubernetes.io/hostname"}
    for stays in (spread, None):
        assert not cache.render({}, spread=stays).changes
    cache.apply({}, spread="ignored")
    assert cache.workload["spec"]["template"]["spec"]["affinity"] == {}


def test_another_spread_takes_the_place_of_the_first(cache):
    cache.apply({}, spread="preferred")
    cache.apply({}, spread="required")
    rules = cache.workload["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]
    assert rules.keys() == {"requiredDuringSchedulingIgnoredDuringExecution"}


@pytest.mark.parametrize("members", [4, 5, 2])
def test_members(cache, members):
    found = cache.apply({}, members)
    assert addresses.members_of(cache.config_map["data"][COMMON]) == tuple(
        f"hbase-master-{each}:23083" for each in range(members))
    assert found.restarts
    # The chart's own, which the JVM does not take, stays as it is.
    assert (f"-D{JOURNAL_ADDRESSES}=,hbase-master-0:19200,hbase-master-1:19200,hbase-master-2:19200"
            ) in cache.config_map["data"][COMMON]
    assert not cache.render({}, members).changes


def test_a_rollout_cut_off_between_its_two_writes_goes_on(cache):
    found = cache.render({"properties": {MIN: "1s"}})
    cache.config_map = apply_patch(cache.config_map, found.config)
    again = cache.render({"properties": {MIN: "1s"}})
    assert (again.config, again.workload) == ({}, found.workload)


def test_a_change_of_the_config_map_by_hand_makes_masters_outdated(cache):
    cache.apply({"properties": {MIN: "1s"}})
    cache.config_map["data"]["ALLUXIO_MASTER_JAVA_OPTS"] = "-Xmx1g "
    assert cache.render({"properties": {MIN: "1s"}}).restarts


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_record_that_cannot_be_read_counts_as_empty(cache, text):
    cache.config_map["metadata"]["annotations"][RECORD] = text
    assert rendering.recorded(cache.config_map) == {}
    assert json.loads(cache.apply({}).config["metadata"]["annotations"][RECORD])["pod"]


PROPERTIES = st.dictionaries(st.sampled_from([MIN, LOG, "alluxio.x", "alluxio.user.file.replication.max"]),
                             st.sampled_from(["1s", "2", "a=b"]))
OPTIONS = st.lists(st.sampled_from(["-Xmx1g", "-XX:+UseG1GC", "-Dnet=1"]), unique=True)
COMPONENT = st.fixed_dictionaries({}, optional={
    "properties": PROPERTIES, "jvmOptions": OPTIONS,
    "env": st.dictionaries(st.sampled_from("AB"), st.sampled_from("12")),
    "resources": st.fixed_dictionaries(
        {}, optional={"limits": st.dictionaries(st.just("cpu"), st.sampled_from(["1", "1000m"]))}),
    "nodeSelector": st.dictionaries(st.sampled_from("ab"), st.sampled_from("12"))})
SPECS = st.fixed_dictionaries({}, optional={
    "properties": PROPERTIES, "jvmOptions": OPTIONS, "master": COMPONENT, "jobMaster": COMPONENT,
    "alluxioVersion": st.fixed_dictionaries(
        {}, optional={"imageTag": st.sampled_from(["1", "2"]), "imagePullPolicy": st.just("Always")})})
SPREADS = st.sampled_from([None, "required", "preferred", "ignored"])


@given(steps=st.lists(st.tuples(SPECS, st.integers(1, 7), SPREADS), min_size=1, max_size=4))
def test_rendering_twice_changes_nothing(steps):
    cache = fresh()
    for spec, members, spread in steps:
        cache.apply(spec, members, spread)
        again = cache.render(spec, members, spread)
        assert (again.config, again.workload, again.before, again.after) == ({}, {}, {}, {})


@given(spec=SPECS, spread=SPREADS)
def test_dropping_everything_brings_back_what_fluid_made(spec, spread):
    cache, original = fresh(), fresh()
    cache.apply(spec, 3, spread)
    cache.apply({}, 3, "ignored")
    for key, text in original.config_map["data"].items():
        assert sorted(cache.config_map["data"][key].split()) == sorted(text.split())
    for name in ("alluxio-master", "alluxio-job-master"):
        assert cache.container(name) == original.container(name)
