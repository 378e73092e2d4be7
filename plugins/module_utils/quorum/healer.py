# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the Raft groups of one runtime's masters to full strength, step by step. IO.

What to do is decided in care.py from what is seen now; here it is seen, done and waited for. Every step is decided anew, so
that a run that was cut off is continued by the next one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Callable, Sequence

from ..api.client import Client
from ..errors import ApiError, Conflict, InvalidInput, QuorumLost, QuorumUnknown, WaitTimeout
from ..fluid import kinds as fluid_kinds
from ..fluid.components import DOMAINS, MASTER, container_of, raft_component
from ..k8s import kinds
from ..k8s.pods import is_ready, unready_reason
from ..masters.group import Masters
from . import peer_services, plan as quorum_plan
from .plan import RaftGroup, Step

# Seconds. A master that is restarted on purpose or by its node is back before a majority is called lost. With the 5 s that a silent
# pod is waited for, before and after, a loss is said within 30 s.
_LOST_AFTER = 15.0
_PAUSE = 0.5


@dataclass(frozen=True)
class ActionRecord:
    """A step that was taken, in one domain."""

    domain: str
    step: Step

    def as_dict(self) -> dict:
        return {"domain": self.domain, "act": self.step.action, "target": self.step.target, "reason": self.step.reason}


class QuorumHealer:
    """Looks after the masters of one runtime. expected: how many masters it is to have. tell: takes progress for a person.
    masters: those of another keeper, with what was learned of them.

    All calls together end within timeout seconds.
    """

    def __init__(self, client: Client, namespace: str, name: str, expected: int, timeout: float,
                 report_progress: Callable[[str], None] = lambda _text: None, clock: Callable[[], float] = time.monotonic,
                 sleep: Callable[[float], None] = time.sleep,
                 now: Callable[[], datetime] = lambda: datetime.now(timezone.utc), masters: Masters | None = None) -> None:
        self.masters = masters or Masters(client, namespace, name)
        self.actions: list[ActionRecord] = []
        self._client = client
        self._namespace = namespace
        self._name = name
        self._expected = expected
        self._timeout = timeout
        self._report_progress = report_progress
        self._clock = clock
        self._sleep = sleep
        self._now = now
        self._deadline = clock() + timeout
        self._history: dict[tuple, float] = {}
        self._asked = ""

    def address(self, domain: str, pod: str) -> str:
        """The address by which the Raft peers know the master in that pod. Raises Conflict while its Service does not exist."""
        service = self._client.get(kinds.SERVICE, pod, self._namespace)
        if service is None:
            raise Conflict(f"{kinds.SERVICE.describe(pod, self._namespace)} does not exist, so the master has no address: run "
                           "alluxio_runtime with stable_peer_addresses")
        return _address(service, domain)

    def see(self, domain: str) -> RaftGroup:
        """Return the domain's group as it is now: what Kubernetes shows of the masters, and what their leader says."""
        pods = self.masters.pods()
        by_name = {pod["metadata"]["name"]: pod for pod in pods}
        services = {existing["metadata"]["name"]: existing for existing in self._client.list(
            kinds.SERVICE, self._namespace, peer_services.SELECTOR)}
        view = self.masters.look(domain, pods)
        self._asked = view.pod or ""
        masters = tuple(self._master(domain, name, services.get(name), by_name.get(name), name in view.gone)
                        for name in peer_services.names(self._name, self._expected))
        observed = quorum_plan.raft_group(domain, view.quorum, masters)
        return replace(observed, masters=tuple(self._with_raft_server(domain, master) for master in observed.masters))

    def plan(self, desired_leader: str = "") -> list[ActionRecord]:
        """Return the next step of each domain that changes something; acts on nothing."""
        steps = [(domain, quorum_plan.next_step(self.see(domain), self._ages(domain), self._lead(domain, desired_leader)))
                 for domain in DOMAINS]
        return [ActionRecord(domain, step) for domain, step in steps if step.changes]

    def ensure_complete(self, desired_leader: str = "", domains: Sequence[str] = DOMAINS, departing: str = "") -> list[RaftGroup]:
        """Return the groups once all expected peers, and no others, are AVAILABLE in each domain, and the wanted one leads.

        lead: the pod that is to lead the masters, empty when any may. going: a pod that may be away or on its way there. Raises
        QuorumLost when too few masters run to elect a leader, and WaitTimeout.
        """
        return [self._ensure_complete(domain, self._lead(domain, desired_leader), departing) for domain in domains]

    def transfer_leadership(self, pod: str, successors: Sequence[str]) -> None:
        """Move the leadership of the masters away from a pod, to the first of the successors that is AVAILABLE.

        Returns at once when the pod does not lead. Raises Conflict when no successor is AVAILABLE.
        """
        observed = self._ensure_complete(MASTER, "", pod)
        leading = observed.leading()
        if leading is None or leading.pod != pod:
            return
        able = {master.pod: master for master in observed.masters if master.stays and master.pod != pod}
        successor = next((name for name in successors if name in able), None)
        if successor is None:
            raise Conflict(f"{pod} leads and none of {', '.join(successors) or 'no others'} is an AVAILABLE peer to take over")
        self._ensure_complete(MASTER, able[successor].address, pod)

    def candidate_off_node(self, node: str) -> str:
        """Return the pod that is to lead so that no master on the node does; empty when none there leads.

        Raises Conflict when every master that is AVAILABLE is on that node.
        """
        observed = self.see(MASTER)
        nodes = {pod["metadata"]["name"]: pod.get("spec", {}).get("nodeName") for pod in self.masters.pods()}
        leading = observed.leading()
        if leading is None or nodes.get(leading.pod) != node:
            return ""
        able = [master.pod for master in observed.masters if master.stays and nodes.get(master.pod) not in (None, node)]
        if not able:
            raise Conflict("%s leads on node %s and no master of %s is AVAILABLE on another: bring them back first" % (
                leading.pod, node, fluid_kinds.ALLUXIO_RUNTIME.describe(self._name, self._namespace)))
        return able[0]

    def _ensure_complete(self, domain: str, desired_leader: str, departing: str = "") -> RaftGroup:
        lost_since: float | None = None
        while True:
            observed = self.see(domain)
            step = quorum_plan.next_step(observed, self._ages(domain), desired_leader, departing)
            if step.action == quorum_plan.NOTHING:
                return observed
            what = "the %s quorum of %s" % (domain, fluid_kinds.ALLUXIO_RUNTIME.describe(self._name, self._namespace))
            self._report_progress(f"waiting for {what}: {step.reason}")
            if step.action != quorum_plan.LOST:
                lost_since = None
            elif lost_since is None:
                lost_since = self._clock()
            elif self._clock() - lost_since > _LOST_AFTER:
                raise QuorumLost(
                    f"{what} has lost its majority: {step.reason}. Nothing was restarted, because the masters that are away may hold the "
                    "only copy of the newest metadata: bring their nodes or pods back first; if they are gone for good, restore a backup "
                    "with the playbook datacache.fluid.restore")
            if self._clock() >= self._deadline:
                raise WaitTimeout("waited %g seconds for %s: %s; done so far: %s" % (
                    round(self._timeout, 1), what, step.reason, "; ".join(
                        f"{each.step.action} {each.step.target}" for each in self.actions) or "nothing"))
            if step.changes:
                self._perform(domain, step, observed)
            self._sleep(_PAUSE)

    def _perform(self, domain: str, step: Step, observed: RaftGroup) -> None:
        """Take a step. One that is refused counts as tried: the next look decides what follows."""
        self._history[domain, step.action, step.subject] = self._clock()
        self.actions.append(ActionRecord(domain, step))
        pod = step.target.rpartition(":")[0]
        try:
            if step.action == quorum_plan.REMOVE:
                self.masters.remove_peer(self._asked, domain, step.target)
            elif step.action == quorum_plan.RESTART:
                self.masters.restart(pod, domain)
            elif domain == MASTER:
                self.masters.elect(self._asked, step.target)
            else:
                # There is no command for the job masters. Their journal holds jobs alone, and another member has it.
                self.masters.restart((observed.leader or "").rpartition(":")[0], domain)
        except (ApiError, QuorumUnknown) as err:
            if getattr(err, "status", 0) == 403:
                raise
            self._report_progress(f"{step.action} of {step.target} was refused: {err}")

    def _ages(self, domain: str) -> dict[tuple, float]:
        return {(action, subject): self._clock() - at for (each, action, subject), at in self._history.items() if each == domain}

    def _lead(self, domain: str, pod: str) -> str:
        """The address of the wanted leader; the leadership of the job masters is nobody's wish."""
        if not pod or domain != MASTER:
            return ""
        if pod not in peer_services.names(self._name, self._expected):
            raise InvalidInput("%s is no master of %s, which has %s" % (
                pod, fluid_kinds.ALLUXIO_RUNTIME.describe(self._name, self._namespace),
                ", ".join(peer_services.names(self._name, self._expected))))
        return self.address(domain, pod)

    def _master(self, domain: str, name: str, service: dict | None, pod: dict | None, gone: bool) -> quorum_plan.Master:
        address = _address(service, domain) if service else name + ":0"
        if pod is None:
            return quorum_plan.Master(name, address, reason="its pod does not exist")
        started = _started(pod, container_of(domain))
        if started is None or not is_ready(pod) or gone:
            return quorum_plan.Master(name, address, reason=unready_reason(pod)
                                      or f"nothing answers at its address, on node {pod.get('spec', {}).get('nodeName', 'unknown')}")
        return quorum_plan.Master(name, address, running=max(0.0, (self._now() - started).total_seconds()),
                           terminating="deletionTimestamp" in pod["metadata"])

    def _with_raft_server(self, domain: str, master: quorum_plan.Master) -> quorum_plan.Master:
        """The master, with whether its process has closed its Raft server."""
        port = int(master.address.rpartition(":")[2])
        return replace(master, raft_server_closed=quorum_plan.may_be_closed(master) and self.masters.raft_closed(master.pod, domain, port))


def _address(service: dict, domain: str) -> str:
    name = raft_component(domain).raft_port
    port = next((each["port"] for each in service["spec"]["ports"] if each.get("name") == name), 0)
    return f"{service['metadata']['name']}:{port}"


def _started(pod: dict, container: str) -> datetime | None:
    """When the container that runs now has started; None when none runs."""
    for status in pod.get("status", {}).get("containerStatuses") or []:
        running = (status.get("state") or {}).get("running") or {}
        if status["name"] == container and running.get("startedAt"):
            return datetime.strptime(running["startedAt"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return None
