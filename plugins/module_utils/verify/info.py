# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module cache_info: all promises of a cache, read side by side. IO, read-only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from ..alluxio.raft import Quorum
from ..api import bulk
from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.waiter import Waiter
from ..errors import FluidError, Forbidden, KindNotFound, QuorumUnknown, WaitTimeout
from ..fluid import diagnosis, kinds as fluid_kinds
from ..fluid.components import DOMAINS
from ..fluid.lookup import registered_nodes
from ..fluid.names import claim_name, volume_name
from ..fluid.status import components, dataset_phase
from ..k8s import kinds, pods as k8s_pods
from ..k8s.kinds import ObjectRef
from ..k8s.predicates import BOUND_PHASE
from ..k8s.wait_status import WaitStatus
from ..masters.group import Masters
from ..progress import Reporter
from . import cache_promises, cluster_promises, mounts, observed as seen, read_promises, report, topology
from .observed import Observed
from .promise import BROKEN, UNKNOWN, Expected, Promise

_CONTROLLERS = (cluster_promises.DATASET_CONTROLLER, cluster_promises.RUNTIME_CONTROLLER)


def read(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Return the module's result. In check mode nothing is waited for: the predicted run may change it."""
    expected = Expected(
        ref_of(params), params["fluid_namespace"], params["master_replicas"] or 0,
        params["worker_replicas"], params["spread_masters"], params["cached_percentage"])
    deadline = Deadline(0 if check_mode else params["wait_timeout"], reporter.progress)
    return Verification(client, expected, params["probe"] or {}, deadline).result()


class Verification:
    """One look at a cache. probe: what a pod has read of it (verify/probe.py); {} without one."""

    def __init__(self, client: Client, expected: Expected, probe: dict, deadline: Deadline) -> None:
        self._client = client
        self._expected = expected
        self._probe = probe
        self._deadline = deadline
        self._began = deadline.now()
        # By domain: the group, None if no master reported it, and the pod that answered or the reason.
        self._quorums: dict[str, tuple[Quorum | None, str] | FluidError] = {}
        self._views: list[read_promises.MountView] = []

    def result(self) -> dict:
        """Return the promises, the figures, and the lines that a person reads."""
        observed = self._observe()
        self._look_inside(observed)
        self._await_figures(observed)
        promises = [_decided(name, decide) for name, decide in self._deciders(observed)]
        figures = report.figures(
            promises, self._groups(), self._fuses(observed),
            (observed.known(seen.DATASET) or {}).get("status") or {}, self._probe, self._expected)
        return {"changed": False, "kept": all(each.state != BROKEN for each in promises),
                "promises": [promise.as_dict() for promise in promises], "figures": figures,
                "topology": topology.topology(observed, self._expected.cache.name, self._reported()),
                "versions": topology.versions(observed), "report": report.lines(figures)}

    # -- read -------------------------------------------------------------------------------

    def _observe(self) -> Observed:
        cache, fluid = self._expected.cache, self._expected.fluid_namespace
        get, name = self._client.get, cluster_promises.PLUGIN_NAME
        questions: dict[str, Callable[[], Any]] = {
            seen.CONTROLLERS: lambda: {
                each: get(kinds.DEPLOYMENT, ObjectRef(fluid, each)) for each in _CONTROLLERS},
            seen.NODES: lambda: list(self._client.list(kinds.NODE)),
            seen.FLUID_PODS: lambda: list(self._client.list(kinds.POD, fluid)),
            seen.PLUGIN: partial(get, kinds.DAEMON_SET, ObjectRef(fluid, name)),
            seen.DRIVER: partial(registered_nodes, self._client),
            seen.RUNTIME: partial(get, fluid_kinds.ALLUXIO_RUNTIME, cache),
            seen.PODS: lambda: list(self._client.list(kinds.POD, cache.namespace)),
            seen.DATASET: partial(get, fluid_kinds.DATASET, cache),
            seen.CLAIM: partial(get, kinds.PERSISTENT_VOLUME_CLAIM, ObjectRef(
                cache.namespace, claim_name(cache.name))),
            seen.VOLUME: partial(get, kinds.PERSISTENT_VOLUME, ObjectRef(None, volume_name(cache))),
        }
        answers = bulk.work(list(questions.values()), _answered)
        observed = Observed(cache.name, dict(zip(questions, answers, strict=True)))
        _raise_unless_refused(answers)
        if self._moves_to_fluid(observed):
            return self._observe()
        self._expect_declared_masters(observed)
        return observed

    def _moves_to_fluid(self, observed: Observed) -> bool:
        """Expect Fluid where its controller is, if the given namespace has none; return whether it moved."""
        name = cluster_promises.DATASET_CONTROLLER
        if not observed.knows(seen.CONTROLLERS) or observed.get(seen.CONTROLLERS)[name]:
            return False
        found = diagnosis.namespace_of(self._client, name)
        if found:
            self._expected = replace(self._expected, fluid_namespace=found)
        return bool(found)

    def _expect_declared_masters(self, observed: Observed) -> None:
        """Expect as many masters as the runtime declares, if no number is given.

        Where the account may not read it, these are the pods, whose quorum is a promise then.
        """
        if self._expected.masters:
            return
        runtime = observed.known(seen.RUNTIME)
        pods = observed.component(seen.MASTER_ROLE) if observed.knows(seen.PODS) else []
        declared = components(runtime)["masters"]["desired"] if runtime else max(1, len(pods))
        self._expected = replace(self._expected, masters=declared)

    def _look_inside(self, observed: Observed) -> None:
        """Read both quorums, and the mounts of running pods."""
        pods = observed.component(seen.MASTER_ROLE) if observed.knows(seen.PODS) else []
        domains = DOMAINS if self._expected.masters > 1 else ()
        questions: list[Callable[[], Any]] = [partial(self._quorum, domain, pods) for domain in domains]
        if observed.knows(seen.PODS):
            questions.append(partial(
                mounts.read, self._client, claim_name(self._expected.cache.name), observed.get(seen.PODS),
                observed.lost_nodes()))
        answers: list[Any] = bulk.work(questions, _answered) if questions else []
        _raise_unless_refused(answers)
        self._quorums = dict(zip(domains, answers, strict=False))
        if observed.knows(seen.PODS):
            self._views = answers[-1]

    def _quorum(self, domain: str, pods: list[dict]) -> tuple[Quorum | None, str]:
        """Return the group, and the pod that answered or the reason why none did."""
        if not seen.ready(pods):
            return None, "no master is ready"
        # All pods, ready ones first: a peer without a pod would be looked up by a command.
        pods = sorted(pods, key=lambda pod: not k8s_pods.is_ready(pod))
        try:
            return Masters(self._client, self._expected.cache, self._deadline.clock).quorum(domain, pods)
        except (Forbidden, QuorumUnknown) as err:
            return None, str(err)

    def _await_figures(self, observed: Observed) -> None:
        """Wait until Fluid has written the figures of a Bound Dataset, and what was read is cached.

        Fluid writes them with a delay of at least runtime.syncRetryDuration; 90 s were measured.
        """
        existing = observed.known(seen.DATASET)
        if not existing or dataset_phase(existing) != BOUND_PHASE or not self._pending(existing):
            return
        if self._deadline.seconds <= 0:
            return

        def known(dataset: dict | None) -> WaitStatus:
            pending = self._pending(dataset) if dataset else "it no longer exists"
            return WaitStatus(not pending or not dataset, pending)

        waiter = Waiter(self._client, self._deadline)
        try:
            found = waiter.until(
                "have its figures", fluid_kinds.DATASET, self._expected.cache, known)
        except WaitTimeout:
            found = self._client.get(fluid_kinds.DATASET, self._expected.cache)
        observed.replace(seen.DATASET, found)

    def _pending(self, dataset: dict) -> str:
        status = dataset.get("status") or {}
        return cache_promises.awaited_figures(status) or (
            read_promises.lacks_cached(status, self._probe, self._expected))

    # -- decide -----------------------------------------------------------------------------

    def _deciders(self, observed: Observed) -> list[tuple[str, Callable[[], Promise]]]:
        """Return the name of each promise and the function that decides it, in the order of the report."""
        expected, several = self._expected, self._expected.masters > 1
        own = [("runtime", cache_promises.runtime), ("runtime_phases", cache_promises.phases),
               ("masters", cache_promises.masters), ("workers", cache_promises.workers),
               *([("node_loss", cache_promises.node_loss)] if several and expected.spread else [])]
        deciders: list[tuple[str, Callable[[], Promise]]] = [
            (name.replace("-", "_"), partial(cluster_promises.controller, name, observed, expected))
            for name in _CONTROLLERS]
        deciders.append(("csi_plugin", partial(cluster_promises.csi_plugin, observed, expected)))
        deciders += [(name, partial(decide, observed, expected)) for name, decide in own]
        deciders += [(f"{domain.lower()}_quorum", partial(self._decide_quorum, domain, observed))
                     for domain in (DOMAINS if several else ())]
        deciders += [(name, partial(decide, observed, expected)) for name, decide in (
            ("dataset", cache_promises.dataset), ("figures", cache_promises.figures),
            ("volume", cache_promises.volume))]
        return deciders + self._reading(observed)

    def _reading(self, observed: Observed) -> list[tuple[str, Callable[[], Promise]]]:
        probe, expected = self._probe, self._expected
        found: list[tuple[str, Callable[[], Promise]]] = []
        if probe:
            found += [("files_listed", partial(read_promises.listed, probe, expected)),
                      ("files_read", partial(read_promises.read, probe, expected))]
        if probe.get("size") is not None and not probe.get("error"):
            waited = self._deadline.now() - self._began
            found.append(("cached", partial(read_promises.cached, observed, probe, expected, waited)))
        if observed.knows(seen.PODS):
            found.append(("application_mounts", partial(read_promises.mounts, self._views, expected)))
        return found

    def _decide_quorum(self, domain: str, observed: Observed) -> Promise:
        answer = self._quorums[domain]
        if isinstance(answer, FluidError):
            raise answer
        quorum, text = answer
        return cache_promises.quorum(domain, quorum, "" if quorum else text, observed, self._expected)

    def _answers(self) -> dict[str, tuple[Quorum, str]]:
        """Return the groups that were reported and the pod that answered, by domain."""
        return {domain: (quorum, pod) for domain, answer in self._quorums.items()
                if not isinstance(answer, FluidError) for quorum, pod in [answer] if quorum is not None}

    def _reported(self) -> dict[str, Quorum]:
        return {domain: quorum for domain, (quorum, _pod) in self._answers().items()}

    def _groups(self) -> dict[str, dict]:
        """Return the figures of the groups that were reported, by domain."""
        return {domain: {"leader": quorum.leader or "", "size": len(quorum.peers),
                         "available": quorum.available, "answered_by": pod}
                for domain, (quorum, pod) in self._answers().items()}

    def _fuses(self, observed: Observed) -> int:
        """Return the number of ready FUSE pods."""
        if not observed.knows(seen.PODS):
            return 0
        return len(seen.ready(observed.component(seen.FUSE_ROLE)))


def _answered(question: Callable[[], Any]) -> Any:
    """Return the answer; None for an object of a kind that is not installed."""
    try:
        return question()
    except KindNotFound:
        return None


def _raise_unless_refused(answers: list) -> None:
    """Raise the first error that is not a missing permission, which leaves single promises unknown."""
    for answer in answers:
        if isinstance(answer, FluidError) and not isinstance(answer, Forbidden):
            raise answer


def _decided(name: str, decide: Callable[[], Promise]) -> Promise:
    """Return the promise; UNKNOWN if what decides it could not be read."""
    try:
        return decide()
    except Forbidden as err:
        return Promise(name, UNKNOWN, str(err), "grant the Role of docs/rbac.yml")
