# SPDX-License-Identifier: GPL-3.0-or-later
"""Every transient fault, at every request of a deploy: each step ends as if nothing had happened."""

import pytest
from injection.deploy import STEPS, rounds, steady
from injection.faults import (
    CHANGED_IN_BETWEEN,
    FOREIGN_LABEL,
    LOST_ANSWER,
    RETRY_AFTER,
    SOMEBODY,
    TELLING,
    TOO_MANY_REQUESTS,
    UNAVAILABLE,
    UNDONE,
)
from injection.proxy import first_attempts, nth

from ansible_collections.datacache.fluid.plugins.module_utils.api.transport import ATTEMPTS, BACKOFF

CASES = [pytest.param(fault, number, id=f"{fault} at request {number}")
         for fault in TELLING for number in range(1, rounds(fault.verbs) + 1)]
# A fault costs its repetition, a look at the object, and at most the pages of a list that is read anew.
MORE_REQUESTS = 3
# Seconds; a busy machine is slow, but nothing here waits for a timeout.
STEP_TIME = 10
ALL_PAUSES = sum(BACKOFF * 2 ** attempt for attempt in range(ATTEMPTS - 1)) + 0.001


def test_undisturbed(undisturbed):
    """The steps do what they say, or the other tests would compare with nonsense."""
    for step, (report, _objects) in undisturbed.items():
        assert "failed" not in report.result, (step, report.result["msg"])
        assert report.result["changed"] is step.changed, step
        assert sorted(report.verbs) == sorted(step.verbs.split()), step
        assert report.pauses == [], step
    assert undisturbed[STEPS[-1]].objects == {}


@pytest.mark.parametrize("fault", UNDONE, ids=str)
def test_every_request_meets_it_once(deployment, undisturbed, fault):
    for step, expected in undisturbed.items():
        report = deployment.run(step, fault, first_attempts())
        assert report.injected >= len(expected.report.verbs), (step, report.verbs)
        _assert_same(step, fault, report, expected.report)
        assert steady(deployment.objects()) == steady(expected.objects), step
        assert len(report.verbs) <= 2 * (len(expected.report.verbs) + MORE_REQUESTS), (step, report.verbs)
        if fault is TOO_MANY_REQUESTS:
            assert report.pauses == [RETRY_AFTER] * report.injected, step


@pytest.mark.parametrize(("fault", "number"), CASES)
def test_one_request_meets_it(deployment, undisturbed, fault, number):
    """Each step of one deploy meets the fault once, at the request of this number among those that it fits.

    A step is a module run of its own and remembers nothing of the others', so one deploy tests all
    of them; those that change nothing and send fewer requests are left out.
    """
    for step, expected in undisturbed.items():
        hit = step.count(fault.verbs) >= number
        if not hit and not step.changed:
            deployment.skip(step)
            continue
        report = deployment.run(step, fault, nth(number))
        assert report.injected == hit, (step, report.verbs)
        _assert_same(step, fault, report, expected.report)
        assert len(report.verbs) <= len(expected.report.verbs) + MORE_REQUESTS, (step, report.verbs)
        if hit:
            objects = deployment.objects()
            assert steady(objects) == steady(expected.objects), step
            for path in deployment.proxy.touched:
                touched = objects.get(path) or deployment.proxy.api.get(path)
                assert touched["metadata"]["labels"][FOREIGN_LABEL] == SOMEBODY, (step, path)
    assert deployment.objects() == {}


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("fault", [UNAVAILABLE, LOST_ANSWER], ids=str)
def test_one_request_meets_it_again_and_again(deployment, undisturbed, fault, number):
    """As many faults in a row as one request survives."""
    for step, expected in undisturbed.items():
        report = deployment.run(step, fault, nth(number, times=ATTEMPTS - 1))
        _assert_same(step, fault, report, expected.report)
        assert steady(deployment.objects()) == steady(expected.objects), step


def _assert_same(step, fault, report, expected):
    assert "failed" not in report.result, (step, report.result["msg"])
    assert _comparable(report.result, fault) == _comparable(expected.result, fault), step
    assert report.created <= expected.created, (step, "created twice")
    assert report.seconds < STEP_TIME, step
    assert sum(report.pauses) <= max(ALL_PAUSES, RETRY_AFTER * report.injected), (step, report.pauses)


def _comparable(result, fault):
    """Somebody else's change in between takes a part of ours from us, and so from the diff."""
    steadied = steady(result)
    for entry in [steadied, *steadied.get("results", [])] if fault is CHANGED_IN_BETWEEN else []:
        entry.pop("diff", None)
    return steadied
