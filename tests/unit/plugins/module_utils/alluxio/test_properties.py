# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal's properties by our options' names."""

from random import Random

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


# Seconds from the candidacy to the service, with what a drill adds (measured).
SERVES = 1.1


def timeouts(profile):
    """The shortest and the longest election timeout of a profile, in seconds."""
    options = properties.RAFT_PROFILES[profile]
    return tuple(properties.election_timeout(key, {key: options[option]}) for option, key in (
        ("election_timeout_min", ELECTION_TIMEOUT_MIN), ("election_timeout_max", ELECTION_TIMEOUT_MAX)))


def candidacy(low, high, chance):
    """The seconds from a leader's end until one follower is a candidate (Ratis, FollowerState.run)."""
    silent = chance.uniform(0, low / 2)
    timeout = chance.uniform(low, high)
    wakes = chance.uniform(0, timeout)
    while wakes + silent < timeout:
        timeout = chance.uniform(low, high)
        wakes += timeout
    return wakes


@pytest.mark.parametrize(("profile", "pause", "middle", "slowest"), [
    ("balanced", 2.0, 8.0, 11.5),
    ("fast", 0.3, 2.5, 3.5),
])
def test_a_profile_outlasts_pauses_and_fails_over_in_time(profile, pause, middle, slowest):
    """A leader sends a heartbeat after half of the shortest timeout."""
    low, high = timeouts(profile)
    assert low / 2 + pause < low < high
    chance = Random(14)
    served = sorted(SERVES + min(candidacy(low, high, chance), candidacy(low, high, chance))
                    for _kill in range(999))
    assert served[499] <= middle
    assert served[-1] <= slowest


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
