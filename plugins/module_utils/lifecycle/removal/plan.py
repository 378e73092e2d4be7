# SPDX-License-Identifier: GPL-3.0-or-later
"""The next actions of the removal of a cache, and what holds the objects that are left. Pure.

The Dataset goes first, because its finalizer waits until no pod uses the claim. Then Fluid removes volume,
claim, Helm release and node labels with the runtime's finalizer. By force, what a controller that does not
run has left is removed in its place: the finalizers of Fluid, and all that its chart has rendered. Pods of
others, finalizers of others and the data in the under-store are never touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from ...fluid import names as fluid_names
from ...fluid.status import FINALIZER_CONTROLLERS, referring, using_claim
from ...k8s import kinds
from ...k8s.kinds import Kind, ObjectRef, ref_to

DELETE, KILL, PATCH = "delete", "delete without grace period", "patch"
_DATASET_NUMBER, _EXCLUSIVE = "fluid.io/dataset-num", "fluid_exclusive"
_FUSE = "alluxio-fuse"
_FIRST = " goes first"
_NOBODY = "its runtime is absent, so that nothing removes it: set force"
# Finalizers of the garbage collector, which always runs.
_OF_KUBERNETES = ("foregroundDeletion", "orphan")
# Objects that a message names without what holds them; a result names all.
_NAMED = 10


@dataclass(frozen=True)
class Item:
    """One object of a cache."""

    kind: Kind
    existing: dict

    @property
    def text(self) -> str:
        """The object for messages."""
        return self.kind.describe(ref_to(self.existing))

    @property
    def terminating(self) -> bool:
        """Whether the object is deleted and still exists."""
        return bool(self.existing["metadata"].get("deletionTimestamp"))

    @property
    def finalizers(self) -> list[str]:
        """The finalizers of the object."""
        return self.existing["metadata"].get("finalizers") or []


@dataclass(frozen=True)
class Act:
    """One write. verb: DELETE, KILL or PATCH. patch: a JSON merge patch. reason: why it is done."""

    verb: str
    item: Item
    patch: dict = field(default_factory=dict)
    reason: str = ""

    @property
    def text(self) -> str:
        """The object and the reason, for results."""
        return self.item.text + (f" ({self.reason})" if self.reason else "")


@dataclass(frozen=True)
class Observed:
    """The objects of a cache. uid: of its Dataset. users: pods of others that use the claim.

    references: Datasets that mount this one, as namespace/name. other_types: of the runtimes that bind the
    Dataset in the place of an AlluxioRuntime. claim, volume: those that Fluid created.
    pods: of the chart. rendered: the chart's other objects, and Fluid's ConfigMaps. journals: claims of the
    masters. nodes: those with a label of the cache. operations: loads and the like, which the Dataset owns.
    probes: pods and jobs of interrupted runs of this
    collection. lost_nodes: nodes that are not Ready or absent. controllers: the ready and desired replicas
    by finalizer; None if they could not be read.
    """

    ref: ObjectRef
    uid: str = ""
    dataset: Item | None = None
    runtime: Item | None = None
    users: tuple[dict, ...] = ()
    references: tuple[str, ...] = ()
    other_types: tuple[str, ...] = ()
    claim: Item | None = None
    volume: Item | None = None
    pods: tuple[Item, ...] = ()
    rendered: tuple[Item, ...] = ()
    journals: tuple[Item, ...] = ()
    nodes: tuple[Item, ...] = ()
    operations: tuple[Item, ...] = ()
    probes: tuple[Item, ...] = ()
    lost_nodes: frozenset[str] = frozenset()
    controllers: Mapping[str, tuple[int, int] | None] = field(default_factory=dict)

    def items(self) -> list[Item]:
        """Return all objects that exist, in the order of their removal."""
        single = [self.dataset, self.runtime, self.claim, self.volume]
        return [*self.probes, *(each for each in single if each is not None),
                *self.operations, *self.rendered, *self.pods, *self.journals, *self.nodes]


def stalled(observed: Observed) -> set[str]:
    """Return the finalizers of Fluid whose controller has no ready replica."""
    found = [item for item in (observed.dataset, observed.runtime, *observed.operations) if item]
    return {finalizer for item in found for finalizer in item.finalizers
            if (replicas := observed.controllers.get(finalizer)) is not None and not replicas[0]}


def not_desired(observed: Observed) -> set[str]:
    """Return the stalled finalizers whose controller is absent or has no desired replica."""
    return {each for each in stalled(observed) if not (observed.controllers[each] or (0, 0))[1]}


def predicted(observed: Observed, force: bool) -> list[str]:
    """Return the objects that an unblocked removal deletes itself."""
    if force and not (observed.dataset or observed.runtime):
        return [each.text for each in observed.items()]
    return [each.text for each in (*observed.probes, observed.dataset, observed.runtime, observed.claim,
                                   observed.volume) if each and not each.terminating]


def acts(observed: Observed, force: bool, endable: Collection[str]) -> list[Act]:
    """Return the actions that the present state allows. endable: stalled finalizers to remove by force."""
    probes = [*_deletions(observed.probes), *(_kills(observed, observed.probes) if force else ())]
    if observed.dataset:
        return [*probes, *_of_dataset(observed, observed.dataset, force, endable)]
    if observed.runtime:
        return [*probes, *_of_runtime(observed, observed.runtime, force, endable)]
    return [*probes, *_of_volume(observed), *(_forced(observed, endable) if force else ())]


def _of_dataset(observed: Observed, dataset: Item, force: bool, endable: Collection[str]) -> Iterator[Act]:
    # A deletion cannot be taken back: Fluid would remove the cache as soon as a pod of others restarts.
    if observed.users or observed.references or observed.other_types:
        return
    if not dataset.terminating:
        yield Act(DELETE, dataset)
    elif force:
        yield from _ended(dataset, endable)


def _of_runtime(observed: Observed, runtime: Item, force: bool, endable: Collection[str]) -> Iterator[Act]:
    if observed.users:
        return
    if not runtime.terminating:
        yield Act(DELETE, runtime)
    elif force:
        # Fluid's commands in a master on such a node would hang until their timeout.
        yield from _kills(observed, observed.pods)
        yield from _ended(runtime, endable)


def _of_volume(observed: Observed) -> list[Act]:
    """Delete the claim, then the volume: a bound volume cannot be deleted."""
    if observed.claim:
        return [] if observed.users else _deletions([observed.claim])
    return _deletions([observed.volume] if observed.volume else [])


def _forced(observed: Observed, endable: Collection[str]) -> Iterator[Act]:
    """Yield what removes the objects that Fluid's controller has not removed."""
    yield from _deletions(observed.operations)
    for each in observed.operations:
        yield from _ended(each, endable) if each.terminating else ()
    yield from _deletions(observed.rendered)
    yield from _deletions(observed.pods)
    yield from _deletions(observed.journals)
    yield from _kills(observed, observed.pods)
    for node in observed.nodes:
        yield Act(PATCH, node, {"metadata": {
            "labels": _without_labels(observed, node.existing),
            "resourceVersion": node.existing["metadata"]["resourceVersion"]}}, "its labels of the cache")


def _deletions(items: Collection[Item]) -> list[Act]:
    return [Act(DELETE, item) for item in items if not item.terminating]


def _kills(observed: Observed, items: Collection[Item]) -> list[Act]:
    """End the pods of lost nodes, which nobody else confirms as ended."""
    return [Act(KILL, item, reason=f"its node {node} is not Ready") for item in items
            if item.kind == kinds.POD
            and (node := (item.existing.get("spec") or {}).get("nodeName", "")) in observed.lost_nodes]


def _ended(item: Item, endable: Collection[str]) -> Iterator[Act]:
    ours = [each for each in item.finalizers if each in endable]
    if ours:
        kept = [each for each in item.finalizers if each not in ours]
        yield Act(PATCH, item, {"metadata": {
            "finalizers": kept or None, "resourceVersion": item.existing["metadata"]["resourceVersion"]}},
            f"finalizer {', '.join(ours)}, whose controller does not run")


def _without_labels(observed: Observed, node: dict) -> dict[str, str | None]:
    """Return the patch of a node's labels, as Fluid removes them (pkg/utils/dataset/lifecycle/node.go)."""
    existing = node["metadata"].get("labels") or {}
    patch: dict[str, str | None] = dict.fromkeys(
        each for each in fluid_names.node_labels(observed.ref, observed.uid) if each in existing)
    if existing.get(_EXCLUSIVE) == f"{observed.ref.namespace}_{observed.ref.name}":
        patch[_EXCLUSIVE] = None
    number = existing.get(_DATASET_NUMBER, "")
    if fluid_names.worker_label(observed.ref, observed.uid) in existing and number.isdigit():
        patch[_DATASET_NUMBER] = str(int(number) - 1) if int(number) > 1 else None
    return patch


def mounts_left(observed: Observed) -> set[str]:
    """Return the nodes on which a FUSE pod cannot unmount the cache, because the node is not Ready."""
    return {(item.existing.get("spec") or {})["nodeName"] for item in observed.pods
            if (item.existing["metadata"].get("labels") or {}).get("role") == _FUSE
            and (item.existing.get("spec") or {}).get("nodeName") in observed.lost_nodes}


# -- what holds the objects -------------------------------------------------------------------------


def holders(observed: Observed, item: Item, force: bool) -> list[str]:
    """Return what holds one of the objects, each with the next step; empty for what goes by itself."""
    if item in observed.probes:
        return _node_that_is_lost(observed, item, force)
    if item == observed.dataset:
        return [*_other_runtimes(observed), *_users(observed), *_references(observed),
                *_finalizers(observed, item, force)]
    after = [f"{observed.dataset.text}{_FIRST}"] if observed.dataset else []
    if item == observed.runtime:
        return [*([] if after else _users(observed)), *_finalizers(observed, item, force), *after]
    first = observed.dataset or observed.runtime
    if first:
        return [*_node_that_is_lost(observed, item, force), f"{first.text}{_FIRST}"]
    return _of_what_is_left(observed, item, force)


def _of_what_is_left(observed: Observed, item: Item, force: bool) -> list[str]:
    """Return what holds an object whose Dataset and runtime are absent."""
    if item == observed.claim and observed.users:
        return _users(observed)
    if item == observed.volume and observed.claim:
        return [f"{observed.claim.text}{_FIRST}"]
    if lost := _node_that_is_lost(observed, item, force):
        return lost
    if item.terminating:
        return _finalizers(observed, item, force) if item in observed.operations else [
            f"finalizer {each}" for each in item.finalizers]
    if force or item in (observed.claim, observed.volume):
        return []
    return [_NOBODY]


def _node_that_is_lost(observed: Observed, item: Item, force: bool) -> list[str]:
    lost = _lost_node(observed, item)
    if not lost or force:
        return []
    return [f"its node {lost} is not Ready: start or delete the node, or set force"]


def stranded(observed: Observed, force: bool, refused: Collection[str]) -> bool:
    """Return whether nobody removes what is left. refused: the objects that this account may not remove.

    Kubernetes may still collect what the runtime owned.
    """
    left = observed.items()
    return bool(left) and not (observed.dataset or observed.runtime) and all(
        item.text in refused or _is_left(holders(observed, item, force)) for item in left)


def _is_left(held_by: list[str]) -> bool:
    return bool(held_by) and all(line == _NOBODY or line.endswith(_FIRST) for line in held_by)


def blocked(observed: Observed, force: bool) -> bool:
    """Return whether a removal could not finish if nothing else changes."""
    present = [item for item in (observed.dataset, observed.runtime) if item]
    if observed.users and (present or observed.claim):
        return True
    if any(_node_that_is_lost(observed, item, force) for item in (*observed.probes, *observed.pods)):
        return True
    if present:
        return bool((observed.dataset and (observed.references or observed.other_types))
                    or any(_finalizers(observed, item, force) for item in present))
    return any(holders(observed, item, force) for item in observed.items()
               if item != observed.volume and (not item.terminating or item in observed.operations))


def _users(observed: Observed) -> list[str]:
    return [using_claim(pod, observed.ref.name) for pod in observed.users]


def _other_runtimes(observed: Observed) -> list[str]:
    return [f"it is bound by a runtime of type {', '.join(observed.other_types)}, which this module does not "
            "remove: delete the Dataset with datacache.fluid.dataset, if it is yours"
            ] if observed.other_types else []


def _references(observed: Observed) -> list[str]:
    return [referring(each) for each in observed.references]


def _finalizers(observed: Observed, item: Item, force: bool) -> list[str]:
    """Return the finalizers that stay: those of others, and of controllers that do not run."""
    lines = []
    for each in item.finalizers:
        if each in _OF_KUBERNETES:
            continue
        controller = FINALIZER_CONTROLLERS.get(each)
        if controller is None:
            lines.append(f"finalizer {each}, which is not Fluid's: its owner has to remove it")
            continue
        replicas = observed.controllers.get(each)
        if replicas is not None and not replicas[0] and not force:
            lines.append(f"finalizer {each}, and Deployment {controller} has {replicas[0]} of {replicas[1]} "
                         "replicas ready: start it, or set force")
    return lines


def _lost_node(observed: Observed, item: Item) -> str:
    node = (item.existing.get("spec") or {}).get("nodeName", "") if item.kind == kinds.POD else ""
    return node if node in observed.lost_nodes else ""


def remaining(observed: Observed, force: bool, refused: Mapping[str, str] | None = None) -> list[dict]:
    """Return each object that is left, and what holds it. refused: the errors of refused writes, by object.
    """
    errors = refused or {}
    return [{"object": item.text, "held_by": [
        *holders(observed, item, force), *([errors[item.text]] if item.text in errors else [])]}
        for item in observed.items()]


def text_of(remains: list[dict]) -> str:
    """Return the objects that are left as one text, those that others hold at first."""
    held = {each["object"]: [line for line in each["held_by"] if not line.endswith(_FIRST)]
            for each in remains}
    first = [f"{name}, held by: {', '.join(lines)}" for name, lines in held.items() if lines]
    later = [name for name, lines in held.items() if not lines]
    more = [f"and {len(later) - _NAMED} more"] if len(later) > _NAMED else []
    return "; ".join([*first, *([", ".join([*later[:_NAMED], *more])] if later else [])])
