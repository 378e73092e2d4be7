# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import operations
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import ANNOTATION, Restoration

NEW = Restoration("data.hbase.20261124T182233Z", "a" * 64, "2026-11-24T19:00:00Z")


def stateful_set(annotations):
    return {"spec": {"template": {"metadata": {"annotations": annotations}}}}


def test_a_restoration_that_was_noted_is_under_way():
    assert operations.under_way(stateful_set({ANNOTATION: NEW.text()})) == NEW


@pytest.mark.parametrize("annotations", [None, {}, {"other": "x"}, {ANNOTATION: ""}])
def test_without_a_note_none_is_under_way(annotations):
    assert operations.under_way(stateful_set(annotations)) is None


@pytest.mark.parametrize("text", ["{", "{}", '"x"', '{"backup": 1}'])
def test_an_annotation_that_cannot_be_read_is_another_restoration(text):
    found = operations.under_way(stateful_set({ANNOTATION: text}))
    assert found != NEW
    assert found is not None
