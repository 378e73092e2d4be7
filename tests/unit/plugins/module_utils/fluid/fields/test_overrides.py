# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.fields import overrides


@pytest.mark.parametrize(("below", "spec", "merged"), [
    (None, {"a": 1}, {"a": 1}),
    ({"b": {"c": 1}}, {"a": 1}, {"a": 1, "b": {"c": 1}}),
    ({"a": {"x": 1, "y": 1}}, {"a": {"x": 2}}, {"a": {"x": 2, "y": 1}}),
    ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
    ({"a": {"x": 1}}, {"a": "text"}, {"a": "text"}),
    ({"a": "text"}, {"a": {"x": 1}}, {"a": {"x": 1}}),
], ids=["none", "another-field", "below-an-option", "list", "other-form", "other-form-below"])
def test_merged(below, spec, merged):
    assert overrides.merged(below, spec) == merged


def test_neither_side_is_changed():
    below, spec = {"a": {"x": 1}}, {"a": {"y": 2}}
    overrides.merged(below, spec)["a"]["z"] = 3
    assert (below, spec) == ({"a": {"x": 1}}, {"a": {"y": 2}})


@pytest.mark.parametrize("given", [None, {}, {"master": {"env": {}}}, {"master": None}, {"master": "text"}])
def test_fields_that_no_option_always_sets_pass(given):
    overrides.require_valid(given, {"master.replicas": "master_replicas"})


def test_a_field_that_an_option_always_sets_is_refused():
    with pytest.raises(InvalidInput) as refused:
        overrides.require_valid({"master": {"replicas": 3}}, {"master.replicas": "master_replicas"})
    assert str(refused.value) == (
        "spec_overrides sets master.replicas to 3, which master_replicas always sets: use master_replicas")
