# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans a rollout from the observed state of a runtime. IO, read-only.

An unchanged runtime costs four requests: the runtime, what Fluid rendered (two), and the pods.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..api.client import Client
from ..errors import Forbidden, QuorumUnknown
from ..journal import claims, template
from ..journal.volume import EMPTY_DIR
from ..k8s import kinds, scheduling
from ..k8s.kinds import ObjectRef
from ..lifecycle import property_check
from ..masters.group import Masters
from ..quorum import priorities, services
from ..quorum.client_notes import ClientNotes
from ..quorum.healer import QuorumHealer
from . import plan as rollout_plan, pod_template, rendering, validation
from .master_objects import MasterObjects, ObservedObjects
from .plan import Nodes, Pod, Step
from .rendering import RenderedChange


@dataclass(frozen=True)
class RolloutOptions:
    """Options of the module beyond the AlluxioRuntime's own declaration."""

    spread: str | None = None
    restarted_after: datetime | None = None


@dataclass(frozen=True)
class Plan:
    """The steps of a rollout in order, none when all is as declared. found: the rendered changes.

    restarted_after: that of an interrupted rollout, else that of the options, and never in the future.
    """

    existing: ObservedObjects
    found: RenderedChange
    steps: list[Step] = field(default_factory=list)
    restarted_after: datetime | None = None

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps)


class RolloutPlanner:
    """Plans a rollout of one runtime.

    objects: of its masters. revision: waits for the desired StatefulSet revision. warn: takes warnings.
    """

    def __init__(self, client: Client, runtime: ObjectRef, options: RolloutOptions, objects: MasterObjects,
                 revision: Callable[[], str],
                 healer: Callable[[int], QuorumHealer], warn: Callable[[str], None]) -> None:
        self._client = client
        self._runtime = runtime
        self._name = runtime.name
        self._options = options
        self._objects = objects
        self._revision = revision
        self._healer = healer
        self._warn = warn

    def plan(self) -> Plan:
        """Return the plan. Raises InvalidInput and PreconditionFailed for what cannot be done."""
        existing = self._objects.observe()
        validation.require_applicable(self._runtime, existing.spec, existing.config_map, existing.workload)
        found = self._rendered(existing)
        self._warn_of_stale_clients(existing)
        after = self._restarted_after(existing)
        pods = rollout_plan.pods_of(self._name, existing.pods)
        reasons = self._reasons(existing, found, pods, after)
        found = _with_journal(found, existing)
        if not _differs(existing, found, pods, reasons):
            return Plan(existing, found)
        self._require_possible(existing, found)
        return Plan(existing, found, self._steps(existing, found, pods, reasons), after)

    def _rendered(self, existing: ObservedObjects) -> RenderedChange:
        """Return what the declaration changes in ConfigMap and pod template, and warn of what it cannot."""
        found = rendering.render(
            self._name, existing.spec, existing.config_map, existing.workload,
            max(existing.members, existing.declared), self._options.spread)
        for line in found.warnings:
            self._warn(line)
        return found

    def _warn_of_stale_clients(self, existing: ObservedObjects) -> None:
        if existing.members != existing.declared:
            return
        stale = ClientNotes(self._client, self._runtime).stale_clients(existing.workload)
        if stale and stale.known_masters < existing.members:
            self._warn(stale.warning(self._name, existing.members))

    def _reasons(self, existing: ObservedObjects, found: RenderedChange, pods: list[Pod],
                 after: datetime | None) -> dict[str, str]:
        """Return why each pod restarts that has to, by name."""
        reasons = rollout_plan.outdated(pods, self._desired_revision(existing, found), after)
        if existing.moves_journals or existing.move_interrupted:
            reasons.update(dict.fromkeys((pod.name for pod in pods if not pod.on_claim), rollout_plan.MOVES))
        return reasons

    def _desired_revision(self, existing: ObservedObjects, found: RenderedChange) -> str | None:
        """Return the StatefulSet revision that pods will have; None for a new one."""
        if existing.moves_journals:
            return None
        if found.restarts:
            return self._objects.revision_with(existing.workload, found.workload)
        return existing.revision or self._revision()

    def _require_possible(self, existing: ObservedObjects, found: RenderedChange) -> None:
        """Raise InvalidInput for an unknown property, and PreconditionFailed for claims in the way."""
        if existing.declared > existing.members and template.on_claims(existing.workload):
            claims.require_none_of_added(self._client, self._runtime, existing.members, existing.declared)
        if not _image_changes(found):
            self._require_known(existing, _new_properties(found))
        headless = services.unstable(self._client, self._runtime, existing.members)
        if headless:
            self._warn(f"the Services {', '.join(headless)} are headless, so a restarted master stays "
                       "UNAVAILABLE until the leadership is transferred: replace them with "
                       "stable_peer_addresses of datacache.fluid.alluxio_runtime")

    def _steps(self, existing: ObservedObjects, found: RenderedChange, pods: list[Pod],
               reasons: dict[str, str]) -> list[Step]:
        """Return the steps, at least one, once the restarted masters find a node."""
        nodes = self._nodes(existing)
        configure = summary(found, existing.moves_journals or existing.changes_retention)
        steps = rollout_plan.steps(
            self._name, pods, reasons, existing.members, existing.declared, configure,
            self._leaders(existing.members), nodes.cordoned if nodes else ())
        if nodes:
            self._check_nodes(existing, pods, steps, nodes)
        if existing.interrupted_transfer:
            steps = [Step(rollout_plan.RESET_PRIORITIES, "", priorities.REASON), *steps]
        return steps or [Step(rollout_plan.ENSURE_COMPLETE, "", "an earlier rollout was interrupted")]

    def _restarted_after(self, existing: ObservedObjects) -> datetime | None:
        """Return the time of an interrupted rollout, else the one in the options.

        The next run, such as AWX's Relaunch with another present time, does not restart masters again that
        the interrupted one has restarted. Pods have the API server's times, so the clock of this machine must
        not be ahead of them.
        """
        after = existing.mark.restarted_after if existing.mark else None
        after = after or self._options.restarted_after
        return min(after, self._client.server_time()) if after else None

    def _require_known(self, existing: ObservedObjects, keys: set[str]) -> None:
        """Raise InvalidInput for keys that Alluxio does not know.

        The leader's configuration, one request, proves those that have a value.
        """
        with suppress(QuorumUnknown, Forbidden):
            keys = keys - Masters(self._client, self._runtime).configuration(
                existing.pods).keys() if keys else keys
        property_check.require_known(self._client, self._runtime, sorted(keys))

    def _check_nodes(
            self, existing: ObservedObjects, pods: list[Pod], steps: list[Step], nodes: Nodes) -> None:
        for line in rollout_plan.warnings_of(pods, nodes):
            self._warn(line)
        template = existing.workload["spec"]["template"]["spec"]
        spread = self._options.spread or pod_template.spread_of(self._name, template)
        if spread == pod_template.REQUIRED or validation.on_host_network(existing.workload):
            restarts = [step.pod for step in steps if step.action == rollout_plan.RESTART]
            rollout_plan.require_places(pods, restarts, existing.declared, nodes, _selector(existing))

    def _nodes(self, existing: ObservedObjects) -> Nodes | None:
        rendered = scheduling.demands_of(existing.workload["spec"]["template"]["spec"])
        demands = replace(rendered, selector=_selector(existing))
        try:
            nodes = list(self._client.list(kinds.NODE))
        except Forbidden as err:
            self._warn(f"could not check whether restarted masters find a node: {err}")
            return None
        accepts = {node["metadata"]["name"] for node in nodes if scheduling.accepts(node, demands)}
        cordoned = {node["metadata"]["name"] for node in nodes if node.get("spec", {}).get("unschedulable")}
        return Nodes(frozenset(accepts), frozenset(cordoned))

    def _leaders(self, members: int) -> list[str]:
        """Return the pods that lead the job masters and the masters, where they are known."""
        leading = [observed.leading() for observed in reversed(self._healer(members).groups())]
        return [master.pod for master in leading if master is not None]


def _selector(existing: ObservedObjects) -> dict[str, str]:
    """Return the labels that a master's node must have once the declaration is rendered."""
    declared = (existing.spec.get("master") or {}).get("nodeSelector")
    return declared or existing.workload["spec"]["template"]["spec"].get("nodeSelector") or {}


def _differs(existing: ObservedObjects, found: RenderedChange, pods: list[Pod],
             reasons: dict[str, str]) -> bool:
    """Return whether the masters differ from the declaration, or an earlier rollout was interrupted."""
    terminating = any(pod.index >= existing.declared for pod in pods)
    changes = (found.changes or existing.moves_journals or existing.changes_retention
               or existing.members != existing.declared)
    interrupted = existing.in_progress or existing.interrupted_transfer or existing.replacement_noted
    return bool(changes or reasons or terminating or interrupted)


def _with_journal(found: RenderedChange, existing: ObservedObjects) -> RenderedChange:
    """Return the change with that of the journals' volumes in its diff."""
    if existing.moves_journals:
        found = _with_move(found, existing)
    return _with_retention(found, existing) if existing.changes_retention else found


def _with_move(found: RenderedChange, existing: ObservedObjects) -> RenderedChange:
    """Return the change with the journals' volume in its diff."""
    journal = existing.journal
    return replace(found, before={**found.before, "journal": {"type": EMPTY_DIR}},
                   after={**found.after, "journal": journal.as_dict() if journal else {}})


def _with_retention(found: RenderedChange, existing: ObservedObjects) -> RenderedChange:
    """Return the change with the retention of the claims in its diff."""
    before = existing.workload["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    after = template.retention(existing.journal) if existing.journal else {}
    return replace(found, before={**found.before, "journal": {"retention": before}},
                   after={**found.after, "journal": {"retention": after}})


def summary(found: RenderedChange, journal: bool = False) -> str:
    """Return what changes in the configuration; empty when nothing does.

    journal: whether the volumes of the journals change too.
    """
    if not found.changes and not journal:
        return ""
    names = sorted({name for side in (found.before, found.after) for key, value in side.items()
                    for name in _names(key, value)})
    return "changes " + ", ".join(names) if names else "records the declaration"


def _names(key: str, value: dict) -> list[str]:
    if key not in rendering.MASTERS:
        return [key]
    return [*value.get("properties", {}), *([f"the JVM options of {key}"] if "jvm_options" in value else [])]


def _new_properties(found: RenderedChange) -> set[str]:
    return {name for key in rendering.MASTERS for name in (found.after.get(key) or {}).get("properties", {})
            if name.startswith(property_check.PREFIX)
            and name not in (found.before.get(key) or {}).get("properties", {})}


def _image_changes(found: RenderedChange) -> bool:
    return any("image" in value for value in found.after.values() if isinstance(value, dict))
