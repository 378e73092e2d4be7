# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches that never work: a wait still ends with the truth, in time, and without pressing the server."""

import time

import pytest
from injection import modules
from injection.faults import ALWAYS, UNAVAILABLE, WATCH_CLOSED_AT_ONCE, WATCH_EXPIRED_EVENT, WATCH_SILENT
from injection.proxy import nth

from ansible_collections.datacache.fluid.plugins.module_utils.api import waiter

NAME = {"name": "hbase"}
WAIT = {**NAME, "wait": True, "wait_for": {"path": "status.phase", "value": "Bound"}}
PAUSE = 0.25  # seconds
LONG, SHORT = 60, 1
BROKEN = [WATCH_SILENT, WATCH_CLOSED_AT_ONCE, WATCH_EXPIRED_EVENT, UNAVAILABLE]


@pytest.fixture
def wait(deployment, monkeypatch):
    """Run a wait for Bound whose watches all meet the fault; `meanwhile` is done once it watches."""
    modules.run("dataset", {**deployment.options, **NAME})
    monkeypatch.setattr(waiter, "_LONGEST_WATCH", PAUSE)

    def run(fault, timeout, meanwhile=lambda: None):
        deployment.proxy.begin(lambda: deployment.fluid.later(0, meanwhile))
        deployment.proxy.inject(fault.only("watch"), nth(1, ALWAYS))
        began = time.monotonic()
        result, _pauses = modules.run("dataset", {**deployment.options, **WAIT, "wait_timeout": timeout},
                                      least_round=PAUSE)
        seconds = time.monotonic() - began
        deployment.fluid.join()
        # A read and a watch for each pause, besides the first look and what explains a timeout.
        assert len(deployment.proxy.requests) <= 2 * seconds / PAUSE + 6
        return result, seconds
    return run


@pytest.mark.parametrize("fault", BROKEN, ids=str)
def test_the_state_is_found_by_reading(deployment, wait, fault):
    result, seconds = wait(fault, LONG,
                           lambda: deployment.fluid.status("datasets", "hbase", phase="Bound", conditions=[]))
    assert result["result"]["status"]["phase"] == "Bound", result.get("msg")
    assert seconds < LONG / 4


@pytest.mark.parametrize("fault", BROKEN, ids=str)
def test_a_state_that_never_comes_is_told_in_time(deployment, wait, fault):
    result, seconds = wait(fault, SHORT)
    assert result["msg"].startswith(
        f"timed out after {SHORT} s while waiting for Dataset hbase in namespace "
        f"{deployment.options['namespace']} to have status.phase at Bound: status.phase is None")
    assert SHORT <= seconds < LONG / 4
