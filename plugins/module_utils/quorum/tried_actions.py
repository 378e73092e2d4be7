# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions that a run has tried for a master, noted on its pod. Drives IO.

A scheduled run must not restart the same master again and again. The note is an annotation, so it ends with
the pod: {domain: {action: restarts of the container at that time}}.
"""

from __future__ import annotations

import json
from contextlib import suppress

from ..api.client import Client
from ..apply.field_manager import MANAGER
from ..apply.update import annotate, change
from ..errors import ApiError, Conflict
from ..fluid.components import container_of
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, annotations_of, ref_to
from ..k8s.pods import container_status
from .plan import RESTART

ANNOTATION = MANAGER + "/tried-actions"


def of_container(pod: dict, domain: str) -> frozenset[str]:
    """Return the actions that were tried for the domain's present container.

    A restart also counts for the container that it has started.
    """
    noted, restarts = _noted(pod).get(domain) or {}, _restarts(pod, domain)
    return frozenset(action for action, count in noted.items()
                     if isinstance(count, int) and restarts <= count + (action == RESTART))


def record(client: Client, pod: ObjectRef, domain: str, action: str) -> None:
    """Note an action on the pod; without the permission patch on pods the next run may repeat it."""
    def patch_of(existing: dict) -> dict:
        noted = _noted(existing)
        noted[domain] = {**(noted.get(domain) or {}), action: _restarts(existing, domain)}
        return {"metadata": {"annotations": {ANNOTATION: json.dumps(noted, sort_keys=True)}}}

    with suppress(ApiError, Conflict):
        change(client, kinds.POD, pod, patch_of)


def forget(client: Client, pod: ObjectRef, domain: str, action: str) -> None:
    """Remove the note of an action that was not sent."""
    def patch_of(existing: dict) -> dict:
        noted = _noted(existing)
        (noted.get(domain) or {}).pop(action, None)
        return {"metadata": {"annotations": {ANNOTATION: json.dumps(noted, sort_keys=True)}}}

    with suppress(ApiError, Conflict):
        change(client, kinds.POD, pod, patch_of)


def remove(client: Client, pods: list[dict]) -> None:
    """Remove the notes from these pods: the masters are AVAILABLE."""
    for pod in pods:
        with suppress(ApiError, Conflict):
            annotate(client, kinds.POD, ref_to(pod), ANNOTATION, None)


def _restarts(pod: dict, domain: str) -> int:
    return container_status(pod, container_of(domain)).get("restartCount") or 0


def _noted(pod: dict) -> dict:
    try:
        noted = json.loads(annotations_of(pod).get(ANNOTATION) or "{}")
    except ValueError:
        return {}
    return noted if isinstance(noted, dict) else {}
