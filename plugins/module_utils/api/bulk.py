# SPDX-License-Identifier: GPL-3.0-or-later
"""Many objects in one task: reads in few requests, actions with bounded concurrency. IO."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..errors import FluidError, Forbidden, KindNotFound
from ..k8s.kinds import Kind, ObjectRef, ref_to
from .client import Client

# The result of a wait for each object: the object, None if it is absent, or the error of the wait.
WaitResults = dict[ObjectRef, "dict | FluidError | None"]
Item = TypeVar("Item")
Result = TypeVar("Result")

# The lab's API server reaches its highest request rate with about this many connections (measured).
WORKERS = 8
# Up to this many objects of a namespace are read with one GET each: a list may be much larger.
_SINGLE_READS = 3
# Above this many namespaces one list of all namespaces costs less than one list for each.
_NAMESPACE_LISTS = 5


def ref_of(params: dict) -> ObjectRef:
    """Return the reference of the object that the options name."""
    return ObjectRef(params["namespace"], params["name"])


def read(client: Client, kind: Kind, refs: Iterable[ObjectRef]) -> dict[ObjectRef, dict]:
    """Return the existing ones of the objects by their references."""
    requested = set(refs)
    names: dict[str | None, list[str]] = defaultdict(list)
    for namespace, name in requested:
        names[namespace].append(name)
    if len(names) > _NAMESPACE_LISTS:
        try:
            return _listed(client, kind, None, requested)
        except Forbidden:
            pass  # no permission to list all namespaces: list each one
    found: dict[ObjectRef, dict] = {}
    for namespace, each in names.items():
        if len(each) > _SINGLE_READS:
            found.update(_listed(client, kind, namespace, requested))
        else:
            objects = ((ref, client.get(kind, ref)) for ref in (ObjectRef(namespace, name) for name in each))
            found.update({ref: existing for ref, existing in objects if existing is not None})
    return found


def read_if_known(client: Client, kind: Kind, refs: Iterable[ObjectRef]) -> dict[ObjectRef, dict]:
    """Return what read does; {} for a kind that is not installed."""
    try:
        return read(client, kind, refs)
    except KindNotFound:
        return {}


def _listed(client: Client, kind: Kind, namespace: str | None,
            requested: set[ObjectRef]) -> dict[ObjectRef, dict]:
    return {ref: existing
            for existing in client.list(kind, namespace) if (ref := ref_to(existing)) in requested}


def work(items: list[Item], action: Callable[[Item], Result]) -> list[Result | FluidError]:
    """Return the action's result or FluidError for each item, in order; an error does not stop the others."""
    def guarded(item: Item) -> Result | FluidError:
        try:
            return action(item)
        except FluidError as err:
            return err

    if len(items) == 1:
        return [guarded(items[0])]
    with ThreadPoolExecutor(min(WORKERS, max(1, len(items)))) as pool:
        return list(pool.map(guarded, items))
