# SPDX-License-Identifier: GPL-3.0-or-later
"""The common part of the modules that manage objects: validate, reconcile, wait, report.

The code for waits is imported only for a wait: it is a third of the module, which Ansible compiles for each
task.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from ansible.module_utils.basic import AnsibleModule

from ..api import bulk
from ..api.bulk import WaitResults, ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..apply import reconcile
from ..apply.reconcile import Outcome, Write
from ..errors import FluidError, InvalidInput
from ..k8s.kinds import Kind, ObjectRef, ref_to
from ..k8s.names import require_identity, require_metadata
from ..k8s.placement_rules import require_placement
from ..progress import Reporter
from ..redaction import secrets_within
from . import run as module_run
from .exit import report


class Resource:
    """A kind that one module manages. plural: the option for a list of objects, empty without one.

    Subclasses implement the differences between the kinds. item: the options of one object.
    """

    kind: ClassVar[Kind]
    plural: ClassVar[str] = ""

    def require_valid(self, item: dict) -> None:
        """Raise InvalidInput for invalid options, without a request."""
        raise NotImplementedError

    def manifest(self, item: dict) -> dict:
        """Return the object that the options describe."""
        raise NotImplementedError

    def wait(self, client: Client, items: list[dict], params: dict, deadline: Deadline) -> WaitResults:
        """Wait for the objects' desired state with a function of lifecycle/waits.py.

        params: the module's options.
        """
        raise NotImplementedError

    def resolve(self, client: Client, item: dict, existing: dict | None, reporter: Reporter) -> dict:
        """Return the options with the values that depend on the cluster. existing: the object, if any."""
        return item

    def guard(self, client: Client, item: dict, reporter: Reporter) -> reconcile.Guard | None:
        """Return the guard that raises an error for a forbidden write, None without one."""
        return None

    def recreate(self, client: Client, item: dict, existing: dict, write: Write, deadline: Deadline,
                 reporter: Reporter) -> Outcome | None:
        """Delete and create the object again if only a new one can have the desired state; else return None.
        """
        return None

    def finish(self, client: Client, items: list[dict], outcomes: list[Outcome | FluidError], params: dict,
               deadline: Deadline, check_mode: bool) -> list[Outcome | FluidError]:
        """Do the kind's further work after the writes, or predict it in check mode; return the outcomes."""
        return outcomes

    def values(self, existing: dict, params: dict) -> dict:
        """Return further values of the result for a single object. existing: the object as returned."""
        return {}

    def verify(self, client: Client, item: dict) -> None:
        """Raise a FluidError if a created object does not have the desired state after its wait."""


def run(module: AnsibleModule, resource: Resource) -> None:
    """Bring the objects to the desired state of the module's options, and exit."""
    items = items_of(module.params, resource.plural)
    module.no_log_values.update(secrets_within(items))

    def validate(params: dict) -> None:
        require_valid(items, resource.require_valid if params["state"] == "present" else require_identity)
        if condition := params.get("wait_for"):
            from ..k8s.predicates import field_is

            field_is(**condition)  # refuses an invalid expression before any write

    def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
        deadline = Deadline(params["wait_timeout"], reporter.progress)
        if params["state"] == "present":
            outcomes = _ensure_present(client, resource, items, params, deadline, check_mode, reporter)
        else:
            outcomes = _ensure_absent(client, resource, items, params, deadline, check_mode)
        listed = params.get(resource.plural) is not None
        more = {} if listed else _values(resource, outcomes[0], params)
        return {**more, **report(items, outcomes, listed)}

    module_run.run(module, ensure, validate)


def _values(resource: Resource, outcome: Outcome | FluidError, params: dict) -> dict:
    existing = None if isinstance(outcome, FluidError) else outcome.existing
    return resource.values(existing, params) if existing else {}


def items_of(params: dict, plural: str) -> list[dict]:
    """Return the options of each object; those that an object of a list omits have the module's values."""
    if params.get(plural) is None:
        return [params]
    return [{key: params[key] if value is None else value for key, value in item.items()}
            for item in params[plural]]


def require_valid(items: list[dict], check: Callable[[dict], None]) -> None:
    """Raise InvalidInput for the first object that check refuses or that occurs twice."""
    seen: set[ObjectRef] = set()
    for item in items:
        check(item)
        require_metadata(item)
        require_placement(item)
        if ref_of(item) in seen:
            raise InvalidInput(f"{item['namespace']}/{item['name']} is in the list twice: describe each "
                               "object only once")
        seen.add(ref_of(item))


def _ensure_present(client: Client, resource: Resource, items: list[dict], params: dict, deadline: Deadline,
                    check_mode: bool, reporter: Reporter) -> list[Outcome | FluidError]:
    objects = bulk.read(client, resource.kind, map(ref_of, items))

    def apply(item: dict) -> Outcome:
        existing = objects.get(ref_of(item))
        item = resource.resolve(client, item, existing, reporter)
        write = Write(dry_run=check_mode, force_conflicts=params["force_conflicts"],
                      guard=resource.guard(client, item, reporter))
        recreated = resource.recreate(
            client, item, existing, write, deadline.again(), reporter) if existing is not None else None
        return recreated or reconcile.apply(client, resource.kind, resource.manifest(item), write, existing)

    outcomes = resource.finish(
        client, items, bulk.work(items, apply), params, deadline.again(), check_mode)
    if not params["wait"] or check_mode:
        return outcomes
    waited = _after(
        items, outcomes, lambda pending: _wait(client, resource, pending, params, deadline.again()))
    return bulk.work(list(zip(items, waited, strict=True)), lambda pair: _verified(client, resource, *pair))


def _wait(client: Client, resource: Resource, items: list[dict], params: dict,
          deadline: Deadline) -> WaitResults:
    if condition := params.get("wait_for"):
        from ..lifecycle import waits

        return waits.field_has_value(
            client, resource.kind, items, condition["path"], condition["value"], deadline)
    return resource.wait(client, items, params, deadline)


def _verified(client: Client, resource: Resource, item: dict,
              outcome: Outcome | FluidError) -> Outcome | FluidError:
    if isinstance(outcome, Outcome) and outcome.created and not outcome.error:
        try:
            resource.verify(client, item)
        except FluidError as err:
            return replace(outcome, error=err)
    return outcome


def _ensure_absent(client: Client, resource: Resource, items: list[dict], params: dict, deadline: Deadline,
                   check_mode: bool) -> list[Outcome | FluidError]:
    objects = bulk.read_if_known(client, resource.kind, map(ref_of, items))
    outcomes = bulk.work(items, lambda item: reconcile.remove(
        client, resource.kind, ref_of(item), check_mode, objects.get(ref_of(item))))
    if params["wait"] and not check_mode:
        from ..lifecycle import waits

        uids = {ref_to(each.existing): each.existing["metadata"]["uid"] for each in outcomes
                if isinstance(each, Outcome) and each.existing is not None}
        outcomes = _after(
            items, outcomes,
            lambda pending: waits.absent(client, resource.kind, map(ref_of, pending), deadline, uids),
            lambda outcome: outcome.existing is not None)
    # An absent or terminating object is no result; check mode cannot predict more than that.
    return [outcome if isinstance(outcome, FluidError) else replace(outcome, existing=None)
            for outcome in outcomes]


def _after(items: list[dict], outcomes: list[Outcome | FluidError], wait: Callable[[list[dict]], WaitResults],
           waits_on: Callable[[Outcome], bool] = lambda _outcome: True) -> list[Outcome | FluidError]:
    """Wait for the objects without an error and return all outcomes; a failed wait is its outcome's error.

    waits_on: whether to wait for an object of that outcome.
    """
    pending = [item for item, outcome in zip(items, outcomes, strict=True)
               if not isinstance(outcome, FluidError) and not outcome.error and waits_on(outcome)]
    try:
        waited = wait(pending) if pending else {}
    except FluidError as err:
        waited = {ref_of(item): err for item in pending}  # the changes before the wait must be reported
    return [_with_wait(ref_of(item), outcome, waited) for item, outcome in zip(items, outcomes, strict=True)]


def _with_wait(ref: ObjectRef, outcome: Outcome | FluidError, waited: WaitResults) -> Outcome | FluidError:
    if isinstance(outcome, FluidError) or ref not in waited:
        return outcome
    result = waited[ref]
    return replace(outcome, error=result) if isinstance(result, FluidError) else replace(
        outcome, existing=result, waited=True)
