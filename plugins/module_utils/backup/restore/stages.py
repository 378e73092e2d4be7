# SPDX-License-Identifier: GPL-3.0-or-later
"""The masters' pods by their stages in a restoration. Pure."""

from __future__ import annotations

from collections.abc import Collection

from ...fluid.components import MASTER_CONTAINER
from ...fluid.operations import Restoration
from ...k8s.pods import has_started, unready_reason
from ..restore_template import OLD, STARTED, STARTING, WAITING, stage


class Stages:
    """The masters' pods with the stage of each. masters: number of pods that must exist."""

    def __init__(self, pods: dict[str, dict], restoration: Restoration, masters: int) -> None:
        self.pods = pods
        self.masters = masters
        self._stages = {name: stage(pod, restoration) for name, pod in pods.items()}

    def named(self, *stages: str) -> list[str]:
        """Return the names of the masters in these stages."""
        return [name for name, each in self._stages.items() if each in stages]

    @property
    def complete(self) -> bool:
        """Whether all masters wait for the file or have it."""
        return len(self.named(WAITING, STARTED)) == len(self.pods) == self.masters

    @property
    def progress(self) -> str:
        """How many masters wait for the file or have it, for messages."""
        return f"{len(self.named(WAITING, STARTED))} of {self.masters} masters wait for the backup"

    def first(self, leader: str) -> list[str]:
        """Return the one master to delete first; none while another is missing, terminating or starting.

        One that does not run is preferred, and the leader comes last.
        """
        steady = [name for name in self.named(OLD) if not _is_terminating(self.pods[name])]
        if len(steady) < self.masters:
            return []
        return [min(steady, key=lambda name: (
            has_started(self.pods[name], MASTER_CONTAINER), name == leader, name))]

    def reasons(self, deleted: Collection[str]) -> str:
        """Return why each master that is replaced does not wait yet. deleted: names of deleted pods."""
        ending = [name for name in self.named(OLD)
                  if name in deleted or _is_terminating(self.pods[name])]
        found = {name: unready_reason(self.pods[name]) for name in self.named(STARTING)}
        found |= {name: _old_node(self.pods[name]) for name in ending}
        return "".join(f"; {name}: {reason}" for name, reason in sorted(found.items()))


def uids(pods: dict[str, dict]) -> dict[str, str]:
    """Return the UIDs of the pods by name."""
    return {name: pod["metadata"].get("uid", "") for name, pod in pods.items()}


def _is_terminating(pod: dict) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))


def _old_node(pod: dict) -> str:
    return f"the old pod still exists on node {pod.get('spec', {}).get('nodeName', 'unknown')}"
