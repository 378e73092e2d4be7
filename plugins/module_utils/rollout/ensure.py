# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module alluxio_rollout does: plan, act unless in check mode, report. Drives IO."""

from __future__ import annotations

from typing import Callable

from ..api.connection import connect
from ..errors import FluidError, InvalidInput
from ..k8s.names import require_identity
from ..progress import Progress
from ..redaction import redacted
from . import plan as rollout_plan
from .executor import RolloutExecutor
from .planner import RolloutOptions


def run(params: dict, check_mode: bool, warn: Callable[[str], None]) -> dict:
    """Return the module's result; an error carries what was done before it."""
    require_identity(params)
    if params["wait_timeout"] < 1:
        raise InvalidInput(f"wait_timeout is {params['wait_timeout']:.0f}: expected at least one second")
    after = params["restarted_after"]
    desired = RolloutOptions(params["spread_masters"], rollout_plan.moment(after) if after is not None else None, params["wait_timeout"])
    roller = RolloutExecutor(
        connect(params), params["namespace"], params["name"], desired, warn, Progress.from_environment().report_progress)
    plan = roller.plan()
    result = {
        "changed": plan.changes,
        "plan": [step.as_dict() for step in plan.steps],
        "diff": {"before": redacted(plan.found.before), "after": redacted(plan.found.after)},
    }
    if check_mode:
        return result
    try:
        if plan.changes:
            roller.run(plan)
    except FluidError as err:
        err.details.update(changed=bool(roller.done), done=[step.as_dict() for step in roller.done])
        raise
    return {**result, "done": [step.as_dict() for step in roller.done]}
