# SPDX-License-Identifier: GPL-3.0-or-later
"""Until when an act may follow from a look at a group."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.quorum.healing.freshness import Freshness


def looks(*taken):
    """Return how long each of these looks stays young, by (seconds that it took, of them waited in all)."""
    freshness, began, found = Freshness(["MASTER", "JOB_MASTER"], 0.0), 0.0, []
    for seconds, waited in taken:
        ended = began + seconds
        found.append(freshness.young_until("MASTER", began, ended, waited) - ended)
        began = ended
    return found


@pytest.mark.parametrize(("taken", "young"), [
    ([(0.5, 0)], [3]),
    ([(15, 0)], [3]),
    ([(16, 0)], [-16]),
    ([(16, 0), (24, 0), (37, 0)], [-16, 3, -37]),
    ([(9, 3)], [3]),
    ([(9, 4)], [-9]),
    ([(9, 4), (9, 4)], [-9, 3]),
    # A look that has waited for a server is no measure for the next one.
    ([(60, 50), (30, 50)], [-60, -30]),
], ids=["short", "silent pods", "too long", "commands take long", "waited little", "waited for a server",
        "after an outage", "no measure"])
def test_acts_follow_from_young_looks_only(taken, young):
    assert looks(*taken) == young


def test_domains_are_looked_at_apart():
    freshness = Freshness(["MASTER", "JOB_MASTER"], 0.0)
    assert freshness.young_until("MASTER", 0.0, 16.0, 0.0) == 0.0
    assert freshness.young_until("JOB_MASTER", 20.0, 44.0, 0.0) == 20.0
    assert freshness.young_until("MASTER", 50.0, 74.0, 0.0) == 77.0
