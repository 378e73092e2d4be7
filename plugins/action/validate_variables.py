# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of validate_variables: it reads the variables of the host, which a module cannot see."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ..plugin_utils import inventory

_PREFIX = "fluid_"


class ActionModule(ActionBase):
    """The action plugin; Ansible requires the name."""

    _supports_check_mode = True
    _requires_connection = False
    _VALID_ARGS = frozenset({"required", "collections"})

    def run(self, tmp=None, task_vars=None):
        """Fail with one sentence for each variable that no playbook reads, that is missing or invalid."""
        result = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(
            {name: {"type": "list", "elements": "str", "default": []} for name in self._VALID_ARGS})
        if master_of := (task_vars or {}).get("alluxio_cache"):
            return {**result, "changed": False, "failed": True, "msg":
                    f"the host is a master of the cache {master_of}: the playbooks run on caches; give "
                    "-e fluid_hosts=alluxio_caches"}
        known = inventory.variables(Path(__file__).resolve().parents[2])
        values = self._values(task_vars or {})
        faults = [*_absent(options["collections"]), *inventory.unknown(list(values), known),
                  *inventory.missing(options["required"], values, known), *inventory.invalid(values, known)]
        result["changed"] = False
        if faults:
            result.update(failed=True, msg="; ".join(faults))
        return result

    def _values(self, task_vars: dict) -> dict:
        return {name: self._templated(value) for name, value in task_vars.items()
                if name.startswith(_PREFIX)}

    def _templated(self, value: object) -> object:
        """Return the value of a variable; its template if that fails, which the task that uses it reports."""
        try:
            return self._templar.template(value)
        except AnsibleError:
            return value


def _absent(collections: list[str]) -> list[str]:
    """Return a sentence for each collection that is not installed."""
    remedy = "install it with ansible-galaxy collection install"
    return [f"the collection {name} is not installed: {remedy} {name}"
            for name in collections if not _is_installed(name)]


def _is_installed(collection: str) -> bool:
    """Return whether Ansible's import hook finds the collection. Without its namespace the look-up fails."""
    try:
        return find_spec(f"ansible_collections.{collection}") is not None
    except ModuleNotFoundError:
        return False
