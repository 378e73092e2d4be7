# SPDX-License-Identifier: GPL-3.0-or-later
"""What operations note on the StatefulSet of a runtime's masters, so that a later run continues them. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ..apply.field_manager import MANAGER

# On the StatefulSet, from the first act of a rollout to its end: a run that finds it goes on where another was cut off. Its value is
# how many masters there were at the beginning.
IN_PROGRESS = MANAGER + "/rollout"
# On the StatefulSet, once masters were added: which clients may not know them.
GROWN = MANAGER + "/masters-known-by-clients"


ANNOTATION = "datacache.fluid/restore"


@dataclass(frozen=True)
class Restoration:
    """One restoration, as the template's annotation keeps it. began: tells it from earlier ones of the same backup."""

    backup: str
    sha256: str
    began: str

    def text(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


def under_way(stateful_set: dict) -> Restoration | None:
    """The restoration that the template is set up for, or None."""
    text = annotations_of(stateful_set["spec"]["template"]).get(ANNOTATION)
    try:
        return Restoration(**json.loads(text)) if text else None
    except (TypeError, ValueError):
        return Restoration("unknown", "", text or "")


def annotations_of(thing: dict) -> dict:
    return (thing.get("metadata") or {}).get("annotations") or {}
