# SPDX-License-Identifier: GPL-3.0-or-later
"""Lost nodes, and the nodes that a volume's affinity permits."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.k8s import nodes


def node(name, taints=(), ready="True", **labels):
    return {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": f"{name}.example", **labels}},
            "spec": {"taints": [{"key": key, "effect": "NoExecute"} for key in taints]},
            "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def volume(*terms):
    return {"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": list(terms)}}}}


def labelled(key, operator, *values):
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(("taints", "lost"), [
    ((), False), (("node.kubernetes.io/unreachable",), False), ((nodes.OUT_OF_SERVICE,), True)])
def test_only_one_taint_declares_a_node_lost(taints, lost):
    assert nodes.is_out_of_service(node("one", taints)) is lost


@pytest.mark.parametrize(("ready", "expected"), [("True", True), ("False", False), ("Unknown", False)])
def test_readiness(ready, expected):
    assert nodes.is_ready(node("one", ready=ready)) is expected
    assert nodes.is_unready(node("one", ready=ready)) is not expected
    assert not nodes.is_ready({"metadata": {"name": "new"}})
    assert not nodes.is_unready({"metadata": {"name": "new"}})


@pytest.mark.parametrize(("existing", "names"), [
    ({"spec": {}}, ["one", "two"]),
    ({"spec": {"nodeAffinity": {}}}, ["one", "two"]),
    (volume(labelled("kubernetes.io/hostname", "In", "two.example")), ["two"]),
    (volume(labelled("kubernetes.io/hostname", "In", "two")), []),
    (volume({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["one"]}]}), ["one"]),
    (volume(labelled("zone", "In", "a"), labelled("zone", "In", "b")), ["one", "two"]),
    (volume(labelled("zone", "NotIn", "a")), ["two"]),
    (volume(labelled("disk", "Exists")), ["two"]),
    (volume(labelled("disk", "DoesNotExist")), ["one"]),
    (volume(labelled("disk", "Gt", "1")), ["two"]),
    (volume(labelled("disk", "Gt", "2")), []),
    (volume(labelled("disk", "Lt", "10")), ["two"]),
    (volume(labelled("zone", "Lt", "10")), []),
    (volume(labelled("disk", "Resembles", "1")), ["one", "two"]),
    (volume({"matchExpressions": labelled("zone", "In", "a")["matchExpressions"]
             + labelled("disk", "Exists")["matchExpressions"]}), []),
    (volume({}), []),
    (volume(), []),
], ids=["network", "empty", "label", "other-name", "field", "any-term", "not-in", "exists",
        "does-not-exist", "above", "not-above", "below", "no-integer", "unknown-operator",
        "all-requirements", "empty-term", "no-term"])
def test_the_nodes_of_a_volume(existing, names):
    both = [node("one", zone="a"), node("two", zone="b", disk="2")]
    assert [nodes.name_of(each) for each in nodes.of_volume(existing, both)] == names
