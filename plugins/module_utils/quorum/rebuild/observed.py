# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rebuilding of one master depends on, as it is observed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...fluid.components import MASTER
from ...fluid.operations import REBUILD
from ...journal.lost_claim import Place
from ...k8s.kinds import annotations_of
from ..plan import Master, RaftGroup

# Why a master with a conflict cannot take part again.
CONFLICT = "its journal has an entry that the leader's has not, and Ratis keeps the first entry of a journal"


@dataclass(frozen=True)
class Observed:
    """The groups and the objects of the master. marked: whether its rebuilding has begun. lost: why it cannot
    run again with its journal, empty if it can. connected: domain and pod of the other masters that keep a
    connection to it.
    """

    groups: Sequence[RaftGroup]
    place: Place
    marked: bool
    lost: str
    connected: frozenset[tuple[str, str]] = frozenset()

    @property
    def pod(self) -> str:
        """The name of the master."""
        return self.place.name

    @property
    def conflicts(self) -> bool:
        """Whether its journal conflicts with the leader's."""
        return self.lost == CONFLICT

    def group(self, domain: str) -> RaftGroup:
        """Return the group of a domain."""
        return next(each for each in self.groups if each.domain == domain)

    def master(self, group: RaftGroup) -> Master:
        """Return the master in one of the groups."""
        return master_of(group, self.pod)

    def leads_jobs(self, group: RaftGroup) -> bool:
        """Return whether the job master of a master whose journal conflicts leads its group."""
        leading = group.leading()
        return (self.conflicts and group.domain != MASTER
                and leading is not None and leading.pod == self.pod)


def master_of(group: RaftGroup, pod: str) -> Master:
    """Return the expected master in that pod."""
    return next(master for master in group.masters if master.pod == pod)


def mark_of(workload: dict | None) -> tuple[str, str]:
    """Return the pod that is being rebuilt, and its UID if its journal conflicts; empty for none.

    workload: the masters' StatefulSet.
    """
    pod, _sep, uid = (annotations_of(workload).get(REBUILD, "") if workload else "").partition(" ")
    return pod, uid
