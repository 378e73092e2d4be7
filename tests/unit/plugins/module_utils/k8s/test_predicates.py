# SPDX-License-Identifier: GPL-3.0-or-later
"""What the state of objects of any kind means for a wait."""

import sys

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import predicates
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.wait_status import WaitStatus


def phase(name):
    return {"status": {"phase": name}}


@pytest.mark.parametrize("name", ["persistent_volume_bound.json", "persistent_volume_claim_bound.json"])
def test_recorded_volumes_are_bound(recorded, name):
    assert predicates.bound(recorded(name)) == WaitStatus(True, "its phase is Bound")


@pytest.mark.parametrize(("existing", "wait_status"), [
    pytest.param(None, WaitStatus(False, "it does not exist yet"), id="none"),
    pytest.param(phase("Pending"), WaitStatus(False, "its phase is Pending"), id="pending"),
    pytest.param(phase("Available"), WaitStatus(False, "its phase is Available"), id="available"),
    pytest.param(phase("Lost"), WaitStatus(False, failed="its phase is Lost: no message"), id="lost"),
    pytest.param({"status": {"phase": "Failed", "message": "why"}},
                 WaitStatus(False, failed="its phase is Failed: why"), id="failed"),
])
def test_bound(existing, wait_status):
    assert predicates.bound(existing) == wait_status


@pytest.mark.parametrize(("path", "value", "done"), [
    pytest.param("status.phase", "Bound", True, id="equal"),
    pytest.param("status.phase", "NotBound", False, id="other"),
    pytest.param("status.cacheStates.cachedPercentage", "0.0%", True, id="nested"),
    pytest.param("status.fileNum", 15, True, id="number-in-yaml-and-text-in-the-api"),
    pytest.param("status.conditions[0].status", True, True, id="true-in-yaml-and-text-in-the-api"),
    pytest.param("status.conditions[?type=='Ready'].status | [0] == 'True'", True, True, id="a-question"),
    pytest.param("status.conditions[?type=='Ready'].status | [0] == 'True'", "true", True,
                 id="true-as-a-template-writes-it"),
    pytest.param("status.hcfs.endpoint", None, True, id="anything-true"),
    pytest.param("status.nothing", None, False, id="anything-true-of-nothing"),
    pytest.param("status.nothing", "x", False, id="value-of-nothing"),
    pytest.param("length(status.nothing)", 1, False, id="an-expression-that-does-not-fit-yet"),
])
def test_field_is(recorded, path, value, done):
    assert predicates.field_is(path, value)(recorded("dataset_bound.json")).done is done


def test_field_is_tells_what_it_found(recorded):
    assert predicates.field_is("status.phase", "Bound")(recorded("dataset_not_bound.json")).progress == (
        "status.phase is 'NotBound'")
    assert predicates.field_is("status.phase", "Bound")(None) == WaitStatus(False, "it does not exist yet")


def test_field_is_refuses_what_is_no_expression():
    with pytest.raises(InvalidInput, match=r"wait_for.path 'status\[' is not a JMESPath expression"):
        predicates.field_is("status[", "x")


def test_field_is_names_the_package_that_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "jmespath", None)
    with pytest.raises(InvalidInput, match="^wait_for needs the Python package jmespath for the interpreter"):
        predicates.field_is("status.phase", "Bound")


@pytest.mark.parametrize(("phase", "text"), [
    ("Bound", "its phase is Bound"), ("", "it has no phase: its controller has not processed it yet"),
])
def test_phase_text(phase, text):
    assert predicates.phase_text(phase) == text
