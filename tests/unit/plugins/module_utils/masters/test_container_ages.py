# SPDX-License-Identifier: GPL-3.0-or-later
"""The age of a container whose node's clock may be off."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.masters.container_ages import ContainerAges

KEY = ("MASTER", "hbase-master-1")


@pytest.mark.parametrize(("by_clock", "age"), [(100.0, 100.0), (-900.0, 0.0)], ids=["right", "node-ahead"])
def test_at_first_the_clock_alone_is_known(by_clock, age):
    ages = ContainerAges()
    ages.observe(KEY, "a", 50.0)
    assert ages.age(KEY, by_clock, 50.0) == age


def test_a_container_is_as_old_as_its_first_observation_at_least():
    ages = ContainerAges()
    ages.observe(KEY, "a", 50.0)
    ages.observe(KEY, "a", 80.0)
    assert ages.age(KEY, -900.0, 80.0) == 30.0


@pytest.mark.parametrize("between", ["", "b"], ids=["absent", "another"])
def test_a_container_is_younger_than_the_last_observation_of_its_predecessor(between):
    ages = ContainerAges()
    for container, now in (("a", 50.0), (between, 60.0), ("c", 64.0)):
        ages.observe(KEY, container, now)
    assert ages.age(KEY, 900.0, 66.0) == 6.0
    assert ages.age(KEY, 3.0, 66.0) == 3.0
