# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module alluxio_failover: a drill, or its prediction in check mode. Drives IO."""

from __future__ import annotations

from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.guarded import GuardedClient
from ..errors import InvalidInput, PreconditionFailed
from ..fluid import kinds as fluid_kinds
from ..fluid.lookup import masters_workload, require_quorum, running_masters
from ..fluid.operations import require_no_restoration, transfer_to
from ..journal import observed_replicas
from ..k8s.kinds import ObjectRef
from ..k8s.names import require_identity
from ..masters import lease
from ..progress import Reporter
from ..quorum import priorities
from .failover import FailoverDrill


def require_valid(params: dict) -> None:
    """Raise InvalidInput unless confirm repeats the runtime's name."""
    require_identity(params)
    if params["confirm"] != params["name"]:
        raise InvalidInput(f"confirm is {params['confirm']!r}: a drill kills the leader of AlluxioRuntime "
                           f"{params['name']} on purpose; to confirm that, set confirm (fluid_drill_confirm "
                           "with the playbook) to that name")


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Return the module's result, failed when the failover broke a guarantee."""
    runtime = ref_of(params)
    deadline = Deadline(params["wait_timeout"], reporter.progress)
    client = GuardedClient(client, deadline)
    if check_mode:
        return {"changed": True, "killed": _predicted_leader(client, runtime, deadline)}
    _require_masters(client, runtime, acts=False)
    # Held from the first look on, not from the last: no writer starts while another run acts on masters.
    with lease.held(client, runtime, deadline, "failover drill") as holder:
        masters, transfer = _require_masters(holder, runtime, acts=True)  # another run may have acted
        if transfer and not priorities.finish(holder, runtime):
            reporter.warn(priorities.warning(fluid_kinds.ALLUXIO_RUNTIME.describe(runtime)))
        drill = FailoverDrill(holder, runtime, masters, deadline.again())
        result = drill.run(params["reader_pod"] or "", params["probe_writes"], params["kill"])
    broken = result.broken(params["max_failover_seconds"])
    failure = {"failed": True,
               "msg": f"the failover broke {len(broken)} guarantees: {'; '.join(broken)}"} if broken else {}
    return {"changed": True, **result.as_dict(), **failure}


def _predicted_leader(client: Client, runtime: ObjectRef, deadline: Deadline) -> str:
    """Return the pod that leads. Looks again after the end of a run that may be why a drill is refused."""
    def leader() -> str:
        masters, _transfer = _require_masters(client, runtime, acts=True)
        return FailoverDrill(client, runtime, masters, deadline).leader()
    try:
        return leader()
    except PreconditionFailed:
        lease.await_end(client, runtime, deadline)
    return leader()


def _require_masters(client: Client, runtime: ObjectRef, acts: bool) -> tuple[int, str]:
    """Return the number of masters that run, and the address of an interrupted transfer, or "".

    Until a rollout the number may differ from the declared one. acts: whether a restoration under way is an
    interrupted one, and no other run that holds the Lease.
    """
    declared = require_quorum(
        client, runtime, ": without a quorum its metadata would be lost, so nothing was killed")
    workload = masters_workload(client, runtime)
    observed_replicas.require_majority(client, runtime, workload, declared)
    if acts:
        require_no_restoration(fluid_kinds.ALLUXIO_RUNTIME.describe(runtime), workload)
    return running_masters(workload) or declared, transfer_to(workload)
