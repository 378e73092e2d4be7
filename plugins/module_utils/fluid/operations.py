# SPDX-License-Identifier: GPL-3.0-or-later
"""Annotations on the StatefulSets of a runtime, from which a later run continues an operation. Pure.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ..apply.field_manager import MANAGER
from ..errors import PreconditionFailed
from ..k8s.kinds import annotations_of

# On the StatefulSet, from the first action of a rollout to its end: it makes the next run continue an
# interrupted one. Value: the number of masters at the start of the rollout.
IN_PROGRESS = MANAGER + "/rollout"
# On the StatefulSet, after masters were added. Value: the clients that may be stale.
GROWN = MANAGER + "/masters-known-by-clients"
# On the StatefulSet, while a master whose node is lost is rebuilt. Value: the pod of the master.
REBUILD = MANAGER + "/rebuild"
# On the StatefulSet, from before a leadership transfer until its priorities are known to be reset. Value: the
# address of the next leader.
TRANSFER = MANAGER + "/transfer"
# On the StatefulSet of the workers, while some of them are drained. Value: the paths to load again, as JSON.
DRAIN = MANAGER + "/drain"
# On the pod template, during the restoration of a backup. Value: a Restoration.
ANNOTATION = MANAGER + "/restore"


@dataclass(frozen=True)
class Restoration:
    """One restoration of a backup. began: distinguishes it from earlier ones of the same backup."""

    backup: str
    sha256: str
    began: str

    def text(self) -> str:
        """Return the value of the annotation."""
        return json.dumps(asdict(self), sort_keys=True)


def transfer_to(stateful_set: dict | None) -> str:
    """Return the address that an interrupted transfer made the leader's; empty without one."""
    return annotations_of(stateful_set).get(TRANSFER, "") if stateful_set else ""


def under_way(stateful_set: dict) -> Restoration | None:
    """Return the restoration in the pod template's annotation, or None."""
    text = annotations_of(stateful_set["spec"]["template"]).get(ANNOTATION)
    try:
        return Restoration(**json.loads(text)) if text else None
    except (TypeError, ValueError):
        return Restoration("unknown", "", text or "")


def require_no_restoration(what: str, stateful_set: dict | None) -> None:
    """Raise PreconditionFailed while a backup is being restored. what: the runtime, for the message."""
    restoration = under_way(stateful_set) if stateful_set else None
    if restoration:
        raise PreconditionFailed(f"backup {restoration.backup} is being restored into {what}: a master that "
                                 "is restarted now would wait for its file; finish that restoration with "
                                 "datacache.fluid.alluxio_restore, then run this again")
