# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier runs: one line of figures for each, carried on from report to report. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..verify.promise import BROKEN, DEGRADED, KEPT, UNKNOWN
from . import shapes

# Runs that a report keeps of each cache.
MOST = 60
UNREADABLE = "unreadable"
# From the worst on.
STATES = (UNREADABLE, BROKEN, DEGRADED, UNKNOWN, KEPT)
_NUMBERS = ("broken", "degraded", "unknown", "first_seconds", "second_seconds", "cached_percentage",
            "hit_ratio")


def entry(at: str, cache: Mapping[str, Any]) -> dict:
    """Return the line of a run. cache: as in the document."""
    reads, fill = shapes.mapping(cache.get("reads")), shapes.mapping(cache.get("fill"))
    counts = shapes.mapping(cache.get("counts"))
    return _valid({
        "at": at, "state": cache.get("state"), **{name: counts.get(name) for name in _NUMBERS[:3]},
        "first_seconds": reads.get("first_seconds"), "second_seconds": reads.get("second_seconds"),
        "cached_before": reads.get("cached_before"), "cached_percentage": fill.get("percentage"),
        "hit_ratio": shapes.mapping(cache.get("hit_ratios")).get("all")})


def of_documents(documents: Iterable[Mapping[str, Any]], cache: Mapping[str, Any],
                 others: Collection[str], before: str) -> list[dict]:
    """Return the runs of a cache in earlier documents, oldest first.

    cache: its name and host. others: the hosts of the other caches. before: the time of the present run.
    """
    found: dict[str, dict] = {}
    for document in documents:
        for each in _same(_known(document), cache, others):
            found |= {run["at"]: run for run in runs_of(document, each)}
    return [found[at] for at in sorted(found) if at and at < before][-MOST:]


def absent(documents: Iterable[Mapping[str, Any]], present: Collection[Mapping[str, Any]]) -> list[dict]:
    """Return name, host and runs of each cache of earlier documents that is none of the present ones.

    A run for some of the hosts, or one that fails for a host before, must not end the history of the others.
    """
    hosts = {each["host"] for each in present} - {""}
    found: dict[tuple[str, str], dict[str, dict]] = {}
    for document in documents:
        known = _known(document)
        taken = {id(same) for each in present for same in _same(known, each, hosts - {each["host"]})}
        for each in known:
            if id(each) not in taken:
                key = shapes.text(each.get("name")), shapes.text(each.get("host"))
                found.setdefault(key, {}).update({run["at"]: run for run in runs_of(document, each)})
    return [{"name": name, "host": host, "history": [runs[at] for at in sorted(runs) if at][-MOST:]}
            for (name, host), runs in found.items()]


def runs_of(document: Mapping[str, Any], cache: Mapping[str, Any]) -> list[dict]:
    """Return the runs that a document has of a cache, its own run last; an absent cache has none of its own.
    """
    own = [entry(shapes.text(document.get("generated_at")), cache)] if cache.get("state") else []
    return [*map(_valid, shapes.mappings(cache.get("history"))), *own]


def _known(document: Mapping[str, Any]) -> list[dict]:
    return [*shapes.mappings(document.get("caches")), *shapes.mappings(document.get("absent"))]


def _same(known: Iterable[dict], cache: Mapping[str, Any], others: Collection[str]) -> list[dict]:
    """Return the same cache among those of a document: by host and name, or by its name alone.

    A cache that could not be read has its host for a name. Clusters may have caches of one name.
    """
    name, host = cache["name"], cache["host"]
    own = [each for each in known if host and shapes.text(each.get("host")) == host
           and (host in (name, each.get("name")) or each.get("name") == name)]
    named = [each for each in known if shapes.text(each.get("name")) == name
             and shapes.text(each.get("host")) not in others]
    return own or (named if len(named) == 1 else [])


def _valid(run: Mapping[str, Any]) -> dict:
    """Return a run whose values have the types of an entry."""
    state = shapes.text(run.get("state"))
    return {"at": shapes.text(run.get("at")), "state": state if state in STATES else UNKNOWN,
            "cached_before": shapes.text(run.get("cached_before")),
            **{name: shapes.number(run.get(name)) for name in _NUMBERS}}
