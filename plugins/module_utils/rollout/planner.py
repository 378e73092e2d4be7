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
from ..quorum.healer import Keeper
from . import plan as rollout_plan, pod_template, rendering, validation
from .master_objects import Live, Workloads
from .plan import Nodes, Pod, Step
from .rendering import Rendered


@dataclass(frozen=True)
class Wish:
    """What the module's options ask for beside the AlluxioRuntime's own declaration. timeout: seconds for all of it."""

    spread: str | None = None
    restarted_after: datetime | None = None
    timeout: float = 1800.0


@dataclass(frozen=True)
class Plan:
    """What there is to do, in order; nothing when all is as declared. found: how the rendered objects change."""

    live: Live
    found: Rendered
    steps: list[Step] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        return bool(self.steps)


class Planner:
    """Plans a rollout of one runtime. site: its objects. revision: waits for the wanted revision. warn: takes warnings."""

    def __init__(self, client: Client, namespace: str, name: str, wish: Wish, site: Workloads, revision: Callable[[], str],
                 keeper: Callable[[int], Keeper], warn: Callable[[str], None]) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self._wish = wish
        self._site = site
        self._revision = revision
        self._keeper = keeper
        self._warn = warn

    def plan(self) -> Plan:
        """Return what there is to do. Raises InvalidInput for what cannot be done; nothing is touched."""
        live = self._site.look()
        validation.require_applicable(self._name, self._namespace, live.spec, live.config_map, live.workload)
        pods = rollout_plan.pods_of(self._name, live.pods)
        members, wanted = live.members, live.declared
        found = rendering.render(self._name, live.spec, live.config_map, live.workload, max(members, wanted), self._wish.spread)
        for line in found.warnings:
            self._warn(line)
        late = self._site.late_clients(live.workload) if members == wanted else None
        if late and late.known < members:
            self._warn(late.warning(self._name, members))
        if found.restarts:
            revision = self._site.revision_with(live.workload, found.workload)
        else:
            revision = live.revision or self._revision()
        reasons = rollout_plan.outdated(pods, revision, self._wish.restarted_after)
        leaving = any(pod.index >= wanted for pod in pods)
        if not (found.changes or reasons or leaving or members != wanted or live.in_progress):
            return Plan(live, found)
        if not _image_changes(found):
            self._require_known(live, _new_properties(found))
        headless = stable_addresses.unstable(self._client, self._namespace, self._name, members)
        if headless:
            self._warn("the Services %s are headless, so a restarted master stays out of its quorum until the leadership is moved: give "
                       "them stable_peer_addresses with datacache.fluid.alluxio_runtime" % ", ".join(headless))
        nodes = self._nodes(live)
        steps = rollout_plan.steps(self._name, pods, reasons, members, wanted, summary(found), self._leaders(members),
                                   nodes.cordoned if nodes else ())
        if nodes:
            self._look_at_nodes(live, pods, steps, nodes)
        return Plan(live, found, steps or [Step(rollout_plan.SETTLE, "", "an earlier rollout was cut off before its end")])

    def _require_known(self, live: Live, keys: set[str]) -> None:
        """Raise InvalidInput for keys that Alluxio does not know. The leader lists those that have a value, in one request."""
        try:
            keys = keys - Masters(self._client, self._namespace, self._name).configuration(live.pods).keys() if keys else keys
        except QuorumUnknown:
            pass
        except ApiError as err:
            if err.status != 403:
                raise
        property_check.require_known(self._client, self._namespace, self._name, sorted(keys))

    def _look_at_nodes(self, live: Live, pods: list[Pod], steps: list[Step], nodes: Nodes) -> None:
        for line in rollout_plan.warnings_of(pods, nodes):
            self._warn(line)
        template = live.workload["spec"]["template"]["spec"]
        spread = self._wish.spread or pod_template.spread_of(self._name, template)
        if spread == pod_template.REQUIRED or validation.on_host_network(live.workload):
            restarts = [step.pod for step in steps if step.act == rollout_plan.RESTART]
            rollout_plan.require_places(pods, restarts, live.declared, nodes, _selector(live))

    def _nodes(self, live: Live) -> Nodes | None:
        tolerations = live.workload["spec"]["template"]["spec"].get("tolerations") or []
        try:
            nodes = list(self._client.list(kinds.NODE))
        except ApiError as err:
            if err.status != 403:
                raise
            self._warn("whether restarted masters find a node is not known: %s" % err)
            return None
        takes = {node["metadata"]["name"] for node in nodes if scheduling.takes(node, _selector(live), tolerations)}
        cordoned = {node["metadata"]["name"] for node in nodes if node.get("spec", {}).get("unschedulable")}
        return Nodes(frozenset(takes), frozenset(cordoned))

    def _leaders(self, members: int) -> list[str]:
        """The pods that lead the job masters and the masters, as far as that is known now."""
        keeper = self._keeper(members)
        leading = [keeper.see(domain).leading() for domain in (JOB_MASTER, MASTER)]
        return [master.pod for master in leading if master is not None]


def _selector(live: Live) -> dict[str, str]:
    """The labels that a master's node must have, once what is declared is rendered."""
    declared = (live.spec.get("master") or {}).get("nodeSelector")
    return declared or live.workload["spec"]["template"]["spec"].get("nodeSelector") or {}


def summary(found: Rendered) -> str:
    """Name what changes of the configuration; empty when nothing does."""
    if not found.changes:
        return ""
    names = sorted({name for side in (found.before, found.after) for key, value in side.items() for name in _names(key, value)})
    return "changes " + ", ".join(names) if names else "records what was declared"


def _names(key: str, value: dict) -> list[str]:
    if key not in rendering.MASTERS:
        return [key]
    return [*value.get("properties", {}), *(["the JVM options of %s" % key] if "jvm_options" in value else [])]


def _new_properties(found: Rendered) -> set[str]:
    return {name for key in rendering.MASTERS for name in (found.after.get(key) or {}).get("properties", {})
            if name.startswith(property_check.PREFIX) and name not in (found.before.get(key) or {}).get("properties", {})}


def _image_changes(found: Rendered) -> bool:
    return any("image" in value for value in found.after.values() if isinstance(value, dict))
