# SPDX-License-Identifier: GPL-3.0-or-later
"""Performs the actions that rebuild a master. IO."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ...api.client import Client
from ...api.deadline import Deadline
from ...errors import ApiError, Forbidden, QuorumUnknown
from ...fluid.components import MASTER
from ...k8s import kinds
from ...k8s.kinds import Kind, ref_to
from ..healer import QuorumHealer
from ..plan import REMOVE, RESTART, TRANSFER, ActionRecord, RaftGroup
from .ended_processes import EndedProcesses
from .observed import Observed
from .plan import DELETE_CLAIM, shortcoming


class Executor:
    """Performs one action at a time, after a last look at the groups.

    removed: domains from which this run has removed the peer. replaced: UID of the pod whose claim this run
    has deleted. ended: the processes that this run has ended. The healer's actions receive those of this.
    """

    def __init__(self, client: Client, healer: QuorumHealer, deadline: Deadline,
                 ended: EndedProcesses) -> None:
        self.removed: set[str] = set()
        self.replaced = ""
        self.ended = ended
        self._client = client
        self._healer = healer
        self._deadline = deadline

    def perform(self, record: ActionRecord, observed: Observed) -> str:
        """Perform one action; return what was done.

        One that is refused is tried again after the next observation.
        """
        step = record.step
        if step.action in (TRANSFER, RESTART):
            reason = self.disconnect(record, observed.group(record.domain),
                                     lambda groups: shortcoming(replace(observed, groups=groups)))
            return reason or f"{step.action} {step.target}"
        self._deadline.report_action(f"{record.domain}: {step.action} {step.target}: {step.reason}")
        try:
            self._act(record, observed)
        except Forbidden:
            raise
        except (ApiError, QuorumUnknown) as err:
            return f"{step.action} {step.target} was refused: {err}"
        self._healer.actions.append(record)
        return f"{step.action} {step.target}"

    def _act(self, record: ActionRecord, observed: Observed) -> None:
        place = observed.place
        if record.step.action == REMOVE:
            self._remove_peer(record.domain, record.step.target, observed)
        elif record.step.action == DELETE_CLAIM:
            self.replaced = (place.pod or {"metadata": {"uid": ""}})["metadata"]["uid"]
            self._delete(kinds.PERSISTENT_VOLUME_CLAIM, place.claim)
        else:
            self._delete(kinds.POD, place.pod, grace=0)

    def disconnect(self, record: ActionRecord, before: RaftGroup,
                   shortcoming_of: Callable[[Sequence[RaftGroup]], str]) -> str:
        """Perform a step that ends connections; return why nothing was sent, empty if it was.

        Commands in the masters have shown the connections, which takes seconds, so a last look comes between.
        before: the group that the step follows from. shortcoming_of: why groups cannot spare a process.
        """
        groups = self._healer.groups()
        group = next(each for each in groups if each.domain == record.domain)
        if reason := shortcoming_of(groups):
            return reason
        if group.leader != before.leader:
            return f"{group.leader} leads the {group.domain} group instead of {before.leader}"
        if self._end_process(record, group):
            return ""
        return f"{record.step.action} {record.step.target} was not sent"

    def _end_process(self, record: ActionRecord, group: RaftGroup) -> bool:
        """Perform a step, and remember the container whose process it ends; return whether it was sent.

        A transfer of the masters' leadership ends none, that of job masters ends the leader's.
        """
        if (record.domain, record.step.action) == (MASTER, TRANSFER):
            return self._healer.perform(record, group)
        address = record.step.target if record.step.action == RESTART else group.leader or ""
        pod = address.rpartition(":")[0]
        container = self.ended.container(record.domain, pod)
        sent = self._healer.perform(record, group)
        if sent:
            self.ended.add(record.domain, pod, container)
        return sent

    def _remove_peer(self, domain: str, address: str, observed: Observed) -> None:
        """Remove the peer. A leader's gauges may still list one that has left; Ratis then changes nothing
        (RaftServerImpl.setConfigurationAsync: hasNoChange).
        """
        groups = self._healer.groups()  # what was observed since the first look takes seconds
        if reason := shortcoming(replace(observed, groups=groups)):
            raise QuorumUnknown(reason)
        for each in groups:
            if each.domain == domain and (leading := each.leading()) is not None:
                self._healer.acting(each).remove_peer(leading.pod, domain, address)
                self.removed.add(domain)

    def _delete(self, kind: Kind, existing: dict | None, grace: int | None = None) -> None:
        """Delete the object. Sent once: a node that returns in the meantime keeps its journal."""
        if existing is not None:
            self._client.once().delete(kind, ref_to(existing), existing["metadata"]["uid"], grace=grace)
