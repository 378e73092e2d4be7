# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what exists of a cache. IO, read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...api.client import Client
from ...api.deadline import Deadline
from ...errors import Forbidden, KindNotFound
from ...fluid import dataset as fluid_dataset, diagnosis, kinds as fluid_kinds, names as fluid_names
from ...fluid.status import FINALIZER_CONTROLLERS, created_by_fluid
from ...k8s import kinds, nodes as k8s_nodes, pods as k8s_pods
from ...k8s.kinds import Kind, ObjectRef, ref_to
from ..metrics import manifests as metrics
from .plan import Item, Observed

_ID = "fluid.io/dataset-id"
_ROLES = ("alluxio-master", "alluxio-worker", "alluxio-fuse")
_RENDERED = (kinds.STATEFUL_SET, kinds.DAEMON_SET, kinds.SERVICE, kinds.CONFIG_MAP)
# Seconds for which an answer about nodes is used again.
_NODES_FOR = 10.0
_UNKNOWN_UID = "unknown"


class Reader:
    """Reads one cache repeatedly. warn: receives each missing permission once."""

    def __init__(self, client: Client, ref: ObjectRef, keep_journals: bool, deadline: Deadline,
                 warn: Callable[[str], None]) -> None:
        self._client = client
        self._ref = ref
        self._keep_journals = keep_journals
        self._deadline = deadline
        self._warn = warn
        self._warned: set[str] = set()
        self._uid = ""
        self._lost: tuple[float, frozenset[str]] | None = None

    def read(self, complete: bool, force: bool) -> Observed:
        """Return what exists. complete: also what goes only after the Dataset and the runtime."""
        dataset, runtime = self._fluid(fluid_kinds.DATASET), self._fluid(fluid_kinds.ALLUXIO_RUNTIME)
        claim = self._of_fluid(kinds.PERSISTENT_VOLUME_CLAIM, self._ref)
        pods = self._pods(claim is not None)
        probes = [pod for pod in pods if self._is_probe(pod)]
        own = [pod for pod in pods if self._is_own(pod)]
        self._learn_uid([each for each in (dataset, runtime, claim, *own) if each], dataset, runtime)
        later = complete or (dataset is None and runtime is None)
        operations = self._operations() if later else ()
        return Observed(
            self._ref, self._uid or _UNKNOWN_UID, _item(fluid_kinds.DATASET, dataset),
            _item(fluid_kinds.ALLUXIO_RUNTIME, runtime),
            users=self._users(pods) if claim else (),
            references=tuple(((dataset or {}).get("status") or {}).get("datasetRef") or ()),
            other_types=_other_types(dataset) if dataset and not runtime else (),
            claim=_item(kinds.PERSISTENT_VOLUME_CLAIM, claim),
            volume=_item(kinds.PERSISTENT_VOLUME, self._volume() if later else None),
            pods=_items(kinds.POD, own), probes=(*_items(kinds.POD, probes), *self._jobs()),
            rendered=self._rendered() if later else (), journals=self._journals() if later else (),
            nodes=self._labelled_nodes() if later else (), operations=operations,
            lost_nodes=self._lost_nodes([*own, *probes]),
            controllers=self._controllers([dataset, runtime, *(each.existing for each in operations)])
            if complete or force else {})

    def _fluid(self, kind: Kind) -> dict | None:
        """Return the object; None also if the cluster does not know its kind."""
        try:
            return self._client.get(kind, self._ref)
        except KindNotFound:
            return None

    def _volume(self) -> dict | None:
        """Return the volume; None for that of a cache whose namespace and name give the same text, as a-b/c
        and a/b-c do.
        """
        name = fluid_names.volume_name(self._ref)
        existing = self._of_fluid(kinds.PERSISTENT_VOLUME, ObjectRef(None, name))
        bound = ((existing or {}).get("spec") or {}).get("claimRef") or {}
        return existing if bound.get("namespace") in (None, self._ref.namespace) else None

    def _of_fluid(self, kind: Kind, ref: ObjectRef) -> dict | None:
        """Return the claim or volume; None for one that Fluid has not created."""
        existing = self._client.get(kind, ref)
        return existing if existing and created_by_fluid(existing) else None

    def _learn_uid(self, found: list[dict], dataset: dict | None, runtime: dict | None) -> None:
        """Remember the Dataset's UID, which also a runtime and, with a long name, all objects show."""
        owners = ((runtime or {}).get("metadata") or {}).get("ownerReferences") or []
        owned = [each["uid"] for each in owners if each.get("kind") == fluid_kinds.DATASET.kind]
        ids = [label for each in found if (label := (each["metadata"].get("labels") or {}).get(_ID, ""))
               and label != f"{self._ref.namespace}-{self._ref.name}"]
        known = [dataset["metadata"]["uid"]] if dataset else [*owned, *ids]
        self._uid = self._uid or next(iter(known), "")

    def _pods(self, with_users: bool) -> list[dict]:
        """Return the cache's pods and probes; with_users: all pods of the namespace."""
        if with_users:
            return list(self._client.list(kinds.POD, self._ref.namespace))
        roles = f"role in ({', '.join(_ROLES)})"
        own = self._client.list(
            kinds.POD, self._ref.namespace, f"{fluid_names.release_selector(self._ref.name)},{roles}")
        return [*own, *self._client.list(kinds.POD, self._ref.namespace, self._probe_selector())]

    def _probe_selector(self) -> str:
        name = self._ref.name
        return (f"app.kubernetes.io/managed-by=datacache.fluid,"
                f"app.kubernetes.io/part-of in ({name}-verify, {name}-drill)")

    def _is_probe(self, pod: dict) -> bool:
        labels = pod["metadata"].get("labels") or {}
        return (labels.get("app.kubernetes.io/managed-by") == "datacache.fluid"
                and labels.get("app.kubernetes.io/part-of") in (
                    f"{self._ref.name}-verify", f"{self._ref.name}-drill"))

    def _is_own(self, pod: dict) -> bool:
        labels = pod["metadata"].get("labels") or {}
        return labels.get("release") == self._ref.name and labels.get("role") in _ROLES

    def _users(self, pods: list[dict]) -> tuple[dict, ...]:
        return tuple({"name": pod["metadata"]["name"], "node": (pod.get("spec") or {}).get("nodeName", "")}
                     for pod in pods if not k8s_pods.is_finished(pod) and not self._is_probe(pod)
                     and not self._is_own(pod)
                     and fluid_names.claim_name(self._ref.name) in k8s_pods.claims_of(pod))

    def _operations(self) -> tuple[Item, ...]:
        """Return the operations that the Dataset owns (Fluid: pkg/controllers/operation_controller.go)."""
        owner = {"kind": fluid_kinds.DATASET.kind, "name": self._ref.name}
        return tuple(Item(kind, each) for kind in fluid_kinds.OPERATIONS for each in self._listed(kind, "")
                     if any(owner.items() <= reference.items()
                            for reference in each["metadata"].get("ownerReferences") or []))

    def _jobs(self) -> tuple[Item, ...]:
        return _items(kinds.JOB, self._listed(kinds.JOB, self._probe_selector()))

    def _rendered(self) -> tuple[Item, ...]:
        name = self._ref.name
        selector = f"app=alluxio,heritage=Helm,{fluid_names.release_selector(name)}"
        found = [item for kind in _RENDERED for item in _items(kind, self._listed(kind, selector))]
        # The chart configures Fluid's controllers to store their releases in ConfigMaps.
        found += _items(kinds.CONFIG_MAP, self._listed(kinds.CONFIG_MAP, f"owner=helm,name={name}"))
        # Fluid deletes the Jobs of operations after the Dataset that owns these.
        found += _items(kinds.JOB, self._listed(
            kinds.JOB, f"targetDataset={name},app in (alluxio, fluid-dataprocess)"))
        values = self._client.get(
            kinds.CONFIG_MAP, ObjectRef(self._ref.namespace, fluid_names.values_config_map_name(name)))
        owned = [self._owned(kinds.POD_DISRUPTION_BUDGET, fluid_names.disruption_budget_name(name)),
                 self._owned(kinds.LEASE, fluid_names.lease_name(name)),
                 *(self._owned(kind, metrics.object_ref(self._ref, kind).name, optional=True)
                   for kind in metrics.OBJECTS)]
        own_values = [Item(kinds.CONFIG_MAP, values)] if values else []
        return (*found, *own_values, *filter(None, owned))

    def _owned(self, kind: Kind, name: str, optional: bool = False) -> Item | None:
        """Return an object of this collection, which the runtime owns.

        optional: whether few caches have such an object, so that a missing permission is not worth a warning.
        """
        try:
            existing = self._client.get(kind, ObjectRef(self._ref.namespace, name))
        except KindNotFound:
            return None
        except Forbidden as err:
            if not optional:
                self._warn_once(f"could not check for {kind.kind} {name}: {err}")
            return None
        owner = {"kind": fluid_kinds.ALLUXIO_RUNTIME.kind, "name": self._ref.name}
        owners = ((existing or {}).get("metadata") or {}).get("ownerReferences") or []
        return Item(kind, existing) if existing and any(
            owner.items() <= each.items() for each in owners) else None

    def _journals(self) -> tuple[Item, ...]:
        if self._keep_journals:
            return ()
        return _items(kinds.PERSISTENT_VOLUME_CLAIM, self._listed(
            kinds.PERSISTENT_VOLUME_CLAIM, f"name={self._ref.name}-master,role=alluxio-master"))

    def _labelled_nodes(self) -> tuple[Item, ...]:
        uid = self._uid or _UNKNOWN_UID
        labels = fluid_names.worker_label(self._ref, uid), fluid_names.fuse_label(self._ref, uid)
        found = {node["metadata"]["name"]: node
                 for label in labels for node in self._listed(kinds.NODE, label)}
        return _items(kinds.NODE, found.values())

    def _lost_nodes(self, pods: list[dict]) -> frozenset[str]:
        """Return the nodes of these pods that are not Ready or absent. Read only if a pod is not ready."""
        of_pods = {(pod.get("spec") or {}).get("nodeName", "") for pod in pods
                   if pod["metadata"].get("deletionTimestamp") or not k8s_pods.is_ready(pod)} - {""}
        if not of_pods:
            return frozenset()
        now = self._deadline.now()
        if self._lost is None or now - self._lost[0] >= _NODES_FOR:
            nodes = self._listed(kinds.NODE, "")
            ready = {k8s_nodes.name_of(node) for node in nodes if not k8s_nodes.is_unready(node)}
            self._lost = now, frozenset(of_pods - ready) if nodes else frozenset()
        return self._lost[1] & of_pods

    def _controllers(self, found: Iterable[dict | None]) -> dict[str, tuple[int, int] | None]:
        finalizers = {each for existing in found if existing
                      for each in existing["metadata"].get("finalizers") or []}
        return {each: self._replicas(FINALIZER_CONTROLLERS[each])
                for each in finalizers if each in FINALIZER_CONTROLLERS}

    def _replicas(self, controller: str) -> tuple[int, int] | None:
        try:
            return diagnosis.controller_replicas(self._client, controller)
        except Forbidden as err:
            self._warn_once(f"could not see whether {controller} runs: {err}")
            return None

    def _listed(self, kind: Kind, labels: str) -> list[dict]:
        """Return the objects; none of an unknown kind. Without the permission to list them, only warn."""
        namespace = self._ref.namespace if kind.namespaced else None
        try:
            return list(self._client.list(kind, namespace, labels))
        except KindNotFound:
            return []
        except Forbidden as err:
            self._warn_once(f"could not check for {kind.plural} of the cache: {err}")
            return []

    def _warn_once(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self._warn(text)


def _other_types(dataset: dict) -> tuple[str, ...]:
    """Return the types of the runtimes that bind a Dataset, but none for Alluxio's and for a reference."""
    types = {each.get("type") or "" for each in (dataset.get("status") or {}).get("runtimes") or []} - {""}
    ours = fluid_dataset.ALLUXIO_TYPE in types or fluid_dataset.is_reference(dataset)
    return () if ours else tuple(sorted(types))


def _item(kind: Kind, existing: dict | None) -> Item | None:
    return Item(kind, existing) if existing else None


def _items(kind: Kind, found: Iterable[dict]) -> tuple[Item, ...]:
    return tuple(Item(kind, each) for each in sorted(found, key=ref_to_name))


def ref_to_name(existing: dict) -> str:
    """Return the name by which objects of one kind are sorted."""
    return ref_to(existing).name
