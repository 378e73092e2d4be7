# SPDX-License-Identifier: GPL-3.0-or-later
"""Tolerations and node selectors that the API server refuses for pods."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.placement_rules import require_placement

SSD = {"key": "disk", "operator": "In", "values": ["ssd"]}
TERMS = "node_affinity.nodeSelectorTerms"


def affinity(requirement=None, **term):
    return {"node_affinity": {"nodeSelectorTerms": [term or {"matchExpressions": [requirement]}]}}


@pytest.mark.parametrize("params", [
    {}, {"tolerations": None, "node_affinity": None}, {"tolerations": [], "node_affinity": {}},
    {"tolerations": [{"operator": "Exists"}, {"key": "a", "value": "b", "effect": "NoSchedule"},
                     {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30},
                     {"key": "a", "operator": None, "value": ""}]},
    affinity(SSD), affinity({"key": "disk", "operator": "Exists"}),
    affinity(matchFields=[{"key": "metadata.name", "operator": "In", "values": ["n1"]}]),
    affinity({"key": "example.com/disks", "operator": "Gt", "values": ["-1"]}),
    affinity({**SSD, "values": ["ssd", ""]}),
    {"tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}]},
], ids=["nothing", "null", "empty", "tolerations", "values", "exists", "fields", "above", "empty-value",
        "key-with-a-domain"])
def test_accepted(params):
    require_placement(params)


@pytest.mark.parametrize(("params", "message"), [
    ({"tolerations": [{"keys": "a"}]}, "tolerations[0] has the unknown key 'keys': expected key, operator"),
    ({"tolerations": [{"key": "a"}, {"key": 1}]}, "tolerations[1].key is 1: expected a text"),
    ({"tolerations": [{"key": "a", "value": True}]}, "tolerations[0].value is True: expected a text"),
    ({"tolerations": [{"key": "a", "operator": "exists"}]},
     "tolerations[0].operator is 'exists': expected one of"),
    ({"tolerations": [{"key": "a", "effect": "Never"}]}, "tolerations[0].effect is 'Never': expected one of"),
    ({"tolerations": [{"value": "a"}]}, "tolerations[0] has no key"),
    ({"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
     "tolerations[0] has the operator Exists and the value 'b'"),
    ({"tolerations": [{"key": "a", "effect": "NoExecute", "tolerationSeconds": "30"}]},
     "tolerations[0].tolerationSeconds is '30': expected a whole number"),
    ({"tolerations": [{"key": "a", "tolerationSeconds": 30}]},
     "tolerations[0] has tolerationSeconds without the effect NoExecute"),
    ({"node_affinity": {"required": {}}},
     "node_affinity has the unknown key 'required': expected nodeSelectorTerms"),
    ({"node_affinity": {"nodeSelectorTerms": []}}, f"{TERMS} is empty: expected at least one term"),
    ({"node_affinity": {"nodeSelectorTerms": {}}}, f"{TERMS} is {{}}: expected a list"),
    ({"node_affinity": {"nodeSelectorTerms": ["a"]}}, f"{TERMS}[0] is no dictionary"),
    (affinity({**SSD, "key": ""}), f"{TERMS}[0].matchExpressions[0] has no key"),
    (affinity({**SSD, "operator": "in"}), f"{TERMS}[0].matchExpressions[0].operator is 'in'"),
    (affinity({**SSD, "values": "ssd"}), f"{TERMS}[0].matchExpressions[0].values is 'ssd': expected a list"),
    (affinity({**SSD, "values": [1]}), f"{TERMS}[0].matchExpressions[0].values[0] is 1: expected a text"),
    (affinity({**SSD, "values": []}),
     f"{TERMS}[0].matchExpressions[0] has the operator In and 0 values: expected at least one"),
    (affinity({**SSD, "operator": "Exists"}),
     f"{TERMS}[0].matchExpressions[0] has the operator Exists and 1 values: expected none"),
    ({"tolerations": [{"key": "a b", "operator": "Exists"}]}, "tolerations[0].key is 'a b', which is no key"),
    ({"tolerations": [{"key": "a", "value": "x y"}]}, "tolerations[0].value is 'x y', which is no value"),
    (affinity({**SSD, "key": "a b"}), f"{TERMS}[0].matchExpressions[0].key is 'a b', which is no key of a"),
    (affinity({**SSD, "values": ["ssd", "x y"]}),
     f"{TERMS}[0].matchExpressions[0].values[1] is 'x y', which is no value of a label"),
    (affinity({**SSD, "operator": "Gt", "values": ["1", "2"]}),
     f"{TERMS}[0].matchExpressions[0] has the operator Gt and the values ['1', '2']: expected one whole"),
    (affinity({**SSD, "operator": "Lt"}),
     f"{TERMS}[0].matchExpressions[0] has the operator Lt and the values ['ssd']: expected one whole"),
    (affinity(matchFields=[{**SSD, "values": ["n1"]}]),
     f"{TERMS}[0].matchFields[0] has the key disk: expected metadata.name"),
    (affinity(matchFields=[{"key": "metadata.name", "operator": "In", "values": ["n1", "n2"]}]),
     f"{TERMS}[0].matchFields[0] has the operator In and 2 values: expected In or NotIn, and one name"),
    (affinity(matchFields=[{"key": "metadata.name", "operator": "Exists"}]),
     f"{TERMS}[0].matchFields[0] has the operator Exists and 0 values: expected In or NotIn"),
], ids=lambda value: None)
def test_refused(params, message):
    with pytest.raises(InvalidInput) as refused:
        require_placement(params)
    assert str(refused.value).startswith(message)
