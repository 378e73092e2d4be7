# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of modules, inventory plugin and filter: Ansible takes them, and their options are right."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.datacache.fluid.plugins.filter import given
from ansible_collections.datacache.fluid.plugins.inventory import alluxio

CHECKOUT = Path(__file__).parents[3]
PREFIX = "datacache.fluid."
MODULES = sorted(path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py"))


def module(name):
    return import_module(f"ansible_collections.{PREFIX}plugins.modules.{name}")


def tasks_of(examples):
    """The tasks of examples, those in plays and blocks included."""
    for each in examples:
        if "hosts" in each or "block" in each:
            yield from tasks_of(each.get("tasks", []) + each.get("block", []))
        else:
            yield each


def calls(tasks):
    """The modules of this collection that tasks call, each with its options."""
    return [(key.removeprefix(PREFIX), options or {}) for task in tasks for key, options in task.items()
            if key.startswith(PREFIX)]


def without_templates(options):
    """The options whose values are known before a run."""
    return {name: value for name, value in options.items() if "{{" not in str(value)}


def faults(name, options):
    spec = module(name).argument_spec()
    unknown = [f"{name} has no option {option}" for option in options if option not in spec]
    optional = {option: {**each, "required": False} for option, each in spec.items()}
    known = {option: value for option, value in without_templates(options).items() if option in spec}
    return unknown + ArgumentSpecValidator(optional).validate(known).error_messages


@pytest.mark.parametrize("name", MODULES)
def test_the_options_of_a_module_s_examples_are_right(name):
    found = calls(tasks_of(yaml.safe_load(module(name).EXAMPLES)))
    assert name in dict(found)
    assert [fault for each, options in found for fault in faults(each, options)] == []
    spec = module(name).argument_spec()
    required = {option for option, each in spec.items() if each.get("required")}
    assert [options for each, options in found if each == name and not required <= options.keys()] == []


def test_ansible_takes_all_examples(tmp_path):
    tasks = [task for name in MODULES for task in tasks_of(yaml.safe_load(module(name).EXAMPLES))]
    tasks += yaml.safe_load(given.EXAMPLES)
    assert len(tasks) > 60
    playbook = tmp_path / "examples.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    done = subprocess.run([Path(sys.executable).with_name("ansible-playbook"), "--syntax-check", playbook],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_the_examples_of_the_inventory_plugin_have_options_that_it_knows():
    examples = list(yaml.safe_load_all(alluxio.EXAMPLES))
    documented = yaml.safe_load(alluxio.DOCUMENTATION)["options"]
    # Of the fragments: the connection, constructed and inventory_cache.
    shared = {"label_selectors", "strict", "compose", "groups", "keyed_groups", "cache", "cache_plugin",
              "cache_connection", "cache_timeout"}
    assert len(examples) == 3
    assert {key for each in examples for key in each} - shared <= documented.keys()
    assert all(each["plugin"] == "datacache.fluid.alluxio" for each in examples)


@pytest.mark.parametrize(("options", "found"), [
    ({"name": "a"}, []),
    ({"name": "a", "nam": "b"}, ["namespace has no option nam"]),
    ({"name": "a", "wait_timeout": "soon"},
     ["argument 'wait_timeout' is of type str and we were unable to convert to int"]),
    ({"name": "a", "wait_timeout": "{{ seconds }}"}, []),
])
def test_a_planted_fault_of_an_example_is_found(options, found):
    assert [fault.partition(":")[0] for fault in faults("namespace", options)] == found
