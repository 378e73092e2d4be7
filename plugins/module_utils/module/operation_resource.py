# SPDX-License-Identifier: GPL-3.0-or-later
"""The common part of the modules that manage data operations."""

from __future__ import annotations

from typing import ClassVar

from ..api.bulk import WaitResults
from ..api.client import Client
from ..api.deadline import Deadline
from ..apply.reconcile import Guard, Outcome, Write
from ..fluid.data_operations import state
from ..lifecycle.data_operations import checks, replacement
from ..progress import Reporter
from . import arguments
from .resource import Resource


class Operation(Resource):
    """A kind of data operation. required: the options that state: present requires."""

    required: ClassVar[tuple[str, ...]]

    def guard(self, client: Client, item: dict, reporter: Reporter) -> Guard:
        return checks.guard_of(client, self.kind, item)

    def recreate(self, client: Client, item: dict, existing: dict, write: Write, deadline: Deadline,
                 reporter: Reporter) -> Outcome | None:
        return replacement.apply(client, self.kind, self.manifest(item), item, existing, write, deadline)

    def values(self, existing: dict, params: dict) -> dict:
        return {"phase": state.phase(existing)}

    def wait(self, client: Client, items: list[dict], params: dict, deadline: Deadline) -> WaitResults:
        from ..lifecycle.data_operations import waits  # here, as in module/resource.py

        return waits.completed(client, self.kind, items, deadline)


def specification(options: dict, timeout: int) -> dict:
    """Return the argument spec of a module. options: of the operation. timeout: of the wait, in seconds."""
    return arguments.compose(
        arguments.connection(), arguments.identity(), options, arguments.state(), arguments.wait(timeout),
        arguments.wait_for())


def rules(operation: type[Operation]) -> dict:
    """Return the rules for the options of a module."""
    return {"required_if": [("state", "present", operation.required)]}
