# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts workers and FUSE pods one at a time: the function of the module alluxio_client_rollout. Drives IO.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from ...alluxio import drains
from ...api.bulk import ref_of
from ...api.client import Client
from ...api.deadline import Deadline
from ...api.pod_exec import PodShell
from ...errors import DisruptionForbidden, FluidError, InvalidInput, WaitFailed, answer_or
from ...fluid import diagnosis, kinds as fluid_kinds
from ...fluid.components import MASTER_CONTAINER
from ...fluid.lookup import require_not_terminating, require_runtime
from ...fluid.names import claim_name, stateful_set_name, worker_selector
from ...k8s import kinds
from ...k8s.kinds import ObjectRef, ref_to
from ...k8s.names import require_identity
from ...k8s.pods import is_ready, never_starts, unready_reason
from ...k8s.quantity import parse_time
from ...k8s.wait_status import WaitStatus
from ...masters.group import Masters
from ...masters.lease import held
from ...progress import Reporter
from ...quorum.client_notes import note_on
from ...quorum.stale_clients import ScaleOutNote, started
from . import plan as client_plan
from .plan import Application, Plan, Restart

_KIND = fluid_kinds.ALLUXIO_RUNTIME
_PAUSE = 1.0  # seconds between two looks at a pod
_LOOK_TIMEOUT = 60.0  # seconds; each look at the heartbeats starts a JVM


def require_valid(params: dict) -> None:
    """Raise InvalidInput for invalid options, without a request."""
    require_identity(params)
    after = params["restarted_after"]
    if (params["scope"] == client_plan.ALL) is not bool(after):
        raise InvalidInput(f"scope is {params['scope']} and restarted_after is {after or 'not given'}: "
                           "expected restarted_after with scope: all, and only with it")
    if after:
        parse_time(after)


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Return the module's result; an error carries the restarts before it.

    Without a restart it costs only reads, and no Lease.
    """
    deadline = Deadline(params["wait_timeout"], reporter.progress)
    planned = _ClientRollout(client, params, deadline, reporter).plan()
    result = {"changed": bool(planned.restarts), "plan": list(map(asdict, planned.restarts)),
              "applications": list(map(asdict, planned.applications)), "done": []}
    applications = planned.applications
    if planned.restarts and not check_mode:
        with held(client, ref_of(params), deadline, "restart workers and FUSE pods") as holder:
            rollout = _ClientRollout(holder, params, deadline, reporter)
            try:
                rollout.perform(rollout.plan())
            except FluidError as err:
                found = rollout.applications or applications
                err.details.update(changed=bool(rollout.done), done=rollout.done,
                                   applications=list(map(asdict, found)))
                raise
        applications = rollout.applications
        result.update(changed=bool(rollout.done), done=rollout.done,
                      applications=list(map(asdict, applications)))
    for text in client_plan.advice(applications):
        reporter.warn(f"{_KIND.describe(ref_of(params))}: {text}")
    return result


class _ClientRollout:
    """The restart of the clients of one runtime, by this algorithm:

    1. Restart the workers by falling ordinal. Before each, all workers that were ready at first are ready.
    2. After each, wait until its new pod is ready, and until the masters have had a heartbeat of it.
    3. Restart the FUSE pods that may restart. A node may have none afterwards: Fluid starts one for a reader.
       Before each, plan anew: an application may have started on its node since, as the workers take minutes.
    """

    def __init__(self, client: Client, params: dict, deadline: Deadline, reporter: Reporter) -> None:
        self._client, self._params, self._deadline, self._reporter = client, params, deadline, reporter
        self._ref = ref_of(params)
        self._what = _KIND.describe(self._ref)
        self._ready: set[str] = set()
        self.applications: tuple[Application, ...] = ()
        self.done: list[dict] = []

    def plan(self) -> Plan:
        """Return what must be done, and change nothing."""
        require_not_terminating(require_runtime(self._client, self._ref))
        after = self._params["restarted_after"]
        pods = list(self._client.list(kinds.POD, self._ref.namespace))
        own = [pod for pod in pods if (pod["metadata"].get("labels") or {}).get("release") == self._ref.name]
        self._ready = {pod["metadata"]["name"] for pod in own if _is_ready_worker(pod)}
        return client_plan.plan(own, self._readers(pods), self._note(),
                                parse_time(after) if after else None, self._params["fuse"])

    def _readers(self, pods: list[dict]) -> list[dict]:
        """Return the pods that mount the claim, with those of Datasets that refer to this one."""
        found = [pod for pod in pods if client_plan.reads(pod, claim_name(self._ref.name))]
        for namespace, _slash, name in (
                text.partition("/") for text in diagnosis.references_to(self._client, self._ref)):
            found += [pod for pod in self._client.list(kinds.POD, namespace)
                      if client_plan.reads(pod, claim_name(name))]
        return found

    def perform(self, planned: Plan) -> None:
        """Perform the plan; the first failure ends it."""
        self._add(planned.applications)
        if any(restart.component == "worker" for restart in planned.restarts):
            self._heartbeats()  # an account that may not read them evicts no worker
        for restart in planned.restarts:
            if restart.component == "worker":
                self._restart_worker(restart)
            elif not self._restart_fuse(restart):
                continue
            self.done.append(asdict(restart))

    def _may_restart(self, restart: Restart) -> bool:
        """Return whether a new plan still restarts the FUSE pod, and note who reads through it."""
        planned = self.plan()
        self._add(each for each in planned.applications if each.fuse_pod == restart.pod)
        return restart in planned.restarts

    def _add(self, found: Iterable[Application]) -> None:
        """Note the applications that were not noted before."""
        self.applications = tuple(dict.fromkeys([*self.applications, *found]))

    def _note(self) -> ScaleOutNote | None:
        workload = self._client.get(
            kinds.STATEFUL_SET, ObjectRef(self._ref.namespace, stateful_set_name(self._ref.name)))
        return note_on(workload) if workload else None

    def _restart_worker(self, restart: Restart) -> None:
        before = self._pod(restart.pod)
        if before is None:
            return
        self._await("the other workers to be ready", lambda: self._others_ready(restart.pod))
        self._deadline.report_action(f"restarting {restart.pod} of {self._what}: {restart.reason}")
        self._evict(before)
        after = self._await(f"pod {restart.pod} to be ready",
                            lambda: _is_replaced(self._pod(restart.pod), before))
        if (node := after["spec"].get("nodeName", "")) != restart.node:
            self._reporter.warn(f"{self._what}: {restart.pod} moved from node {restart.node} to {node}, so "
                                "what it had cached is fetched again when it is read")
        self._await(f"a heartbeat of {restart.pod}", lambda: self._is_registered(after))

    def _restart_fuse(self, restart: Restart) -> bool:
        """Restart the FUSE pod if a plan of this moment still does; return whether it was deleted.

        Not repeated without another plan: an application may start on its node while no API server answers.
        """
        sent = False

        def attempt() -> WaitStatus:
            nonlocal sent
            before = self._pod(restart.pod)
            if before is None or before["metadata"].get("deletionTimestamp"):
                return WaitStatus(True)  # the answer to an earlier attempt may be lost
            sent = self._may_restart(restart)
            if sent:
                self._deadline.report_action(
                    f"restarting {restart.pod} of {self._what} on node {restart.node}")
                self._client.once().delete(kinds.POD, ref_to(before), before["metadata"]["uid"])
            return WaitStatus(True)

        self._await(f"the deletion of pod {restart.pod}", attempt)
        if sent:
            self._await(f"the end of pod {restart.pod}", lambda: WaitStatus(self._pod(restart.pod) is None))
        return sent

    def _evict(self, pod: dict) -> None:
        """Evict the worker. While a budget forbids it, another one may fail."""
        def attempt() -> WaitStatus:
            others = self._others_ready(pod["metadata"]["name"])
            if not others.done:
                return others
            try:
                self._client.evict(ref_to(pod), pod["metadata"]["uid"])
            except DisruptionForbidden as err:
                return WaitStatus(False, str(err))
            return WaitStatus(True)

        self._await(f"the eviction of pod {pod['metadata']['name']}", attempt)

    def _is_registered(self, pod: dict) -> WaitStatus:
        """Return whether the masters have had a heartbeat of the worker since its container started.

        Until they give it up they list a worker that has ended, with its last heartbeat.
        """
        host = pod.get("status", {}).get("hostIP", "")
        found = self._heartbeats()
        if found is None:
            return WaitStatus(False, "no master is ready")
        runs = (self._client.server_time() - parse_time(started(pod))).total_seconds()
        if host not in found:
            return WaitStatus(False, f"no master lists a worker on {host}")
        return WaitStatus(found[host] < runs, f"the last one is {found[host]} s old")

    def _heartbeats(self) -> dict[str, int] | None:
        """Return the ages of the workers' heartbeats by host; None without a ready master.

        Raises Forbidden without create on pods/exec.
        """
        masters = Masters(self._client, self._ref).pods()
        if not masters or not is_ready(masters[0]):
            return None
        shell = PodShell(
            self._client, ref_to(masters[0]), MASTER_CONTAINER, _LOOK_TIMEOUT, "bash", bounded=True)
        # A master may restart meanwhile.
        return answer_or({}, lambda: drains.parse_heartbeats(
            shell.run("read the workers' heartbeats", drains.HEARTBEATS)))

    def _others_ready(self, name: str) -> WaitStatus:
        """Return whether the workers that were ready at first, but this one, are ready."""
        pods = self._client.list(kinds.POD, self._ref.namespace, worker_selector(self._ref.name))
        missing = self._ready - {name} - {pod["metadata"]["name"] for pod in pods if is_ready(pod)}
        return WaitStatus(not missing, f"{', '.join(sorted(missing))} is not ready")

    def _pod(self, name: str) -> dict | None:
        return self._client.get(kinds.POD, ObjectRef(self._ref.namespace, name))

    def _await(self, what: str, question: Callable[[], WaitStatus]) -> Any:
        return self._deadline.poll_until(what, question, _PAUSE, lambda progress: self._deadline.timeout(
            f"{what} of {self._what}", progress or "no reason known", "run this again to continue"))


def _is_ready_worker(pod: dict) -> bool:
    return pod["metadata"]["labels"].get("role") == client_plan.WORKER and is_ready(pod)


def _is_replaced(pod: dict | None, before: dict) -> WaitStatus:
    """Return whether a new pod of the name is ready, with the pod.

    Raises WaitFailed for one with an image that no node can get.
    """
    if pod is None or pod["metadata"]["uid"] == before["metadata"]["uid"]:
        return WaitStatus(False, "the new pod does not exist yet")
    if never_starts(pod):
        raise WaitFailed(f"{kinds.POD.describe(ref_to(pod))} never runs: {unready_reason(pod)}; correct the "
                         "image of its StatefulSet, then run this again to continue")
    return WaitStatus(is_ready(pod), unready_reason(pod), value=pod)
