# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin of fluid_installation_info: names the installed kubernetes.core to the module.

Only the controller knows which version its tasks will run.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

from ansible.plugins.action import ActionBase

from ..module_utils.installation.helm import KUBERNETES_CORE


class ActionModule(ActionBase):
    """The action plugin; Ansible requires the name."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        """Run the module and return its result."""
        super().run(tmp, task_vars)
        self._task.environment = [
            *(self._task.environment or []), {KUBERNETES_CORE: version_of("kubernetes.core")}]
        return self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)


def version_of(collection: str) -> str:
    """Return the version of an installed collection; empty without one, and for a checkout."""
    try:
        package = import_module(f"ansible_collections.{collection}")
        manifest = Path(next(iter(package.__path__)), "MANIFEST.json").read_text(encoding="utf-8")
        return json.loads(manifest)["collection_info"]["version"]
    except (ImportError, OSError, StopIteration, ValueError, KeyError):
        return ""
