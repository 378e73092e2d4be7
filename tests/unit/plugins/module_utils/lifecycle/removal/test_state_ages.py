# SPDX-License-Identifier: GPL-3.0-or-later
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle.removal.state_ages import StateAges


def test_a_state_is_as_old_as_the_first_look_that_shows_it():
    ages = StateAges()
    assert ages.at_least(60, {"old"}, 100.0) == set()
    assert ages.at_least(60, {"old", "new"}, 159.9) == set()
    assert ages.at_least(60, {"old", "new"}, 160.0) == {"old"}


def test_a_state_that_one_look_does_not_show_begins_anew():
    ages = StateAges()
    ages.at_least(60, {"state"}, 0.0)
    ages.at_least(60, set(), 30.0)
    assert ages.at_least(60, {"state"}, 60.0) == set()
    assert ages.at_least(60, {"state"}, 120.0) == {"state"}
