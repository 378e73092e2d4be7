# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods of a runtime that are not waited for: they cannot run until a node returns, or a rollout. IO.

Nodes are listed only while a pod is not ready.
"""

from __future__ import annotations

from collections.abc import Callable

from ..alluxio.raft import fault_tolerance
from ..api.client import Client
from ..errors import Forbidden, ServerUnavailable
from ..fluid import kinds as fluid_kinds
from ..k8s import kinds, scheduling
from ..k8s.kinds import ObjectRef
from ..k8s.pods import fails_to_start, is_ready, unready_reason

Warn = Callable[[str], None]
_ROLES = {"alluxio-master": "masters", "alluxio-worker": "workers"}


class RuntimeLosses:
    """What one runtime lacks because of its nodes, or of an earlier declaration.

    warn: takes a line for each pod. rolled: whether rollouts change its masters.
    """

    def __init__(self, client: Client, runtime: ObjectRef, warn: Warn, rolled: bool) -> None:
        self._client = client
        self._runtime = runtime
        self._warn = warn
        self._rolled = rolled
        self._lost: dict[str, dict[str, str]] = {}  # by role: the reason of each pod
        self._masters = 0

    def observe(self) -> dict[str, int]:
        """Return the numbers of masters and workers that cannot run now."""
        try:
            pods = list(self._client.list(
                kinds.POD, self._runtime.namespace, f"release={self._runtime.name}"))
        except (Forbidden, ServerUnavailable):
            return {}
        for role, part in _ROLES.items():
            self._lost[part] = self._lost_of(part, [
                pod for pod in pods if (pod["metadata"].get("labels") or {}).get("role") == role])
        return {part: len(lost) for part, lost in self._lost.items()}

    def of_masters(self, pods: list[dict]) -> set[str]:
        """Return the names of those of the masters' pods that cannot run."""
        self._lost["masters"] = self._lost_of("masters", pods)
        return set(self._lost["masters"])

    def tolerated_masters(self) -> set[str]:
        """Return the pods of the masters that could not run when last observed, if the others are a majority.
        """
        lost = self._lost.get("masters", {})
        return set(lost) if len(lost) <= fault_tolerance(self._masters) else set()

    def report(self) -> None:
        """Warn of each pod that could not run when it was last observed."""
        for lost in self._lost.values():
            for name, reason in lost.items():
                self._warn(f"{fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime)} lacks pod {name}: "
                           f"{reason}; it was not waited for")

    def _lost_of(self, part: str, pods: list[dict]) -> dict[str, str]:
        """Return the pods of a part that cannot run, each with the reason.

        A master that fails to start is left to the rollout, which restarts it by the present declaration.
        """
        if part == "masters":
            self._masters = len(pods)
        unready = [pod for pod in pods if not is_ready(pod)]
        if not unready:
            return {}
        failing = {pod["metadata"]["name"]: unready_reason(pod) for pod in unready
                   if part == "masters" and self._rolled and fails_to_start(pod)}
        try:
            return scheduling.lost_places(unready, self._client.list(kinds.NODE)) | failing
        except (Forbidden, ServerUnavailable):
            return failing
