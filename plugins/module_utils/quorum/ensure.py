# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module alluxio_quorum. Drives IO."""

from __future__ import annotations

from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.guarded import GuardedClient
from ..errors import FluidError, PreconditionFailed, QuorumLost, QuorumUnknown
from ..fluid import kinds as fluid_kinds
from ..fluid.components import MASTER
from ..fluid.lookup import masters_workload, require_quorum, running_masters
from ..fluid.operations import require_no_restoration, transfer_to
from ..journal import gate_state, observed_replicas
from ..masters.lease import held
from ..progress import Reporter
from . import priorities, services, stable_addresses
from .client_notes import ClientNotes
from .healer import QuorumHealer
from .rebuild.rebuilder import Rebuilder


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Complete the quorums, or plan that in check mode; an error carries the actions before it.

    Complete quorums cost only reads. Otherwise it holds the Lease of the masters, and plans again under it.
    """
    runtime = ref_of(params)
    deadline = Deadline(params["wait_timeout"], reporter.progress)
    client = GuardedClient(client, deadline)
    planning = _Healing(client, params, deadline)
    planned, leader = planning.plan()
    if check_mode:
        if planned or leader is None:
            planning.require_no_restoration()
        return {"changed": bool(planned), "plan": planned, "actions": [], "diff": _diff(planned)}
    if not planned and leader is not None:
        return planning.finished(_result([], leader), reporter)
    purpose = f"rebuild {params['rebuild']}" if params.get("rebuild") else "complete the quorums"
    with held(client, runtime, deadline, purpose) as holder:
        healing = _Healing(holder, params, deadline)
        return healing.finished(healing.run(), reporter)


class _Healing:
    """Completes the quorums of one runtime."""

    def __init__(self, client: Client, params: dict, deadline: Deadline) -> None:
        self._client = client
        self._runtime = ref_of(params)
        self._excluded = params["exclude_node"] or ""
        self._leader = params["leader"] or ""
        self._stable = params["stable_peer_addresses"]
        declared = require_quorum(client, self._runtime, ", which has no quorum: there is nothing to heal")
        self._workload = workload = masters_workload(client, self._runtime)
        observed_replicas.require_majority(client, self._runtime, workload, declared)
        self._masters = running_masters(workload) or declared
        self._transfer = transfer_to(workload)
        self._left_behind = False
        self._healer = QuorumHealer(client, self._runtime, self._masters, deadline,
                                    tolerates_lost=params.get("tolerate_lost_nodes", False))
        self._rebuild = None
        if pod := params.get("rebuild"):
            self._healer.require_master(pod, "rebuild")
            self._rebuild = Rebuilder(client, self._runtime, pod, self._healer, deadline)
        if self._leader:
            self._healer.require_master(self._leader)
            ClientNotes(client, self._runtime).require_known(self._leader)

    def plan(self) -> tuple[list[dict], str | None]:
        """Return the Services to replace with the next step of each group, and the leader of complete groups.

        Raises PreconditionFailed for groups that cannot be completed while a backup is being restored.
        """
        if self._rebuild:
            self.require_no_restoration()
        try:
            return self._plan()
        except (PreconditionFailed, QuorumLost, QuorumUnknown):
            self.require_no_restoration()
            raise

    def require_no_restoration(self) -> None:
        """Raise PreconditionFailed while a backup is being restored."""
        require_no_restoration(fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime), self._workload)

    def _plan(self) -> tuple[list[dict], str | None]:
        groups = self._rebuild.groups() if self._rebuild else self._healer.groups()
        groups = [self._healer.tolerant(observed) for observed in groups]
        steps = self._rebuild.plan(groups) if self._rebuild else []
        headless = services.unstable(self._client, self._runtime, self._masters) if self._stable else []
        steps += self._healer.plan(groups, self._leader)
        if self._excluded and not steps:
            steps = self._healer.plan(groups, self._healer.candidate_off_node(self._excluded))
        leading = groups[0].leading()
        complete = (leading is not None and all(each.complete() for each in groups)
                    and not (self._rebuild and self._rebuild.begun()))
        return (_replacements(headless) + [each.as_dict() for each in steps] + _resets(self._transfer),
                leading.pod if leading and complete else None)

    def run(self) -> dict:
        """Complete the quorums and return the module's result."""
        self.require_no_restoration()
        if self._rebuild:
            self._rebuild.begin()
        replaced = _replacements(stable_addresses.ensure(
            self._client, self._runtime, self._masters) if self._stable else [])
        try:
            if self._rebuild:
                self._rebuild.run()
            group = self._healer.ensure_complete(self._leader)[0]
            if self._rebuild:
                self._rebuild.finish()
            if self._excluded and (successor := self._healer.candidate_off_node(self._excluded)):
                group = self._healer.ensure_complete(successor)[0]
            reset = self._finish_transfer()
        except FluidError as err:
            actions = replaced + [each.as_dict() for each in self._healer.actions]
            err.details.update(actions=actions, changed=bool(actions))
            raise
        leading = group.leading()
        return _result(replaced + [each.as_dict() for each in self._healer.actions] + reset,
                       leading.pod if leading else None)

    def _finish_transfer(self) -> list[dict]:
        """Reset what a transfer of this run or of an interrupted one left behind; return that action."""
        if not (self._transfer or self._healer.in_doubt):
            return []
        self._left_behind = not priorities.finish(self._client, self._runtime)
        return [] if self._left_behind else _resets(self._transfer)

    def finished(self, result: dict, reporter: Reporter) -> dict:
        """Close the gate if no master is lost, warn of each that is, and return the result with them."""
        lost = self._healer.lost
        if not lost:
            gate_state.close(self._client, self._runtime)
        if self._left_behind:
            reporter.warn(priorities.warning(fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime)))
        for pod, reason in sorted(lost.items()):
            reporter.warn(f"{fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime)} lacks master {pod}: "
                          f"{reason}; the quorums are complete without it")
        return {**result, "lost": [{"pod": pod, "reason": reason} for pod, reason in sorted(lost.items())]}


def _result(actions: list[dict], leader: str | None) -> dict:
    return {"changed": bool(actions), "actions": actions, "leader": leader, "diff": _diff(actions)}


def _replacements(names: list[str]) -> list[dict]:
    """Return the replacement of each of these Services as an action."""
    return [{"domain": MASTER, "action": "replace_service", "target": name,
             "reason": "its name does not resolve while its pod is absent"} for name in names]


def _resets(address: str) -> list[dict]:
    """Return the reset after an interrupted transfer to that address as an action; none without one."""
    return [{"domain": MASTER, "action": priorities.RESET, "target": address,
             "reason": priorities.REASON}] if address else []


def _diff(actions: list[dict]) -> dict:
    """Return a diff with one line for each action."""
    lines = [f"{each['domain']}: {each['action']} {each['target']} ({each['reason']})\n" for each in actions]
    return {"before": "", "after": "".join(lines)}
