# SPDX-License-Identifier: GPL-3.0-or-later
"""Each option of a role is documented, has its documented default, and can be set from the inventory."""

import re
from pathlib import Path

import pytest
import yaml
from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.datacache.fluid.plugins.filter.given import given

COLLECTION = Path(__file__).parents[3]
ROLES = sorted(folder.name for folder in (COLLECTION / "roles").iterdir())
MAPPING = COLLECTION / "playbooks" / "vars" / "roles.yml"
REQUIRED = {"fluid_name": "a-name", "fluid_mounts": [{"mount_point": "https://a.host/"}],
            "fluid_backup_claim": "backups", "fluid_drill_confirm": "a-name",
            "fluid_restore_confirm": "default/a-name"}


def load(path):
    return yaml.safe_load(path.read_text()) or {}


def defaults(role):
    return load(COLLECTION / "roles" / role / "defaults" / "main.yml")


def entry_points(role):
    return load(COLLECTION / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]


def options(role):
    return entry_points(role)["main"]["options"]


def environment():
    """The templates' environment, with the filters that the mapping uses."""
    found = NativeEnvironment(undefined=StrictUndefined)
    found.filters["datacache.fluid.given"] = given
    found.filters["combine"] = lambda first, second: first | second
    return found


def mapped(inventory, files=("roles.yml",)):
    """What the playbooks hand to the roles for an inventory: the mapping's templates, filled in from top to
    bottom.
    """
    values = dict(inventory)
    templates = {name: template for file in files for name, template in load(MAPPING.with_name(file)).items()}
    for name, template in templates.items():
        values[name] = environment().from_string(template).render(values)
    return {name: values[name] for name in templates}


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


def test_the_roles_after_install_look_where_it_has_found_fluid():
    handed = mapped(REQUIRED | {"install_fluid_namespace": "caches"})
    assert (handed["install_namespace"], handed["verify_fluid_namespace"]) == ("fluid-system", "caches")


def test_the_ha_playbook_asks_for_three_masters():
    template = environment().from_string(load(MAPPING.with_name("ha.yml"))["deploy_master_replicas"])
    assert template.render() == template.render(fluid_master_replicas="") == 3
    assert template.render(fluid_master_replicas=5) == template.render(fluid_master_replicas="5") == 5


@pytest.mark.parametrize(("inventory", "raft"), [
    ({}, {"profile": "balanced"}),
    ({"fluid_raft": {}}, {"profile": "balanced"}),
    ({"fluid_raft": {"write_timeout": "20s"}}, {"profile": "balanced", "write_timeout": "20s"}),
    ({"fluid_raft": {"profile": "fast"}}, {"profile": "fast"}),
    ({"fluid_raft": {"profile": "default"}}, {"profile": "default"}),
], ids=["nothing", "empty", "an-option", "fast", "alluxios-own"])
def test_the_ha_playbook_fails_over_in_8_s_unless_told_otherwise(inventory, raft):
    template = load(MAPPING.with_name("ha.yml"))["deploy_raft"]
    assert environment().from_string(template).render(inventory) == raft


def inventory_names():
    return sorted({name for template in load(MAPPING).values()
                   for name in re.findall(r"\bfluid_[a-z_]+", template)})


@pytest.mark.parametrize("empty", ["", None, " "], ids=["empty", "null", "blank"])
def test_an_empty_answer_of_a_survey_is_not_given(empty):
    """Every variable of the mapping at once, as AWX sends optional questions."""
    left_out = {name: empty for name in inventory_names() if name not in REQUIRED}
    assert len(left_out) > 60
    assert mapped(REQUIRED | left_out) == mapped(REQUIRED)


def test_lists_and_dictionaries_as_text_are_those_of_the_inventory():
    inventory = REQUIRED | {"fluid_tolerations": [{"key": "a"}], "fluid_raft": {"profile": "fast"},
                            "fluid_tieredstore": [], "fluid_journal_volume": {"type": "claim", "keep": True}}
    as_text = {name: yaml.safe_dump(value) if isinstance(value, (list, dict)) else value
               for name, value in inventory.items()}
    assert mapped(as_text, ("roles.yml", "ha.yml")) == mapped(inventory, ("roles.yml", "ha.yml"))


def test_numbers_and_booleans_as_text():
    handed = mapped(REQUIRED | {"fluid_worker_replicas": "0", "fluid_probes": "false"})
    assert (handed["deploy_worker_replicas"], handed["verify_probes"]) == (0, False)


@pytest.mark.parametrize(("ref", "url", "version"), [
    ("", "https://fluid-cloudnative.github.io/charts", "1.0.8"), ("/charts/fluid", "", ""),
    ("./fluid.tgz", "", ""), ("oci://registry/fluid", "", "1.0.8")])
def test_a_chart_from_elsewhere_needs_no_repository(ref, url, version):
    empty = {"fluid_chart_repo_url": "", "fluid_chart_version": ""}
    handed = mapped(REQUIRED | empty | {"fluid_chart_ref": ref})
    assert (handed["install_chart_repo_url"], handed["install_chart_version"]) == (url, version)


# deploy-ha imports deploy_ha, and awx runs on no cache.
PLAYBOOKS = [path for path in sorted(MAPPING.parents[1].glob("*.yml"))
             if path.stem not in ("deploy-ha", "awx")]


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_playbook_runs_on_a_group_and_validates_the_variables_first(path):
    [play] = load(path)
    # Masters that the inventory plugin makes hosts are no caches.
    assert play["hosts"] == "{{ fluid_hosts | default('') | datacache.fluid.cache_hosts(groups) }}"
    first = [*play.get("pre_tasks", []), *play.get("tasks", [])][0]
    assert first["tags"] == ["always"]
    required = first["datacache.fluid.validate_variables"]["required"]
    roles = re.findall(r"'(?:role|name)': 'datacache\.fluid\.(\w+)'", str(play))
    own = str(play) + "".join(
        (path.parent / file).read_text() for file in play["vars_files"] if file.startswith("../roles/"))
    templates = {name: template for name, template in load(MAPPING).items()
                 if name.partition("_")[0] in roles or name in own}
    while more := {name: template for name, template in load(MAPPING).items() if name not in templates
                   and any(re.search(rf"\b{name}\b", text) for text in templates.values())}:
        templates |= more
    needed = {name for text in templates.values()
              for name in re.findall(r"(fluid_\w+) \|[^}]*required=", text)}
    assert set(required) == needed


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_an_empty_answer_for_a_variable_of_a_playbook_is_not_given(path):
    """Blanks are none, too."""
    text = path.read_text()
    handled = re.findall(
        r"\bfluid_\w+ \| default\(''(?:, true)?\)\s*\| (?:datacache\.fluid\.|trim|string)", text)
    assert handled and len(handled) == len(re.findall(r"\bfluid_\w+ \| ", text))
