# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods of a runtime that cannot run until a node returns. IO, read-only.

Nodes are listed only while a pod is not ready.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..api.client import Client
from ..errors import Forbidden, ServerUnavailable
from ..fluid import kinds as fluid_kinds
from ..k8s import kinds, scheduling
from ..k8s.kinds import ObjectRef
from ..k8s.pods import is_ready

Warn = Callable[[str], None]
_ROLES = {"alluxio-master": "masters", "alluxio-worker": "workers"}


class RuntimeLosses:
    """What one runtime lacks because of its nodes. warn: takes a line for each pod."""

    def __init__(self, client: Client, runtime: ObjectRef, warn: Warn) -> None:
        self._client = client
        self._runtime = runtime
        self._warn = warn
        self._lost: dict[str, dict[str, str]] = {}  # by role: the reason of each pod

    def observe(self) -> dict[str, int]:
        """Return the numbers of masters and workers that cannot run now."""
        try:
            pods = list(self._client.list(
                kinds.POD, self._runtime.namespace, f"release={self._runtime.name}"))
        except (Forbidden, ServerUnavailable):
            return {}
        for role, part in _ROLES.items():
            self._lost[part] = self._lost_of(
                pod for pod in pods if (pod["metadata"].get("labels") or {}).get("role") == role)
        return {part: len(lost) for part, lost in self._lost.items()}

    def of_masters(self, pods: Iterable[dict]) -> set[str]:
        """Return the names of those of the masters' pods that cannot run."""
        self._lost["masters"] = self._lost_of(pods)
        return set(self._lost["masters"])

    def report(self) -> None:
        """Warn of each pod that could not run when it was last observed."""
        for lost in self._lost.values():
            for name, reason in lost.items():
                self._warn(f"{fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime)} lacks pod {name}: "
                           f"{reason}; it was not waited for")

    def _lost_of(self, pods: Iterable[dict]) -> dict[str, str]:
        unready = [pod for pod in pods if not is_ready(pod)]
        if not unready:
            return {}
        try:
            return scheduling.lost_places(unready, self._client.list(kinds.NODE))
        except (Forbidden, ServerUnavailable):
            return {}
