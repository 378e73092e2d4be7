# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes take masters."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.k8s import scheduling

DEDICATED = {"key": "dedicated", "value": "cache", "effect": "NoSchedule"}


def node(labels=None, **spec):
    return {"metadata": {"name": "n", "labels": labels or {}}, "spec": spec}


@pytest.mark.parametrize(("tolerations", "takes"), [
    ([], False),
    ([{"key": "dedicated", "operator": "Equal", "value": "cache", "effect": "NoSchedule"}], True),
    ([{"key": "dedicated", "value": "cache"}], True),
    ([{"key": "dedicated", "value": "other"}], False),
    ([{"key": "dedicated", "operator": "Exists"}], True),
    ([{"operator": "Exists"}], True),
    ([{"key": "dedicated", "operator": "Exists", "effect": "NoExecute"}], False),
    ([{"key": "other", "operator": "Exists"}], False),
])
def test_taints_and_tolerations(tolerations, takes):
    assert scheduling.takes(node(taints=[DEDICATED]), {}, tolerations) is takes


def test_a_cordoned_node_takes_none_whatever_is_tolerated():
    assert not scheduling.takes(node(unschedulable=True), {}, [{"operator": "Exists"}])


def test_labels():
    assert scheduling.takes(node({"disk": "ssd", "a": "b"}), {"disk": "ssd"})
    assert not scheduling.takes(node({"disk": "hdd"}), {"disk": "ssd"})


def test_homeless():
    places = {"a": "n1", "b": "n2", "c": "n3"}
    assert scheduling.homeless(places, "abc", ["n1", "n2", "n3"]) == []
    assert scheduling.homeless(places, "abc", ["n1", "n3"]) == ["b"]
    assert scheduling.homeless(places, "abc", ["n1", "n3", "n4"]) == []
    assert scheduling.homeless({"a": "n1", "b": "n1"}, "ab", ["n1"]) == ["a", "b"]


def test_crowded():
    assert scheduling.crowded({"a": "n1", "b": "n1", "c": "n2"}, 2) == ["n1"]
    assert scheduling.crowded({"a": "n1", "b": "n2", "c": "n3"}, 2) == []
    assert scheduling.crowded({"a": "n1", "b": "n1", "c": "n2", "d": "n2", "e": "n3"}, 3) == []
