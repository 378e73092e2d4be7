# SPDX-License-Identifier: GPL-3.0-or-later
"""Which labels a selector selects."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.k8s.selectors import selects

LABELS = {"app": "alluxio", "role": "alluxio-master"}


def expression(operator, key, *values):
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(("selector", "selected"), [
    (None, False), ({}, True), ({"matchLabels": None, "matchExpressions": None}, True),
    ({"matchLabels": {"app": "alluxio"}}, True), ({"matchLabels": {"app": "other"}}, False),
    ({"matchLabels": {"team": "x"}}, False),
    (expression("In", "app", "alluxio", "x"), True), (expression("In", "app", "x"), False),
    (expression("In", "team", "x"), False),
    (expression("NotIn", "app", "x"), True), (expression("NotIn", "app", "alluxio"), False),
    (expression("NotIn", "team", "x"), True),
    (expression("Exists", "app"), True), (expression("Exists", "team"), False),
    (expression("DoesNotExist", "team"), True), (expression("DoesNotExist", "app"), False),
    ({"matchLabels": {"app": "alluxio"}, **expression("In", "role", "alluxio-worker")}, False),
])
def test_a_selector(selector, selected):
    assert selects(selector, LABELS) is selected
