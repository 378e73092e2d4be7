# SPDX-License-Identifier: GPL-3.0-or-later
"""A runtime that is deleted and created anew for a journal of another type; time passes only in waits."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.apply import reconcile
from ansible_collections.datacache.fluid.plugins.module_utils.apply.reconcile import Write
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    Conflict,
    InvalidInput,
    PreconditionFailed,
    WriteConflict,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds, runtime
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle import recreate

RUNTIME = fluid_kinds.ALLUXIO_RUNTIME
HBASE = ObjectRef("data", "hbase")
WRITES = [("create", "alluxioruntimes"), ("patch", "alluxioruntimes"), ("delete", "alluxioruntimes"),
          ("create", "alluxioruntimes")]


def params(masters, **given):
    return {"name": "hbase", "namespace": "data", "master_replicas": masters, "worker_replicas": 1,
            "network_mode": "ContainerNetwork", "recreate": "data/hbase", **given}


@pytest.fixture
def existing(cluster):
    """A runtime with its finalizer; what Fluid's controllers do with it is up to the test."""
    def make(masters):
        reconcile.apply(cluster, RUNTIME, runtime.manifest(params(masters)), Write(), None)
        cluster.change(RUNTIME, "hbase", "data", {"metadata": {"finalizers": ["f"]}})
        cluster.requests.clear()
        return cluster.stored(RUNTIME, "hbase", "data")
    return make


@pytest.fixture
def apply(cluster):
    """Recreate with these options and return (the outcome, the warnings)."""
    def run(options, seconds=60, **how):
        warnings = []
        found = cluster.stored(RUNTIME, "hbase", "data")
        outcome = recreate.apply(cluster, options, found, Write(**how), cluster.deadline(seconds),
                                 warnings.append)
        return outcome, warnings
    return run


@pytest.fixture
def vanishes(cluster):
    def plan(seconds, kind=RUNTIME, name="hbase"):
        cluster.later(seconds, lambda: cluster.vanish(kind, name, "data"))
    return plan


@pytest.mark.parametrize(("masters", "options"), [
    (1, params(1)), (3, params(5)), (1, params(3, recreate=None)),
], ids=["the-same", "another-number", "not-allowed"])
def test_a_runtime_that_can_stay_or_must_is_left_alone(cluster, existing, apply, masters, options):
    existing(masters)
    assert apply(options) == (None, [])
    assert cluster.requests == []


@pytest.mark.parametrize(("masters", "desired"), [(1, 3), (3, 1)])
def test_a_journal_of_another_type_needs_a_new_runtime(cluster, existing, apply, vanishes, masters, desired):
    uid = existing(masters)["metadata"]["uid"]
    vanishes(20)
    outcome, warnings = apply(params(desired))
    assert (outcome.changed, outcome.created, outcome.error) == (True, True, None)
    stored = cluster.stored(RUNTIME, "hbase", "data")
    assert stored["metadata"]["uid"] != uid
    assert stored["spec"]["master"]["replicas"] == desired
    assert outcome.existing == stored
    assert (cluster.writes(), cluster.now) == (WRITES, 20)
    assert warnings == [
        f"AlluxioRuntime hbase in namespace data has {masters} masters and {desired} are declared, so the "
        "cache is rebuilt: cached data is fetched from the under-store again, and data that was only in "
        "Alluxio is lost"]


def test_the_new_runtime_waits_for_the_old_ones_pods(cluster, existing, apply, vanishes):
    existing(1)
    for name, role in (("hbase-master-0", "alluxio-master"), ("hbase-of-another-chart", "web")):
        cluster.put(kinds.POD, {"metadata": {
            "name": name, "namespace": "data", "labels": {"release": "hbase", "role": role}}})
    vanishes(20)
    vanishes(50, kinds.POD, "hbase-master-0")
    assert apply(params(3))[0].created
    assert cluster.now == 50


def test_a_dry_run_predicts_the_new_runtime_and_deletes_nothing(cluster, existing, apply):
    before = existing(1)
    outcome, _warnings = apply(params(3, labels={"team": "x"}), dry_run=True)
    assert (outcome.changed, outcome.created) == (True, True)
    assert outcome.existing["spec"]["master"]["replicas"] == 3
    assert outcome.existing["metadata"]["labels"] == {"team": "x"}
    assert "uid" not in outcome.existing["metadata"]
    assert cluster.stored(RUNTIME, "hbase", "data") == before


# -- refused before the deletion ---------------------------------------------------------------


def test_pods_that_use_the_claim_are_in_the_way(cluster, existing, apply):
    existing(1)
    cluster.put(kinds.POD, {"metadata": {"name": "nginx", "namespace": "data"},
                            "status": {"phase": "Running"},
                            "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "hbase"}}]}})
    with pytest.raises(PreconditionFailed,
                       match="cannot be recreated while pods use its claim hbase, .*: nginx; delete them"):
        apply(params(3))
    assert cluster.writes() == []


def test_datasets_that_refer_to_this_one_are_in_the_way(cluster, existing, apply):
    existing(1)
    cluster.put(fluid_kinds.DATASET, {"metadata": {"name": "hbase", "namespace": "data"},
                                      "status": {"datasetRef": ["team/copy"]}})
    with pytest.raises(
            PreconditionFailed, match="while other Datasets refer to it and would lose their volume: "
            "team/copy; delete"):
        apply(params(3))
    assert cluster.writes() == []


def test_a_field_of_another_manager_is_in_the_way(cluster, existing, apply):
    existing(1)
    cluster.change(RUNTIME, "hbase", "data", {"metadata": {"managedFields": [
        {"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:master": {"f:replicas": {}}}}}]}})
    with pytest.raises(Conflict, match="was set by field manager kubectl-edit"):
        apply(params(3))
    assert cluster.writes() == []


def test_what_the_guard_refuses_is_refused_as_a_creation(cluster, existing, apply):
    existing(1)
    asked = []

    def refuse(found, merged):
        asked.append((found, [str(change) for change in merged.changes]))
        raise InvalidInput("too few nodes")
    with pytest.raises(InvalidInput, match="too few nodes"):
        apply(params(3), guard=refuse)
    assert asked == [(None, ["spec.master.replicas"])]
    assert cluster.writes() == []


def test_what_the_server_refuses_is_refused_before_anything_is_deleted(cluster, existing, apply, monkeypatch):
    before = existing(1)

    def refuse(_kind, _body, _manager, dry_run):
        assert dry_run
        raise ApiError("exceeded quota", 403)
    monkeypatch.setattr(cluster, "create", refuse)
    with pytest.raises(ApiError, match="exceeded quota"):
        apply(params(3))
    assert cluster.stored(RUNTIME, "hbase", "data") == before


def test_another_runtime_of_that_name_is_not_deleted(cluster, existing, apply):
    existing(1)

    def replace():
        cluster.vanish(RUNTIME, "hbase", "data")
        cluster.put(RUNTIME, {"metadata": {"name": "hbase", "namespace": "data", "labels": {"theirs": "x"}},
                              "spec": {}})
    cluster.before_write(lambda: None, lambda: None, replace)
    with pytest.raises(WriteConflict):
        apply(params(3))
    assert cluster.stored(RUNTIME, "hbase", "data")["metadata"]["labels"] == {"theirs": "x"}


# -- behind the deletion -----------------------------------------------------------------------


def test_a_runtime_that_does_not_go_is_told_as_a_change_that_the_next_run_continues(cluster, existing, apply):
    existing(1)
    outcome, _warnings = apply(params(3), seconds=30)
    assert (outcome.changed, outcome.existing) == (True, None)
    assert outcome.diff == {"before": {"state": "present"}, "after": {"state": "absent"}}
    assert str(outcome.error).startswith(
        "AlluxioRuntime hbase in namespace data was deleted but not created again: timed out after 30 s "
        "while waiting for AlluxioRuntime")
    assert str(outcome.error).endswith("; remove the cause and run this again to continue")
    assert outcome.error.details["result"]["metadata"]["name"] == "hbase"
    assert cluster.now == 30


def test_the_guard_is_not_asked_again_for_the_new_runtime(existing, apply, vanishes):
    existing(1)
    vanishes(20)
    asked = []
    assert apply(params(3), guard=lambda found, _merged: asked.append(found))[0].error is None
    assert asked == [None]


def test_the_guard_is_asked_for_a_runtime_that_somebody_else_created_meanwhile(
        cluster, existing, apply, vanishes):
    existing(1)
    vanishes(20)
    theirs = {"metadata": {"name": "hbase", "namespace": "data"}, "spec": {"master": {"replicas": 1}}}
    cluster.before_write(*[lambda: None] * 3, lambda: cluster.put(RUNTIME, theirs))

    def guard(found, _merged):
        if found is not None:
            raise InvalidInput("it has one master")
    outcome, _warnings = apply(params(3), guard=guard)
    assert str(outcome.error) == (
        "AlluxioRuntime hbase in namespace data was deleted but not created again: it has one master; remove "
        "the cause and run this again to continue")
