# SPDX-License-Identifier: GPL-3.0-or-later
"""The last look before the leader is killed: one pass over both groups. IO, read-only."""

from __future__ import annotations

from ..api.client import Client
from ..api.deadline import Deadline
from ..errors import OldLook, PreconditionFailed
from ..fluid import kinds as fluid_kinds
from ..fluid.components import MASTER
from ..k8s.kinds import ObjectRef
from ..k8s.wait_status import WaitStatus
from ..masters.catch_up import CatchUps
from ..masters.web_api import MasterWebApi
from ..quorum.healer import QuorumHealer
from ..quorum.plan import RaftGroup
from .observed import is_complete, lags, shortcomings

# Seconds from the begin of a pass to its end, at most. The kill follows at once.
_MAX_AGE = 1.0
_PAUSE = 0.1


class LastLook:
    """Looks at the groups of one runtime."""

    def __init__(self, client: Client, runtime: ObjectRef, healer: QuorumHealer, api: MasterWebApi) -> None:
        self._client = client
        self._runtime = runtime
        self._healer = healer
        self._api = api
        self._catch_ups = CatchUps()
        self._ended = float("-inf")
        self._properties: dict[tuple[str, str], dict[str, str]] = {}  # in force, by domain and leader

    def leader(self, deadline: Deadline) -> dict:
        """Return the pod that leads, as a pass of at most _MAX_AGE seconds saw it.

        That pass saw both groups complete, and every follower answer and have the journal. Raises
        PreconditionFailed when no pass does before the deadline.
        """
        def question() -> WaitStatus:
            began = deadline.now()
            groups = self._healer.groups()
            serving = self.serving(self._healer.masters.pods())
            reasons = self._reasons(groups, serving, deadline.now())
            self._client.once().before_command()  # renews the Lease, so that no renewal delays the kill
            self._ended = deadline.now()
            age = self._ended - began
            if not reasons and age > _MAX_AGE:
                reasons = f"one look at both groups took {age:.1f} s, expected {_MAX_AGE:g} s or less"
            return WaitStatus(not reasons, reasons, value=serving)

        described = fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime)
        return deadline.poll_until(
            f"both quorums of {described} to be complete and caught up", question, _PAUSE,
            lambda reasons: PreconditionFailed(
                f"the quorums of {described} were complete and are not any more: {reasons}; nothing was "
                "killed: run alluxio_quorum, then the drill again"))

    def require_young(self, now: float) -> None:
        """Raise OldLook if the kill would come too long after the last pass. now: by the deadline's clock."""
        if (age := now - self._ended) > _MAX_AGE:
            raise OldLook(f"the last look at both groups was {age:.1f} s ago")

    def serving(self, pods: list[dict]) -> dict | None:
        """Return the pod among these that leads and has its web port open; None without one."""
        view = self._api.ask(MASTER, pods)
        return next((pod for pod in pods if pod["metadata"]["name"] == view.pod), None)

    def _reasons(self, groups: list[RaftGroup], serving: dict | None, now: float) -> str:
        """Return what speaks against killing the serving pod now; empty for nothing."""
        found = []
        for observed in groups:
            reason = shortcomings(observed) if not is_complete(observed) else (
                lags(observed, self._in_force(observed)) or self._unproven(observed, now))
            found += [f"{observed.domain}: {reason}"] if reason else []
            leading = observed.leading()
            name = serving["metadata"]["name"] if serving else "no pod"
            if not reason and leading and observed.domain == MASTER and leading.pod != name:
                found.append(f"{leading.pod} leads and {name} serves clients")
        return "; ".join(found)

    def _unproven(self, observed: RaftGroup, now: float) -> str:
        """Return which followers have not answered often enough to be known to have the whole journal."""
        unproven = [pod for _domain, pod in self._catch_ups.lacking(observed.peers(), now)]
        return f"the leader awaits more answers from {', '.join(unproven)}" if unproven else ""

    def _in_force(self, observed: RaftGroup) -> dict[str, str]:
        """Return the properties in force in a group's leader; {}, for the defaults, when they are unknown."""
        leading = observed.leading()
        pod = leading.pod if leading else ""
        if (observed.domain, pod) not in self._properties:
            found = [self._api.configuration(each, observed.domain) for each in self._healer.masters.pods()
                     if each["metadata"]["name"] == pod]
            if not found or not found[0]:
                return {}
            self._properties[observed.domain, pod] = found[0]
        return self._properties[observed.domain, pod]
