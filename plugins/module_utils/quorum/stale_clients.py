# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers and FUSE pods of a runtime that may not know all of its masters. Pure.

A container reads the masters' addresses from Fluid's ConfigMap when it starts. While a master leads whose
address it does not have it finds no leader: a worker is lost, and mounts fail (measured, Alluxio 2.9.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..fluid.names import master_pod

_ROLES = {"alluxio-worker": "worker", "alluxio-fuse": "FUSE pod"}


@dataclass(frozen=True)
class ScaleOutNote:
    """A scale-out: clients that started until since (RFC 3339) know only the first known_masters."""

    known_masters: int
    since: str

    def __str__(self) -> str:
        return f"{self.known_masters} {self.since}"

    def merged(self, later: ScaleOutNote) -> ScaleOutNote:
        """Return the note that covers this and a later scale-out."""
        return ScaleOutNote(min(self.known_masters, later.known_masters), max(self.since, later.since))


@dataclass(frozen=True)
class StaleClients:
    """Clients that may know only the first known_masters. pods: their names, at least one."""

    known_masters: int
    pods: list[str]

    def warning(self, name: str, masters: int) -> str:
        """Return the consequence for a runtime of that name and number of masters, and the remedy."""
        added = " or ".join(master_pod(name, index) for index in range(self.known_masters, masters))
        return (f"{', '.join(self.pods)} started with {self.known_masters} of the {masters} masters and do "
                f"not know the others, so they find no leader while {added} leads. That happens only if no "
                "other master can lead, and lasts until the leadership is transferred. Restart them: delete "
                "the worker pods one at a time, which keeps their cached data, and the FUSE pods when no "
                "application uses them")

    def refusal(self, leader: str) -> str:
        """Return why the master in that pod, which they do not know, must not lead."""
        return (f"{leader} was added after {', '.join(self.pods)} had started, so they would find no "
                "leader and mounts would fail; the leadership was not transferred: restart them first, the "
                "FUSE pods when no application uses them")


def parse_note(text: str) -> ScaleOutNote | None:
    """Return the note in an annotation's value; None when the text is no note."""
    found = re.fullmatch(r"(\d+) (\S+)", text)
    return ScaleOutNote(int(found.group(1)), found.group(2)) if found else None


def find(pods: Iterable[dict], note: ScaleOutNote) -> StaleClients | None:
    """Return the clients among a runtime's pods that may not know all masters; None without any."""
    names = sorted(_described(pod) for pod in clients(pods) if is_stale(pod, note))
    return StaleClients(note.known_masters, names) if names else None


def clients(pods: Iterable[dict]) -> list[dict]:
    """Return the workers and FUSE pods among a runtime's pods."""
    return [pod for pod in pods if pod["metadata"].get("labels", {}).get("role") in _ROLES]


def is_stale(pod: dict, note: ScaleOutNote) -> bool:
    """Return whether the client may know only the masters of the note."""
    return started(pod) <= note.since


def _described(pod: dict) -> str:
    """Return role and name, for a FUSE pod with its node, where its mounts are."""
    role = pod["metadata"]["labels"]["role"]
    node = pod.get("spec", {}).get("nodeName") if role == "alluxio-fuse" else None
    return f"{_ROLES[role]} {pod['metadata']['name']}{f' (on {node})' if node else ''}"


def started(pod: dict) -> str:
    """Return the start time of the oldest running container, "~" without one.

    A later start reads newer addresses.
    """
    running = [each["state"]["running"]["startedAt"]
               for each in pod.get("status", {}).get("containerStatuses") or []
               if (each.get("state") or {}).get("running")]
    return min(running, default="~")
