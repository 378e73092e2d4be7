# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of a report, which is its JSON and all that its page shows. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InvalidInput
from ..redaction import masked_text
from ..verify.promise import BROKEN, DEGRADED, UNKNOWN
from . import history
from .cache import Given, cache
from .history import STATES

SCHEMA = "datacache.fluid/report/v1"


def given(params: Mapping[str, Any]) -> list[Given]:
    """Return the caches that a module's options have. Raises InvalidInput for lists that do not agree."""
    results, hosts, diagnoses = params["caches"], params["hosts"], params["diagnoses"]
    for option, values in (("hosts", hosts), ("diagnoses", diagnoses)):
        if values and len(values) != len(results):
            raise InvalidInput(f"{option} has {len(values)} elements: expected one for each of the "
                               f"{len(results)} caches, in their order")
    for number, result in enumerate(results):
        _require_result(f"caches[{number}]", result)
    return [Given(result, hosts[number] if hosts else "", diagnoses[number] if diagnoses else None)
            for number, result in enumerate(results)]


def _require_result(where: str, result: Mapping[str, Any]) -> None:
    read = isinstance(result.get("promises"), list) and isinstance(result.get("figures"), Mapping)
    if not read and not result.get("failed"):
        raise InvalidInput(f"{where} is no result of datacache.fluid.cache_info: register that task, and "
                           "give its result as it is")


def build(caches: Sequence[Given], earlier: Sequence[Mapping[str, Any]], at: str, title: str = "") -> dict:
    """Return the document, the worst cache first. at: the time in UTC, as ISO 8601. earlier: documents."""
    made = [cache(each, number) for number, each in enumerate(caches)]
    names = Counter(one["name"] for one in made)
    hosts = {one["host"] for one in made} - {""}
    for one in made:
        several = names[one["name"]] > 1 and one["host"]
        one["label"] = f"{one['name']} ({one['host']})" if several else one["name"]
        one["run"] = history.entry(at, one)
        one["history"] = history.of_documents(earlier, one, hosts - {one["host"]}, at)
    ordered = sorted(made, key=_rank)
    found = {"schema": SCHEMA, "generated_at": at,
             "title": title or (ordered[0]["name"] if len(ordered) == 1 else f"{len(ordered)} caches"),
             "state": ordered[0]["state"] if ordered else UNKNOWN,
             "states": {state: sum(one["state"] == state for one in ordered) for state in STATES},
             "caches": ordered, "absent": history.absent(earlier, made)}
    return _masked(found)


def is_document(tree: Any) -> bool:
    """Return whether a tree of JSON is the document of a report."""
    return isinstance(tree, Mapping) and tree.get("schema") == SCHEMA


def _rank(one: Mapping[str, Any]) -> tuple:
    counts = one["counts"]
    return (STATES.index(one["state"]), *(-counts[state] for state in (BROKEN, DEGRADED, UNKNOWN)),
            one["label"])


def _masked(tree: Any) -> Any:
    """Return the tree without credentials that an event or an error has brought into a text."""
    if isinstance(tree, dict):
        return {key: _masked(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_masked(each) for each in tree]
    return masked_text(tree) if isinstance(tree, str) else tree
