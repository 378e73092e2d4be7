# SPDX-License-Identifier: GPL-3.0-or-later
"""The common sequence of all modules: validate the options, connect, work, exit."""

from __future__ import annotations

from collections.abc import Callable

from ansible.module_utils.basic import AnsibleModule

from ..api.client import Client
from ..api.connection import connect
from ..progress import ProgressFile, Reporter
from .exit import finish


def run(module: AnsibleModule, ensure: Callable[[Client, dict, bool, Reporter], dict],
        require_valid: Callable[[dict], None] = lambda _params: None) -> None:
    """Call ensure(client, params, check_mode, reporter) and exit with its result.

    require_valid: raises InvalidInput for invalid options before the connection is made.
    """
    def work() -> dict:
        require_valid(module.params)
        reporter = Reporter(module.warn, ProgressFile.from_environment().report)
        return ensure(connect(module.params), module.params, module.check_mode, reporter)

    finish(module, work)
