# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/variables.md has each variable that a playbook reads, once."""

import re
from pathlib import Path

import pytest
import yaml
from generated import variables

from ansible_collections.datacache.fluid.plugins.plugin_utils import inventory

CHECKOUT = Path(__file__).parents[3]
[PAGE] = variables.texts(CHECKOUT).values()
ROWS = re.findall(r"^\| `(fluid_\w+)` \|", PAGE, re.MULTILINE)


def test_the_page_has_each_variable_once():
    assert sorted(ROWS) == sorted(inventory.variables(CHECKOUT))


def test_each_row_has_a_type_a_default_and_a_meaning():
    rows = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
    assert len(rows) == len(ROWS) > 100
    assert [row for row in rows if len(row) != 4 or not all(map(str.strip, row))] == []
    assert "O(" not in PAGE and "C(" not in PAGE and "deploy_warm_up" not in PAGE


def test_no_meaning_of_a_default_promises_an_effect_of_an_empty_text():
    """An empty text selects the default of a variable, also if it means something to the role's option."""
    assert [line for line in PAGE.splitlines() if " | - | " not in line
            and re.search(r"\bEmpty (uses|selects|takes)|must be empty", line)] == []


def test_meanings_of_variables_that_differ_are_those_of_options_with_a_variable():
    mapping = yaml.safe_load((CHECKOUT / "playbooks" / "vars" / "roles.yml").read_text())
    assert variables.MEANINGS.keys() <= variables.direct(mapping).keys() | {"install_chart_repo_url"}
    assert [text for text in variables.MEANINGS.values()
            if variables.meaning(text, variables.names(mapping)) not in PAGE] == []


def test_the_defaults_of_high_availability_are_those_of_the_playbooks():
    assert variables.HIGH_AVAILABILITY.keys() == yaml.safe_load(
        (CHECKOUT / "playbooks" / "vars" / "ha.yml").read_text()).keys()
    assert "| `fluid_master_replicas` | int | `1`; `3` in `deploy_ha`, `preflight`, `scale_masters`" in PAGE


@pytest.mark.parametrize(("text", "shown"), [
    ("Loads O(deploy_warm_up).", "Loads `fluid_warm_up`."),
    (["As O(datacache.fluid.alluxio_runtime#module:raft).", "A|B"],
     "As `raft` of `datacache.fluid.alluxio_runtime`. A&#124;B"),
    ("Must equal C(<restore_namespace>/<restore_name>).", "Must equal `<fluid_namespace>/<fluid_name>`."),
])
def test_a_meaning_names_variables(text, shown):
    names = {"deploy_warm_up": "fluid_warm_up", "restore_namespace": "fluid_namespace",
             "restore_name": "fluid_name"}
    assert variables.meaning(text, names) == shown
