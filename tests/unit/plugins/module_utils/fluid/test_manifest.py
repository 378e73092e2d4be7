# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.manifest import (
    build,
    compact,
    text_map,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds


def test_compact_leaves_out_what_is_not_given():
    assert compact(a=1, b=None, c=False, d="", e=[]) == {"a": 1, "c": False, "d": "", "e": []}


@pytest.mark.parametrize(("value", "text"), [
    (True, "true"), (False, "false"), (1, "1"), (0.5, "0.5"), (None, ""), ("x", "x"),
])
def test_text_map_writes_values_as_yaml_does(value, text):
    assert text_map({"key": value}) == {"key": text}


def test_text_map_of_nothing_is_nothing():
    assert text_map(None) is None
    assert text_map({}) == {}
    assert text_map({1: "a"}) == {"1": "a"}


def test_build():
    params = {"name": "hbase", "namespace": "data", "labels": {"new": True}, "annotations": None}
    assert build(fluid_kinds.DATASET, params, {"mounts": []}) == {
        "apiVersion": "data.fluid.io/v1alpha1", "kind": "Dataset",
        "metadata": {"name": "hbase", "namespace": "data", "labels": {"new": "true"}}, "spec": {"mounts": []}}


def test_build_of_a_cluster_scoped_kind_has_no_namespace():
    assert build(kinds.NODE, {"name": "node1", "namespace": "data"}, {})["metadata"] == {"name": "node1"}
