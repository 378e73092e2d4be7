# SPDX-License-Identifier: GPL-3.0-or-later
"""What each playbook's permissions do not grant of the requests of a module that it starts.

A run of a module counts for a playbook that starts it with these options: literal values are equal, and a
template may have any value. An option that the run leaves out counts as given, except for the state.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from ansible_collections.datacache.fluid.plugins.module_utils.preflight.permissions import (
    CACHE,
    CLUSTER,
    FLUID,
    NEEDS,
    USERS,
    Access,
    Need,
)

CHECKOUT = Path(__file__).parents[4]
OWN = "datacache.fluid."
# The modules without a playbook that have a Role.
OPERATIONS = ("data_load", "data_migrate", "data_process", "data_operation_info")
# What every account may ask for: the server's version, the resources of a group, its own permissions.
FREE = ("version", "data.fluid.io", "selfsubjectrulesreviews", "selfsubjectaccessreviews")
_LISTS = ("tasks", "pre_tasks", "post_tasks", "block", "rescue", "always", "roles")


class Start(NamedTuple):
    """A task: the module's name without the collection, and its options."""

    module: str
    options: dict


def lacking(module: str, options: dict, accesses: set[Access], needs: tuple[Need, ...] = NEEDS) -> list[str]:
    """Return a line for each playbook and access that the permissions of the playbook do not grant."""
    spaces = (options.get("namespace") or "default", options.get("fluid_namespace") or "fluid-system")
    return [f"the playbook {user} lacks {access.verb} {access.resource} of group '{access.group}' in "
            f"{access.namespace or 'all namespaces'} for the module {module}"
            for user in users_of(module, options)
            for access in sorted(accesses, key=str)
            if access.resource not in FREE and not any(_grants(need, access, *spaces)
                                                       for need in needs if user in need.users)]


def users_of(module: str, options: dict) -> list[str]:
    """Return the users of permissions that run a module with these options."""
    given = {name: value for name, value in options.items() if value is not None}
    found = [user for user, starts in _starts().items()
             if any(start.module == module and start.options.get("state") == given.get("state")
                    and _matches(start.options, given) for start in starts)]
    return [*found, *(["data_operations"] if module in OPERATIONS else [])]


def _grants(need: Need, access: Access, cache_namespace: str, fluid_namespace: str) -> bool:
    """The Role of the cache's namespace is bound in those of referring Datasets, too, that of Fluid's where
    its controllers and its Helm release are, whatever the options.
    """
    places = {CLUSTER: True,
              FLUID: access.namespace not in (None, cache_namespace) or access.resource == "secrets"
              or access.namespace == fluid_namespace,
              CACHE: access.namespace not in (None, fluid_namespace) or access.namespace == cache_namespace}
    return (places[need.scope] and access.group == need.group and access.verb in need.verbs
            and bool({access.resource, "*"} & set(need.resources)))


def _matches(task, run) -> bool:
    """Whether a task may have these options, as far as it does not leave them to a template."""
    if isinstance(task, str) and "{{" in task:
        return True
    if isinstance(task, dict) and isinstance(run, dict):
        return all(name in task and _matches(task[name], value) for name, value in run.items())
    if isinstance(task, list) and isinstance(run, list):
        return all(any(_matches(each, value) for each in task) for value in run)
    return task == run


@cache
def _starts() -> dict[str, list[Start]]:
    """The tasks of each playbook that has a Role, those of its roles included."""
    playbooks = CHECKOUT / "playbooks"
    return {user: list(_of_file(playbooks / f"{user}.yml", {}))
            for user in USERS if (playbooks / f"{user}.yml").exists()}


def _of_file(path: Path, defaults: dict) -> Iterator[Start]:
    for each in yaml.safe_load(path.read_text()) or []:
        yield from _of_task(each, path.parent, defaults)


def _of_task(task: dict, folder: Path, defaults: dict) -> Iterator[Start]:
    """Yield the starts of a play, block or task. folder: of its file. defaults: of modules, by full name."""
    defaults = {**defaults, **task.get("module_defaults", {})}
    for key, value in task.items():
        if key in _LISTS:
            for each in value:
                yield from _of_task(each, folder, defaults)
        elif key.startswith(OWN):
            yield Start(key.removeprefix(OWN), {**_options(defaults.get(key), folder), **(value or {})})
        elif key == "role":
            yield from _of_role(value, "main", defaults)
        elif key.endswith(("import_role", "include_role")):
            yield from _of_role(value["name"], value.get("tasks_from", "main"), defaults)
        elif key.endswith(("import_tasks", "include_tasks")):
            yield from _of_file(folder / (value["file"] if isinstance(value, dict) else value), defaults)


def _of_role(name: str, tasks: str, defaults: dict) -> Iterator[Start]:
    if name.startswith(OWN):
        folder = CHECKOUT / "roles" / name.removeprefix(OWN) / "tasks"
        yield from _of_file(folder / f"{tasks}.yml", defaults)


def _options(defaults: str | dict | None, folder: Path) -> dict:
    """Return the default options of a module. A template names a variable of the role."""
    if not isinstance(defaults, str):
        return defaults or {}
    return yaml.safe_load((folder.parent / "vars" / "main.yml").read_text())[defaults.strip("{} ")]
