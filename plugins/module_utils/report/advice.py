# SPDX-License-Identifier: GPL-3.0-or-later
"""The warnings of a cache, each with its next step, most severe first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..verify.promise import BROKEN, DEGRADED, KEPT, UNKNOWN

# From the worst on.
SEVERITIES = (BROKEN, DEGRADED, UNKNOWN)
_FULL = 95.0


def warnings(cache: Mapping[str, Any], diagnosis: Sequence[Mapping[str, str]]) -> list[dict]:
    """Return the warnings. cache: as in the document, without its warnings. diagnosis: the causes found."""
    found = [*_causes(diagnosis), *_promises(cache["promises"]), *_groups(cache),
             *_versions(cache["versions"]), *_fill(cache["fill"])]
    return sorted(found, key=lambda each: SEVERITIES.index(each["severity"]))


def _warning(severity: str, subject: str, text: str, next_step: str) -> dict:
    return {"severity": severity, "subject": subject, "text": text, "next_step": next_step}


def _causes(diagnosis: Iterable[Mapping[str, Any]]) -> Iterable[dict]:
    for each in diagnosis:
        yield _warning(BROKEN if each["certain"] else DEGRADED, f"Cause: {each['cause'].replace('_', ' ')}",
                       f"{each['object']}: {each['evidence']}", each["remedy"])


def _promises(promises: Iterable[Mapping[str, Any]]) -> Iterable[dict]:
    for each in promises:
        if each["state"] != KEPT:
            yield _warning(each["state"], each["title"], each["evidence"], each["next_step"])


def _groups(cache: Mapping[str, Any]) -> Iterable[dict]:
    """Yield what one more loss would break, unless a promise already requires the same step."""
    lacking = {each["name"] for each in cache["promises"] if each["state"] != KEPT}
    for group in cache["quorums"]:
        outlook = group["outlook"]
        if outlook["state"] != KEPT and not lacking & {f"{group['domain'].lower()}_quorum", "node_loss"}:
            yield _warning(outlook["state"], f"{group['title']}: one more loss", outlook["next_loss"],
                           outlook["next_step"])


def _versions(versions: Mapping[str, Sequence[str]]) -> Iterable[dict]:
    """Yield that the masters, the workers and the FUSE pods run several versions of Alluxio."""
    tags = sorted({tag for role in ("master", "worker") for tag in versions.get(role) or ()})
    if len(tags) > 1:
        yield _warning(DEGRADED, "Versions", f"Masters and workers run the versions {', '.join(tags)}",
                       "complete the change of the image with datacache.fluid.alluxio_rollout")


def _fill(fill: Mapping[str, float | None]) -> Iterable[dict]:
    total, capacity, used = fill["total_bytes"], fill["capacity_bytes"], fill["of_capacity"]
    if used is not None and used >= _FULL and (fill["percentage"] or 0) < 100:
        yield _warning(DEGRADED, "Cache fill", f"{int(used)}% of the capacity is in use: what is read next "
                       "evicts other data", "add workers (fluid_worker_replicas) or enlarge the tiers")
    elif total and capacity and total > capacity:
        yield _warning(UNKNOWN, "Cache fill", f"The data is {total / capacity:.1f} times the capacity of the "
                       "cache", "set worker_replicas or the quota of the tiers for what is read often")
