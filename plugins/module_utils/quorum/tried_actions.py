# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions that a run has tried for a master, noted on its pod. Drives IO.

A scheduled run must not restart the same master again and again. The note is an annotation, so it ends with
the pod: {domain: {action: {restarts: of the container at that time, at: seconds of the server's clock,
times: how often since}}}. A restart is noted before it is sent, and the container shows whether it happened.
Nothing shows that of a transfer, which is noted after its end: a repeated one costs no member.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime

from ..api.client import Client
from ..apply.field_manager import MANAGER
from ..apply.update import annotate, change
from ..errors import ApiError, Conflict
from ..fluid.components import container_of
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, annotations_of, ref_to
from ..k8s.pods import container_status
from .plan import ACTION_TIMEOUT, RESTART

ANNOTATION = MANAGER + "/tried-actions"
# Restarts of one container that show no effect, until they count as tried.
_RESTARTS = 3


def of_container(pod: dict, domain: str, now: datetime) -> frozenset[str]:
    """Return the actions that were tried for the domain's present container. now: by the server's clock.

    A restart, and what came before it, also count for the container that it has started. A restart that has
    started none did not happen.
    """
    return frozenset(
        action for action in _noted(pod).get(domain) or {} if _is_tried(pod, domain, action, now))


def _is_tried(pod: dict, domain: str, action: str, now: datetime) -> bool:
    count, at, times = _note(pod, domain, action)
    restarts = _restarts(pod, domain)
    if action != RESTART:
        return restarts <= count + (count == _note(pod, domain, RESTART)[0])
    shows_none = restarts == count and now.timestamp() - at >= ACTION_TIMEOUT
    return restarts <= count + 1 and not (shows_none and times < _RESTARTS)


def record(client: Client, pod: ObjectRef, domain: str, action: str) -> None:
    """Note an action on the pod; without the permission patch on pods the next run may repeat it."""
    def patch_of(existing: dict) -> dict:
        noted = _noted(existing)
        restarts = _restarts(existing, domain)
        count, _at, times = _note(existing, domain, action)
        noted[domain] = {**(noted.get(domain) or {}), action: {
            "restarts": restarts, "at": int(client.server_time().timestamp()),
            "times": times + 1 if count == restarts else 1}}
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


def _note(pod: dict, domain: str, action: str) -> tuple[int, int, int]:
    """Return the values of a note; restarts are -1 without one that can be read."""
    note = (_noted(pod).get(domain) or {}).get(action)
    found = [note.get(key) for key in ("restarts", "at", "times")] if isinstance(note, dict) else []
    values = [each for each in found if isinstance(each, int)]
    return (values[0], values[1], values[2]) if len(values) == 3 else (-1, 0, 0)


def _noted(pod: dict) -> dict:
    try:
        noted = json.loads(annotations_of(pod).get(ANNOTATION) or "{}")
    except ValueError:
        return {}
    return noted if isinstance(noted, dict) else {}
