# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's inner variables carry its name: a play's own fact or registered result of the same name would win
over them.
"""

import re
from pathlib import Path

import pytest
import yaml

ROLES = Path(__file__).parents[3] / "roles"
FILES = [path.relative_to(ROLES) for folder in ("tasks", "handlers") for path
         in sorted(ROLES.glob(f"*/{folder}/**/*.yml"))]
NESTED = ("block", "rescue", "always")


def load(path):
    return yaml.safe_load(path.read_text()) or {}


def module(task, name):
    """The arguments that a task gives to a module of Ansible's own, under its short or its full name."""
    return task.get(name) or task.get(f"ansible.builtin.{name}")


def every_task(tasks):
    """The tasks and blocks of a list, outer before inner."""
    for task in tasks:
        yield task
        for part in NESTED:
            yield from every_task(task.get(part, []))


def named(task):
    """The variables that a task names for its own role."""
    loop_control = task.get("loop_control", {})
    yield from task.get("vars", {})
    yield from module(task, "set_fact") or {}
    yield from (loop_control[name] for name in ("loop_var", "index_var") if name in loop_control)
    if "register" in task:
        yield task["register"]


def included(task):
    """The role that a task hands its vars to, or None."""
    arguments = module(task, "include_role") or module(task, "import_role")
    return arguments and arguments["name"].rpartition(".")[2]


def results(role):
    """The facts that a role documents: they are for the play, and so without underscores."""
    description = load(ROLES / role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["description"]
    return set(re.findall(r"Sets the fact C\((\w+)\)", " ".join(description)))


def unmarked(role, tasks):
    """The variables in a list of tasks that carry neither their role's name nor that of the role they are
    handed to.
    """
    for task in every_task(tasks):
        marks = (f"__{role}_",)
        if other := included(task):
            marks += (f"{other}_", f"__{other}_")
        yield from (name for name in named(task) if not name.startswith(marks))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_each_variable_of_a_role_s_tasks_carries_its_name(path):
    role = path.parts[0]
    assert set(unmarked(role, load(ROLES / path))) <= results(role)


@pytest.mark.parametrize("role", sorted(path.name for path in ROLES.iterdir()))
def test_each_variable_of_a_role_s_vars_carries_its_name(role):
    names = [name for path in (ROLES / role / "vars").glob("*.yml") for name in load(path)]
    assert [name for name in names if not name.startswith(f"__{role}_")] == []


@pytest.mark.parametrize("role", sorted(path.name for path in ROLES.iterdir()))
def test_a_documented_result_carries_the_role_s_name(role):
    assert [name for name in results(role) if not name.startswith(f"{role}_")] == []


def test_a_variable_is_found_wherever_a_task_can_name_one():
    tasks = yaml.safe_load("""
    - block:
        - set_fact: {fact: 1, __verify_fact: 1}
          vars: {task: 1}
      rescue:
        - ansible.builtin.command: ls
          register: registered
          loop_control: {loop_var: one, index_var: place}
      always:
        - block:
            - ansible.builtin.set_fact: {full_name: 1}
      vars: {whole: 1}
    - ansible.builtin.include_role: {name: datacache.fluid.deploy}
      vars: {deploy_name: 1, __deploy_inner: 1, __verify_own: 1, install_name: 1}
    """)
    assert sorted(unmarked("verify", tasks)) == ["fact", "full_name", "install_name", "one", "place",
                                                 "registered", "task", "whole"]


# The install role runs Helm; verify has its own module.
WHOLE_OBJECTS = {"kubernetes.core.k8s", "kubernetes.core.k8s_info", "kubernetes.core.k8s_exec",
                 "kubernetes.core.k8s_log"}


@pytest.mark.parametrize("role", ["backup", "cleanup", "deploy", "drill", "restore"])
def test_no_whole_object_goes_into_a_result(role):
    """AWX stores each result several times, and a refusal by these modules is kilobytes of headers."""
    used = {key for path in FILES if path.parts[0] == role
            for task in every_task(load(ROLES / path)) for key in task}
    assert used & WHOLE_OBJECTS == set()
    assert any(key.startswith("datacache.fluid.") for key in used)


@pytest.mark.parametrize("role", ["backup", "cleanup", "deploy", "drill", "restore"])
def test_waits_are_those_of_modules(role):
    """A loop of retries lasts longer than its option by the time of its requests, and names no reason."""
    loops = [task["name"] for path in FILES if path.parts[0] == role
             for task in every_task(load(ROLES / path)) if {"until", "retries"} & task.keys()]
    assert loops == []
