# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module alluxio_rollout: plan, and perform the plan outside of check mode. Drives IO."""

from __future__ import annotations

from collections.abc import Callable

from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..errors import FluidError
from ..journal import gate
from ..journal.replacement import Interrupted, Replacement
from ..k8s.kinds import ObjectRef
from ..k8s.names import require_identity
from ..masters.lease import held
from ..progress import Reporter
from ..quorum import services
from ..quorum.healer import QuorumHealer
from ..redaction import redacted
from . import plan as rollout_plan
from .executor import RolloutExecutor
from .planner import Plan, RolloutOptions


def require_valid(params: dict) -> None:
    """Raise InvalidInput for invalid options, without a request."""
    require_identity(params)
    _options(params)


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Return the module's result; an error carries the steps before it.

    A runtime without a step costs only reads, and no Lease.
    """
    runtime = ref_of(params)
    executor = RolloutExecutor(client, runtime, _options(params),
                               Deadline(params["wait_timeout"], reporter.progress), _once(reporter.warn))
    try:
        plan = executor.plan()
    except Interrupted:
        if check_mode:
            raise
        _finish(client, params, reporter)
        plan = executor.plan()
    result = {
        "changed": plan.changes,
        "plan": [step.as_dict() for step in plan.steps],
        "diff": {"before": redacted(plan.found.before), "after": redacted(plan.found.after)},
    }
    if params.get("read_quorum"):
        result["settled"] = is_settled(client, runtime, plan, Deadline(params["wait_timeout"]))
    if check_mode:
        return result
    try:
        if plan.changes:
            result["changed"] = executor.run()
    except FluidError as err:
        err.details.update(changed=bool(executor.done), done=[step.as_dict() for step in executor.done])
        raise
    return {**result, "done": [step.as_dict() for step in executor.done]}


def planned(client: Client, runtime: ObjectRef, options: RolloutOptions, deadline: Deadline,
            warn: Callable[[str], None]) -> Plan:
    """Return the plan that ensure would perform; costs reads only."""
    return RolloutExecutor(client, runtime, options, deadline, warn).plan()


def is_settled(client: Client, runtime: ObjectRef, plan: Plan, deadline: Deadline) -> bool:
    """Return whether the plan has no step, and alluxio_quorum would neither act nor warn; costs reads only.

    Of that module without a desired leader. It explains what cannot be read. The leader lists a peer as
    AVAILABLE for some seconds after its pod is gone.
    """
    if plan.changes:
        return False
    members = plan.existing.members
    healer = QuorumHealer(client, runtime, members, deadline)
    try:
        groups = healer.groups()
        return (len(plan.existing.pods) == members
                and all(each.complete() for each in groups) and not healer.plan(groups)
                and not services.unstable(client, runtime, members)
                and gate.closing(plan.existing.config_map) is None)
    except FluidError:
        return False


def _once(warn: Callable[[str], None]) -> Callable[[str], None]:
    """Return a function that passes each warning on once, since the rollout is planned twice."""
    warned: set[str] = set()

    def warn_once(text: str) -> None:
        if text not in warned:
            warned.add(text)
            warn(text)

    return warn_once


def _finish(client: Client, params: dict, reporter: Reporter) -> None:
    """Create the StatefulSet that an earlier run has deleted."""
    deadline = Deadline(params["wait_timeout"], reporter.progress)
    with held(client, ref_of(params), deadline, "finish the replacement of the masters") as holder:
        Replacement(holder, ref_of(params), deadline).resume()


def _options(params: dict) -> RolloutOptions:
    after = params["restarted_after"]
    return RolloutOptions(
        params["spread_masters"], rollout_plan.parse_time(after) if after is not None else None)
