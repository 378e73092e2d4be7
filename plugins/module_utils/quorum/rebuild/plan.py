# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions that rebuild a lost master, and when it must not be rebuilt. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...alluxio.raft import quorum_size
from ...errors import PreconditionFailed
from ...fluid.components import MASTER
from ...journal import lost_claim
from ...k8s.pods import unready_reason
from ..plan import REMOVE, TRANSFER, ActionRecord, RaftGroup, Step, catching_up
from . import connections
from .observed import Observed, master_of

DELETE_CLAIM = "delete_claim"
DELETE_POD = "delete_pod"


def steps(observed: Observed, removed: Collection[str] = (), replaced: str = "") -> list[ActionRecord]:
    """Return the actions that a lost master needs from now on.

    removed: domains whose groups this run has removed the peer from. replaced: UID of the pod whose claim
    this run has deleted.
    """
    place, lost = observed.place, observed.lost
    outdated = place.pod is not None and place.pod["metadata"]["uid"] == replaced
    if not lost and not outdated:
        return []
    records = []
    if lost:  # a pod that is not scheduled has not joined again
        records = connections.disconnections(observed) + _job_transfer(observed) + _removals(
            observed, removed)
    if lost and place.on_claim and not place.claim_goes:
        records.append(ActionRecord(MASTER, Step(DELETE_CLAIM, place.claim_name, lost)))
    if place.pod is not None and (outdated or not _awaits_claim(observed)):
        records.append(ActionRecord(MASTER, Step(DELETE_POD, place.name, lost or "its claim was deleted")))
    return records


def _job_transfer(observed: Observed) -> list[ActionRecord]:
    """Return the transfer of the job masters' leadership that a removal of the leader needs before."""
    return [ActionRecord(each.domain, Step(TRANSFER, master.address, observed.lost, master.address))
            for each in observed.groups if observed.leads_jobs(each)
            for master in [next(master for master in each.masters if master.pod != observed.pod)]]


def _removals(observed: Observed, removed: Collection[str]) -> list[ActionRecord]:
    return [ActionRecord(each.domain, Step(REMOVE, master.address, observed.lost, master.address))
            for each in observed.groups if each.domain not in removed
            and (master := observed.master(each)).state]


def _awaits_claim(observed: Observed) -> bool:
    """Return whether a pod that is not scheduled only has to wait until its claim is gone.

    Its deletion would bring another such pod.
    """
    place = observed.place
    return place.on_claim and place.claim is not None and place.claim_goes and not place.node


def takes_part(groups: Sequence[RaftGroup], pod: str) -> bool:
    """Return whether the master in that pod takes part in all groups and continues to."""
    return all(not master_of(each, pod).unavailable for each in groups)


def require_lost(observed: Observed, runtime: str) -> None:
    """Raise PreconditionFailed unless the master is lost, and the others are a complete majority.

    runtime: kind, name and namespace, for the message.
    """
    what = f"{observed.pod} of {runtime} is not rebuilt"
    for each in observed.groups:
        # Job masters have a journal of their own.
        if observed.master(each).available and (each.domain == MASTER or not observed.conflicts):
            raise PreconditionFailed(
                f"{what}: expected a master that is in no group AVAILABLE, observed that it is in the "
                f"{each.domain} group: run alluxio_quorum without rebuild; nothing was changed")
    if not observed.lost:
        raise PreconditionFailed(
            f"{what}: expected a node that is lost for good, observed: "
            f"{lost_claim.refusal(observed.place)}; nothing was changed")
    if reason := shortcoming(observed):
        raise PreconditionFailed(
            f"{what}: expected all other masters AVAILABLE and one of them leading, observed: "
            f"{reason}: run alluxio_quorum without rebuild first; nothing was changed")


def shortcoming(observed: Observed) -> str:
    """Return why the other masters are no complete majority of both groups; empty if they are."""
    return next(filter(None, (_group_shortcoming(each, observed) for each in observed.groups)), "")


def _group_shortcoming(group: RaftGroup, observed: Observed) -> str:
    leading = group.leading()
    if leading is None or (leading.pod == observed.pod and not observed.leads_jobs(group)):
        return f"{group.leader or 'no master'} leads the {group.domain} group"
    others = [master for master in group.masters if master.pod != observed.pod]
    unavailable = [master.pod for master in others if master.unavailable]
    if unavailable:
        return f"{', '.join(unavailable)} unavailable in the {group.domain} group"
    # The group without the peer must commit the change of members.
    listed = group.listed - bool(observed.master(group).state)
    if len(others) < quorum_size(listed):
        return f"{len(others)} of the {listed} other peers of the {group.domain} group are masters"
    return ""


def transfer_waits(record: ActionRecord, observed: Observed) -> str:
    """Return why the leadership cannot move yet; empty if it can, or for another action."""
    if (record.domain, record.step.action) != (MASTER, TRANSFER):
        return ""
    others = [master for master in observed.group(MASTER).masters if master.pod != observed.pod]
    return (catching_up(others) or ("", ""))[1]


def unscheduled_reason(observed: Observed) -> str:
    """Return why a master that needs no action is not scheduled yet."""
    if observed.lost:
        return observed.lost
    if observed.place.pod is None:
        return "the StatefulSet's controller has not created it yet"
    return unready_reason(observed.place.pod) or "it is not scheduled yet"
