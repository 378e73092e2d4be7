# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a diagnosis needs, side by side. IO, read-only.

What the account may not read is left out and named. Secrets and ConfigMaps are never read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..alluxio.raft import Quorum
from ..api import bulk
from ..api.client import Client
from ..errors import FluidError, Forbidden, KindNotFound, QuorumUnknown
from ..fluid import diagnosis, kinds as fluid_kinds
from ..fluid.components import DOMAINS
from ..fluid.names import claim_name, release_selector, volume_name
from ..fluid.status import components
from ..k8s import kinds, pods as k8s_pods
from ..k8s.kinds import Kind, ObjectRef, ref_to
from ..masters.group import Masters
from ..redaction import masked_text
from ..verify import cluster_promises, mounts, observed as seen
from ..verify.observed import Observed
from ..verify.read_promises import MountView
from . import facts as subjects, pod_causes, sanitize
from .facts import Facts, Log, containers

_CONTROLLERS = (cluster_promises.DATASET_CONTROLLER, cluster_promises.RUNTIME_CONTROLLER)
# The pods beside Fluid's controllers that act on a cache.
_ACTORS = (*_CONTROLLERS, cluster_promises.PLUGIN_NAME, "fluid-webhook")
_DNS = ("kube-system", "k8s-app=kube-dns")
_LINES = 400
_BYTES = 256 * 1024
# More containers are not read: the archive must not grow with the cluster.
_MOST = 120
_Question = Callable[[], Any]


@dataclass
class Collector:
    """One look at a cache. client: it reads only."""

    client: Client
    cache: ObjectRef
    fluid_namespace: str
    missing: set[str] = field(default_factory=set)
    unread: list[str] = field(default_factory=list)

    def facts(self) -> Facts:
        """Return what was read, without credentials."""
        answers = self._answers(self._first())
        if self._moves_to_fluid(answers):
            answers = self._answers(self._first())
        answers |= self._answers(self._second(answers))
        observed = Observed(self.cache.name, answers)
        facts = Facts(self.cache, self.fluid_namespace, observed, self.client.server_time())
        quorums, views = self._quorums(facts), self._views(facts)
        secrets = sanitize.secrets_of([each for each in answers.values() if not isinstance(each, FluidError)])
        logs = self._logs(facts, secrets)
        clean = {subject: answer if isinstance(answer, FluidError) else sanitize.clean(answer, secrets)
                 for subject, answer in answers.items()}
        return replace(
            facts, observed=Observed(self.cache.name, clean), logs=logs, missing=frozenset(self.missing),
            quorums={domain: (quorum, masked_text(reason, secrets))
                     for domain, (quorum, reason) in quorums.items()},
            views=[replace(view, answer=masked_text(view.answer, secrets)) for view in views],
            unread=sorted(set(self.unread)))

    # -- objects ----------------------------------------------------------------------------

    def _first(self) -> dict[str, _Question]:
        space, fluid, name = self.cache.namespace, self.fluid_namespace, self.cache.name
        get = self.client.get
        return {
            seen.CONTROLLERS: lambda: {
                each: get(kinds.DEPLOYMENT, ObjectRef(fluid, each)) for each in _CONTROLLERS},
            seen.PLUGIN: partial(get, kinds.DAEMON_SET, ObjectRef(fluid, cluster_promises.PLUGIN_NAME)),
            seen.FLUID_PODS: self._listed(kinds.POD, fluid, actors=True),
            seen.NODES: self._listed(kinds.NODE),
            seen.RUNTIME: partial(get, fluid_kinds.ALLUXIO_RUNTIME, self.cache),
            seen.DATASET: partial(get, fluid_kinds.DATASET, self.cache),
            seen.PODS: self._listed(kinds.POD, space),
            seen.CLAIM: partial(get, kinds.PERSISTENT_VOLUME_CLAIM, ObjectRef(space, claim_name(name))),
            seen.VOLUME: partial(get, kinds.PERSISTENT_VOLUME, ObjectRef(None, volume_name(self.cache))),
            subjects.EVENTS: self._listed(kinds.EVENT, space),
            subjects.FLUID_EVENTS: self._listed(kinds.EVENT, fluid),
            subjects.STATEFUL_SETS: self._listed(kinds.STATEFUL_SET, space, release_selector(name)),
            subjects.SERVICES: self._listed(kinds.SERVICE, space, release_selector(name)),
            subjects.CLAIMS: self._listed(kinds.PERSISTENT_VOLUME_CLAIM, space),
            subjects.CSI_NODES: self._listed(kinds.CSI_NODE),
            subjects.DNS_PODS: self._listed(kinds.POD, *_DNS),
            subjects.DEFINITIONS: lambda: {
                kind.resource: get(kinds.CUSTOM_RESOURCE_DEFINITION, ObjectRef(None, kind.resource))
                for kind in (fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME)},
        }

    def _listed(self, kind: Kind, namespace: str | None = None, selector: str = "",
                actors: bool = False) -> _Question:
        """Return a question for a list. actors: of Fluid's pods only those that act on a cache."""
        def ask() -> list[dict]:
            return [each for each in self.client.list(kind, namespace, selector)
                    if not actors or each["metadata"]["name"].startswith(_ACTORS)]
        return ask

    def _second(self, answers: dict[str, Any]) -> dict[str, _Question]:
        """Return the questions that follow from the first answers."""
        claims = answers[subjects.CLAIMS]
        names = [] if isinstance(claims, FluidError) else [
            each["spec"]["volumeName"] for each in claims
            if each["metadata"]["name"].startswith("alluxio-journal-" + self.cache.name + "-master-")
            and each.get("spec", {}).get("volumeName")]
        questions: dict[str, _Question] = {subjects.VOLUMES: partial(self._volumes, names)}
        facts = Facts(self.cache, self.fluid_namespace, Observed(self.cache.name, answers),
                      self.client.server_time())
        if any(map(pod_causes.waits_for_ports, facts.own_pods())):
            questions[subjects.ALL_PODS] = self._listed(kinds.POD)
        return questions

    def _volumes(self, names: list[str]) -> list[dict]:
        """Return the existing ones of the volumes."""
        refs = [ObjectRef(None, name) for name in names]
        return list(bulk.read(self.client, kinds.PERSISTENT_VOLUME, refs).values()) if refs else []

    def _answers(self, questions: dict[str, _Question]) -> dict[str, Any]:
        """Return the answers, or the errors of those for which a permission lacks. Raises other errors."""
        if not questions:
            return {}
        found = bulk.work(list(questions.values()), self._answered)
        for subject, answer in zip(questions, found, strict=True):
            if isinstance(answer, Forbidden):
                self.unread.append(f"{subject}: {answer}")
            elif isinstance(answer, FluidError):
                raise answer
        return dict(zip(questions, found, strict=True))

    def _answered(self, question: _Question) -> Any:
        """Return the answer; None for an object of a kind that the cluster does not know."""
        try:
            return question()
        except KindNotFound as err:
            self.missing |= {kind.kind for kind in (fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME)
                             if kind.kind in str(err) or kind.plural in str(err)}
            return None

    def _moves_to_fluid(self, answers: dict[str, Any]) -> bool:
        """Look at Fluid where its controller is, if the given namespace has none; return whether it moved."""
        found = answers[seen.CONTROLLERS]
        if isinstance(found, FluidError) or any(found.values()):
            return False
        namespace = diagnosis.namespace_of(self.client, cluster_promises.DATASET_CONTROLLER)
        self.fluid_namespace = namespace or self.fluid_namespace
        return bool(namespace)

    # -- processes --------------------------------------------------------------------------

    def _quorums(self, facts: Facts) -> dict[str, tuple[Quorum | None, str]]:
        """Return both groups of several masters, as far as the account may read them."""
        runtime, pods = facts.known(seen.RUNTIME), facts.component(seen.MASTER_ROLE)
        if not runtime or not pods or components(runtime)["masters"]["desired"] < 2:
            return {}
        answers = bulk.work(list(DOMAINS), partial(self._quorum, pods))
        self.unread += [f"{domain} quorum: {answer}" for domain, answer in zip(DOMAINS, answers, strict=True)
                        if isinstance(answer, FluidError)]
        return {domain: answer for domain, answer in zip(DOMAINS, answers, strict=True)
                if not isinstance(answer, FluidError)}

    def _quorum(self, pods: list[dict], domain: str) -> tuple[Quorum | None, str]:
        if not seen.ready(pods):
            return None, "no master is ready"
        try:
            return Masters(self.client, self.cache).quorum(domain, [*seen.ready(pods), *seen.unready(pods)])
        except QuorumUnknown as err:
            return None, str(err)

    def _views(self, facts: Facts) -> list[MountView]:
        """Return the mounts of applications' pods."""
        return mounts.read(self.client, claim_name(self.cache.name), facts.each(seen.PODS),
                           facts.observed.lost_nodes())

    def _logs(self, facts: Facts, secrets: set[str]) -> list[Log]:
        """Return the logs of all containers that act on the cache, of this run and the previous one."""
        runs = [(pod, status["name"], previous) for pod in sorted(facts.own_pods(), key=_rank)
                for status in containers(pod) for previous in (False, True) if _has_log(status, previous)]
        if len(runs) > _MOST:
            ready = all(k8s_pods.is_ready(pod) for pod, _container, _previous in runs[_MOST:])
            self.unread.append(f"log: {len(runs) - _MOST} containers of pods{' that are ready' * ready} were "
                               "left out")
        runs = runs[:_MOST]
        if not runs:
            return []
        answers = bulk.work(runs, lambda each: self._log(*each, secrets))
        self.unread += [f"log: {answer}" for answer in answers if isinstance(answer, FluidError)]
        return [answer for answer in answers if isinstance(answer, Log)]

    def _log(self, pod: dict, container: str, previous: bool, secrets: set[str]) -> Log:
        text = self.client.log(ref_to(pod), container, _LINES, previous=previous, timestamps=True)
        if len(text) > _BYTES:  # from the begin of a line, whose key shows what a credential is
            text = text[-_BYTES:].partition("\n")[2]
        return Log(pod["metadata"]["name"], container, previous, masked_text(text, secrets).splitlines())


def _rank(pod: dict) -> tuple[bool, bool, bool]:
    """Return the place of a pod's logs: masters and controllers, then what is not ready, then workers.

    On many nodes the FUSE and CSI pods that work would keep the others out.
    """
    role = (pod["metadata"].get("labels") or {}).get("role")
    few = role == seen.MASTER_ROLE or pod["metadata"]["name"].startswith(_CONTROLLERS)
    return not few, k8s_pods.is_ready(pod), role != seen.WORKER_ROLE


def _has_log(status: dict, previous: bool) -> bool:
    if previous:
        return bool(status.get("restartCount"))
    return not (status.get("state") or {}).get("waiting") or bool(status.get("restartCount"))
