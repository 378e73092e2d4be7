# SPDX-License-Identifier: GPL-3.0-or-later
"""Every transient fault, at every request of a deploy: each step ends as if nothing had happened."""

import pytest
from faultkit.deploy import STEPS, rounds, steady
from faultkit.faults import (
    CHANGED_IN_BETWEEN,
    FOREIGN_LABEL,
    LOST_ANSWER,
    RETRY_AFTER,
    SOMEBODY,
    TOO_MANY_REQUESTS,
    TRANSIENT,
    UNAVAILABLE,
)

from ansible_collections.datacache.fluid.plugins.module_utils.client import ATTEMPTS, BACKOFF

CASES = [pytest.param(fault, nth, id="%s at request %d" % (fault, nth))
         for fault in TRANSIENT for nth in range(1, rounds(fault.verbs) + 1)]
# A fault costs its repetition, a look at the object, and at most the pages of a list that is read anew.
MORE_REQUESTS = 3
# Seconds; a busy machine is slow, but nothing here waits for a timeout.
STEP_TIME = 10
ALL_PAUSES = sum(BACKOFF * 2 ** attempt for attempt in range(ATTEMPTS - 1))


def test_undisturbed(undisturbed):
    """The steps do what they say, or the other tests would compare with nonsense."""
    for step, report in undisturbed.items():
        assert "failed" not in report.result, (step, report.result["msg"])
        assert report.result["changed"] is step.changed, step
        assert sorted(report.verbs) == sorted(step.verbs.split()), step
        assert report.pauses == [], step
    assert undisturbed[STEPS[-1]].objects == {}


@pytest.mark.parametrize(("fault", "nth"), CASES)
def test_each_step_survives(deployment, undisturbed, fault, nth):
    """Each step of one deploy meets the fault, at its nth request of those that the fault fits.

    A step is a module run of its own and remembers nothing of the others', so one deploy tests all
    of them; those that change nothing and send fewer requests are left out.
    """
    for step, expected in undisturbed.items():
        hit = step.count(fault.verbs) >= nth
        if not hit and not step.changed:
            deployment.skip(step)
            continue
        report = deployment.run(step, fault, nth)
        assert report.injected == hit, (step, report.verbs)
        _assert_same(step, fault, report, expected)
        _assert_bounded(step, report, expected)
        _assert_changes_kept(step, deployment.proxy.touched, report.objects)
        if hit and fault is TOO_MANY_REQUESTS:
            assert report.pauses == [RETRY_AFTER], step


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("fault", [UNAVAILABLE, LOST_ANSWER], ids=str)
def test_faults_in_a_row(deployment, undisturbed, fault, nth):
    """As many faults in a row as one request survives."""
    for step, expected in undisturbed.items():
        report = deployment.run(step, fault, nth, times=ATTEMPTS - 1)
        _assert_same(step, fault, report, expected)
        assert sum(report.pauses) <= ALL_PAUSES + 0.001, step


def _assert_same(step, fault, report, expected):
    assert "failed" not in report.result, (step, report.result["msg"])
    assert _comparable(report.result, fault) == _comparable(expected.result, fault), step
    assert steady(report.objects) == steady(expected.objects), step
    assert report.created <= expected.created, (step, "created twice")


def _comparable(result, fault):
    """Somebody else's change in between takes a part of ours from us, and so from the diff."""
    steadied = steady(result)
    for entry in [steadied, *steadied.get("results", [])] if fault is CHANGED_IN_BETWEEN else []:
        entry.pop("diff", None)
    return steadied


def _assert_bounded(step, report, expected):
    assert len(report.verbs) <= len(expected.verbs) + MORE_REQUESTS, (step, report.verbs)
    assert report.seconds < STEP_TIME, step
    assert sum(report.pauses) <= max(RETRY_AFTER, ALL_PAUSES), (step, report.pauses)


def _assert_changes_kept(step, touched, objects):
    for path in touched:
        assert objects[path]["metadata"]["labels"][FOREIGN_LABEL] == SOMEBODY, (step, path)
