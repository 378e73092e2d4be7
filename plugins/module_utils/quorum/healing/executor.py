# SPDX-License-Identifier: GPL-3.0-or-later
"""Performs the steps that heal a Raft group. IO."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from ...api.client import Client
from ...api.deadline import Deadline
from ...errors import ApiError, CommandUnfinished, Forbidden, OldLook, QuorumUnknown, ServerUnavailable
from ...fluid.components import MASTER
from ...k8s.kinds import ObjectRef
from ...masters.group import Masters
from ...masters.processes import MasterProcesses
from .. import plan as quorum_plan, priorities, tried_actions
from ..plan import ActionRecord, RaftGroup, Step


class StepExecutor:
    """Performs one step at a time; the next observation decides what follows.

    actions: what was sent. in_doubt: whether a transfer may have left priorities behind.
    """

    def __init__(self, client: Client, runtime: ObjectRef, deadline: Deadline, masters: Masters) -> None:
        self.actions: list[ActionRecord] = []
        self.in_doubt = False
        self._client = client
        self._runtime = runtime
        self._deadline = deadline
        self._masters = masters
        self._history: dict[tuple[str, str, str], float] = {}

    def ages(self, domain: str) -> dict[tuple, float]:
        """Return the seconds since each step in the domain, by (action, subject)."""
        return {(action, subject): self._deadline.now() - at
                for (each, action, subject), at in self._history.items() if each == domain}

    def acting(self, observed: RaftGroup) -> MasterProcesses:
        """Return the masters for acts that follow from this look. Raises OldLook once they would be late."""
        return self._masters.acting(partial(self._require_young, observed))

    def _require_young(self, observed: RaftGroup) -> None:
        if (late := self._deadline.now() - observed.young_until) > 0:
            raise OldLook(f"the look at the {observed.domain} group is {late:.1f} s too old")

    def perform(self, record: ActionRecord, observed: RaftGroup, asked: str) -> bool:
        """Perform a step; return whether it was sent. asked: the pod in which commands run.

        A refused one counts as tried. One that no API server received, or whose look is too old, does not.
        """
        domain, step = record.domain, record.step
        self.actions.append(record)
        self._deadline.report_action(f"{domain}: {step.action} {step.target}: {step.reason}")
        noted = any(master.address == step.subject and not master.available for master in observed.masters)
        subject = ObjectRef(self._runtime.namespace, step.subject.rpartition(":")[0])
        restarts = step.action == quorum_plan.RESTART
        if noted and restarts:
            tried_actions.record(self._client, subject, domain, step.action)
        if not self._send(record, observed, asked):
            self.actions.pop()
            if noted and restarts:
                tried_actions.forget(self._client, subject, domain, step.action)
            return False
        # A transfer takes up to minutes; its effect counts from its end.
        self._history[domain, step.action, step.subject] = self._deadline.now()
        if noted and not restarts:
            tried_actions.record(self._client, subject, domain, step.action)
        return True

    def _send(self, record: ActionRecord, observed: RaftGroup, asked: str) -> bool:
        """Return whether the step was sent; a refused one was."""
        step = record.step
        try:
            self._act(record.domain, step, observed, asked)
        except Forbidden:
            raise
        except (OldLook, ServerUnavailable) as err:
            self._deadline.report_progress(f"{step.action} of {step.target} was not sent: {err}")
            return False
        except (ApiError, QuorumUnknown) as err:
            self._deadline.report_progress(f"{step.action} of {step.target} was refused: {err}")
        return True

    def _act(self, domain: str, step: Step, observed: RaftGroup, asked: str) -> None:
        """Send the command of a step, unless the look is too old."""
        pod = step.target.rpartition(":")[0]
        masters = self.acting(observed)
        if step.action == quorum_plan.REMOVE:
            masters.remove_peer(asked, domain, step.target)
        elif step.action == quorum_plan.RESTART and _hangs(observed, step.target):
            masters.kill(pod, domain)
        elif step.action == quorum_plan.RESTART:
            masters.restart(pod, domain)
        elif domain == MASTER:
            self._elect(masters, step.target, asked)
        else:
            # Alluxio has no command for job masters. Their journal holds only jobs, and another member
            # has a copy.
            masters.restart((observed.leader or "").rpartition(":")[0], domain)

    def _elect(self, masters: MasterProcesses, address: str, asked: str) -> None:
        """Transfer the leadership; a refused transfer leaves priorities behind, which are reset to 1.

        It is noted before, until its priorities are known to be reset. An unfinished command may still set
        them after a reset.
        """
        priorities.note(self._client, self._runtime, address)
        self.in_doubt = True
        try:
            masters.elect(asked, address)
        except (Forbidden, OldLook, ServerUnavailable):  # not sent
            self._forget_transfer()
            raise
        except (ApiError, QuorumUnknown) as err:
            if self._reset_priorities() and not isinstance(err, CommandUnfinished):
                self._forget_transfer()
            raise
        self._forget_transfer()

    def _reset_priorities(self) -> bool:
        """Return whether the priorities were reset.

        A transfer may take minutes, so the leader is looked for again: the reset would be a transfer to a
        former one.
        """
        with suppress(ApiError, QuorumUnknown):
            quorum, answered_by = self._masters.quorum(MASTER)
            if quorum.leader:
                return self._masters.reset_priorities(answered_by, quorum.leader)
        return False

    def _forget_transfer(self) -> None:
        self.in_doubt = False
        priorities.forget(self._client, self._runtime)


def _hangs(observed: RaftGroup, address: str) -> bool:
    """Return whether a process may not end by SIGTERM, as its shutdown waits for the same as it does."""
    return any(master.stepped_down for master in observed.masters if master.address == address)
