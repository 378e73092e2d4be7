# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that manage objects have in common: refuse, connect, reconcile, wait, exit.

The only module_util that sees the module; what it calls gets plain values. What waiting needs is imported by those who wait: it is
a third of our code, and Ansible's modules are compiled anew in each task.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Callable

from ansible.module_utils.basic import AnsibleModule

from ..api import bulk
from ..api.bulk import Key, Waited, key_of
from ..api.client import Client
from ..api.connection import connect
from ..apply import reconcile
from ..apply.reconcile import Outcome, Write
from ..errors import FluidError, InvalidInput
from ..k8s.kinds import Kind
from ..k8s.names import require_identity
from .exit import finish, report

Warn = Callable[[str], None]


@dataclass(frozen=True)
class Managed:
    """What differs between the kinds that one module each manages.

    plural: the option that takes a list of objects. require_valid: raises InvalidInput for options
    that are refused without asking the cluster. wait: waits for several objects' wished state as
    the functions of waits.py do; it gets the client, the objects' options and the module's.
    sensitive_values: option values that must never be shown. guard: makes the guard of a write from
    the client, the object's options and what takes warnings. afterwards: what else belongs to the
    objects and is done after their writes, in check mode predicted; it gets the client, the objects'
    options, their outcomes, the module's options and whether it is check mode, and returns the outcomes.
    prove: raises a FluidError when a created object, after its wait, is not what was asked for; it gets the
    client and the object's options. recreate: deletes an object and creates it anew where only a new one can be what is
    wished, and returns the outcome, or None where the object can stay; it gets the client, the object's options, the live
    object, how to write, the seconds for the deletion and what takes warnings.
    """

    kind: Kind
    plural: str
    require_valid: Callable[[dict], None]
    manifest: Callable[[dict], dict]
    wait: Callable[[Client, list[dict], dict], Waited]
    sensitive_values: Callable[[dict], list[str]]
    guard: Callable[[Client, dict, Warn], reconcile.Guard] | None = None
    afterwards: Callable[[Client, list[dict], list[Outcome | FluidError], dict, bool], list[Outcome | FluidError]] | None = None
    prove: Callable[[Client, dict], None] | None = None
    recreate: Callable[[Client, dict, dict, Write, float, Warn], Outcome | None] | None = None


def run(module: AnsibleModule, managed: Managed) -> None:
    """Do what the module's options ask for, with one object or with a list of them, and exit."""
    params = module.params
    items = items_of(params, managed.plural)
    for item in items:
        module.no_log_values.update(managed.sensitive_values(item))

    def work() -> dict:
        require_valid(items, managed.require_valid if params["state"] == "present" else require_identity)
        if condition := params["wait_for"]:
            from ..k8s.predicates import field_is

            field_is(**condition)  # a bad expression is refused before anything is written
        client = connect(params)
        outcomes = _present(client, items, managed, module) if params["state"] == "present" else _absent(
            client, items, managed, module)
        return report(items, outcomes, params[managed.plural] is not None)

    finish(module, work)


def items_of(params: dict, plural: str) -> list[dict]:
    """The options of each object; what an object of a list leaves out has the module's value."""
    if params[plural] is None:
        return [params]
    return [{key: params[key] if value is None else value for key, value in item.items()} for item in params[plural]]


def require_valid(items: list[dict], check: Callable[[dict], None]) -> None:
    """Raise InvalidInput for the first object that the check refuses, or that is in the list twice."""
    seen: set[Key] = set()
    for item in items:
        check(item)
        if key_of(item) in seen:
            raise InvalidInput("%s/%s is in the list twice: each object can have one description only" % key_of(item))
        seen.add(key_of(item))


def _present(client: Client, items: list[dict], managed: Managed, module: AnsibleModule) -> list[Outcome | FluidError]:
    force, dry_run = module.params["force_conflicts"], module.check_mode
    objects = bulk.read(client, managed.kind, map(key_of, items))

    def apply(item: dict) -> Outcome:
        guard = managed.guard(client, item, module.warn) if managed.guard else None
        write = Write(dry_run=dry_run, force_conflicts=force, guard=guard)
        existing = objects.get(key_of(item))
        if managed.recreate and existing is not None:
            recreated = managed.recreate(client, item, existing, write, module.params["wait_timeout"], module.warn)
            if recreated:
                return recreated
        return reconcile.apply(client, managed.kind, managed.manifest(item), write, existing)

    outcomes = bulk.work(items, apply)
    if managed.afterwards:
        outcomes = managed.afterwards(client, items, outcomes, module.params, dry_run)
    if not module.params["wait"] or dry_run:
        return outcomes
    waited = _after(items, outcomes, partial(_wait, client, managed, module.params))
    return bulk.work(list(zip(items, waited, strict=True)), lambda pair: _proved(client, managed, *pair))


def _proved(client: Client, managed: Managed, item: dict, outcome: Outcome | FluidError) -> Outcome | FluidError:
    if managed.prove and not isinstance(outcome, FluidError) and outcome.created and not outcome.error:
        try:
            managed.prove(client, item)
        except FluidError as err:
            return replace(outcome, error=err)
    return outcome


def _wait(client: Client, managed: Managed, params: dict, items: list[dict]) -> Waited:
    if condition := params["wait_for"]:
        from ..lifecycle import waits

        return waits.field_has_value(client, managed.kind, items, condition["path"], condition["value"], params["wait_timeout"])
    return managed.wait(client, items, params)


def _absent(client: Client, items: list[dict], managed: Managed, module: AnsibleModule) -> list[Outcome | FluidError]:
    params = module.params
    objects = bulk.read_if_known(client, managed.kind, map(key_of, items))
    outcomes = bulk.work(items, lambda item: reconcile.remove(
        client, managed.kind, item["name"], item["namespace"], module.check_mode, objects.get(key_of(item))))
    if params["wait"] and not module.check_mode:
        from ..lifecycle import waits

        outcomes = _after(items, outcomes, lambda left: waits.gone(
            client, managed.kind, [key_of(item) for item in left], params["wait_timeout"]), _still_there)
    # What is absent, or on its way there, is no result; check mode cannot know more than that.
    return [outcome if isinstance(outcome, FluidError) else replace(outcome, existing=None) for outcome in outcomes]


def _still_there(outcome: Outcome) -> bool:
    return outcome.existing is not None


def _after(items: list[dict], outcomes: list[Outcome | FluidError], wait: Callable[[list[dict]], Waited],
           waits_on: Callable[[Outcome], bool] = lambda _outcome: True) -> list[Outcome | FluidError]:
    """Return the outcomes after waiting for those that worked; a failed wait keeps what was changed before it."""
    left = [item for item, outcome in zip(items, outcomes, strict=True)
            if not isinstance(outcome, FluidError) and not outcome.error and waits_on(outcome)]
    try:
        waited = wait(left) if left else {}
    except FluidError as err:
        waited = {key_of(item): err for item in left}  # what was changed before is still to be reported
    return [_with_wait(key_of(item), outcome, waited) for item, outcome in zip(items, outcomes, strict=True)]


def _with_wait(key: Key, outcome: Outcome | FluidError, waited: Waited) -> Outcome | FluidError:
    if isinstance(outcome, FluidError) or key not in waited:
        return outcome
    result = waited[key]
    return replace(outcome, error=result) if isinstance(result, FluidError) else replace(outcome, existing=result, waited=True)
