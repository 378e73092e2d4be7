# SPDX-License-Identifier: GPL-3.0-or-later
"""The declared volume: its options, its annotation, and the changes that no master can get."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.journal import volume
from ansible_collections.datacache.fluid.plugins.module_utils.journal.volume import JournalVolume

CLAIM = JournalVolume("claim", "10Gi", "fast", keep=True)


def options(masters=3, **given):
    return {"master_replicas": masters, "journal_volume": given or None}


@pytest.mark.parametrize("params", [
    options(), options(type="auto"), options(type="emptyDir"), options(1, type="auto"),
    options(type="claim", size="1Gi", storage_class="", keep=True), options(size="500M"),
])
def test_valid(params):
    volume.require_valid(params)


@pytest.mark.parametrize(("params", "message"), [
    (options(size="much"), "journal_volume.size: 'much' is not a Kubernetes quantity"),
    (options(size="0"), "journal_volume.size is 0: expected a quantity above zero"),
    (options(storage_class="Fast disks"),
     "journal_volume.storage_class 'Fast disks' is not a DNS-1123 subdomain"),
    (options(type="emptyDir", size="1Gi", storage_class="x"), "has size and storage_class and type emptyDir"),
    (options(1, type="claim"), "journal_volume is of type claim and master_replicas is 1"),
])
def test_invalid(params, message):
    with pytest.raises(InvalidInput, match=message):
        volume.require_valid(params)


def test_the_annotation_holds_the_declaration():
    params = volume.with_declaration({"master_replicas": 3, "annotations": {"a": "b"}}, CLAIM)
    assert params["annotations"]["a"] == "b"
    assert volume.declared({"metadata": {"annotations": params["annotations"]}}) == CLAIM


def test_a_single_master_declares_none():
    params = {"master_replicas": 1, "annotations": None}
    assert volume.with_declaration(params, CLAIM) == params
    assert volume.with_declaration({**params, "master_replicas": 3}, None)["annotations"] is None


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"kind": "claim"}'])
def test_no_readable_declaration_is_none(text):
    assert volume.declared({"metadata": {"annotations": {volume.ANNOTATION: text} if text else {}}}) is None


def test_options_become_a_volume():
    assert volume.of_options({"type": "claim"}) == JournalVolume("claim", "30Gi")
    assert volume.of_options({"size": "10Gi", "storage_class": "fast", "keep": True}) == CLAIM
    assert volume.of_options({"type": "emptyDir"}) == JournalVolume("emptyDir")


def storage_class(name, default, made="2026-01-01T00:00:00Z"):
    return {"metadata": {"name": name, "creationTimestamp": made, "annotations": {
        "storageclass.kubernetes.io/is-default-class": default}}}


def test_the_newest_default_class_counts():
    assert volume.default_class([]) is None
    assert volume.default_class([storage_class("a", "false"), {"metadata": {"name": "b"}}]) is None
    assert volume.default_class([storage_class("new", "true", "2026-02-01T00:00:00Z"),
                                 storage_class("old", "true")]) == "new"


@pytest.mark.parametrize("desired", [
    JournalVolume("claim", "10240Mi", "fast", keep=False),
])
def test_what_masters_can_get(desired):
    volume.require_changeable("it", CLAIM, desired)
    volume.require_changeable("it", None, desired)
    volume.require_changeable("it", JournalVolume("emptyDir"), desired)


@pytest.mark.parametrize(("desired", "message"), [
    (JournalVolume("emptyDir"), "it has its journals on claims and journal_volume is of type emptyDir"),
    (JournalVolume("claim", "20Gi", "fast"), "claims with size 10Gi and journal_volume has 20Gi"),
    (JournalVolume("claim", "10Gi", None), "with storage_class fast and journal_volume has the default"),
])
def test_what_no_master_can_get(desired, message):
    with pytest.raises(InvalidInput, match=message):
        volume.require_changeable("it", CLAIM, desired)
