# SPDX-License-Identifier: GPL-3.0-or-later
"""All findings before a deployment, read side by side. IO, read-only without the probe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ..api import bulk
from ..api.bulk import ref_of
from ..api.client import Client
from ..errors import ApiError, FluidError, Forbidden, InvalidInput, KindNotFound, PreconditionFailed
from ..fluid import dataset as fluid_dataset, diagnosis, kinds as fluid_kinds
from ..fluid.components import CSI_DRIVER
from ..fluid.fields import overrides
from ..fluid.fields.runtime import RUNTIME
from ..fluid.rules import runtime as runtime_rules
from ..installation import values
from ..journal import claims
from ..k8s import kinds
from ..k8s.kinds import ObjectRef
from ..lifecycle import cache_checks, mounted_secrets
from ..progress import Reporter
from ..verify.cluster_promises import DATASET_CONTROLLER, PLUGIN_NAME
from . import finding, namespaces, nodes, origins, permissions, probe, reviews, versions
from .finding import Finding, ranked
from .permissions import Access

_GRANT = "grant the roles of docs/rbac.yml"


def check(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Return the module's result. params: dataset, runtime and volume as their modules read them.

    No pod is started in check mode, and none if the options are invalid.
    """
    preflight = Preflight(client, params)
    found = list(preflight.findings())
    invalid = any(each.check == "options" and each.severity == finding.ERROR for each in found)
    if params["probe"] and not check_mode and not invalid:
        found += probe.run(client, params, preflight.fluid_namespace, reporter)
    findings = ranked(found)
    errors = [each for each in findings if each.severity == finding.ERROR]
    return {"changed": False, "passed": not errors, "findings": [each.as_dict() for each in findings],
            "report": [each.line() for each in findings] or ["nothing was found"]}


class Preflight:
    """One look at a cluster before a cache is deployed on it. fluid_namespace: in which Fluid was found."""

    def __init__(self, client: Client, params: dict) -> None:
        self._client = client
        self._params = params
        self._dataset, self._runtime = params["dataset"], params["runtime"]
        self._cache = ref_of(self._runtime)
        self.fluid_namespace = params["fluid_namespace"]
        self._warnings: list[str] = []

    def findings(self) -> Iterator[Finding]:
        """Yield all findings. Raises for a request that fails for another reason than a permission."""
        faults = cache_checks.faults(self._dataset, self._runtime, self._params["volume"])
        yield from (Finding(finding.ERROR, "options", fault, "correct the variable") for fault in faults)
        yield from origins.invalid(self._dataset)
        answers = self._answers()
        if self._moves_to_fluid(answers):
            answers = self._answers()
        if not faults:
            yield from (Finding(finding.WARNING, "options", text) for text in self._warnings_of_options())
            yield from self._checked_by_modules()
            yield from self._of_secrets()
            yield from self._of_nodes(answers)
        yield from self._of_namespaces(answers["controller"] is None)
        yield from versions.kubernetes(_known(answers, "version") or "")
        yield from versions.fluid(_known(answers, "controller"))
        yield from self._of_permissions()
        yield from (Finding(finding.WARNING, subject, f"not checked: {answer}", _GRANT)
                    for subject, answer in answers.items() if isinstance(answer, FluidError))

    def _answers(self) -> dict[str, Any]:
        """Return what was read; the error of what the account may not read."""
        client = self._client
        questions: dict[str, Callable[[], Any]] = {
            "nodes": lambda: list(client.list(kinds.NODE)),
            "pods": lambda: list(client.list(kinds.POD)),
            "csi": lambda: list(client.list(kinds.CSI_NODE)),
            "plugin": partial(client.get, kinds.DAEMON_SET, ObjectRef(self.fluid_namespace, PLUGIN_NAME)),
            "controller": partial(
                client.get, kinds.DEPLOYMENT, ObjectRef(self.fluid_namespace, DATASET_CONTROLLER)),
            "version": client.server_version,
        }
        found = bulk.work(list(questions.values()), lambda question: question())
        for answer in found:
            if isinstance(answer, FluidError) and not isinstance(answer, Forbidden):
                raise answer
        return dict(zip(questions, found, strict=True))

    def _warnings_of_options(self) -> list[str]:
        """Return what the modules of the deployment warn of by the options alone."""
        return [*overrides.applied(RUNTIME, self._runtime, runtime_rules.warnings),
                *cache_checks.warnings(self._dataset, self._runtime)]

    def _moves_to_fluid(self, answers: dict[str, Any]) -> bool:
        """Look at Fluid where its controller is, if the given namespace has none; return whether it moved."""
        if answers["controller"] is not None:
            return False
        found = diagnosis.namespace_of(self._client, DATASET_CONTROLLER)
        self.fluid_namespace = found or self.fluid_namespace
        return bool(found)

    def _checked_by_modules(self) -> Iterator[Finding]:
        """Yield what the modules of the deployment would refuse, or warn of."""
        warn = self._warnings.append
        parts = (self._client, self._dataset, self._runtime)
        for name, examine in (("nodes", partial(cache_checks.require_nodes, *parts, warn)),
                              ("options", partial(cache_checks.require_known_fields, *parts)),
                              ("journal", partial(self._journal, warn))):
            try:
                examine()
            except (InvalidInput, PreconditionFailed) as err:
                yield Finding(finding.ERROR, name, str(err))
            yield from (Finding(finding.WARNING, name, text) for text in self._warnings)
            self._warnings.clear()

    def _journal(self, warn: Callable[[str], None]) -> None:
        """Resolve the volume of the masters' journal, as the creation of a runtime does."""
        try:
            existing = self._client.get(fluid_kinds.ALLUXIO_RUNTIME, self._cache)
        except (Forbidden, KindNotFound):
            existing = None
        if existing is None:
            claims.resolved(self._client, self._runtime, None, warn)

    def _of_secrets(self) -> Iterator[Finding]:
        """Yield the Secrets of the mounts that do not exist."""
        spec = fluid_dataset.manifest(self._dataset)["spec"]
        try:
            for line in mounted_secrets.absent(self._client, self._cache.namespace or "", spec):
                yield Finding(
                    finding.ERROR, "secrets", line, "create it, or correct the name in fluid_mounts")
        except Forbidden as err:
            yield Finding(finding.WARNING, "secrets", f"not checked: {err}", _GRANT)

    def _of_namespaces(self, installs: bool) -> Iterator[Finding]:
        """Yield the namespaces that refuse pods. installs: whether Fluid is not installed yet."""
        places = [(self._cache.namespace or "", namespaces.OF_CACHE)]
        if installs and values.has_csi(self._params["chart_values"]):
            places.append((self.fluid_namespace, namespaces.OF_FLUID))
        try:
            for name, pods in places:
                yield from namespaces.pod_security(
                    self._client.get(kinds.NAMESPACE, ObjectRef(None, name)), pods)
        except Forbidden as err:
            yield Finding(finding.WARNING, "namespaces", f"not checked: {err}", _GRANT)

    def _of_nodes(self, answers: dict[str, Any]) -> Iterator[Finding]:
        listed = _known(answers, "nodes")
        if listed is None:
            return
        manifest = fluid_dataset.manifest(self._dataset)
        found = nodes.machines(listed, _known(answers, "pods") or [], manifest, self._cache)
        yield from nodes.masters(self._runtime, manifest, listed)
        for examine in (nodes.ports, nodes.memory, nodes.disks):
            yield from examine(self._runtime, found)
        given = self._params["chart_values"]
        if answers["controller"] is None and values.mounts_kubeconfig_of_kubeadm(given):
            yield from versions.distributions(listed)
        if _known(answers, "csi") is not None:
            names = [machine.name for machine in found]
            yield from versions.csi(_known(answers, "plugin"), answers["csi"], names, CSI_DRIVER)

    # -- permissions ------------------------------------------------------------------------

    def _of_permissions(self) -> Iterator[Finding]:
        """Yield what the account lacks for the given playbooks.

        One review for each of the two namespaces has the answers of its Role. The ClusterRole needs one for
        each access, because the rules of a namespace do not show where they hold.
        """
        users = self._params["playbooks"]
        spaces = {permissions.CACHE: self._cache.namespace, permissions.FLUID: self.fluid_namespace,
                  permissions.CLUSTER: None}
        desired = {each for need in permissions.NEEDS if set(need.users) & set(users)
                   for each in permissions.accesses(need, spaces)}
        try:
            allowed = self._allowed(desired)
        except ApiError as err:
            yield Finding(finding.WARNING, "permissions", f"not checked: {err}")
            return
        yield from permissions.findings(users, spaces, allowed.__getitem__)

    def _allowed(self, desired: set[Access]) -> dict[Access, bool]:
        allowed: dict[Access, bool] = {}
        unknown = {each for each in desired if each.namespace is None}
        for namespace in {each.namespace for each in desired} - {None}:
            found, complete = reviews.rules(self._client, namespace or "")
            for each in desired:
                if each.namespace == namespace:
                    allowed[each] = permissions.grants(found, each)
                    unknown |= set() if complete or allowed[each] else {each}
        ordered = sorted(unknown, key=str)
        answers = bulk.work(ordered, partial(reviews.is_allowed, self._client)) if ordered else []
        for each, answer in zip(ordered, answers, strict=True):
            if isinstance(answer, FluidError):
                raise answer
            allowed[each] = answer
        return allowed


def _known(answers: dict[str, Any], subject: str) -> Any:
    return None if isinstance(answers[subject], FluidError) else answers[subject]
