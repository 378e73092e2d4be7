# SPDX-License-Identifier: GPL-3.0-or-later
"""The caches of one cluster: lists of Datasets, runtimes and masters' pods, and the masters' groups. IO."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..module_utils.api import bulk
from ..module_utils.api.client import Client
from ..module_utils.errors import ApiError, FluidError, Forbidden
from ..module_utils.fluid.components import MASTER
from ..module_utils.fluid.kinds import ALLUXIO_RUNTIME, DATASET
from ..module_utils.fluid.names import master_labels
from ..module_utils.fluid.runtime import declared_masters
from ..module_utils.k8s.kinds import POD, ObjectRef, ref_to
from ..module_utils.masters.web_api import MasterWebApi
from . import cache_records
from .clusters import Cluster

_ROLE = "role=" + master_labels("")["role"]


@dataclass(frozen=True)
class Selection:
    """Which caches are read, and how much of them. quorum: whether the masters' groups are read."""

    labels: str = ""
    fields: str = ""
    masters: bool = True
    quorum: bool = True


@dataclass
class _Found:
    datasets: dict[ObjectRef, dict] = field(default_factory=dict)
    runtimes: dict[ObjectRef, dict] = field(default_factory=dict)
    pods: dict[ObjectRef, list[dict]] = field(default_factory=lambda: defaultdict(list))
    without_pods: set[str | None] = field(default_factory=set)


@dataclass(frozen=True)
class Caches:
    """The records of the caches, by namespace and name.

    complete: whether nothing was refused. unread: the namespaces that were left out.
    """

    records: list[dict]
    complete: bool
    unread: frozenset[str]


def read(client: Client, cluster: Cluster, selection: Selection, warn: Callable[[str], None]) -> Caches:
    """Return the caches that may be read.

    Each kind costs one list for each namespace, or one for all; a group of several masters costs a request
    for each, and one more for its leader. Raises KindNotFound without Fluid's definitions, and Forbidden if
    no namespace may be read.
    """
    warnings: list[str] = []

    def note(text: str) -> None:
        warnings.append(text)
        warn(cluster.text + text)

    found = _Found()
    refusals: dict[str, Forbidden] = {}
    for scope in cluster.namespaces or (None,):
        try:
            _read_scope(client, scope, selection, found, note)
        except Forbidden as err:
            if scope is None:
                raise Forbidden(f"{err}; set namespaces to those that may be read", err.status) from err
            refusals[scope] = err
            note(f"namespace {scope} was left out: {err}")
    if refusals and len(refusals) == len(cluster.namespaces):
        first = next(iter(refusals.values()))
        raise Forbidden(f"none of the namespaces may be read: {first}", first.status)
    return Caches(_records(client, found, selection, note), not warnings, frozenset(refusals))


def _read_scope(client: Client, scope: str | None, selection: Selection, found: _Found,
                note: Callable[[str], None]) -> None:
    """Read one namespace; None for all. What is refused later leaves nothing of the scope behind."""
    datasets = list(client.list(DATASET, scope, selection.labels, selection.fields))
    runtimes = list(client.list(ALLUXIO_RUNTIME, scope))
    found.datasets.update({ref_to(each): each for each in datasets if cache_records.is_cache(each)})
    found.runtimes.update({ref_to(each): each for each in runtimes})
    if not selection.masters or not runtimes:
        return
    try:
        pods = list(client.list(POD, scope, _ROLE))
    except Forbidden as err:
        found.without_pods |= {scope} if scope else {ref_to(each).namespace for each in runtimes}
        note(f"the masters{' of namespace ' + scope if scope else ''} were left out: {err}")
        return
    for pod in pods:
        release = (pod["metadata"].get("labels") or {}).get("release", "")
        found.pods[ObjectRef(pod["metadata"]["namespace"], release)].append(pod)


def _records(client: Client, found: _Found, selection: Selection, note: Callable[[str], None]) -> list[dict]:
    selects = bool(selection.labels or selection.fields)
    # A runtime without its Dataset is what an interrupted removal leaves.
    refs = sorted(found.datasets if selects else {*found.datasets, *found.runtimes})
    with_pods = [ref for ref in refs if selection.masters and ref in found.runtimes
                 and ref.namespace not in found.without_pods]
    roles = _roles(client, found, with_pods, note) if selection.quorum else {}
    return [cache_records.record(
        found.datasets.get(ref), found.runtimes.get(ref), found.pods[ref] if ref in with_pods else None,
        roles.get(ref)) for ref in refs]


def _roles(client: Client, found: _Found, refs: list[ObjectRef],
           note: Callable[[str], None]) -> Mapping[ObjectRef, Mapping[str, str] | None]:
    """Return the roles of the masters by cache; without those of a group that could not be read."""
    api = MasterWebApi(client)

    def roles(ref: ObjectRef) -> dict[str, str] | None:
        pods = found.pods[ref]
        if declared_masters(found.runtimes[ref].get("spec") or {}) == 1:
            return cache_records.single_role(pods)
        if not any((pod.get("status") or {}).get("podIP") for pod in pods):
            return cache_records.no_roles(pods)
        return cache_records.roles_of(pods, api.ask(MASTER, pods))

    answers = bulk.work(refs, roles) if refs else []
    unread: dict[str, list[str]] = defaultdict(list)
    for ref, answer in zip(refs, answers, strict=True):
        if answer is None or isinstance(answer, FluidError):
            reason = str(answer) if isinstance(answer, ApiError) else "no master answers"
            unread[reason].append(f"{ref.namespace}/{ref.name}")
    for reason, names in unread.items():
        note(f"the leader and the followers of {', '.join(names)} are unknown: {reason}")
    return {ref: answer for ref, answer in zip(refs, answers, strict=True)
            if not isinstance(answer, FluidError)}
