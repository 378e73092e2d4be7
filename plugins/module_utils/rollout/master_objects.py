# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and changes the rendered objects of one runtime's masters. IO.

Every write carries the resource version that was read, so no other client's change is overwritten.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ..api.client import Client
from ..api.deadline import Deadline
from ..apply.field_manager import MANAGER
from ..apply.merge_patch import patched
from ..apply.reconcile import update_with_retry
from ..apply.update import annotate, change, patch_as_read, require
from ..errors import AlreadyExists, Forbidden, InvalidInput, PreconditionFailed
from ..fluid import kinds as fluid_kinds, names as fluid_names
from ..fluid.lookup import require_not_terminating, require_runtime
from ..fluid.operations import IN_PROGRESS, transfer_to
from ..fluid.runtime import declared_masters
from ..journal import replacement, template, volume
from ..journal.replacement import Interrupted, Note, Replacement
from ..journal.volume import JournalVolume
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, annotations_of
from ..quorum import peer_services
from ..quorum.client_notes import note_on
from ..quorum.services import services_of
from ..quorum.stale_clients import ScaleOutNote
from . import plan as rollout_plan, rendering
from .rendering import RenderedChange


@dataclass(frozen=True)
class Mark:
    """The mark of a rollout in progress, from which the next run continues.

    known_masters: number of masters at its beginning. restarted_after: the time that it was given.
    """

    known_masters: int
    restarted_after: datetime | None = None

    def text(self) -> str:
        """Return the value of the annotation."""
        after = f" {self.restarted_after.isoformat()}" if self.restarted_after else ""
        return f"{self.known_masters}{after}"

    @classmethod
    def parse(cls, text: str) -> Mark | None:
        """Return the mark of an annotation's value, None for another text."""
        number, _space, after = text.partition(" ")
        if not number.isdigit():
            return None
        try:
            return cls(int(number), rollout_plan.parse_time(after) if after else None)
        except InvalidInput:
            return cls(int(number))


@dataclass(frozen=True)
class ObservedObjects:
    """A runtime's objects. spec: of the AlluxioRuntime. workload: StatefulSet. pods: of the masters.

    journal: the declared volume of the journals. replacement_noted: whether the runtime has the note of a
    replacement that has ended.
    """

    spec: dict
    config_map: dict
    workload: dict
    pods: list[dict]
    journal: JournalVolume | None = None
    replacement_noted: bool = False

    @property
    def moves_journals(self) -> bool:
        """Whether the journals have to move onto the declared claims."""
        return template.moves(self.workload, self.journal)

    @property
    def members(self) -> int:
        """Number of masters that run."""
        return self.workload["spec"]["replicas"]

    @property
    def changes_retention(self) -> bool:
        """Whether the claims of the journals have another retention policy than the declared one."""
        return template.retention_patch(self.workload, self.journal) is not None

    @property
    def declared(self) -> int:
        """Number of masters that the runtime declares."""
        return declared_masters(self.spec)

    @property
    def in_progress(self) -> bool:
        """Whether an earlier rollout was interrupted."""
        return IN_PROGRESS in annotations_of(self.workload)

    @property
    def interrupted_transfer(self) -> bool:
        """Whether a leadership transfer may have left priorities behind."""
        return bool(transfer_to(self.workload))

    @property
    def mark(self) -> Mark | None:
        """The mark of an interrupted rollout, None without one."""
        return Mark.parse(annotations_of(self.workload).get(IN_PROGRESS, ""))

    @property
    def known_masters(self) -> int:
        """Number of masters at the beginning of the rollout: clients may not know later ones."""
        return self.mark.known_masters if self.mark else self.members

    @property
    def move_interrupted(self) -> bool:
        """Whether some masters have claims already and others do not."""
        return template.on_claims(self.workload) and not all(map(template.has_claim, self.pods))

    @property
    def scale_out_note(self) -> ScaleOutNote | None:
        """The note that clients may not know all masters; None without one."""
        return note_on(self.workload)

    @property
    def revision(self) -> str | None:
        """The desired revision, as desired_revision() returns it."""
        return desired_revision(self.workload)


def desired_revision(workload: dict) -> str | None:
    """Return the masters' desired revision; None until the controller observes the newest template."""
    status = workload.get("status") or {}
    if (status.get("observedGeneration") or 0) < workload["metadata"].get("generation", 0):
        return None
    return status.get("updateRevision")


def _is_deleted(workload: dict | None) -> bool:
    return workload is None or bool(workload["metadata"].get("deletionTimestamp"))


class MasterObjects:
    """The rendered objects of one runtime's masters."""

    def __init__(self, client: Client, runtime: ObjectRef) -> None:
        self._client = client
        self._runtime = runtime
        self._workload = ObjectRef(runtime.namespace, fluid_names.stateful_set_name(runtime.name))
        self._config = ObjectRef(runtime.namespace, fluid_names.config_map_name(runtime.name))

    def observe(self) -> ObservedObjects:
        """Read all objects.

        Raises PreconditionFailed without such a runtime, or while Fluid has not created its masters.
        """
        runtime = require_runtime(self._client, self._runtime)
        require_not_terminating(runtime)
        workload = self._client.get(kinds.STATEFUL_SET, self._workload)
        config_map = self._client.get(kinds.CONFIG_MAP, self._config)
        interrupted = replacement.interruption(runtime, self._workload)
        if interrupted and _is_deleted(workload):
            raise Interrupted(interrupted + "run this again outside of check mode, which creates it")
        if workload is None or config_map is None:
            missing = (f"StatefulSet {self._workload.name}" if workload is None
                       else f"ConfigMap {self._config.name}")
            raise PreconditionFailed(f"{fluid_kinds.ALLUXIO_RUNTIME.describe(self._runtime)} has no "
                                     f"{missing} yet: wait until the runtime is ready, for example with "
                                     "wait: true of datacache.fluid.alluxio_runtime")
        return ObservedObjects(
            runtime["spec"], config_map, workload, self.pods(), volume.declared(runtime),
            replacement.is_noted(runtime))

    def pods(self) -> list[dict]:
        """Return the masters' pods."""
        return list(self._client.list(
            kinds.POD, self._runtime.namespace, fluid_names.master_selector(self._runtime.name)))

    def workload(self) -> dict:
        """Return the StatefulSet. Raises Conflict when it was deleted."""
        return require(self._client, kinds.STATEFUL_SET, self._workload)

    def config_map(self) -> dict:
        """Return the ConfigMap. Raises Conflict when it was deleted."""
        return require(self._client, kinds.CONFIG_MAP, self._config)

    def configure(self, spec: dict, members: int, spread: str | None) -> RenderedChange:
        """Write the declaration of the spec, the ConfigMap first; return the change.

        The pod template carries a hash of the ConfigMap. After an interruption between the two writes the
        next run finds that the template does not match.
        """
        def attempt() -> RenderedChange:
            config_map, workload = self.config_map(), self.workload()
            found = rendering.render(self._runtime.name, spec, config_map, workload, members, spread)
            if found.config:
                patch_as_read(self._client, kinds.CONFIG_MAP, config_map, found.config)
            if found.workload:
                patch_as_read(self._client, kinds.STATEFUL_SET, workload, found.workload)
            return found
        return update_with_retry(f"{kinds.CONFIG_MAP.describe(self._config)} or its StatefulSet", attempt)

    def revision_with(self, workload: dict, patch: dict) -> str | None:
        """Return the desired revision once the StatefulSet has this patch; None when it is a new one.

        The controller reuses a revision with the same template (pkg/controller/statefulset,
        getStatefulSetRevisions), for example when a change is undone. Also None without list on
        controllerrevisions.
        """
        template = patched(workload["spec"]["template"], patch.get("spec", {}).get("template", {}))
        try:
            selector = fluid_names.master_selector(self._runtime.name)
            revisions = list(self._client.list(kinds.CONTROLLER_REVISION, self._runtime.namespace, selector))
        except Forbidden:
            return None
        return rollout_plan.revision_of(template, revisions)

    def move_journals(self, journal: JournalVolume | None, deadline: Deadline) -> bool:
        """Replace the StatefulSet by one with the declared claims; return whether it has claims then.

        The pods stay. Each gets its claim when it is created again.
        """
        workload = self.workload()
        if not template.moves(workload, journal):
            return template.on_claims(workload)
        stable = all(map(peer_services.is_stable, self._services().values()))
        manifest = template.replacement(self._runtime.name, workload, journal, probe=stable)
        Replacement(self._client, self._runtime, deadline).run(
            Note(workload["metadata"]["uid"], manifest, keeps_pods=True))
        return True

    def require_claims(self) -> None:
        """Raise Conflict if another client has created the StatefulSet again without claims."""
        replacement.require_claims(self.workload())

    def forget_replacement(self) -> None:
        """Remove the note of a replacement whose StatefulSet exists."""
        replacement.forget(self._client, self._runtime)

    def retain_claims(self, journal: JournalVolume | None) -> None:
        """Set the declared retention policy of existing claims."""
        change(self._client, kinds.STATEFUL_SET, self._workload,
               lambda existing: template.retention_patch(existing, journal))

    def scale(self, members: int) -> None:
        """Set the StatefulSet's replicas."""
        change(self._client, kinds.STATEFUL_SET, self._workload,
               lambda existing: None if existing["spec"]["replicas"] == members
               else {"spec": {"replicas": members}})

    def mark(self, mark: Mark | None) -> None:
        """Annotate the StatefulSet with a rollout in progress; None removes the annotation."""
        annotate(self._client, kinds.STATEFUL_SET, self._workload, IN_PROGRESS, mark.text() if mark else None)

    def add_service(self, index: int) -> None:
        """Create the stable Service of a master that will be added, with another one's as the pattern."""
        name = fluid_names.master_pod(self._runtime.name, index)
        services = self._services()
        if name not in services:
            pattern = peer_services.sibling(self._runtime.name, index, services, name)
            with suppress(AlreadyExists):  # the response to an earlier request was lost
                self._client.create(kinds.SERVICE, peer_services.stable(pattern, name), MANAGER)

    def remove_services(self, members: int) -> None:
        """Delete the Services of masters from the index members on."""
        kept = set(peer_services.names(self._runtime.name, members))
        prefix = fluid_names.master_pod(self._runtime.name, 0)[:-1]
        for name, existing in self._services().items():
            if name.startswith(prefix) and name[len(prefix):].isdigit() and name not in kept:
                self._client.delete(
                    kinds.SERVICE, ObjectRef(self._runtime.namespace, name), existing["metadata"]["uid"])

    def evict_pod(self, name: str, uid: str, fresh: Callable[[], None]) -> bool:
        """Evict the pod with this UID; return False when another pod has replaced it already.

        fresh: the last check before the request. Raises DisruptionForbidden while a PodDisruptionBudget
        forbids it, as when a node's drain has taken another master.
        """
        return self._client.once(fresh).evict(ObjectRef(self._runtime.namespace, name), uid)

    def _services(self) -> dict[str, dict]:
        return services_of(self._client, self._runtime.namespace, self._runtime.name)
