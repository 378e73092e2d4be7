# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module returns, and how it fails."""

import pytest
from module_arguments import returns_invocation

from ansible_collections.datacache.fluid.plugins.module_utils.apply.reconcile import Outcome
from ansible_collections.datacache.fluid.plugins.module_utils.errors import Conflict, WaitTimeout
from ansible_collections.datacache.fluid.plugins.module_utils.module.exit import finish, report

DIFF = {"before": {"a": 1}, "after": {"a": 2}}
OBJECT = {"metadata": {"name": "a", "managedFields": []}}
ITEMS = [{"name": name, "namespace": "data"} for name in "ab"]


def fail(error):
    raise error


# -- finish ------------------------------------------------------------------------------------


def test_a_result_has_its_duration(end):
    result = end(lambda module: finish(module, lambda: {"changed": True, "made": 5}))
    assert (result["changed"], result["made"]) == (True, 5)
    assert 0 <= result["duration"] < 60


@pytest.mark.parametrize("diff", [True, False])
def test_a_difference_is_shown_in_diff_mode_alone(end, diff):
    result = end(lambda module: finish(module, lambda: {"changed": True, "diff": DIFF}), diff=diff)
    assert ("diff" in result) is diff


def test_our_errors_are_the_modules_failure_with_their_details(end):
    result = end(lambda module: finish(module, lambda: fail(WaitTimeout("too late", findings=["a pod"]))))
    assert (result["failed"], result["msg"], result["findings"]) == (True, "too late", ["a pod"])


def test_a_mistake_of_ours_is_not_hidden_as_a_failure(end):
    with pytest.raises(ZeroDivisionError):
        end(lambda module: finish(module, lambda: 1 / 0))


def test_a_result_that_is_failed_keeps_what_was_changed(end):
    result = end(lambda module: finish(module,
                                       lambda: {"changed": True, "failed": True, "msg": "one of two",
                                                "results": []}))
    assert (result["failed"], result["changed"], result["msg"], result["results"]) == (
        True, True, "one of two", [])


@returns_invocation
def test_what_the_objects_of_a_list_leave_out_is_not_returned(end):
    options = {"name": {"type": "str"}, "labels": {"type": "dict"}}
    spec = {**options, "items": {"type": "list", "elements": "dict", "options": options}}
    result = end(lambda module: finish(module, lambda: {"changed": False}), spec, items=[{"name": "a"}])
    assert result["invocation"]["module_args"] == {"items": [{"name": "a"}], "name": None, "labels": None}


# -- report ------------------------------------------------------------------------------------


def test_a_single_objects_result_is_the_modules_own():
    assert report(ITEMS[:1], [Outcome(True, OBJECT, DIFF)], listed=False) == {
        "changed": True, "result": {"metadata": {"name": "a"}}, "diff": DIFF}


def test_a_single_objects_error_is_the_modules_failure():
    assert report(ITEMS[:1], [Conflict("taken", conflicts=["x"])], listed=False) == {
        "changed": False, "conflicts": ["x"], "failed": True, "msg": "taken"}


def test_what_was_changed_before_an_error_is_told_with_it():
    outcome = Outcome(True, OBJECT, DIFF, error=WaitTimeout("too late", findings=[]))
    assert report(ITEMS[:1], [outcome], listed=False) == {
        "changed": True, "result": {"metadata": {"name": "a"}}, "diff": DIFF, "findings": [],
        "failed": True, "msg": "too late"}


def test_a_list_has_an_entry_for_each_object():
    result = report(ITEMS, [Outcome(True, OBJECT, DIFF), Outcome(False, OBJECT)], listed=True)
    assert result == {
        "changed": True,
        "results": [{"name": "a", "namespace": "data", "changed": True, "diff": DIFF},
                    {"name": "b", "namespace": "data", "changed": False}],
        "diff": [{"before_header": "data/a", "after_header": "data/a", **DIFF}]}


def test_the_objects_of_a_list_that_failed_are_named():
    result = report(ITEMS, [Outcome(True, OBJECT, DIFF), Conflict("taken")], listed=True)
    assert (result["changed"], result["failed"]) == (True, True)
    assert result["msg"] == "1 of 2 objects failed: data/b: taken"
    assert result["results"][1] == {"name": "b", "namespace": "data", "changed": False, "error": "taken"}


def test_a_list_of_one_is_a_list():
    assert report(ITEMS[:1], [Outcome(False, None)], listed=True) == {
        "changed": False, "results": [{"name": "a", "namespace": "data", "changed": False}], "diff": []}
