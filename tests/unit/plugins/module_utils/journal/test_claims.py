# SPDX-License-Identifier: GPL-3.0-or-later
"""Which volume a runtime declares in this cluster."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput, PreconditionFailed
from ansible_collections.datacache.fluid.plugins.module_utils.journal import claims, template, volume
from ansible_collections.datacache.fluid.plugins.module_utils.journal.volume import JournalVolume
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

CLAIM = JournalVolume("claim")


def put_class(cluster, default="true"):
    cluster.put(kinds.STORAGE_CLASS, {"metadata": {"name": "fast", "annotations": {
        "storageclass.kubernetes.io/is-default-class": default}}})


def put_claim(cluster, name, **metadata):
    cluster.put(kinds.PERSISTENT_VOLUME_CLAIM, {"metadata": {
        "name": name, "namespace": "data", "labels": {"name": "hbase-master", "role": "alluxio-master"},
        **metadata}})


def params(masters=3, **options):
    return {"namespace": "data", "name": "hbase", "master_replicas": masters,
            "journal_volume": options or None}


def declaring(declared):
    return {"metadata": {"annotations": {volume.ANNOTATION: declared.text()}}}


@pytest.fixture
def resolve(cluster):
    def call(given, existing=None):
        warnings = []
        return claims.resolved(cluster, given, existing, warnings.append), warnings
    return call


def test_auto_takes_claims_where_there_is_a_default_class(cluster, resolve):
    assert resolve(params(type="auto")) == (JournalVolume("emptyDir"), [])
    put_class(cluster, "false")
    assert resolve(params(type="auto")) == (JournalVolume("emptyDir"), [])
    put_class(cluster)
    assert resolve(params(type="auto", size="1Gi")) == (JournalVolume("claim", "1Gi"), [])


def test_auto_and_nothing_leave_an_existing_runtime_as_it_is(cluster, resolve):
    put_class(cluster)
    for given in (params(), params(type="auto")):
        assert resolve(given, {"metadata": {}}) == (None, [])
        assert resolve(given, declaring(CLAIM)) == (CLAIM, [])
    assert cluster.requests == []


def test_a_single_master_has_none(cluster, resolve):
    assert resolve(params(1, type="auto")) == (None, [])
    assert resolve(params()) == (None, [])
    assert cluster.requests == []


def test_without_the_permission_auto_takes_the_empty_dir_and_warns(cluster, resolve):
    put_class(cluster)
    cluster.forbidden.add(("list", "storageclasses"))
    found, warnings = resolve(params(type="auto"))
    assert found == JournalVolume("emptyDir")
    assert warnings == ["could not find out whether the cluster has a default StorageClass: not allowed to "
                        "list storageclasses.storage.k8s.io"]
    assert resolve(params(type="claim"))[0] == CLAIM


def test_a_claim_needs_a_class(cluster, resolve):
    put_class(cluster, "false")
    with pytest.raises(PreconditionFailed, match=r"the cluster has no default StorageClass \(fast exist\)"):
        resolve(params(type="claim"))
    assert resolve(params(type="claim", storage_class="fast"))[0].storage_class == "fast"


def put_volume(cluster, name, storage_class):
    cluster.put(kinds.PERSISTENT_VOLUME, {"metadata": {"name": name},
                                          "spec": {"storageClassName": storage_class}})


def test_a_class_that_neither_a_storage_class_nor_a_volume_has_is_refused(cluster, resolve):
    """A misspelt class leaves all claims Pending until the wait ends."""
    put_class(cluster, "false")
    put_volume(cluster, "disk-0", "disks")
    with pytest.raises(PreconditionFailed, match=r"storage_class fats, which no StorageClass and no "
                                                 r"PersistentVolume has \(fast exist\): correct it"):
        resolve(params(type="claim", storage_class="fats"))
    assert resolve(params(type="claim", storage_class="disks")) == (
        JournalVolume("claim", storage_class="disks"), [])


def test_volumes_are_listed_only_without_the_storage_class(cluster, resolve):
    put_class(cluster, "false")
    resolve(params(type="claim", storage_class="fast"))
    assert ("list", "persistentvolumes") not in cluster.requests


def test_a_class_that_cannot_be_checked_is_warned_of(cluster, resolve):
    cluster.forbidden.add(("list", "persistentvolumes"))
    found, warnings = resolve(params(type="claim", storage_class="fats"))
    assert found.storage_class == "fats"
    assert warnings == ["could not check whether storage_class fats exists: not allowed to list "
                        "persistentvolumes"]


def test_an_empty_class_means_volumes_without_one(cluster, resolve):
    assert resolve(params(type="claim", storage_class=""))[0].storage_class == ""
    assert ("list", "persistentvolumes") not in cluster.requests


def test_claims_of_an_earlier_runtime_are_refused(cluster, resolve):
    put_class(cluster)
    put_claim(cluster, "alluxio-journal-hbase-master-1")
    put_claim(cluster, "alluxio-journal-hbase-master-2", deletionTimestamp="2026-11-26T12:00:00Z")
    with pytest.raises(PreconditionFailed, match="with the journals of an earlier runtime: "
                                                 "alluxio-journal-hbase-master-1; masters would start"):
        resolve(params(type="auto"))
    assert resolve(params(type="claim"), declaring(CLAIM)) == (CLAIM, [])


@pytest.mark.parametrize(("name", "found"), [
    ("alluxio-journal-hbase-master-4", True), ("alluxio-journal-hbase-master-40", True),
    ("alluxio-journal-hbase-master-x", False), ("alluxio-journal-hbase-2-master-0", False),
], ids=["of-five", "of-more", "no-master", "of-another"])
def test_claims_of_a_larger_earlier_runtime_count(cluster, resolve, name, found):
    """A later scale-out would give them to masters."""
    put_class(cluster)
    put_claim(cluster, name)
    if found:
        with pytest.raises(PreconditionFailed, match=name):
            resolve(params(type="claim"))
    else:
        assert resolve(params(type="claim"))[0] == CLAIM


def test_a_change_that_no_master_can_get_is_refused(resolve):
    with pytest.raises(InvalidInput, match="with size 30Gi and journal_volume has 1Gi"):
        resolve(params(type="claim", size="1Gi"), declaring(CLAIM))


def test_the_selector_is_that_of_the_stateful_set(workload):
    labels = workload["spec"]["selector"]["matchLabels"]
    terms = dict(each.split("=") for each in template.claim_selector("hbase").split(","))
    assert terms.items() <= labels.items()
