# SPDX-License-Identifier: GPL-3.0-or-later
"""What results show of an object."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.k8s.output import visible
from ansible_collections.datacache.fluid.plugins.module_utils.redaction import HIDDEN

OWN = {"datacache.fluid/last-applied": "{}", "volume.datacache.fluid/last-applied": "{}"}


def test_managed_fields_and_our_records_are_not_shown():
    metadata = {"name": "hbase", "uid": "u", "managedFields": [{}], "annotations": {**OWN, "team": "search"}}
    assert visible({"kind": "Dataset", "metadata": metadata, "status": {"phase": "Bound"}}) == {
        "kind": "Dataset", "metadata": {"name": "hbase", "uid": "u", "annotations": {"team": "search"}},
        "status": {"phase": "Bound"}}


@pytest.mark.parametrize("annotations", [OWN, {}, None], ids=["ours-alone", "empty", "none"])
def test_no_annotations_are_left_out(annotations):
    assert visible({"metadata": {"name": "hbase", "annotations": annotations}}) == {
        "metadata": {"name": "hbase"}}


def test_credentials_are_not_shown():
    assert visible({"spec": {"mounts": [{"options": {"secretKey": "abc", "region": "x"}}]}})["spec"] == {
        "mounts": [{"options": {"secretKey": HIDDEN, "region": "x"}}]}


def test_the_object_itself_stays_as_it_is():
    existing = {"metadata": {"name": "hbase", "managedFields": [{}], "annotations": dict(OWN)},
                "spec": {"options": {"password": "abc"}}}
    before = repr(existing)
    visible(existing)
    assert repr(existing) == before
