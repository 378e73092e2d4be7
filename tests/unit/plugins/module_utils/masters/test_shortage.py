# SPDX-License-Identifier: GPL-3.0-or-later
"""For how long too few masters are there, by looks that an outage of the API server may have prolonged."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.masters.shortage import Shortage


@pytest.mark.parametrize(("looks", "seconds"), [
    ([(0, True)], 0.0),
    ([(65, True)], 0.0),
    ([(0, True), (1, True), (3, True)], 3.0),
    ([(0, True), (1, False), (2, True)], 0.0),
    ([(0, True), (1, False), (2, True), (3, True)], 1.0),
    ([(0, True), (1, True), (66, True)], 0.0),
    ([(0, True), (1, True), (66, True), (67, True)], 1.0),
    ([(0, True), (30, True), (60, True), (95, True)], 65.0),
    ([(0, False), (30, False), (60, True), (90, True)], 30.0),
], ids=["first", "long-first", "all-short", "one-was-not", "short-again", "outage", "after-an-outage",
        "always-slow", "slow-before"])
def test_time_counts_from_one_short_look_to_the_next_unless_it_is_long_all_at_once(looks, seconds):
    shortage = Shortage(usual=2.0)
    found = [shortage.seconds(short, float(now), 0.0) for now, short in looks]
    assert found[-1] == seconds


@pytest.mark.parametrize(("looks", "seconds"), [
    ([(0, 0), (65, 60), (156, 145)], 0.0),
    ([(0, 0), (65, 60), (156, 145), (157, 145)], 1.0),
    ([(0, 0), (4, 3), (5, 3)], 1.0),
], ids=["two-outages", "after-two", "short-outage"])
def test_time_does_not_count_in_a_look_that_has_waited_for_an_api_server(looks, seconds):
    shortage = Shortage(usual=20.0)
    assert [shortage.seconds(True, float(now), float(waited)) for now, waited in looks][-1] == seconds
