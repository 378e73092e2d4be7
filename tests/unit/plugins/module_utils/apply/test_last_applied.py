# SPDX-License-Identifier: GPL-3.0-or-later
import json

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.apply import last_applied
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import output

MANAGER = "datacache.fluid"
KEY = "datacache.fluid/last-applied"
MANIFEST = {"apiVersion": "data.fluid.io/v1alpha1", "kind": "Dataset",
            "metadata": {"name": "hbase", "namespace": "data", "labels": {"team": "x"}},
            "spec": {"placement": "Shared"}}
WISH = {"metadata": {"labels": {"team": "x"}}, "spec": {"placement": "Shared"}}


def test_a_wish_is_the_manifest_without_what_names_the_object():
    assert last_applied.desired_of(MANIFEST) == WISH


def test_a_wish_without_metadata_has_an_empty_one():
    assert last_applied.desired_of({"spec": {}}) == {"metadata": {}, "spec": {}}


def test_what_is_written_is_read_again():
    written = last_applied.write(MANIFEST, WISH, MANAGER)
    assert last_applied.read(written, MANAGER) == WISH
    assert {**written, "metadata": MANIFEST["metadata"]} == MANIFEST


def test_the_record_is_as_short_as_json_can_be_and_always_the_same():
    written = last_applied.write({}, {"spec": {"b": 1, "a": 2}, "metadata": {}}, MANAGER)
    assert written["metadata"]["annotations"][KEY] == '{"metadata":{},"spec":{"a":2,"b":1}}'


def test_other_annotations_stay():
    written = last_applied.write({"metadata": {"annotations": {"theirs": "x"}}}, WISH, MANAGER)
    assert written["metadata"]["annotations"]["theirs"] == "x"


def test_each_manager_has_a_record_of_its_own():
    both = last_applied.write(last_applied.write({}, WISH, MANAGER), {"spec": {}}, "volume.datacache.fluid")
    assert last_applied.read(both, MANAGER) == WISH
    assert last_applied.read(both, "volume.datacache.fluid") == {"spec": {}}


@pytest.mark.parametrize("metadata", [
    pytest.param({}, id="no-annotations"),
    pytest.param({"annotations": None}, id="null"),
    pytest.param({"annotations": {KEY: ""}}, id="empty"),
    pytest.param({"annotations": {KEY: "{not json"}}, id="spoilt"),
    pytest.param({"annotations": {KEY: "[1]"}}, id="of-another-shape"),
])
def test_without_a_readable_record_nothing_was_asked_for(metadata):
    assert last_applied.read({"metadata": metadata}, MANAGER) == {}


def test_a_recorded_runtime_tells_what_was_asked_for(recorded):
    desired = last_applied.read(recorded("alluxio_runtime_ready.json"), MANAGER)
    assert desired["spec"]["master"] == {"networkMode": "HostNetwork", "replicas": 3}
    assert desired["spec"]["tieredstore"]["levels"] == [
        {"high": "0.95", "low": "0.7", "mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi"}]


def test_results_show_neither_managed_fields_nor_records(recorded):
    existing = recorded("alluxio_runtime_ready.json")
    shown = output.visible(existing)
    assert "managedFields" not in shown["metadata"]
    assert "annotations" not in shown["metadata"]
    assert shown["spec"] == existing["spec"]
    assert shown["status"] == existing["status"]


def test_results_show_the_annotations_of_others():
    existing = {"metadata": {"annotations": {KEY: "{}", "volume." + KEY: "{}", "theirs": "x"}}}
    assert output.visible(existing)["metadata"]["annotations"] == {"theirs": "x"}


def test_results_hide_credentials():
    existing = {"metadata": {}, "spec": {"mounts": [{"options": {"aws.secretKey": "abc"}}]}}
    assert "abc" not in json.dumps(output.visible(existing))
