# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier runs: one line of figures for each, carried on from report to report. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def of_documents(documents: Iterable[Mapping[str, Any]], name: str, before: str) -> list[dict]:
    """Return the runs of a cache in earlier documents, oldest first. before: the time of the present run."""
    found: dict[str, dict] = {}
    for document in documents:
        at = shapes.text(document.get("generated_at"))
        for cache in shapes.mappings(document.get("caches")):
            if shapes.text(cache.get("name")) == name:
                runs = [*shapes.mappings(cache.get("history")), entry(at, cache)]
                found |= {shapes.text(run.get("at")): _valid(run) for run in runs}
    return [found[at] for at in sorted(found) if at and at < before][-MOST:]


def _valid(run: Mapping[str, Any]) -> dict:
    """Return a run whose values have the types of an entry."""
    state = shapes.text(run.get("state"))
    return {"at": shapes.text(run.get("at")), "state": state if state in STATES else UNKNOWN,
            "cached_before": shapes.text(run.get("cached_before")),
            **{name: shapes.number(run.get(name)) for name in _NUMBERS}}
