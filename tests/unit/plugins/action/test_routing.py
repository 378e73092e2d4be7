# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module that waits runs under the action that shows its progress."""

from importlib import import_module
from pathlib import Path

import pytest
import yaml
from ansible.plugins.action import ActionBase

COLLECTION = Path(__file__).parents[4]
PLUGINS = "ansible_collections.datacache.fluid.plugins"
ROUTES = yaml.safe_load((COLLECTION / "meta" / "runtime.yml").read_text())["plugin_routing"]["modules"]
ACTIONS = {file.stem for file in (COLLECTION / "plugins" / "action").glob("*.py")}
MODULES = sorted(file.stem for file in (COLLECTION / "plugins" / "modules").glob("*.py"))
# validate_cache only checks the wait_timeout that a deployment will use.
WAITING = [name for name in MODULES if name != "validate_cache"
           and {"wait", "wait_timeout"} & import_module(f"{PLUGINS}.modules.{name}").argument_spec().keys()]


def action_of(module):
    """The action that Ansible chooses for a module: the routed one, else the one of its own name."""
    routed = ROUTES.get(module, {}).get("action_plugin", "")
    return routed.removeprefix("datacache.fluid.") or (module if module in ACTIONS else None)


@pytest.mark.parametrize("module", WAITING)
def test_a_module_that_waits_has_an_action(module):
    assert action_of(module) is not None


@pytest.mark.parametrize("module", ROUTES)
def test_a_routed_action_exists(module):
    assert module in MODULES
    assert ROUTES[module] == {"action_plugin": f"datacache.fluid.{action_of(module)}"}
    assert issubclass(import_module(f"{PLUGINS}.action.{action_of(module)}").ActionModule, ActionBase)


def test_the_waiting_modules_are_found():
    assert {"alluxio_rollout", "alluxio_runtime", "dataset", "dataset_volume"} <= set(WAITING)
