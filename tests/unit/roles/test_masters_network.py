# SPDX-License-Identifier: GPL-3.0-or-later
"""spread_masters is set where the masters use the container network, by the common option or by their own."""

from pathlib import Path

import pytest
import yaml
from jinja2 import Environment

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
    [template] = templates(yaml.safe_load((COLLECTION / file).read_text()))
    assert Environment().from_string(template).render(
        deploy_network_mode=common, deploy_master=masters, deploy_spread_masters="preferred",
        omit="omitted") == spread
