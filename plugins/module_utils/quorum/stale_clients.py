# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers and FUSE pods of a runtime, and which of its masters they know. Pure.

They read the masters' addresses when their container starts, from Fluid's ConfigMap. While a master leads whose address they do not
have they find no leader: a worker is lost, and mounts fail (measured, Alluxio 2.9.4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable

from ..fluid.names import master_pod

_ROLES = {"alluxio-worker": "worker", "alluxio-fuse": "FUSE pod"}


@dataclass(frozen=True)
class ScaleOutNote:
    """Masters were added: clients that started by the time since, RFC 3339, may know no more than the first known ones."""

    known: int
    since: str

    def __str__(self) -> str:
        return f"{self.known} {self.since}"

    def merged(self, later: ScaleOutNote) -> ScaleOutNote:
        """Return what holds after masters were added once more."""
        return ScaleOutNote(min(self.known, later.known), max(self.since, later.since))


@dataclass(frozen=True)
class StaleClients:
    """Clients that may know no more than the first known masters. pods: their names, at least one."""

    known: int
    pods: list[str]

    def warning(self, name: str, masters: int) -> str:
        """Say what it means that they do not know all masters of the runtime, and what to do."""
        added = " or ".join(master_pod(name, index) for index in range(self.known, masters))
        return (f"{', '.join(self.pods)} started when there were {self.known} of the {masters} masters and know no others, so they find no "
                f"leader while {added} leads. That is so only when none of the others can, until somebody moves the leadership. Let them "
                "start anew: delete the worker pods one at a time, which keeps what they have cached, and the FUSE pods once no "
                "application uses them")

    def refusal(self, lead: str) -> str:
        """Say why a master that they do not know is not to lead."""
        return (f"{lead} was added after {', '.join(self.pods)} had started, so they would find no leader, and mounts would fail; nothing "
                "was moved: let them start anew first, the FUSE pods once no application uses them")


def read(text: str) -> ScaleOutNote | None:
    """Return the growth that a note tells of, None when it is none."""
    found = re.fullmatch(r"(\d+) (\S+)", text)
    return ScaleOutNote(int(found.group(1)), found.group(2)) if found else None


def late(pods: Iterable[dict], growth: ScaleOutNote) -> StaleClients | None:
    """Return the clients among a runtime's pods that may not know all masters, with the nodes of FUSE pods: their mounts are there."""
    found = [pod for pod in pods if pod["metadata"].get("labels", {}).get("role") in _ROLES]
    names = sorted(_named(pod) for pod in found if _started(pod) <= growth.since)
    return StaleClients(growth.known, names) if names else None


def _named(pod: dict) -> str:
    role = pod["metadata"]["labels"]["role"]
    place = f" (on {pod['spec']['nodeName']})" if role == "alluxio-fuse" and pod.get("spec", {}).get("nodeName") else ""
    return f"{_ROLES[role]} {pod['metadata']['name']}{place}"


def _started(pod: dict) -> str:
    """When the oldest of the pod's containers that run now has started; one that starts now has the newest ConfigMap."""
    running = [each["state"]["running"]["startedAt"] for each in pod.get("status", {}).get("containerStatuses") or []
               if (each.get("state") or {}).get("running")]
    return min(running, default="~")
