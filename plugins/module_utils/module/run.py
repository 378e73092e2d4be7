# SPDX-License-Identifier: GPL-3.0-or-later
"""The common sequence of all modules: validate the options, connect, work, exit."""

from __future__ import annotations

from collections.abc import Callable

from ansible.module_utils.basic import AnsibleModule

from ..api.client import Client
from ..api.connection import connect
from ..errors import InvalidInput
from ..progress import ProgressFile, Reporter
from .exit import finish

# How the names of options end whose value is a time limit.
SECONDS = ("_timeout", "_seconds")


def run(module: AnsibleModule, ensure: Callable[[Client, dict, bool, Reporter], dict],
        require_valid: Callable[[dict], None] = lambda _params: None, least_seconds: int = 1) -> None:
    """Call ensure(client, params, check_mode, reporter) and exit with its result.

    require_valid: raises InvalidInput for invalid options before the connection is made. least_seconds: of
    each time limit; 0 for a module that need not wait.
    """
    def work() -> dict:
        require_valid(module.params)  # first: it registers secrets, which no failure may return
        _require_seconds(module.params, least_seconds)
        reporter = Reporter(module.warn, ProgressFile.from_environment().report)
        return ensure(connect(module.params), module.params, module.check_mode, reporter)

    finish(module, work)


def _require_seconds(params: dict, least: int) -> None:
    """Raise InvalidInput, naming the option, for a given time limit that is too short."""
    for option, value in params.items():
        if option.endswith(SECONDS) and value is not None and value < least:
            expected = "at least one second" if least else "0, which does not wait, or more"
            raise InvalidInput(f"{option} is {value:g}: expected {expected}")
