# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes take masters."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.k8s import scheduling
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.nodes import OUT_OF_SERVICE
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.scheduling import Demands

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
    assert scheduling.accepts(node(taints=[DEDICATED]), Demands(tolerations=tolerations)) is accepts


def test_a_cordoned_node_takes_none_whatever_is_tolerated():
    assert scheduling.refusal(
        node(unschedulable=True), Demands(tolerations=[{"operator": "Exists"}])) == "is cordoned"


@pytest.mark.parametrize(("status", "refusal"), [
    ("True", ""), ("Unknown", "is not Ready"), ("False", "is not Ready")])
def test_a_node_that_is_down_takes_none_whatever_is_tolerated(status, refusal):
    down = {**node(), "status": {"conditions": [{"type": "Ready", "status": status}]}}
    assert scheduling.refusal(down, Demands(tolerations=[{"operator": "Exists"}])) == refusal


def test_labels():
    assert scheduling.accepts(node({"disk": "ssd", "a": "b"}), Demands({"disk": "ssd"}))
    assert scheduling.refusal(
        node({"disk": "hdd"}), Demands({"disk": "ssd"})) == "lacks the label disk=ssd"


def test_an_untolerated_taint_is_named():
    assert scheduling.refusal(node(taints=[DEDICATED]), Demands()) == (
        "has the taint dedicated:NoSchedule, which is not tolerated")


def test_the_required_node_affinity():
    demands = Demands(terms=[{"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}])
    assert scheduling.accepts(node({"disk": "ssd"}), demands)
    assert scheduling.refusal(node(), demands) == "does not match the required node affinity"
    assert not scheduling.accepts(node(), Demands(terms=[]))


def test_the_demands_of_a_pod():
    terms = [{"matchExpressions": []}]
    affinity = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    spec = {"nodeSelector": {"a": "b"}, "tolerations": [{"operator": "Exists"}],
            "affinity": {"nodeAffinity": affinity}}
    assert scheduling.demands_of(spec) == Demands({"a": "b"}, [{"operator": "Exists"}], terms)
    assert scheduling.demands_of({"affinity": {"podAntiAffinity": {}}}) == Demands({}, [], None)


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


def pod(name="p", on="", ready="False", reason="Unschedulable", **spec):
    scheduled = {"status": "True"} if on else {"status": "False", "reason": reason}
    conditions = [{"type": "Ready", "status": ready}, {"type": "PodScheduled", **scheduled}]
    return {"metadata": {"name": name}, "spec": {**spec, **({"nodeName": on} if on else {})},
            "status": {"conditions": conditions}}


def named(name, labels=None, ready="True", **spec):
    return {"metadata": {"name": name, "labels": labels or {}}, "spec": spec,
            "status": {"conditions": [{"type": "Ready", "status": ready}]}}


DOWN, WHOLE = named("down", {"disk": "ssd"}, "Unknown"), named("whole", {"disk": "ssd"})


@pytest.mark.parametrize(("existing", "others", "reason"), [
    (pod(on="down"), [DOWN], "node down is not Ready"),
    (pod(on="gone"), [], "node gone does not exist"),
    (pod(on="out"), [named("out", taints=[{"key": OUT_OF_SERVICE, "effect": "NoExecute"}])],
     "node out has the taint node.kubernetes.io/out-of-service"),
    (pod(on="whole"), [DOWN], None),
    (pod(on="cordoned"), [named("cordoned", unschedulable=True)], None),
    (pod(on="down", ready="True"), [DOWN], None),
    (pod(), [DOWN], "no node accepts it while down is not Ready"),
    (pod(), [named("c", unschedulable=True), DOWN],
     "no node accepts it while c is cordoned and down is not Ready"),
    (pod(), [named("full", taints=[{"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}])],
     "no node accepts it while full has the taint node.kubernetes.io/disk-pressure"),
    (pod(), [], None),
    (pod(reason="SchedulingGated"), [DOWN], None),
    (pod(nodeSelector={"disk": "hdd"}), [DOWN], None),
    (pod(), [named("other", ready="False", taints=[{"key": "pool", "effect": "NoSchedule"}])], None),
], ids=["node-down", "node-gone", "node-out-of-service", "runs-elsewhere", "on-a-cordoned-node",
        "still-ready", "unschedulable", "several-nodes", "failure-taint", "healthy-cluster", "gated",
        "other-labels", "other-pool"])
def test_pods_that_cannot_run_until_a_node_returns(existing, others, reason):
    assert scheduling.lost_places([existing], [WHOLE, *others]) == ({"p": reason} if reason else {})
