# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a verification: its figures, and the lines that a person reads. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .cache_promises import texts
from .promise import BROKEN, DEGRADED, UNKNOWN, Expected, Promise

_WIDTH = 22
_GIBIBYTE = 1024 ** 3
# Shares of the bytes read within the last minute; 0.0% also if nothing was read (pkg/ddc/alluxio/report.go).
_HIT_RATIOS = {"all": "cacheHitRatio", "local": "localHitRatio", "remote": "remoteHitRatio"}


def figures(promises: Sequence[Promise], quorums: Mapping[str, Mapping[str, Any]], fuses: int,
            status: Mapping[str, Any], probe: Mapping[str, Any], expected: Expected) -> dict:
    """Return the figures of the cache. status: of the Dataset. quorums: by domain."""
    found = {promise.name: promise.figures for promise in promises}
    state = {promise.name: promise.state for promise in promises}
    cache = status.get("cacheStates") or {}
    ready = found.get("masters", {}).get("pods") or []
    leader = (quorums.get("MASTER") or {}).get("leader") or (ready[0] if ready else "none")
    return {
        "name": expected.label,
        "masters": {"ready": len(ready), "desired": expected.masters, "leader": leader},
        "quorums": {domain: dict(quorum) for domain, quorum in quorums.items()},
        "workers": {"ready": found.get("workers", {}).get("ready", 0), "desired": expected.workers},
        "fuses": fuses,
        "dataset": {
            "phase": status.get("phase") or "absent", "files": status.get("fileNum") or "unknown",
            **texts(status),
            "hit_ratios": {kind: cache.get(field) or "unknown" for kind, field in _HIT_RATIOS.items()}},
        "volume_is_bound": state.get("volume") == "kept",
        "files_listed": probe.get("files") or 0,
        "copies": {} if probe.get("first_seconds") is None else {
            "cached_before": probe.get("cached_before") or "0.0%", "bytes": probe.get("size"),
            "complete": bool(probe.get("complete")),
            "first_seconds": probe["first_seconds"], "second_seconds": probe["second_seconds"]},
        "failed_checks": [promise.sentence() for promise in promises if promise.state == BROKEN],
        "degraded_checks": [promise.sentence() for promise in promises if promise.state == DEGRADED],
        "unknown_checks": [promise.sentence() for promise in promises if promise.state == UNKNOWN],
    }


def lines(report: Mapping[str, Any]) -> list[str]:
    """Return the table of the figures, and a line for each promise that is not kept."""
    masters, workers, dataset = report["masters"], report["workers"], report["dataset"]
    rows = [("cache", report["name"]), ("masters ready", f"{masters['ready']} of {masters['desired']}")]
    rows += [(domain.lower().replace("_", " ") + " quorum",
              f"{quorum['available']} of {quorum['size']} available")
             for domain, quorum in report["quorums"].items()]
    rows += [("leader", masters["leader"]),
             ("workers ready", f"{workers['ready']} of {workers['desired']}"),
             ("dataset", f"{dataset['phase']}, {dataset['files']} files, {dataset['total']}"),
             ("cached", f"{dataset['cached']} of {dataset['capacity']}, {dataset['percentage']}"),
             ("volume and claim", "Bound" if report["volume_is_bound"] else "not Bound")]
    rows += _copies(report)
    rows += [("failed checks", str(len(report["failed_checks"])))]
    rows += [(f"{kind} checks", str(len(report[f"{kind}_checks"])))
             for kind in ("degraded", "unknown") if report[f"{kind}_checks"]]
    return [f"{subject:<{_WIDTH}}{value}" for subject, value in rows] + [
        f"{kind}: {sentence}" for kind in ("failed", "degraded", "unknown")
        for sentence in report[f"{kind}_checks"]]


def _copies(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    copies = report["copies"]
    if not copies:
        return []
    before = copies["cached_before"]
    state = "cold" if not before.rstrip("%").strip("0.") else f"{before} cached"
    part = "" if copies["complete"] else f", {copies['bytes'] / _GIBIBYTE:.2f} GiB of its files"
    return [("files listed", str(report["files_listed"])),
            ("first copy", f"{copies['first_seconds']:.2f} s ({state}{part})"),
            ("second copy", f"{copies['second_seconds']:.2f} s (warm)")]
