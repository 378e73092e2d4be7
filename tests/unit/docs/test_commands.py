# SPDX-License-Identifier: GPL-3.0-or-later
"""Each command and each declaration of a page names what exists, with values that the playbooks accept."""

import json
import re
import shlex
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from toolbox import cli
from toolbox.site import pages

from ansible_collections.datacache.fluid.plugins.plugin_utils import inventory

CHECKOUT = Path(__file__).parents[3]
PAGES = [path for path in (CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", CHECKOUT / "SECURITY.md",
                           *sorted((CHECKOUT / "docs").rglob("*.md")),
                           *sorted((CHECKOUT / "examples").rglob("*.md")))
         if path.exists()]
KNOWN = inventory.variables(CHECKOUT)


def stems(folder, pattern="*.yml"):
    return {path.stem for path in (CHECKOUT / folder).glob(pattern)}


PLAYBOOKS = stems("playbooks")
MODULES = stems("plugins/modules", "*.py")
ROLES = {path.name for path in (CHECKOUT / "roles").iterdir()}
RULEBOOKS = stems("extensions/eda/rulebooks")
PLUGINS = {path.stem
           for folder in ("plugins/inventory", "plugins/filter", "extensions/eda/plugins/event_source")
           for path in (CHECKOUT / folder).glob("*.py")}
GROUPS = set(yaml.safe_load((CHECKOUT / "meta" / "runtime.yml").read_text())["action_groups"])
TARGETS = set(cli.COMMANDS) | {"help"}
_NAME = re.compile(r"\bdatacache\.fluid\.(\w+)\b")
_TAGS = re.compile(r"\btags: \[([\w, ]+)\]")
# A lookup of a file by a relative path.
_FILE = re.compile(r"lookup\('ansible\.builtin\.file', '([^/'][^']*)'")
_SUBSTITUTION = re.compile(r"\$\([^)]*\)")
_OPERATORS = {"&&", "|", ";", "do", "done"}
# What a reader has beside this collection.
OTHERS = {"ansible", "ansible-builder", "ansible-doc", "ansible-galaxy", "ansible-inventory",
          "antsibull-changelog", "cd", "cp", "eval", "export", "for", "git", "grep", "helm", "kubectl", "mv",
          "lab/lab", "ln", "mkdir", "pip", "podman", "python", "ruff", "skopeo"}
# A command as code within a sentence.
_SPAN = re.compile(r"`((?:ansible-playbook|ansible-rulebook|make) [^`]+)`")
ASSIGNMENT = re.compile(r"\w+=")
# The options of ansible-playbook that the pages use, and whether each takes a value.
OPTIONS = {"-i": True, "-e": True, "--tags": True, "--skip-tags": True, "--forks": True, "--check": False,
           "--diff": False}


def commands(text):
    """The commands of a block of shell, each as a list of its arguments."""
    for line in _SUBSTITUTION.sub("value", re.sub(r"\\\n\s*", " ", text)).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
        lexer.whitespace_split = True
        command = []
        for argument in lexer:
            if argument in _OPERATORS:
                yield command
                command = []
            else:
                command.append(argument)
        yield command


def parsed(arguments):
    """The options of ansible-playbook, as pairs, and its playbooks."""
    options, playbooks, rest = [], [], iter(arguments)
    for argument in rest:
        if argument.startswith("-"):
            options.append((argument, next(rest) if OPTIONS[argument] else ""))
        else:
            playbooks.append(argument)
    return options, playbooks


def extra_vars(value):
    if value.startswith("@"):
        return {}
    return json.loads(value) if value.startswith("{") else dict(part.split("=", 1) for part in value.split())


def variable_faults(values):
    """Why the playbooks would refuse values; templates count as right."""
    plain = {name: value for name, value in values.items()
             if name.startswith("fluid_") and "{{" not in str(value)}
    return [*inventory.unknown(list(plain), KNOWN), *inventory.invalid(plain, KNOWN)]


def tags_of(playbook):
    text = (CHECKOUT / "playbooks" / f"{playbook}.yml").read_text()
    return {tag.strip() for found in _TAGS.findall(text) for tag in found.split(",")}


def playbook_faults(arguments):
    options, playbooks = parsed(arguments)
    names = [name.removeprefix("datacache.fluid.") for name in playbooks]
    faults = [f"no playbook {name}" for name in names
              if name not in PLAYBOOKS and not (CHECKOUT / "examples" / "awx-project" / name).exists()]
    for option, value in options:
        if option == "-e":
            faults += variable_faults(extra_vars(value))
        if option in ("--tags", "--skip-tags"):
            faults += [f"{name} has no tag {tag}" for name in names for tag in value.split(",")
                       if tag not in tags_of(name)]
    return faults


def command_faults(command):
    """Why a command does not work; none for an empty one."""
    command = command[next((place for place, argument in enumerate(command)
                            if not ASSIGNMENT.match(argument)), len(command)):]
    if not command:
        return []
    program, *arguments = command
    if program == "ansible-playbook":
        return playbook_faults(arguments)
    if program == "ansible-rulebook":
        name = arguments[arguments.index("-r") + 1].removeprefix("datacache.fluid.")
        return [] if name in RULEBOOKS else [f"no rulebook {name}"]
    if program == "make":
        return [f"no target {target}" for target in arguments if target not in TARGETS]
    if program == "ansible-galaxy":
        return galaxy_faults(arguments)
    if program == "kubectl":
        return [] if {"-n", "--namespace"} & set(arguments) or "patch" not in arguments else [
            "kubectl patches an object of the current namespace, not of the cache's"]
    return [] if program in OTHERS else [f"no program {program}"]


def galaxy_faults(arguments):
    """A requirements file of downloaded archives names them relative to the current folder."""
    files = [value for option, value in pairwise(arguments) if option in ("-r", "--requirements-file")]
    return [f"the archives of {file} are looked for in the current folder" for file in files
            if "--offline" in arguments and "/" in file]


def lookup_faults(values):
    """Why the playbooks of a collection do not find a file: they search the folder of the playbook."""
    return [f"{name} looks for {found[1]} beside the playbook" for name, value in values.items()
            if name.startswith("fluid_") and (found := _FILE.search(str(value)))]


def task_faults(value):
    """The faults of the tasks and variables in a YAML value."""
    if isinstance(value, list):
        return [fault for each in value for fault in task_faults(each)]
    if not isinstance(value, dict):
        return []
    faults = variable_faults(value) + lookup_faults(value)
    for key, options in value.items():
        name = key.removeprefix("datacache.fluid.") if isinstance(key, str) else ""
        if name != key and name in MODULES and isinstance(options, dict):
            module = import_module(f"ansible_collections.datacache.fluid.plugins.modules.{name}")
            spec = module.argument_spec()
            faults += [f"{key} has no option {option}" for option in options if option not in spec]
        faults += task_faults(options)
    return faults


def each_block(language):
    return [pytest.param(block.text, id=f"{path.relative_to(CHECKOUT)}:{block.line}")
            for path in PAGES for block in pages.blocks(path.read_text()) if block.language == language]


@pytest.mark.parametrize("text", each_block("sh"))
def test_commands_name_what_exists(text):
    assert [fault for command in commands(text) for fault in command_faults(command)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_commands_within_sentences_name_what_exists(page):
    spans = _SPAN.findall(pages.without_blocks(page.read_text()))
    assert [fault for span in spans for command in commands(span) for fault in command_faults(command)] == []


@pytest.mark.parametrize("text", each_block("yaml"))
def test_declarations_are_accepted(text):
    assert [fault for document in yaml.safe_load_all(text) for fault in task_faults(document)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_full_names_exist(page):
    known = PLAYBOOKS | MODULES | ROLES | RULEBOOKS | PLUGINS | GROUPS
    assert sorted(set(_NAME.findall(page.read_text())) - known) == []


@pytest.mark.parametrize(("command", "faults"), [
    ("ansible-playbook -i x datacache.fluid.deploy_ha --check", []),
    ("ansible-playbook -i x datacache.fluid.deploy_hb", ["no playbook deploy_hb"]),
    ("ansible-playbook datacache.fluid.deploy_ha --tags verfy", ["deploy_ha has no tag verfy"]),
    ("ansible-playbook datacache.fluid.verify -e fluid_probe=false",
     ["no playbook of datacache.fluid reads fluid_probe: did you mean fluid_probes?"]),
    ("ansible-playbook datacache.fluid.verify -e '{\"fluid_warm_up_at_once\": []}'",
     ["fluid_warm_up_at_once is a list: expected a whole number, such as 2"]),
    ("ansible-rulebook -r datacache.fluid.hael -i x", ["no rulebook hael"]),
    ("make demos && make test  # both", ["no target demos"]),
    ("ansible-galaxy collection install -r requirements.yml --offline", []),
    ("ansible-galaxy collection install -r a/requirements.yml --offline",
     ["the archives of a/requirements.yml are looked for in the current folder"]),
    ("KUBECONFIG=x kubctl get pods", ["no program kubctl"]),
    ("kubectl -n data patch configmap a -p b", []),
    ("kubectl patch configmap a -p b",
     ["kubectl patches an object of the current namespace, not of the cache's"]),
])
def test_a_planted_fault_of_a_command_is_found(command, faults):
    assert [fault for each in commands(command) for fault in command_faults(each)] == faults


@pytest.mark.parametrize(("text", "faults"), [
    ("fluid_name: a\nfluid_mounts: [{mount_point: 's3://a/'}]", []),
    ("all: {hosts: {a: {fluid_nam: a}}}",
     ["no playbook of datacache.fluid reads fluid_nam: did you mean fluid_name?"]),
    ("- datacache.fluid.namespace: {name: a, nam: b}", ["datacache.fluid.namespace has no option nam"]),
    ("fluid_awx_cluster_ca: \"{{ lookup('ansible.builtin.file', '/srv/ca.crt') }}\"", []),
    ("fluid_awx_cluster_ca: \"{{ lookup('ansible.builtin.file', 'ca.crt') }}\"",
     ["fluid_awx_cluster_ca looks for ca.crt beside the playbook"]),
])
def test_a_planted_fault_of_a_declaration_is_found(text, faults):
    assert task_faults(yaml.safe_load(text)) == faults
