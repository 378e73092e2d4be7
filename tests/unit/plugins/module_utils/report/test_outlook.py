# SPDX-License-Identifier: GPL-3.0-or-later
"""What one more loss would mean, for groups of each size."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.report import outlook


def peers(states, nodes=None):
    return [{"host": f"m{number}", "state": "AVAILABLE" if state == "+" else "UNAVAILABLE",
             "node": (nodes or "abcdefg")[number]} for number, state in enumerate(states)]


@pytest.mark.parametrize(("states", "state", "next_loss"), [
    ("+++", "kept", "One more loss leaves 2 of 3: the cache would keep serving, and a further loss would "),
    ("+++++", "kept", "One more loss leaves 4 of 5: the cache would keep serving, and 1 more could be lost."),
    ("++-", "degraded", "The loss of one more master would stop the cache."),
    ("++++-", "degraded", "One more loss leaves 3 of 5: the cache would keep serving, and a further loss"),
    ("+++--", "degraded", "The loss of one more master would stop the cache."),
    ("++", "degraded", "The loss of one more master would stop the cache."),
    ("+--", "broken", "The cache stands still now"),
    ("", "broken", "The cache stands still now"),
])
def test_the_next_loss(states, state, next_loss):
    found = outlook.of_group("MASTER", peers(states), "m0:1" if states else "")
    assert (found.state, bool(found.next_step)) == (state, state != "kept")
    assert found.next_loss.startswith(next_loss)


def test_without_a_leader_nothing_is_served():
    found = outlook.of_group("MASTER", peers("+++"), "")
    assert found.state == "broken" and found.present.endswith("There is no leader.")


def test_a_node_with_two_of_three_masters():
    found = outlook.of_group("MASTER", peers("+++", "aab"), "m0:1")
    assert found.next_loss == "The loss of node a alone would stop the cache: too many masters run there."


def test_job_masters_stop_jobs_only():
    assert "stop loads and other jobs" in outlook.of_group("JOB_MASTER", peers("++-"), "m0:1").next_loss
    assert outlook.of_group("JOB_MASTER", peers("+--"), "m0:1").next_loss.startswith(
        "Loads and other jobs stand still now")


@pytest.mark.parametrize(("ready", "state"), [(True, "kept"), (False, "broken")])
def test_a_single_master(ready, state):
    assert outlook.single(ready).state == state
