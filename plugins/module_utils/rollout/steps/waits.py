# SPDX-License-Identifier: GPL-3.0-or-later
"""The waits of a rollout. IO."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ...api.deadline import Deadline
from ...errors import WaitFailed
from ...k8s.pods import never_starts, unready_reason
from ...k8s.wait_status import WaitStatus
from ...masters import catch_up
from ...masters.catch_up import CatchUps
from ...quorum.plan import RaftGroup
from ..master_objects import MasterObjects, desired_revision

_PAUSE = 0.5  # seconds between two observations of a pod


class RolloutWaits:
    """Waits for the masters' objects and journals until the deadline."""

    def __init__(self, objects: MasterObjects, deadline: Deadline) -> None:
        self._objects = objects
        self._deadline = deadline

    def revision(self) -> str:
        """Wait until the StatefulSet's controller has observed the newest template; return its revision."""
        def question() -> WaitStatus:
            revision = desired_revision(self._objects.workload())
            return WaitStatus(bool(revision), value=revision)
        return self.poll("the StatefulSet's controller to observe its newest template", question)

    def running(self, name: str, not_uid: str) -> None:
        """Wait until all containers of a pod of that name and another UID run.

        Raises WaitFailed for such a pod with an image that no node can get.
        """
        def question() -> WaitStatus:
            pod = next((each for each in self._objects.pods() if each["metadata"]["name"] == name), None)
            if pod is not None and pod["metadata"]["uid"] != not_uid and never_starts(pod):
                raise WaitFailed(f"{name} never runs: {unready_reason(pod)}; correct the declaration, then "
                                 "run the rollout again to continue")
            running = pod is not None and pod["metadata"]["uid"] != not_uid and _runs(pod)
            return WaitStatus(running, "" if running else _unready_reason(pod, not_uid))
        self.poll(f"{name} to run", question)

    def absent(self, name: str) -> None:
        """Wait until no pod has that name."""
        self.poll(f"{name} to be absent", lambda: WaitStatus(
            all(each["metadata"]["name"] != name for each in self._objects.pods())))

    def journals(self, observe: Callable[[], Sequence[RaftGroup]]) -> None:
        """Wait until all masters have both complete journals. observe: returns both groups."""
        catch_ups = CatchUps()

        def question() -> WaitStatus:
            peers = {key: peer for observed in observe() for key, peer in observed.peers().items()}
            lacking = catch_ups.lacking(peers, self._deadline.now())
            return WaitStatus(not lacking, catch_up.reason(lacking))
        self.poll("all masters to have the complete journal", question)

    def poll(self, awaited: str, question: Callable[[], WaitStatus]) -> Any:
        """Poll as Deadline.poll_until does. A timeout names the way to continue the rollout."""
        return self._deadline.poll_until(awaited, question, _PAUSE, partial(
            self._deadline.timeout, awaited, next_step="run the rollout again to continue"))


def _runs(pod: dict) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses") or []
    return bool(statuses) and all((each.get("state") or {}).get("running") for each in statuses)


def _unready_reason(pod: dict | None, not_uid: str) -> str:
    if pod is None:
        return "it does not exist yet"
    if pod["metadata"]["uid"] == not_uid:
        return "the previous pod is terminating"
    return unready_reason(pod) or "its containers are starting"
