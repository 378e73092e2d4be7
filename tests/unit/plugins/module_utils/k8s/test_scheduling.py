# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes take masters."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.k8s import scheduling

DEDICATED = {"key": "dedicated", "value": "cache", "effect": "NoSchedule"}


def node(labels=None, **spec):
    return {"metadata": {"name": "n", "labels": labels or {}}, "spec": spec}


@pytest.mark.parametrize(("tolerations", "accepts"), [
    ([], False),
    ([{"key": "dedicated", "operator": "Equal", "value": "cache", "effect": "NoSchedule"}], True),
    ([{"key": "dedicated", "value": "cache"}], True),
    ([{"key": "dedicated", "value": "other"}], False),
    ([{"key": "dedicated", "operator": "Exists"}], True),
    ([{"operator": "Exists"}], True),
    ([{"key": "dedicated", "operator": "Exists", "effect": "NoExecute"}], False),
    ([{"key": "other", "operator": "Exists"}], False),
])
def test_taints_and_tolerations(tolerations, accepts):
    assert scheduling.accepts(node(taints=[DEDICATED]), {}, tolerations) is accepts


def test_a_cordoned_node_takes_none_whatever_is_tolerated():
    assert not scheduling.accepts(node(unschedulable=True), {}, [{"operator": "Exists"}])


def test_labels():
    assert scheduling.accepts(node({"disk": "ssd", "a": "b"}), {"disk": "ssd"})
    assert not scheduling.accepts(node({"disk": "hdd"}), {"disk": "ssd"})


def test_homeless():
    places = {"a": "n1", "b": "n2", "c": "n3"}
    assert scheduling.unschedulable(places, "abc", ["n1", "n2", "n3"]) == []
    assert scheduling.unschedulable(places, "abc", ["n1", "n3"]) == ["b"]
    assert scheduling.unschedulable(places, "abc", ["n1", "n3", "n4"]) == []
    assert scheduling.unschedulable({"a": "n1", "b": "n1"}, "ab", ["n1"]) == ["a", "b"]


def test_crowded():
    assert scheduling.majority_hosts({"a": "n1", "b": "n1", "c": "n2"}, 2) == ["n1"]
    assert scheduling.majority_hosts({"a": "n1", "b": "n2", "c": "n3"}, 2) == []
    assert scheduling.majority_hosts({"a": "n1", "b": "n1", "c": "n2", "d": "n2", "e": "n3"}, 3) == []
