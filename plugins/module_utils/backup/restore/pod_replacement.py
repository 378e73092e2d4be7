# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaces the masters' pods by those of the prepared template. IO."""

from __future__ import annotations

from contextlib import suppress

from ...errors import ServerUnavailable
from ...journal import lost_claim
from ...journal.lost_claim import Place
from ...k8s import kinds
from ...k8s.kinds import ObjectRef
from ...k8s.wait_status import WaitStatus
from ..restore_template import OLD, STARTED, STARTING, WAITING
from ..subject import Subject
from .prepared_template import PreparedTemplate
from .stages import Stages

# Seconds; short, since the master's journal is deleted with its pod.
_GRACE = 1
_PAUSE = 0.5
_LOST_PAUSE = 5.0  # each look at claims lists the nodes


class PodReplacement:
    """Deletes masters without the prepared template, until all wait for the file.

    1. One is deleted alone, if possible not the leader: a new master that finds no node or image costs no
       majority.
    2. The others are deleted once a new master waits.
    3. A new master whose claim is lost is deleted: of a node that was lost since, or deleted too late.

    starts: whether a new master is known to start. leader: the pod that leads, or "".
    """

    def __init__(self, cache: Subject, template: PreparedTemplate, leader: str) -> None:
        self.starts = False
        self._cache = cache
        self._client = cache.client
        self._template = template
        self._leader = leader
        self._deleted: dict[str, str] = {}  # name to UID
        self._looks_next = 0.0  # when the claims of new masters are looked at again

    def run(self) -> list[str]:
        """Return the names of the deleted masters once all wait for the file."""
        self._cache.poll_until("new masters", self._advance, _PAUSE)
        return sorted(self._deleted)

    def delete_new(self) -> None:
        """Delete the new masters that have not started; they come back from the present template."""
        stages = Stages(self._cache.pods(), self._template.restoration, self._cache.masters)
        for name in stages.named(STARTING, WAITING):
            self._delete(stages.pods[name])

    def _advance(self) -> WaitStatus:
        stages = self._template.stages()
        self.starts = self.starts or bool(stages.named(WAITING, STARTED))
        due = self._due(stages)
        lost = self._cache.lost(due, stages.pods)
        for name in due:
            self._delete(stages.pods[name], lost.get(name))
            self._deleted[name] = stages.pods[name]["metadata"]["uid"]
        self._replace_unscheduled(stages)
        return WaitStatus(stages.complete, stages.progress + stages.reasons(self._deleted))

    def _due(self, stages: Stages) -> list[str]:
        """Return the masters to delete now, without the pods that this run has deleted."""
        old = sorted(stages.named(OLD)) if self.starts else stages.first(self._leader)
        return [name for name in old if self._deleted.get(name) != stages.pods[name]["metadata"]["uid"]]

    def _replace_unscheduled(self, stages: Stages) -> None:
        """Delete the new masters whose claims are lost.

        One whose claim is terminating waits: its deletion would bring another such pod.
        """
        unscheduled = [name for name in stages.named(STARTING)
                       if not stages.pods[name].get("spec", {}).get("nodeName")]
        if not unscheduled or self._cache.deadline.now() < self._looks_next:
            return
        self._looks_next = self._cache.deadline.now() + _LOST_PAUSE
        for name, place in self._cache.lost(unscheduled, stages.pods).items():
            if place.claim is None or not place.claim_goes:
                self._delete(stages.pods[name], place)

    def _delete(self, pod: dict, lost: Place | None = None) -> None:
        """Delete a master's pod. lost: its claim is lost with its node, and goes first.

        Then the StatefulSet's controller creates both anew. Kubernetes keeps a claim while a scheduled pod
        uses it, so such a pod is deleted by force.
        """
        if lost is not None:
            self._delete_claim(lost)
        metadata = pod["metadata"]
        self._client.delete(kinds.POD, self._ref(metadata["name"]), metadata["uid"],
                            grace=0 if lost is not None else _GRACE)

    def _delete_claim(self, lost: Place) -> None:
        if lost.claim is None or lost.claim_goes:
            return
        self._cache.deadline.report_action(f"delete {lost.claim_name}: {lost_claim.reason(lost)}")
        # Sent once: a node that returns meanwhile keeps its journal. _replace_unscheduled() repeats it.
        with suppress(ServerUnavailable):
            self._client.once().delete(kinds.PERSISTENT_VOLUME_CLAIM, self._ref(lost.claim_name),
                                       lost.claim["metadata"]["uid"])

    def _ref(self, name: str) -> ObjectRef:
        return ObjectRef(self._cache.ref.namespace, name)
