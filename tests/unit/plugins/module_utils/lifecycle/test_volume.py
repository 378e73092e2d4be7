# SPDX-License-Identifier: GPL-3.0-or-later
"""Capacity, labels and reclaim policy of what Fluid makes for a Dataset, on recorded objects."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api.bulk import ref_of
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    Conflict,
    FluidError,
    InvalidInput,
    PreconditionFailed,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle import volume, waits

PVC, PV, DATASET = kinds.PERSISTENT_VOLUME_CLAIM, kinds.PERSISTENT_VOLUME, fluid_kinds.DATASET


def item(**given):
    return {"name": "hbase", "namespace": "default", "capacity": None, "reclaim_policy": None, "labels": None,
            **given}


@pytest.fixture
def bound(cluster, recorded):
    """A Dataset with volume and claim, as they were recorded on a lab."""
    cluster.put(DATASET, recorded("dataset_bound.json"))
    cluster.put(PV, recorded("persistent_volume_bound.json"))
    cluster.put(PVC, recorded("persistent_volume_claim_bound.json"))


@pytest.fixture
def ensure(cluster):
    """Manage one volume and return (its binding, the warnings); an error is raised."""
    def run(deadline=None, force_conflicts=False, dry_run=False, **given):
        warnings = []
        [binding] = volume.ensure(cluster, [item(**given)], deadline, force_conflicts, dry_run,
                                  warnings.append)
        if isinstance(binding, FluidError):
            raise binding
        return binding, warnings
    return run


@pytest.fixture
def remove(cluster):
    def run(deadline=None, dry_run=False):
        [binding] = volume.remove(cluster, [item()], deadline, dry_run)
        if isinstance(binding, FluidError):
            raise binding
        return binding
    return run


@pytest.mark.parametrize(("given", "message"), [
    ({"name": "HBase"}, "Dataset name 'HBase' is not a DNS-1035 label"),
    ({"namespace": ""}, "namespace '' is not a DNS-1123 label"),
    ({"capacity": "100GB"}, "capacity: '100GB' is not a Kubernetes quantity"),
    ({"capacity": "0"}, "capacity is 0: expected a quantity above zero"),
], ids=["name", "namespace", "capacity", "capacity-of-nothing"])
def test_refused(given, message):
    with pytest.raises(InvalidInput) as refused:
        volume.require_valid(item(**given))
    assert str(refused.value).startswith(message)


@pytest.mark.usefixtures("bound")
def test_nothing_asked_for_reads_and_changes_nothing(cluster, ensure):
    binding, warnings = ensure()
    result = binding.as_result()
    assert (result["changed"], result["diff"], warnings) == (False, {"before": {}, "after": {}}, [])
    assert result["persistent_volume"]["metadata"]["name"] == "default-hbase"
    assert result["persistent_volume_claim"]["spec"]["volumeName"] == "default-hbase"
    assert cluster.writes() == []
    assert len(cluster.requests) == 4


@pytest.mark.usefixtures("bound")
def test_labels_go_to_volume_and_claim(cluster, ensure):
    binding, _warnings = ensure(labels={"team": "search"})
    assert binding.as_result()["diff"] == {
        "before": {"persistent_volume_claim": {}, "persistent_volume": {}},
        "after": {"persistent_volume_claim": {"metadata": {"labels": {"team": "search"}}},
                  "persistent_volume": {"metadata": {"labels": {"team": "search"}}}}}
    for kind, name, namespace in ((PV, "default-hbase", None), (PVC, "hbase", "default")):
        labels = cluster.stored(kind, name, namespace)["metadata"]["labels"]
        assert labels == {
            "team": "search", "fluid.io/dataset-id": "default-hbase", "fluid.io/s-default-hbase": "true"}
    assert not ensure(labels={"team": "search"})[0].as_result()["changed"]


@pytest.mark.usefixtures("bound")
def test_labels_that_are_no_longer_given_go(cluster, ensure):
    ensure(labels={"team": "search", "tier": "hot"})
    assert ensure(labels={"tier": "hot"})[0].as_result()["changed"]
    assert "team" not in cluster.stored(PV, "default-hbase")["metadata"]["labels"]


@pytest.mark.usefixtures("bound")
def test_reclaim_policy(cluster, ensure):
    binding, _warnings = ensure(reclaim_policy="Delete")
    assert binding.as_result()["diff"]["after"] == {
        "persistent_volume": {"spec": {"persistentVolumeReclaimPolicy": "Delete"}}}
    assert cluster.stored(PV, "default-hbase")["spec"]["persistentVolumeReclaimPolicy"] == "Delete"


@pytest.mark.usefixtures("bound")
def test_the_same_capacity_written_otherwise_brings_no_warning(ensure):
    assert ensure(capacity="102400Ti")[1] == []


@pytest.mark.usefixtures("bound")
def test_another_capacity_is_annotated_and_warned_of(cluster, ensure):
    binding, warnings = ensure(capacity="100Gi")
    assert binding.as_result()["changed"]
    assert cluster.stored(DATASET, "hbase",
                          "default")["metadata"]["annotations"][volume.CAPACITY_ANNOTATION] == "100Gi"
    assert warnings == [
        "PersistentVolume default-hbase has capacity 100Pi, not 100Gi: Fluid reads the capacity only when it "
        "creates the volume, so the new one takes effect when the runtime is deleted and created again"]


def test_capacity_before_the_volume_exists(cluster, recorded, ensure):
    cluster.put(DATASET, recorded("dataset_not_bound.json"))
    binding, warnings = ensure(capacity="100Gi")
    assert binding.as_result() == {
        "changed": True, "persistent_volume": {}, "persistent_volume_claim": {}, "pods": [],
        "diff": {"before": {"dataset": {}},
                 "after": {"dataset": {"metadata": {"annotations": {volume.CAPACITY_ANNOTATION: "100Gi"}}}}}}
    assert warnings == []


def test_labels_before_the_volume_exists_need_a_wait(cluster, recorded, ensure):
    cluster.put(DATASET, recorded("dataset_not_bound.json"))
    binding, _warnings = ensure(labels={"team": "search"})
    assert isinstance(binding.error, PreconditionFailed)
    error = binding.as_result()["error"]
    assert "PersistentVolumeClaim hbase in namespace default does not exist yet" in error


def test_check_mode_predicts_the_labels_of_a_volume_that_a_wait_would_bring(cluster, recorded, ensure):
    cluster.put(DATASET, recorded("dataset_not_bound.json"))
    binding, _warnings = ensure(labels={"team": "search"}, deadline=cluster.deadline(60), dry_run=True)
    assert binding.as_result()["diff"]["after"]["persistent_volume"] == {
        "metadata": {"labels": {"team": "search"}}}
    assert cluster.writes() == []


def test_without_a_dataset_there_is_nothing_to_manage(ensure):
    with pytest.raises(Conflict, match="Dataset hbase in namespace default does not exist"):
        ensure()


@pytest.mark.usefixtures("bound")
def test_a_failed_wait_does_not_hide_what_was_changed_before(cluster, monkeypatch):
    monkeypatch.setattr(waits, "volumes_bound", lambda _client, items, _deadline: {
        ref_of(each): FluidError("too late") for each in items})
    [binding] = volume.ensure(cluster, [item(capacity="100Gi")], cluster.deadline(60), False, False,
                              lambda _text: None)
    result = binding.as_result()
    assert result["changed"]
    assert result["error"] == "too late"


@pytest.mark.usefixtures("bound")
def test_pods_that_use_the_claim_are_returned(cluster, ensure):
    cluster.put(kinds.POD, {
        "metadata": {"name": "nginx", "namespace": "default"}, "status": {"phase": "Running"},
        "spec": {"nodeName": "node1",
                 "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "hbase"}}]}})
    assert ensure()[0].as_result()["pods"] == [
        {"name": "nginx", "namespace": "default", "phase": "Running", "node": "node1"}]


# -- absent ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bound")
def test_a_volume_that_its_dataset_owns_is_not_removed(cluster, remove):
    with pytest.raises(
            PreconditionFailed, match="Dataset hbase in namespace default exists and owns its volume and "
            "claim: delete the Dataset instead"):
        remove()
    assert cluster.writes() == []


@pytest.fixture
def orphaned(cluster, recorded):
    """What an uninstalled Fluid left behind."""
    for kind, name in ((PV, "persistent_volume_bound.json"), (PVC, "persistent_volume_claim_bound.json")):
        existing = recorded(name)
        del existing["metadata"]["finalizers"]
        cluster.put(kind, existing)


@pytest.mark.usefixtures("orphaned")
@pytest.mark.parametrize("seconds", [None, 60], ids=["at-once", "waiting"])
def test_orphans_are_removed_and_check_mode_says_so_before(cluster, remove, seconds):
    deadline = seconds and cluster.deadline(seconds)
    predicted = remove(deadline, dry_run=True).as_result()
    assert cluster.stored(PV, "default-hbase") and cluster.stored(PVC, "hbase", "default")
    done = remove(deadline).as_result()
    assert done == predicted
    assert done["changed"]
    assert (done["persistent_volume"], done["persistent_volume_claim"]) == ({}, {})
    assert [request for request in cluster.writes() if request[0] == "delete"][-2:] == [
        ("delete", "persistentvolumeclaims"), ("delete", "persistentvolumes")]
    assert not remove(deadline).as_result()["changed"]


@pytest.mark.usefixtures("orphaned")
def test_orphans_are_removed_also_where_fluid_is_uninstalled(cluster, remove):
    cluster.missing_kinds.add(DATASET)
    assert remove().as_result()["changed"]


@pytest.mark.parametrize("kind", [PV, PVC], ids=lambda kind: kind.kind)
def test_a_claim_or_volume_of_others_is_not_removed(cluster, remove, kind):
    name = "hbase" if kind == PVC else "default-hbase"
    cluster.put(kind, {"metadata": {"name": name, "namespace": "default"}})
    with pytest.raises(PreconditionFailed, match="was not created by Fluid and may hold data"):
        remove()
    assert cluster.writes() == []
