# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX has fits what the playbooks read: templates, surveys, workflow, schedules, example project."""

import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from fake_awx import answers_fault, survey_fault

from ansible_collections.datacache.fluid.plugins.filter.given import given
from ansible_collections.datacache.fluid.plugins.plugin_utils import inventory

CHECKOUT = Path(__file__).parents[3]
PLAYBOOKS = CHECKOUT / "playbooks"
PROJECT = CHECKOUT / "examples" / "awx-project"
OWN = "datacache.fluid."
# The variables that the roles of infra.aap_configuration read (roles/dispatch/defaults/main.yml there).
AAP = {
    "aap_organizations", "controller_instance_groups", "controller_execution_environments",
    "controller_credentials", "controller_notifications", "controller_projects", "controller_inventories",
    "controller_inventory_sources", "controller_templates", "controller_workflows", "controller_schedules",
}


def load(path):
    return yaml.safe_load(path.read_text())


DATA = load(PLAYBOOKS / "vars" / "awx.yml")
TEMPLATES = {item["playbook"].removesuffix(".yml"): item for item in DATA["controller_templates"]}
SURVEYS = {**TEMPLATES, "workflow": DATA["controller_workflows"][0]}
QUESTIONS = [pytest.param(name, question, id=f"{name}-{question['variable']}")
             for name, item in SURVEYS.items() for question in item["survey_spec"]["spec"]]
KNOWN = inventory.variables(CHECKOUT)


def own_playbook(file):
    """The playbook of the collection that a playbook of the project imports."""
    [play] = load(PROJECT / f"{file}.yml")
    return play["ansible.builtin.import_playbook"].removeprefix(OWN)


def reads(playbook):
    """The variables that a playbook reads itself, and through the options of its roles."""
    text = (PLAYBOOKS / f"{playbook}.yml").read_text()
    roles = set(re.findall(r"datacache\.fluid\.(\w+)[,\s}]", text))
    mapping = load(PLAYBOOKS / "vars" / "roles.yml")
    used = {"deploy", "install"} & roles | roles
    return set(re.findall(r"\bfluid_\w+", text)) | {
        name for option, template in mapping.items() if option.partition("_")[0] in used
        for name in _names(template, mapping)}


def _names(template, mapping):
    """The variables of a template, and of the options that it names."""
    yield from re.findall(r"\bfluid_\w+", template)
    for option in re.findall(r"\b(?:install|deploy|verify|backup)_\w+", template):
        yield from _names(mapping.get(option, ""), mapping)


def module_option(variable):
    """The specification of the module's option that a playbook sets from a variable directly; {} without."""
    for path in sorted(PLAYBOOKS.glob("*.yml")):
        for play in load(path):
            for task in play.get("tasks", []):
                for module, arguments in task.items():
                    if module.startswith(OWN) and isinstance(arguments, dict):
                        for option, template in arguments.items():
                            if re.match(rf"\{{\{{ {variable}\b", str(template)):
                                spec = import_module(
                                    f"ansible_collections.datacache.fluid.plugins.modules."
                                    f"{module.removeprefix(OWN)}").argument_spec()
                                return spec[option]
    return {}


def test_the_data_has_the_names_of_infra_aap_configuration():
    assert {name for name in DATA if not name.startswith("__")} == AAP


def test_the_playbook_passes_every_key_of_the_data():
    tasks = {task["loop"].strip("{} "): task for task in load(PLAYBOOKS / "tasks" / "awx.yml")}
    assert tasks.keys() == AAP
    for name, task in tasks.items():
        [arguments] = [value for key, value in task.items() if key.startswith("awx.awx.")]
        items = DATA[name] if isinstance(DATA[name], list) else DATA.get({
            "controller_credentials": "__awx_credentials",
            "controller_notifications": "__awx_notification_templates"}.get(name), [])
        keys = {key for item in items for key in item}
        assert keys <= arguments.keys() and (keys == arguments.keys() or not items), name


def test_tasks_with_secrets_print_nothing():
    silent = {task["name"] for task in load(PLAYBOOKS / "tasks" / "awx.yml") if task.get("no_log")}
    assert silent == {"Create the credential of the cluster", "Create the notification template"}


def test_each_playbook_has_a_template():
    """Except awx, and deploy, which deploy_ha and scale_masters contain."""
    playbooks = {path.stem for path in PLAYBOOKS.glob("*.yml")} - {"awx", "deploy-ha", "deploy"}
    assert {own_playbook(name) for name in TEMPLATES} == playbooks


@pytest.mark.parametrize("caches", ["declared", "running"])
def test_the_page_names_each_template_with_its_inventory(caches):
    [named] = re.findall(rf"^\| job templates on {caches} caches \| (.*) \|$",
                         (CHECKOUT / "docs" / "awx.md").read_text(), re.MULTILINE)
    assert set(named.split(", ")) == {
        item["name"].rpartition("}} ")[2] for item in TEMPLATES.values()
        if item["inventory"] == f"{{{{ __awx_{caches} }}}}"}


def test_the_project_has_a_file_for_each_template_and_no_other():
    assert {path.stem for path in PROJECT.glob("*.yml")} == TEMPLATES.keys()


@pytest.mark.parametrize("name", SURVEYS)
def test_awx_takes_each_survey(name):
    assert survey_fault(SURVEYS[name]["survey_spec"]) == ""


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_the_playbook_reads_each_answer(name, question):
    playbooks = ["preflight", "deploy_ha", "verify"] if name == "workflow" else [own_playbook(name)]
    assert question["variable"] in set().union(*map(reads, playbooks))


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_each_question_has_the_type_of_its_option(name, question):
    variable, kind = question["variable"], question["type"]
    option = KNOWN[variable].option or module_option(variable)
    type_ = option.get("type", "str")
    choices = [choice for choice in question.get("choices", []) if choice != ""]
    if kind == "multiplechoice":
        valid = {"int": all(choice.isdigit() for choice in choices), "bool": choices == ["true", "false"],
                 "str": set(choices) == set(option.get("choices", [None]))}
        assert valid[type_]
    else:
        assert kind in {"int": ["integer"], "float": ["float"], "bool": [], "list": ["textarea"],
                        "dict": ["textarea"], "str": ["text"], "path": ["text"]}[type_]
        assert "choices" not in option


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_an_unanswered_question_leaves_the_inventory(name, question):
    """A default of an optional question would override what the inventory declares.

    That of a required question only fills in AWX's form: a job launched by its API still needs an answer.
    """
    assert question.get("default", "") == ""
    if question["type"] == "multiplechoice" and not question["required"]:
        # AWX sends an empty text, which has to be a choice.
        assert question["choices"][0] == ""


def answers(question):
    """The answers that AWX may send for a question: text for all but numbers, empty text for none."""
    if question["type"] == "multiplechoice":
        return question["choices"]
    if question["type"] in ("integer", "float"):
        return [question["min"], question["max"]]
    given_text = {"fluid_raft": "profile: fast", "fluid_warm_up": "/a\n/b\n",
                  "fluid_upgrade_at_once": "20%", "fluid_report_page": "/tmp/caches.html"}.get(
        question["variable"], "x" * question.get("min", 1))
    return [given_text] if question["required"] else ["", given_text]


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_each_answer_is_valid(name, question):
    for answer in answers(question):
        assert answers_fault({"spec": [question]}, {question["variable"]: answer}) == ""
        assert inventory.invalid({question["variable"]: answer}, KNOWN) == []


@pytest.mark.parametrize(("answer", "default", "value"), [
    ("3", 1, 3), ("", 3, 3), ("", {}, {}), ("profile: fast\nelection_timeout_min: 1s", {}, {
        "profile": "fast", "election_timeout_min": "1s"}),
    ("/a\n/b", [], ["/a", "/b"]), ("- /a\n- /b", [], ["/a", "/b"]),
    ("true", False, True), ("false", True, False),
])
def test_what_the_roles_get_for_an_answer(answer, default, value):
    assert given(answer, default) == value


@pytest.mark.parametrize("name", [
    "restore", "failover-drill", "cleanup", "scale-masters", "rolling-restart", "switch-leader",
    "rebuild-master"])
def test_what_changes_masters_or_data_asks_for_the_cache(name):
    first = TEMPLATES[name]["survey_spec"]["spec"][0]
    assert first["variable"] == "fluid_hosts" and first["required"] and first["default"] == ""


def test_confirmations_are_typed():
    asked = {(name, question["variable"]): question for name, item in TEMPLATES.items()
             for question in item["survey_spec"]["spec"] if "confirm" in question["variable"]}
    assert set(asked) == {("failover-drill", "fluid_drill_confirm"), ("restore", "fluid_restore_confirm")}
    assert all(question["required"] and question["default"] == "" and question["type"] == "text"
               for question in asked.values())


def test_masters_are_odd():
    choices = {name: question["choices"] for name, item in TEMPLATES.items()
               for question in item["survey_spec"]["spec"] if question["variable"] == "fluid_master_replicas"}
    assert choices == {"deploy-ha": ["", "3", "5", "7"], "scale-masters": ["1", "3", "5", "7"]}


def test_a_template_that_needs_the_mounts_runs_on_declared_caches():
    """The inventory plugin leaves fluid_mounts out, because their options may hold credentials."""
    for name, item in TEMPLATES.items():
        text = (PLAYBOOKS / f"{own_playbook(name)}.yml").read_text()
        if "fluid_mounts" in text:
            assert item["inventory"] == "{{ __awx_declared }}", name


def test_a_template_that_sets_the_values_of_the_chart_runs_on_declared_caches():
    """Without them an upgrade returns to the defaults of the chart, such as the folder of the kubelet."""
    setting = {name for name in TEMPLATES if "fluid_chart_values" in reads(own_playbook(name))}
    assert {"install", "deploy-ha", "upgrade"} <= setting
    assert {TEMPLATES[name]["inventory"] for name in setting} == {"{{ __awx_declared }}"}


def test_workflow_and_schedules_answer_what_is_required():
    by_name = {item["name"]: item for item in TEMPLATES.values()}
    [workflow] = DATA["controller_workflows"]
    jobs = [(node["unified_job_template"]["name"], {}) for node in workflow["workflow_nodes"]]
    jobs += [(item["unified_job_template"], item.get("extra_data", {}))
             for item in DATA["controller_schedules"]]
    assert len(jobs) == 7
    for name, answered in jobs:
        assert answers_fault(by_name[name]["survey_spec"], answered) == ""


def test_the_schedule_verifies_what_the_project_declares():
    """A deleted cache is in no inventory of running caches, and each run would pass."""
    [verify] = [item for item in DATA["controller_schedules"] if item["name"].endswith(" verify")]
    assert verify["inventory"] == "{{ __awx_declared }}"
    assert TEMPLATES["verify"]["ask_inventory_on_launch"] is True


def test_the_sources_of_the_inventories_exist():
    for source in DATA["controller_inventory_sources"]:
        assert (PROJECT / source["source_path"]).exists()


def test_the_hosts_of_both_inventories_have_the_same_names():
    """So a question for a cache means the same in each template."""
    for name, variables in load(PROJECT / "inventory" / "caches.yml")["all"]["hosts"].items():
        assert name == f"{variables['fluid_name']}.{variables['fluid_namespace']}"
        assert inventory.unknown(list(variables), KNOWN) == inventory.invalid(variables, KNOWN) == []
