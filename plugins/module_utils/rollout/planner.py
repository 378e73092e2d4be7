# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at a runtime and says what a rollout has to do. IO, read-only.

When all is as declared it costs four requests: the runtime, what Fluid rendered (two), and the pods.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Callable

from ..api.client import Client
from ..errors import ApiError, QuorumUnknown
from ..fluid.components import JOB_MASTER, MASTER
from ..k8s import kinds, scheduling
from ..lifecycle import property_check
from ..masters.group import Masters
from ..quorum import stable_addresses
from ..quorum.healer import QuorumHealer
from . import plan as rollout_plan, pod_template, rendering, validation
from .master_objects import Live, MasterObjects
from .plan import Nodes, Pod, Step
from .rendering import RenderedChange


@dataclass(frozen=True)
class RolloutOptions:
    """What the module's options ask for beside the AlluxioRuntime's own declaration. timeout: seconds for all of it."""

    spread: str | None = None
    restarted_after: datetime | None = None
    timeout: float = 1800.0


@dataclass(frozen=True)
class Plan:
    """What there is to do, in order; nothing when all is as declared. found: how the rendered objects change."""

    existing: Live
    found: RenderedChange
    steps: list[Step] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        return bool(self.steps)


class RolloutPlanner:
    """Plans a rollout of one runtime. site: its objects. revision: waits for the wanted revision. warn: takes warnings."""

    def __init__(self, client: Client, namespace: str, name: str, desired: RolloutOptions, site: MasterObjects, revision: Callable[[], str],
                 healer: Callable[[int], QuorumHealer], warn: Callable[[str], None]) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self._options = desired
        self._site = site
        self._revision = revision
        self._healer = healer
        self._warn = warn

    def plan(self) -> Plan:
        """Return what there is to do. Raises InvalidInput for what cannot be done; nothing is touched."""
        existing = self._site.look()
        validation.require_applicable(self._name, self._namespace, existing.spec, existing.config_map, existing.workload)
        pods = rollout_plan.pods_of(self._name, existing.pods)
        members, desired = existing.members, existing.declared
        found = rendering.render(
            self._name, existing.spec, existing.config_map, existing.workload, max(members, desired), self._options.spread)
        for line in found.warnings:
            self._warn(line)
        late = self._site.late_clients(existing.workload) if members == desired else None
        if late and late.known < members:
            self._warn(late.warning(self._name, members))
        if found.restarts:
            revision = self._site.revision_with(existing.workload, found.workload)
        else:
            revision = existing.revision or self._revision()
        reasons = rollout_plan.outdated(pods, revision, self._options.restarted_after)
        terminating = any(pod.index >= desired for pod in pods)
        if not (found.changes or reasons or terminating or members != desired or existing.in_progress):
            return Plan(existing, found)
        if not _image_changes(found):
            self._require_known(existing, _new_properties(found))
        headless = stable_addresses.unstable(self._client, self._namespace, self._name, members)
        if headless:
            self._warn(f"the Services {', '.join(headless)} are headless, so a restarted master stays out of its quorum until the "
                       "leadership is moved: give them stable_peer_addresses with datacache.fluid.alluxio_runtime")
        nodes = self._nodes(existing)
        steps = rollout_plan.steps(self._name, pods, reasons, members, desired, summary(found), self._leaders(members),
                                   nodes.cordoned if nodes else ())
        if nodes:
            self._look_at_nodes(existing, pods, steps, nodes)
        return Plan(existing, found, steps or [Step(rollout_plan.SETTLE, "", "an earlier rollout was cut off before its end")])

    def _require_known(self, existing: Live, keys: set[str]) -> None:
        """Raise InvalidInput for keys that Alluxio does not know. The leader lists those that have a value, in one request."""
        try:
            keys = keys - Masters(self._client, self._namespace, self._name).configuration(existing.pods).keys() if keys else keys
        except QuorumUnknown:
            pass
        except ApiError as err:
            if err.status != 403:
                raise
        property_check.require_known(self._client, self._namespace, self._name, sorted(keys))

    def _look_at_nodes(self, existing: Live, pods: list[Pod], steps: list[Step], nodes: Nodes) -> None:
        for line in rollout_plan.warnings_of(pods, nodes):
            self._warn(line)
        template = existing.workload["spec"]["template"]["spec"]
        spread = self._options.spread or pod_template.spread_of(self._name, template)
        if spread == pod_template.REQUIRED or validation.on_host_network(existing.workload):
            restarts = [step.pod for step in steps if step.action == rollout_plan.RESTART]
            rollout_plan.require_places(pods, restarts, existing.declared, nodes, _selector(existing))

    def _nodes(self, existing: Live) -> Nodes | None:
        tolerations = existing.workload["spec"]["template"]["spec"].get("tolerations") or []
        try:
            nodes = list(self._client.list(kinds.NODE))
        except ApiError as err:
            if err.status != 403:
                raise
            self._warn(f"whether restarted masters find a node is not known: {err}")
            return None
        accepts = {node["metadata"]["name"] for node in nodes if scheduling.accepts(node, _selector(existing), tolerations)}
        cordoned = {node["metadata"]["name"] for node in nodes if node.get("spec", {}).get("unschedulable")}
        return Nodes(frozenset(accepts), frozenset(cordoned))

    def _leaders(self, members: int) -> list[str]:
        """The pods that lead the job masters and the masters, as far as that is known now."""
        healer = self._healer(members)
        leading = [healer.see(domain).leading() for domain in (JOB_MASTER, MASTER)]
        return [master.pod for master in leading if master is not None]


def _selector(existing: Live) -> dict[str, str]:
    """The labels that a master's node must have, once what is declared is rendered."""
    declared = (existing.spec.get("master") or {}).get("nodeSelector")
    return declared or existing.workload["spec"]["template"]["spec"].get("nodeSelector") or {}


def summary(found: RenderedChange) -> str:
    """Name what changes of the configuration; empty when nothing does."""
    if not found.changes:
        return ""
    names = sorted({name for side in (found.before, found.after) for key, value in side.items() for name in _names(key, value)})
    return "changes " + ", ".join(names) if names else "records what was declared"


def _names(key: str, value: dict) -> list[str]:
    if key not in rendering.MASTERS:
        return [key]
    return [*value.get("properties", {}), *([f"the JVM options of {key}"] if "jvm_options" in value else [])]


def _new_properties(found: RenderedChange) -> set[str]:
    return {name for key in rendering.MASTERS for name in (found.after.get(key) or {}).get("properties", {})
            if name.startswith(property_check.PREFIX) and name not in (found.before.get(key) or {}).get("properties", {})}


def _image_changes(found: RenderedChange) -> bool:
    return any("image" in value for value in found.after.values() if isinstance(value, dict))
