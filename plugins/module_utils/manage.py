# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that manage one object have in common: refuse, connect, reconcile, wait, exit.

The only module_util that sees the module; what it calls gets plain values.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Callable

from ansible.module_utils.basic import AnsibleModule

from . import reconcile, waits
from .client import Client
from .connection import connect
from .errors import FluidError
from .kinds import Kind
from .reconcile import Outcome, Write


@dataclass(frozen=True)
class Managed:
    """What differs between the kinds that one module each manages.

    require_valid: raises InvalidInput for options that are refused without asking the cluster.
    wait: returns the object once it has the wished state. guard: makes the guard of a write from
    the client, the options and a function that takes warnings.
    """

    kind: Kind
    require_valid: Callable[[dict], None]
    manifest: Callable[[dict], dict]
    wait: Callable[[Client, dict], dict]
    guard: Callable[[Client, dict, Callable[[str], None]], reconcile.Guard] | None = None


def run(module: AnsibleModule, managed: Managed) -> None:
    """Do what the module's options ask for, and exit."""
    def work() -> dict:
        act = _present if module.params["state"] == "present" else _absent
        outcome = act(module, managed)
        return {"changed": outcome.changed, "result": outcome.result(), "diff": outcome.diff}

    finish(module, work)


def finish(module: AnsibleModule, work: Callable[[], dict]) -> None:
    """Run the work and exit with what it returns; our errors become the module's failure."""
    started = time.monotonic()
    try:
        result = work()
    except FluidError as err:
        module.fail_json(msg=str(err), **err.details)
    if not module._diff:
        result.pop("diff", None)
    module.exit_json(duration=round(time.monotonic() - started, 3), **result)


def _present(module: AnsibleModule, managed: Managed) -> Outcome:
    params = module.params
    managed.require_valid(params)
    client = connect(params)
    guard = managed.guard(client, params, module.warn) if managed.guard else None
    outcome = reconcile.apply(client, managed.kind, managed.manifest(params), Write(
        dry_run=module.check_mode, force_conflicts=params["force_conflicts"], guard=guard))
    if not params["wait"] or module.check_mode:
        return outcome
    return Outcome(outcome.changed, managed.wait(client, params), outcome.diff, outcome.changes)


def _absent(module: AnsibleModule, managed: Managed) -> Outcome:
    params = module.params
    client = connect(params)
    name, namespace = params["name"], params["namespace"]
    outcome = reconcile.remove(client, managed.kind, name, namespace, module.check_mode)
    if module.check_mode or outcome.live is None or not params["wait"]:
        return outcome
    waits.gone(client, managed.kind, namespace, name, params["wait_timeout"], namespace)
    return Outcome(outcome.changed, None, outcome.diff)
