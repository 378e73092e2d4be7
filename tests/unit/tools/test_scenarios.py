# SPDX-License-Identifier: GPL-3.0-or-later
"""Molecule's scenarios name files that exist, leave nothing, and stand in CONTRIBUTING.md."""

import os
import re

import pytest
import yaml
from toolbox import paths, stages

MOLECULE = paths.CHECKOUT / "molecule"
SHARED = yaml.safe_load((paths.CHECKOUT / ".config" / "molecule" / "config.yml").read_text())

# They install Fluid or predict that, which only an administrator may.
ADMINISTRATORS = {"check_mode", "default", "upgrade"}
# Playbooks that run as accounts of their own.
OWN_ACCOUNTS = {"least_privilege": {"verify", "switch_leader", "rolling_restart", "heal", "diagnose"}}


def definition(name: str) -> dict:
    return yaml.safe_load((MOLECULE / name / "molecule.yml").read_text())


def sequence(name: str) -> list[str]:
    return definition(name)["scenario"]["test_sequence"]


@pytest.fixture(params=stages.scenarios())
def name(request) -> str:
    return request.param


def test_a_scenario_has_the_name_of_its_folder(name):
    assert definition(name)["scenario"]["name"] == name


def test_each_playbook_and_inventory_exists(name):
    own = definition(name).get("ansible", {})
    named = {**SHARED["ansible"]["playbooks"], **own.get("playbooks", {})}
    named.update((step, step.split()[1]) for step in sequence(name) if " " in step)
    for playbook in named.values():
        assert (MOLECULE / name / playbook).is_file()
    arguments = own.get("executor", SHARED["ansible"]["executor"])["args"]["ansible_playbook"]
    folders = {"${MOLECULE_PROJECT_DIRECTORY}": str(paths.CHECKOUT),
               "${MOLECULE_SCENARIO_DIRECTORY}": str(MOLECULE / name)}
    for argument in arguments:
        path = argument.removeprefix("--inventory=")
        for variable, folder in folders.items():
            path = path.replace(variable, folder)
        assert os.path.exists(path)


def test_a_scenario_deploys_verifies_and_leaves_nothing(name):
    steps = sequence(name)
    assert steps[:2] == ["syntax", "prepare"]
    assert steps[-1] == "cleanup"
    assert {"converge", "idempotence", "verify"} <= set(steps)


def test_an_application_that_starts_is_required_to_have_failed_nothing(name):
    """The shared verification starts one; a later step ends it."""
    verify = definition(name).get("ansible", {}).get("playbooks", {}).get("verify", "../shared/verify.yml")
    text = (MOLECULE / name / verify).read_text()
    starts = any(word in text + str(sequence(name)) for word in ("start_application", "verify_application"))
    later = [(MOLECULE / name / step.split()[1]).read_text() for step in sequence(name) if " " in step]
    assert starts == any("end_application" in step for step in [text, *later])


def test_the_table_of_the_scenarios_is_complete():
    table = re.findall(r"^\| `(\w+)` \|", (paths.CHECKOUT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert sorted(table) == stages.scenarios()


def test_an_alluxio_belongs_to_a_scenario():
    assert stages.ALLUXIO.keys() <= set(stages.scenarios())


@pytest.mark.parametrize("name", sorted(set(stages.scenarios()) - ADMINISTRATORS))
def test_a_scenario_runs_as_an_account_with_the_permissions_of_its_playbooks(name):
    account = definition(name)["ansible"]["env"]["MOLECULE_ACCOUNT"].split()
    for roles in account:
        assert (paths.CHECKOUT / "docs" / "rbac" / f"{roles}.yml").is_file()
    granted = {roles.split("/")[1] for roles in account}
    assert granted == playbooks(name) - OWN_ACCOUNTS.get(name, set())


def playbooks(name: str) -> set[str]:
    """The collection's playbooks that a scenario runs after its preparation."""
    named = {**SHARED["ansible"]["playbooks"], **definition(name)["ansible"].get("playbooks", {})}
    files = {named[step] for step in ("converge", "verify", "cleanup")}
    files |= {step.split()[1] for step in sequence(name) if " " in step}
    return {found for file in files for found in _imported(MOLECULE / name / file)}


def _imported(file) -> set[str]:
    names = re.findall(r"import_playbook: (\S+)", file.read_text())
    found = {name.removeprefix("datacache.fluid.") for name in names if name.startswith("datacache.fluid.")}
    return found.union(*(_imported(file.parent / name) for name in names if name.endswith(".yml")))
