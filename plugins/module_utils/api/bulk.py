# SPDX-License-Identifier: GPL-3.0-or-later
"""Many objects in one task: read them in few requests, work on them with bounded concurrency. Drives IO."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Iterable, TypeVar

from ..errors import ApiError, FluidError, KindNotFound
from ..k8s.kinds import Kind
from .client import Client

Key = tuple  # (namespace, name)
Waited = dict  # Key to the object, None when there is none, or the FluidError of its wait
Item = TypeVar("Item")
Result = TypeVar("Result")

# The API server of the lab takes its most requests a second from about this many connections.
WORKERS = 8
# Up to this many objects of a namespace are read one by one: a page may be much larger than they are.
_SINGLE_READS = 3
# Above this many namespaces one list of all of them costs less than a list of each.
_NAMESPACE_LISTS = 5


def key_of(params: dict) -> Key:
    """The (namespace, name) that an object's options name."""
    return params["namespace"], params["name"]


def read(client: Client, kind: Kind, keys: Iterable[Key]) -> dict[Key, dict]:
    """Return those of the wanted objects that exist, by their (namespace, name)."""
    requested = set(keys)
    names: dict[str, list[str]] = defaultdict(list)
    for namespace, name in requested:
        names[namespace].append(name)
    if len(names) > _NAMESPACE_LISTS:
        try:
            return _listed(client, kind, None, requested)
        except ApiError as err:
            if err.status != 403:
                raise  # without the right to list all namespaces each one is listed
    found: dict[Key, dict] = {}
    for namespace, each in names.items():
        if len(each) > _SINGLE_READS:
            found.update(_listed(client, kind, namespace, requested))
        else:
            objects = ((name, client.get(kind, name, namespace)) for name in each)
            found.update({(namespace, name): existing for name, existing in objects if existing is not None})
    return found


def read_if_known(client: Client, kind: Kind, keys: Iterable[Key]) -> dict[Key, dict]:
    """As read; of a kind that is not installed there are no objects."""
    try:
        return read(client, kind, keys)
    except KindNotFound:
        return {}


def _listed(client: Client, kind: Kind, namespace: str | None, requested: set[Key]) -> dict[Key, dict]:
    return {key: existing for existing in client.list(kind, namespace)
            if (key := (existing["metadata"].get("namespace"), existing["metadata"]["name"])) in requested}


def work(items: list[Item], action: Callable[[Item], Result]) -> list[Result | FluidError]:
    """Act on each item; an item's failure stands in its place and does not stop the others."""
    def guarded(item: Item) -> Result | FluidError:
        try:
            return action(item)
        except FluidError as err:
            return err

    if len(items) == 1:
        return [guarded(items[0])]
    with ThreadPoolExecutor(min(WORKERS, max(1, len(items)))) as pool:
        return list(pool.map(guarded, items))
