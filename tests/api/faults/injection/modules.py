# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module in this process: one of its own would cost half a second for each of a thousand runs."""

import contextlib
import functools
import importlib
import io
import json
from collections.abc import Iterator
from unittest import mock

from module_arguments import patch_module_args

from ansible_collections.datacache.fluid.plugins.module_utils.api import bulk, client, connection, waiter

_MODULES = "ansible_collections.datacache.fluid.plugins.modules."


def run(name: str, options: dict, page: int = client.PAGE, check: bool = False,
        least_round: float = 0.02) -> tuple[dict, list[float]]:
    """Run the module in diff mode; return what it prints and the pauses that its client asked for, in s.

    A failure has failed: true. least_round: seconds between two reads of a wait.
    """
    module = importlib.import_module(_MODULES + name)
    printed, pauses = io.StringIO(), []
    arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": True}
    with _scaled_down(page, least_round, pauses), patch_module_args(arguments), \
            contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        module.main()
    return json.loads(printed.getvalue()), pauses


@contextlib.contextmanager
def _scaled_down(page: int, least_round: float, pauses: list[float]) -> Iterator[None]:
    """Lists in small pages, pauses of the client noted and not made, those of waits shortened."""
    with mock.patch.object(client, "PAGE", page), \
            mock.patch.object(bulk, "_SINGLE_READS", 1), \
            mock.patch.object(waiter, "_LEAST_ROUND", least_round), \
            mock.patch.object(connection, "Client", functools.partial(client.Client, sleep=pauses.append)):
        yield
