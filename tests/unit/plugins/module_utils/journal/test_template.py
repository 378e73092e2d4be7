# SPDX-License-Identifier: GPL-3.0-or-later
"""The StatefulSet that replaces Fluid's."""

import copy

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.journal import gate, template
from ansible_collections.datacache.fluid.plugins.module_utils.journal.volume import JournalVolume

CLAIM = JournalVolume("claim", "10Gi", "fast")


def volumes(stateful_set):
    return [each["name"] for each in stateful_set["spec"]["template"]["spec"]["volumes"]]


def test_claims_take_the_place_of_the_empty_dir(workload):
    before = copy.deepcopy(workload)
    made = template.replacement("hbase", workload, CLAIM, probe=True)
    assert workload == before
    assert volumes(made) == ["alluxio-mount-conf", gate.CONTAINER]
    assert made["spec"]["volumeClaimTemplates"] == [{"metadata": {"name": "alluxio-journal"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "storageClassName": "fast",
        "resources": {"requests": {"storage": "10Gi"}}}}]
    assert made["spec"]["persistentVolumeClaimRetentionPolicy"] == {
        "whenDeleted": "Delete", "whenScaled": "Delete"}
    assert made["spec"]["updateStrategy"] == {"type": "OnDelete"}
    assert template.on_claims(made) and not template.on_claims(workload)


def test_it_keeps_what_fluid_and_helm_look_for(workload):
    made = template.replacement("hbase", workload, CLAIM, probe=True)
    kept = ("name", "namespace", "labels", "annotations", "ownerReferences")
    assert made["metadata"] == {key: workload["metadata"][key] for key in kept}
    assert "status" not in made


@pytest.mark.parametrize("volume", [None, JournalVolume("emptyDir")])
def test_without_claims_the_empty_dir_stays(workload, volume):
    made = template.replacement("hbase", workload, volume, probe=False)
    assert volumes(made) == ["alluxio-mount-conf", "alluxio-journal", gate.CONTAINER]
    assert "volumeClaimTemplates" not in made["spec"]
    assert not template.moves(workload, volume)


def test_a_second_replacement_changes_nothing(workload):
    made = template.replacement("hbase", workload, CLAIM, probe=True)
    assert template.replacement("hbase", made, CLAIM, probe=True) == made
    assert template.moves(workload, CLAIM) and not template.moves(made, CLAIM)


def test_the_master_is_ready_once_its_raft_server_listens(workload):
    for probe in (True, False):
        made = template.replacement("hbase", workload, None, probe)
        probes = [each.get("readinessProbe") for each in made["spec"]["template"]["spec"]["containers"]]
        expected = {"tcpSocket": {"port": "embedded"}, "periodSeconds": 1, "failureThreshold": 15}
        assert probes == [expected if probe else None, None]


def test_claims_that_are_kept_still_go_with_a_removed_master():
    assert template.retention(JournalVolume("claim", keep=True)) == {
        "whenDeleted": "Retain", "whenScaled": "Delete"}


def test_a_claim_of_the_default_class_names_none():
    assert "storageClassName" not in template.claim_template(JournalVolume("claim"))["spec"]
    assert template.claim_template(JournalVolume("claim", storage_class=""))["spec"]["storageClassName"] == ""


def test_names_of_claims_and_pods_with_one():
    assert template.claim_names("hbase", 2) == [
        "alluxio-journal-hbase-master-0", "alluxio-journal-hbase-master-1"]
    claimed = {"name": "alluxio-journal", "persistentVolumeClaim": {"claimName": "x"}}
    assert template.has_claim({"spec": {"volumes": [claimed]}})
    assert not template.has_claim({"spec": {"volumes": [{"name": "alluxio-journal", "emptyDir": {}}]}})
