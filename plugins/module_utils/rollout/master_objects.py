# SPDX-License-Identifier: GPL-3.0-or-later
"""What Fluid rendered for the masters of one runtime, in the cluster: read it, change it. IO.

Every write carries the resource version that was read, so nothing that came in between is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from ..api.client import Client
from ..apply.field_manager import MANAGER, ROUNDS
from ..apply.merge_patch import patched
from ..errors import AlreadyExists, ApiError, Conflict, InvalidInput, WriteConflict
from ..fluid import kinds as fluid_kinds, names as fluid_names
from ..fluid.names import release_selector
from ..fluid.operations import GROWN, IN_PROGRESS
from ..fluid.runtime import declared_masters
from ..k8s import kinds
from ..quorum import peer_services, stale_clients
from ..quorum.stale_clients import ScaleOutNote, StaleClients
from . import plan as rollout_plan, rendering
from .rendering import RenderedChange

_FIRST = 3  # masters that are added are the fourth or later: one master does not become several without being made anew


@dataclass(frozen=True)
class Live:
    """spec: of the AlluxioRuntime. pods: of the masters."""

    spec: dict
    config_map: dict
    workload: dict
    pods: list[dict]

    @property
    def members(self) -> int:
        return self.workload["spec"]["replicas"]

    @property
    def declared(self) -> int:
        return declared_masters(self.spec)

    @property
    def in_progress(self) -> bool:
        return IN_PROGRESS in _notes(self.workload)

    @property
    def known(self) -> int:
        """How many masters there were when the rollout began: clients may know no more of them."""
        noted = _notes(self.workload).get(IN_PROGRESS, "")
        return int(noted) if noted.isdigit() else self.members

    @property
    def growth(self) -> ScaleOutNote | None:
        return _growth(self.workload)

    @property
    def revision(self) -> str | None:
        return desired_revision(self.workload)


def desired_revision(workload: dict) -> str | None:
    """Return the revision that the masters are to be made from; None while the controller has not seen the newest template."""
    status = workload.get("status") or {}
    if (status.get("observedGeneration") or 0) < workload["metadata"].get("generation", 0):
        return None
    return status.get("updateRevision")


def _growth(workload: dict) -> ScaleOutNote | None:
    return stale_clients.read(_notes(workload).get(GROWN, ""))


def _notes(workload: dict) -> dict[str, str]:
    return workload["metadata"].get("annotations") or {}


class MasterObjects:
    """The objects of one runtime's masters."""

    def __init__(self, client: Client, namespace: str, name: str) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name

    def look(self) -> Live:
        """Read everything. Raises InvalidInput when there is no such runtime, or Fluid has not made its masters yet."""
        runtime = self._client.get(fluid_kinds.ALLUXIO_RUNTIME, self._name, self._namespace)
        what = fluid_kinds.ALLUXIO_RUNTIME.describe(self._name, self._namespace)
        if runtime is None:
            raise InvalidInput(f"{what} does not exist: check name and namespace")
        if runtime["metadata"].get("deletionTimestamp"):
            raise InvalidInput(f"{what} is being deleted")
        workload = self._client.get(kinds.STATEFUL_SET, self._workload_name, self._namespace)
        config_map = self._client.get(kinds.CONFIG_MAP, self._config_name, self._namespace)
        if workload is None or config_map is None:
            missing = kinds.STATEFUL_SET.describe(self._workload_name) if workload is None else kinds.CONFIG_MAP.describe(self._config_name)
            raise InvalidInput(f"{what} has no {missing} yet: wait until the runtime is ready, for example with wait: true at "
                               "datacache.fluid.alluxio_runtime")
        return Live(runtime["spec"], config_map, workload, self.pods())

    def pods(self) -> list[dict]:
        return list(self._client.list(kinds.POD, self._namespace, fluid_names.master_selector(self._name)))

    def workload(self) -> dict:
        return self._get(kinds.STATEFUL_SET, self._workload_name)

    def config_map(self) -> dict:
        return self._get(kinds.CONFIG_MAP, self._config_name)

    def configure(self, spec: dict, members: int, spread: str | None) -> RenderedChange:
        """Write what the spec declares, the ConfigMap first; return what was written.

        The pod template carries a hash of the ConfigMap, so a run that is cut off in between finds the template behind.
        """
        for _attempt in range(ROUNDS):
            config_map = self.config_map()
            workload = self.workload()
            found = rendering.render(self._name, spec, config_map, workload, members, spread)
            try:
                if found.config:
                    self._patch(kinds.CONFIG_MAP, config_map, found.config)
                if found.workload:
                    self._patch(kinds.STATEFUL_SET, workload, found.workload)
            except WriteConflict:
                continue
            return found
        raise Conflict("%s and its StatefulSet changed %d times between our read and our write: find out who writes them"
                       % (kinds.CONFIG_MAP.describe(self._config_name, self._namespace), ROUNDS))

    def revision_with(self, workload: dict, patch: dict) -> str | None:
        """Return the revision that masters are to be made from once the StatefulSet is patched so; None when it is a new one.

        The controller takes up a revision again whose template is the same (pkg/controller/statefulset, getStatefulSetRevisions),
        as when a change is taken back. None as well without the permission for list on controllerrevisions.
        """
        template = patched(workload["spec"]["template"], patch.get("spec", {}).get("template", {}))
        try:
            revisions = list(self._client.list(kinds.CONTROLLER_REVISION, self._namespace, fluid_names.master_selector(self._name)))
        except ApiError as err:
            if err.status != 403:
                raise
            return None
        return rollout_plan.revision_of(template, revisions)

    def scale(self, members: int) -> None:
        self._change({"spec": {"replicas": members}}, lambda existing: existing["spec"]["replicas"] == members)

    def mark(self, text: str | None) -> None:
        """Note on the StatefulSet that a rollout is in progress; None takes the note away."""
        self._annotate(IN_PROGRESS, text)

    def note_growth(self, before: ScaleOutNote | None, known: int) -> None:
        """Note on the StatefulSet that clients which started before the ConfigMap was written may know no more than so many masters."""
        times = [each["time"] for each in self.config_map()["metadata"].get("managedFields") or []
                 if each.get("manager") == MANAGER and each.get("time")]
        if times:
            now = ScaleOutNote(known, max(times))
            self._annotate(GROWN, str(before.merged(now) if before else now))

    def forget_growth(self) -> None:
        self._annotate(GROWN, None)

    def late_clients(self, workload: dict) -> StaleClients | None:
        """Return the workers and FUSE pods that may not know all masters, None when there are none or the StatefulSet has no such note."""
        growth = _growth(workload)
        return stale_clients.late(self._client.list(kinds.POD, self._namespace, release_selector(self._name)), growth) if growth else None

    def require_known_by_clients(self, desired_leader: str) -> None:
        """Raise Conflict when the master was added after clients had started that still run."""
        index = desired_leader.rpartition("-")[2]
        if not index.isdigit() or int(index) < _FIRST:
            return
        workload = self._client.get(kinds.STATEFUL_SET, self._workload_name, self._namespace)
        late = self.late_clients(workload) if workload else None
        if late and late.known <= int(index):
            raise Conflict(late.refusal(desired_leader))

    def add_service(self, index: int) -> None:
        """Make the stable Service of a master that is to come, after the pattern of another one."""
        name = fluid_names.master_pod(self._name, index)
        objects = self._services()
        if name in objects:
            return
        pattern = peer_services.sibling(self._name, index, objects, name)
        try:
            self._client.create(kinds.SERVICE, peer_services.stable(pattern, name), MANAGER)
        except AlreadyExists:
            pass  # an earlier answer was lost

    def remove_services(self, members: int) -> list[str]:
        """Remove the Services of masters from the index members on; return their names."""
        kept = set(peer_services.names(self._name, members))
        prefix = fluid_names.master_pod(self._name, 0)[:-1]
        removed = []
        for name, existing in self._services().items():
            if name.startswith(prefix) and name[len(prefix):].isdigit() and name not in kept:
                self._client.delete(kinds.SERVICE, name, self._namespace, existing["metadata"]["uid"])
                removed.append(name)
        return removed

    def delete_pod(self, name: str, uid: str) -> bool:
        """Delete that very pod; False when it was replaced meanwhile, and there is nothing left to do."""
        try:
            return self._client.delete(kinds.POD, name, self._namespace, uid)
        except WriteConflict:
            return False

    @property
    def _workload_name(self) -> str:
        return self._name + "-master"

    @property
    def _config_name(self) -> str:
        return self._name + "-config"

    def _get(self, kind: kinds.Kind, name: str) -> dict:
        found = self._client.get(kind, name, self._namespace)
        if found is None:
            raise Conflict(f"{kind.describe(name, self._namespace)} is gone: somebody deletes the runtime while its masters are rolled")
        return found

    def _services(self) -> dict[str, dict]:
        selector = f"release={self._name},{peer_services.SELECTOR}"
        return {existing["metadata"]["name"]: existing for existing in self._client.list(kinds.SERVICE, self._namespace, selector)}

    def _change(self, patch: dict, stands: Callable[[dict], bool]) -> None:
        for _attempt in range(ROUNDS):
            existing = self.workload()
            if stands(existing):
                return
            try:
                self._patch(kinds.STATEFUL_SET, existing, patch)
            except WriteConflict:
                continue
            return
        raise Conflict("%s changed %d times between our read and our write: find out who writes it"
                       % (kinds.STATEFUL_SET.describe(self._workload_name, self._namespace), ROUNDS))

    def _annotate(self, key: str, text: str | None) -> None:
        """Note a text on the StatefulSet; None takes the note away."""
        self._change({"metadata": {"annotations": {key: text}}},
                     lambda existing: _notes(existing).get(key) == text)

    def _patch(self, kind: kinds.Kind, existing: dict, patch: dict) -> None:
        metadata = {**patch.get("metadata", {}), "resourceVersion": existing["metadata"]["resourceVersion"]}
        self._client.patch(kind, existing["metadata"]["name"], self._namespace, {**patch, "metadata": metadata}, MANAGER)
