# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal's properties by our options' names."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import properties
from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.properties import (
    ELECTION_TIMEOUT_MAX,
    ELECTION_TIMEOUT_MIN,
)


def test_each_option_has_a_property_of_its_own():
    assert len(set(properties.RAFT_PROPERTIES.values())) == len(properties.RAFT_PROPERTIES)
    assert all(key.startswith("alluxio.master.") for key in properties.RAFT_PROPERTIES.values())


def test_profiles_are_made_of_these_options():
    assert properties.RAFT_PROFILES["default"] == {}
    for profile in properties.RAFT_PROFILES.values():
        assert profile.keys() <= properties.RAFT_PROPERTIES.keys()


def test_balanced_outlasts_pauses_of_2_s_and_fails_over_in_8():
    """A leader sends a heartbeat after half of the shortest timeout."""
    low, high = (properties.election_timeout(properties.RAFT_PROPERTIES[option], {
        properties.RAFT_PROPERTIES[option]: properties.RAFT_PROFILES["balanced"][option]})
        for option in ("election_timeout_min", "election_timeout_max"))
    assert low / 2 + 2.0 < low
    assert low + (high - low) * (1 - 0.5 ** 0.5) + 2.2 <= 8.0


def test_durations_are_options():
    assert set(properties.RAFT_DURATIONS) < properties.RAFT_PROPERTIES.keys()


@pytest.mark.parametrize(("key", "given", "seconds"), [
    (ELECTION_TIMEOUT_MIN, {ELECTION_TIMEOUT_MIN: "500ms", ELECTION_TIMEOUT_MAX: "1min"}, 0.5),
    (ELECTION_TIMEOUT_MAX, {ELECTION_TIMEOUT_MIN: "500ms", ELECTION_TIMEOUT_MAX: "1min"}, 60),
    (ELECTION_TIMEOUT_MIN, {}, 10),
    (ELECTION_TIMEOUT_MAX, {}, 20),
    (ELECTION_TIMEOUT_MAX, {ELECTION_TIMEOUT_MAX: "soon"}, 20),
], ids=["min", "max", "default-min", "default-max", "no-duration"])
def test_the_election_timeout_in_force(key, given, seconds):
    assert properties.election_timeout(key, given) == pytest.approx(seconds)


def test_a_leader_sends_a_heartbeat_in_half_of_the_shortest_timeout():
    assert properties.heartbeat_interval({}) == 5.0
    assert properties.heartbeat_interval({ELECTION_TIMEOUT_MIN: "1s"}) == 0.5
