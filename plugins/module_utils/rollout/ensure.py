# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module alluxio_rollout: plan, and perform the plan outside of check mode. Drives IO."""

from __future__ import annotations

from collections.abc import Callable

from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline, require_seconds
from ..errors import FluidError
from ..journal import gate
from ..journal.replacement import Interrupted, Replacement
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
    require_seconds(params, "wait_timeout")
    _options(params)


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Return the module's result; an error carries the steps before it.

    A runtime without a step costs only reads, and no Lease.
    """
    executor = RolloutExecutor(client, ref_of(params), _options(params),
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
        result["settled"] = not plan.changes and _is_settled(client, params, plan)
    if check_mode:
        return result
    try:
        if plan.changes:
            result["changed"] = executor.run()
    except FluidError as err:
        err.details.update(changed=bool(executor.done), done=[step.as_dict() for step in executor.done])
        raise
    return {**result, "done": [step.as_dict() for step in executor.done]}


def _is_settled(client: Client, params: dict, plan: Plan) -> bool:
    """Return whether alluxio_quorum, without a desired leader, would neither act nor warn; costs reads only.

    What cannot be read is left to that module, which explains it. The leader lists a peer as AVAILABLE for
    some seconds after its pod is gone.
    """
    runtime, members = ref_of(params), plan.existing.members
    healer = QuorumHealer(client, runtime, members, Deadline(params["wait_timeout"]))
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
