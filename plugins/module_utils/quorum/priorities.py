# SPDX-License-Identifier: GPL-3.0-or-later
"""The priorities that an interrupted leadership transfer leaves behind. IO.

A transfer gives its target priority 2 and the others 1, and resets all to 1 at its end (Alluxio,
RaftJournalSystem.transferLeadership). Peers do not vote for a candidate of lower priority than their own, so
the target of a transfer that was cut off would be preferred for ever. A note on the masters' StatefulSet
lasts from before a transfer until they are reset: whoever runs next, and whatever ran meanwhile, finds it.
"""

from __future__ import annotations

from contextlib import suppress

from ..api.client import Client
from ..apply.update import annotate
from ..errors import ApiError, Conflict, Forbidden, QuorumUnknown
from ..fluid.components import MASTER
from ..fluid.names import stateful_set_name
from ..fluid.operations import TRANSFER
from ..k8s import kinds
from ..k8s.kinds import ObjectRef
from ..masters.group import Masters

RESET = "reset_priorities"
REASON = "an interrupted leadership transfer may have left priorities behind"

_RESET = 1  # the highest priority outside of a transfer
_ATTEMPTS = 3


def note(client: Client, runtime: ObjectRef, address: str) -> None:
    """Note a transfer to that address before it is sent.

    Without the permission patch on statefulsets its interruption is not noticed.
    """
    with suppress(Conflict, Forbidden):
        _annotate(client, runtime, address)


def forget(client: Client, runtime: ObjectRef) -> None:
    """Remove the note of a transfer that left nothing behind."""
    with suppress(ApiError, Conflict):  # the next run resets the priorities once more
        _annotate(client, runtime, None)


def finish(client: Client, runtime: ObjectRef) -> bool:
    """Reset the priorities after a noted transfer, and remove its note; return whether they are reset."""
    if not any(reset(client, runtime) for _attempt in range(_ATTEMPTS)):
        return False
    forget(client, runtime)
    return True


def warning(described: str) -> str:
    """Return the warning that finish has failed. described: the runtime."""
    return (f"{described}: {REASON}, which could not be reset, so one master may be preferred as the leader; "
            "the next run of datacache.fluid.alluxio_quorum tries it again")


def reset(client: Client, runtime: ObjectRef) -> bool:
    """Reset the priorities of the masters if a transfer has left some behind; return whether none is left."""
    masters = Masters(client, runtime)
    try:
        pods = masters.pods()
        quorum, answered_by = masters.quorum(MASTER, pods)
        found = masters.with_priorities(quorum, MASTER, pods)
        if not quorum.leader:
            return False
        if all((peer.priority or 0) <= _RESET for peer in found.peers):
            return True
        return masters.reset_priorities(answered_by, quorum.leader)
    except (ApiError, QuorumUnknown):
        return False


def _annotate(client: Client, runtime: ObjectRef, address: str | None) -> None:
    workload = ObjectRef(runtime.namespace, stateful_set_name(runtime.name))
    annotate(client, kinds.STATEFUL_SET, workload, TRANSFER, address)
