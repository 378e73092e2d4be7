# SPDX-License-Identifier: GPL-3.0-or-later
"""spread_masters is set where the masters use the container network, by the common option or by their own."""

from pathlib import Path

import pytest
import yaml
from jinja2 import Environment

from ansible_collections.datacache.fluid.plugins.filter.given import given

COLLECTION = Path(__file__).parents[3]
FILES = ("roles/deploy/vars/main.yml", "roles/deploy/tasks/masters.yml", "playbooks/rolling_restart.yml")


def templates(tree):
    if isinstance(tree, dict):
        yield from [tree["spread_masters"]] if "spread_masters" in tree else []
        tree = list(tree.values())
    if isinstance(tree, list):
        for each in tree:
            yield from templates(each)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(("common", "masters", "spread"), [
    ("HostNetwork", {}, "omitted"), ("ContainerNetwork", {}, "preferred"),
    ("HostNetwork", {"network_mode": "ContainerNetwork"}, "preferred"),
    ("ContainerNetwork", {"network_mode": "HostNetwork"}, "omitted"),
    ("ContainerNetwork", {"network_mode": ""}, "preferred"),
])
def test_masters_spread_by_their_own_network(file, common, masters, spread):
    assert rendered(file, common, masters, fluid_spread_masters="preferred") == spread


def rendered(file, common, masters, **variables):
    environment = Environment()
    environment.filters["datacache.fluid.given"] = given
    [template] = templates(yaml.safe_load((COLLECTION / file).read_text()))
    return environment.from_string(template).render(
        deploy_network_mode=common, deploy_master=masters, deploy_spread_masters="preferred", omit="omitted",
        **variables).strip()


@pytest.mark.parametrize(("variables", "spread"), [
    ({}, "omitted"), ({"fluid_spread_masters": ""}, "omitted"),
    ({"fluid_spread_masters": "ignored"}, "ignored"), ({"fluid_spread_masters": "required"}, "required")])
def test_a_restart_keeps_the_placement_that_its_inventory_does_not_declare(variables, spread):
    """The inventory of running caches declares none: a default would replace required or ignored."""
    assert rendered("playbooks/rolling_restart.yml", "ContainerNetwork", {}, **variables) == spread
