# SPDX-License-Identifier: GPL-3.0-or-later
"""Each option of a role is documented, has its documented default, and can be set from the inventory."""

from pathlib import Path

import pytest
import yaml
from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment

COLLECTION = Path(__file__).parents[3]
ROLES = sorted(folder.name for folder in (COLLECTION / "roles").iterdir())
MAPPING = COLLECTION / "playbooks" / "vars" / "roles.yml"
REQUIRED = {"fluid_name": "a-name", "fluid_mounts": [{"mount_point": "https://a.host/"}],
            "fluid_backup_claim": "backups",
            "fluid_restore_confirm": "default/a-name"}


def load(path):
    return yaml.safe_load(path.read_text()) or {}


def defaults(role):
    return load(COLLECTION / "roles" / role / "defaults" / "main.yml")


def entry_points(role):
    return load(COLLECTION / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]


def options(role):
    return entry_points(role)["main"]["options"]


def mapped(inventory):
    """What the playbooks hand to the roles for an inventory: the mapping's templates, filled in from top to
    bottom.
    """
    environment = NativeEnvironment(undefined=StrictUndefined)
    environment.filters["mandatory"] = lambda value, message: value
    values = dict(inventory)
    for name, template in load(MAPPING).items():
        values[name] = environment.from_string(template).render(values)
    return {name: values[name] for name in load(MAPPING)}


def test_there_are_roles():
    assert ROLES == ["backup", "cleanup", "deploy", "drill", "install", "restore", "verify"]


@pytest.mark.parametrize("role", ROLES)
def test_defaults_and_specification_agree(role):
    specified = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert defaults(role) == specified


@pytest.mark.parametrize("role", ROLES)
def test_an_option_without_default_is_required(role):
    without = {name for name, option in options(role).items() if "default" not in option}
    required = {name for name, option in options(role).items() if option.get("required")}
    assert without == required


@pytest.mark.parametrize("role", ROLES)
def test_options_carry_the_role_s_name_and_a_description(role):
    for name, option in options(role).items():
        assert name.startswith(role + "_")
        assert option["description"]


@pytest.mark.parametrize("role", ROLES)
def test_each_entry_point_has_its_tasks(role):
    for name in entry_points(role):
        assert (COLLECTION / "roles" / role / "tasks" / f"{name}.yml").is_file()


def test_the_inventory_reaches_every_option_and_only_options():
    assert set(load(MAPPING)) == {name for role in ROLES for name in options(role)}


@pytest.mark.parametrize("role", ROLES)
def test_what_the_inventory_leaves_out_has_the_role_s_default(role):
    handed = mapped(REQUIRED)
    assert {name: handed[name] for name in defaults(role)} == defaults(role)


def test_one_inventory_name_reaches_all_roles_that_need_it():
    handed = mapped(
        REQUIRED | {"fluid_master_replicas": 5, "fluid_namespace": "data", "fluid_system_namespace": "fluid"})
    assert handed["deploy_master_replicas"] == handed["verify_master_replicas"] == 5
    assert handed["deploy_namespace"] == handed["verify_namespace"] == handed["cleanup_namespace"] == "data"
    assert handed["install_namespace"] == handed["verify_fluid_namespace"] == handed[
        "cleanup_fluid_namespace"] == "fluid"


def test_the_ha_playbook_asks_for_three_masters():
    overriding = load(MAPPING.with_name("ha.yml"))
    environment = NativeEnvironment()
    assert environment.from_string(overriding["deploy_master_replicas"]).render() == 3
    assert environment.from_string(overriding["deploy_master_replicas"]).render(fluid_master_replicas=5) == 5


@pytest.mark.parametrize(("inventory", "raft"), [
    ({}, {"profile": "balanced"}),
    ({"fluid_raft": {}}, {"profile": "balanced"}),
    ({"fluid_raft": {"write_timeout": "20s"}}, {"profile": "balanced", "write_timeout": "20s"}),
    ({"fluid_raft": {"profile": "fast"}}, {"profile": "fast"}),
    ({"fluid_raft": {"profile": "default"}}, {"profile": "default"}),
], ids=["nothing", "empty", "an-option", "fast", "alluxios-own"])
def test_the_ha_playbook_fails_over_in_8_s_unless_told_otherwise(inventory, raft):
    environment = NativeEnvironment(undefined=StrictUndefined)
    environment.filters["combine"] = lambda first, second: first | second
    template = load(MAPPING.with_name("ha.yml"))["deploy_raft"]
    assert environment.from_string(template).render(inventory) == raft
