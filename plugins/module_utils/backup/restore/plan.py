# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restoration replaces, and what is lost by that. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ...alluxio.raft import quorum_size
from ...fluid.operations import Restoration
from ...k8s.kinds import ObjectRef
from .. import catalog
from ..catalog import Backup, Tree
from ..restore_template import OLD, STARTED, WAITING
from .stages import Stages


@dataclass(frozen=True)
class Existing:
    """The metadata before the restoration.

    leader: its pod, or "". tree: None if unknown. lost: why no leader can back it up, or "".
    """

    leader: str = ""
    tree: Tree | None = None
    lost: str = ""


@dataclass(frozen=True)
class Plan:
    """One restoration. chosen: the backup. under_way: whether a restoration was, of this or another backup.
    existing: is read only if it is replaced.
    """

    chosen: Backup
    restoration: Restoration
    stages: Stages
    under_way: bool
    existing: Existing = Existing()

    @property
    def replaces(self) -> bool:
        """Whether masters are replaced.

        A restoration whose masters have all started is only ended: what they hold now is newer data.
        """
        return not self.under_way or bool(self.stages.named(OLD))

    @property
    def changes(self) -> bool:
        """Whether anything remains to be done."""
        return self.under_way or not self.chosen.holds(self.existing.tree)

    def loss(self) -> str:
        """Return which metadata is lost without a safety backup, and why; empty for none."""
        started = len(self.stages.named(STARTED))
        if self.replaces and self.existing.lost:
            return f"the present metadata cannot be backed up before it is replaced: {self.existing.lost}"
        if started and len(self.stages.named(WAITING)) >= quorum_size(self.stages.masters):
            return (f"{started} of {self.stages.masters} masters have started from the restoration under "
                    "way, and the others begin with an empty journal: what was written since is lost")
        return ""


def choose(found: list[Backup], params: dict, runtime: ObjectRef, under_way: Restoration | None) -> Backup:
    """Return the requested backup; `latest` means that of a restoration under way, if there is one."""
    requested = under_way.backup if under_way and params["backup"] == catalog.LATEST else params["backup"]
    return catalog.choose(found, requested, runtime, params["force_foreign"])


def continued(chosen: Backup, under_way: Restoration | None) -> Restoration | None:
    """Return the restoration under way if it is of the chosen backup, else None."""
    if under_way and (under_way.backup, under_way.sha256) == (chosen.name, chosen.sha256):
        return under_way
    return None
