# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's promises over sequences of wishes, with Fluid and other people writing in between."""

import pytest
from fake_cluster import FakeCluster
from hypothesis import given, strategies as st

from ansible_collections.datacache.fluid.plugins.module_utils.apply import reconcile
from ansible_collections.datacache.fluid.plugins.module_utils.apply.reconcile import Write
from ansible_collections.datacache.fluid.plugins.module_utils.errors import Conflict
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

RUNTIME = fluid_kinds.ALLUXIO_RUNTIME
TEXT_MAPS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["", "1", "2"]), max_size=3)
LEVELS = st.lists(
    st.fixed_dictionaries(
        {"mediumtype": st.sampled_from(["MEM", "SSD"]), "path": st.sampled_from(["/dev/shm", "/mnt"])},
        optional={"quota": st.sampled_from(["1Gi", "1024Mi", "2Gi"]),
                  "high": st.sampled_from(["0.9", "0.8"])}),
    min_size=1, max_size=3, unique_by=lambda level: (level["mediumtype"], level["path"]))
WISHES = st.fixed_dictionaries({}, optional={
    "replicas": st.integers(1, 3),
    "properties": TEXT_MAPS,
    "tieredstore": st.fixed_dictionaries({"levels": LEVELS}),
    "jvmOptions": st.lists(st.sampled_from(["-Xmx1g", "-Xms1g"]), max_size=2, unique=True),
    "disablePrometheus": st.booleans(),
    "master": st.fixed_dictionaries({"replicas": st.sampled_from([1, 3])}, optional={
        "resources": st.fixed_dictionaries({"limits": st.dictionaries(
            st.sampled_from(["cpu", "memory"]), st.sampled_from(["1", "1000m", "2"]), max_size=2)})}),
})
LABELS = st.dictionaries(st.sampled_from(["team", "tier"]), st.sampled_from(["", "x", "y"]), max_size=2)
# What people set beside us: names that no wish above has.
FOREIGN = st.fixed_dictionaries({"labels": st.dictionaries(st.sampled_from(["theirs"]), st.just("x")),
                                 "properties": st.dictionaries(st.sampled_from(["theirs"]), st.just("x")),
                                 "hadoopConfig": st.sampled_from([None, "conf"])})
# What people set of our own fields, in the shape in which managedFields tells of it.
TAKEN = st.fixed_dictionaries({}, optional={
    "replicas": st.integers(1, 5), "disablePrometheus": st.just(True), "jvmOptions": st.just(["-Xtheirs"]),
    "tieredstore": st.just({"levels": [{"mediumtype": "HDD", "path": "/theirs"}]})})


def manifest(desired, labels):
    return {"apiVersion": RUNTIME.api_version, "kind": RUNTIME.kind, "spec": desired,
            "metadata": {"name": "hbase", "namespace": "data", **({"labels": labels} if labels else {})}}


def without_empty(value):
    """The value as Go's omitempty writes it; maps of free keys keep their empty values."""
    if isinstance(value, dict):
        kept = {key: without_empty(inner) if key != "properties" else inner for key, inner in value.items()}
        return {key: inner for key,
                inner in kept.items() if inner not in ("", 0, False, [], None)
                and (inner != {} or key == "master")}
    return value


def fluid_writes_back(cluster):
    """Write the whole object with defaults filled in, as alluxioruntime-controller does."""
    existing = cluster.stored(RUNTIME, "hbase", "data")
    spec = without_empty(existing["spec"])
    for level in spec.get("tieredstore", {}).get("levels", []):
        level.setdefault("volumeType", "hostPath")
        level.setdefault("volumeSource", {})
    spec = {"alluxioVersion": {}, "data": {"pin": False, "replicas": 0},
            "management": {"metadataSyncPolicy": {}}, **spec}
    for component in ("master", "worker", "fuse"):
        spec[component] = {"podMetadata": {}, "resources": {}, **spec.get(component, {})}
    cluster.put(RUNTIME, {**existing, "spec": spec})


def others_write(cluster, foreign):
    spec = {key: foreign[key] for key in ("properties", "hadoopConfig") if foreign[key]}
    cluster.change(RUNTIME, "hbase", "data", {
        "spec": spec, "metadata": {"labels": foreign["labels"]} if foreign["labels"] else {}})


def people_take(cluster, taken):
    """Set fields that we may want too, and have managedFields say who did."""
    fields = {"f:" + key: {"f:levels": {}} if key == "tieredstore" else {} for key in taken}
    cluster.change(RUNTIME, "hbase", "data", {"spec": taken, "metadata": {"managedFields": [
        {"manager": "kubectl-edit", "fieldsV1": {"f:spec": fields}},
        {"manager": "alluxioruntime-controller",
         "fieldsV1": {"f:spec": {"f:master": {}, "f:tieredstore": {"f:levels": {}}}}}]}})


def apply(cluster, desired, labels, **how):
    return reconcile.apply(cluster, RUNTIME, manifest(desired, labels), Write(**how),
                           cluster.get(RUNTIME, ObjectRef("data", "hbase")))


@given(desired=WISHES, labels=LABELS)
def test_apply_twice_is_unchanged_whatever_fluid_fills_in(desired, labels):
    cluster = FakeCluster()
    apply(cluster, desired, labels)
    assert not apply(cluster, desired, labels).changed
    fluid_writes_back(cluster)
    cluster.requests.clear()
    assert not apply(cluster, desired, labels).changed
    assert cluster.requests == [("get", "alluxioruntimes")]


@given(first=WISHES, second=WISHES, labels=LABELS, others=LABELS, foreign=FOREIGN)
def test_a_second_wish_ends_where_it_would_have_begun(first, second, labels, others, foreign):
    """Having had another wish before leaves no trace: dropped options, elements and keys are gone."""
    travelled, fresh = FakeCluster(), FakeCluster()
    for cluster, wishes in ((travelled, [(first, labels), (second, others)]), (fresh, [(second, others)])):
        for desired, its_labels in wishes:
            apply(cluster, desired, its_labels)
            fluid_writes_back(cluster)
            others_write(cluster, foreign)
    assert normal(travelled) == normal(fresh)
    assert not apply(travelled, second, others).changed


@given(first=WISHES, second=WISHES, labels=LABELS, foreign=FOREIGN)
def test_what_others_set_stays(first, second, labels, foreign):
    cluster = FakeCluster()
    apply(cluster, first, labels)
    others_write(cluster, foreign)
    apply(cluster, second, {})
    existing = cluster.stored(RUNTIME, "hbase", "data")
    assert foreign["labels"].items() <= existing["metadata"].get("labels", {}).items()
    assert foreign["properties"].items() <= existing["spec"].get("properties", {}).items()
    assert foreign["hadoopConfig"] == existing["spec"].get("hadoopConfig")


@given(first=WISHES, second=WISHES, labels=LABELS, others=LABELS)
def test_a_dry_run_predicts_what_the_run_does(first, second, labels, others):
    cluster = FakeCluster()
    apply(cluster, first, labels)
    fluid_writes_back(cluster)
    predicted = apply(cluster, second, others, dry_run=True)
    done = apply(cluster, second, others)
    assert (predicted.changed, predicted.diff) == (done.changed, done.diff)
    assert predicted.result().get("spec") == done.result().get("spec")


@given(first=WISHES, second=WISHES, taken=TAKEN)
def test_what_people_took_is_named_or_left_alone_and_taken_only_by_force(first, second, taken):
    cluster = FakeCluster()
    apply(cluster, first, {})
    people_take(cluster, taken)
    before = cluster.stored(RUNTIME, "hbase", "data")
    try:
        apply(cluster, second, {})
    except Conflict as conflict:
        assert {each["manager"] for each in conflict.details["conflicts"]} == {"kubectl-edit"}
        assert {each["field"].split(".")[1] for each in conflict.details["conflicts"]} <= taken.keys()
        assert cluster.stored(RUNTIME, "hbase", "data") == before
        with pytest.raises(Conflict):
            apply(cluster, second, {}, dry_run=True)
    else:
        after = cluster.stored(RUNTIME, "hbase", "data")["spec"]
        assert {key: after.get(key) for key in taken} == taken
    apply(cluster, second, {}, force_conflicts=True)
    assert not apply(cluster, second, {}).changed


def normal(cluster):
    """What a person would compare: spec and labels, without the ways in which nothing can be written.

    A missing number of masters is one (Fluid 1.0.8, transform.go).
    """
    existing = cluster.stored(RUNTIME, "hbase", "data")
    spec = {**existing["spec"], "master": {"replicas": 1, **(existing["spec"].get("master") or {})}}
    return prune({"labels": existing["metadata"].get("labels", {}), "spec": spec})


def prune(value, within_map=False):
    if isinstance(value, dict):
        kept = {key: prune(inner, key in ("labels", "properties")) for key, inner in value.items()}
        return {key: inner for key,
                inner in kept.items() if within_map or inner not in ({}, "", 0, False, [], None)}
    if isinstance(value, list):
        return [prune(inner) for inner in value]
    return {"1000m": "1", "1024Mi": "1Gi"}.get(value, value) if isinstance(value, str) else value
