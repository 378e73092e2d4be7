# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module alluxio_quorum_info. IO, read-only."""

from __future__ import annotations

from ..api.bulk import ref_of
from ..api.client import Client
from ..fluid.components import JOB_MASTER, MASTER
from ..fluid.lookup import require_runtime
from ..fluid.runtime import declared_masters
from ..masters.group import Masters
from ..progress import Reporter
from . import services


def read(client: Client, params: dict, _check_mode: bool, _reporter: Reporter) -> dict:
    """Return both quorums of the runtime as their leaders report them."""
    runtime = ref_of(params)
    masters = declared_masters(require_runtime(client, runtime)["spec"])
    group = Masters(client, runtime)
    if masters == 1:
        quorum, answered_by = group.single()
        job_masters = None
    else:
        pods = group.pods()
        quorum, answered_by = group.quorum(MASTER, pods)
        jobs, _job_pod = group.quorum(JOB_MASTER, pods)
        quorum = group.with_term(quorum, MASTER, pods)
        if params["priorities"]:
            quorum = group.with_priorities(quorum, MASTER, pods)
        job_masters = group.with_term(jobs, JOB_MASTER, pods).as_dict()
    return {"changed": False, "masters": quorum.as_dict(), "job_masters": job_masters,
            "answered_by": answered_by,
            "unstable_addresses": services.unstable(client, runtime, masters)}
