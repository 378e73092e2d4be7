# SPDX-License-Identifier: GPL-3.0-or-later
"""Summaries of existing objects: bytes, percentages, phases, counts. Pure."""

from __future__ import annotations

import re

from .status import components, dataset_phase

# Fluid writes sizes like units.BytesSize, with binary prefixes and two decimals (pkg/utils/units.go), and
# "[Calculating]" for unknown ones.
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGTPE]?)i?B?\Z")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_PERCENTAGE = re.compile(r"([0-9]+(?:\.[0-9]+)?)%\Z")


def size_in_bytes(text: str | None) -> int | None:
    """Return the bytes of a size in Fluid's status, such as "113.88MiB"; None if it is unknown."""
    match = _SIZE.match(text or "")
    return round(float(match.group(1)) * 1024 ** _POWERS[match.group(2)]) if match else None


def percentage(text: str | None) -> float | None:
    """Return the number of a percentage such as "100.0%"; None if it is unknown."""
    match = _PERCENTAGE.match(text or "")
    return float(match.group(1)) if match else None


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def of_dataset(existing: dict) -> dict:
    """Return a Dataset's phase and figures: sizes in bytes, the percentage from 0 to 100, None if unknown."""
    status = existing.get("status") or {}
    cache = status.get("cacheStates") or {}
    return {
        **_identity(existing),
        "phase": dataset_phase(existing),
        "terminating": bool(existing["metadata"].get("deletionTimestamp")),
        "total_bytes": size_in_bytes(status.get("ufsTotal")),
        "cached_bytes": size_in_bytes(cache.get("cached")),
        "capacity_bytes": size_in_bytes(cache.get("cacheCapacity")),
        "cached_percentage": percentage(cache.get("cachedPercentage")),
        "files": _count(status.get("fileNum")),
        "runtimes": [each.get("name") for each in status.get("runtimes") or []],
    }


def of_runtime(existing: dict) -> dict:
    """Return the phases and the ready and desired numbers of a runtime's masters, workers and FUSE pods."""
    status = existing.get("status") or {}
    return {
        **_identity(existing),
        **{part + "_phase": status.get(part + "Phase") or "" for part in ("master", "worker", "fuse")},
        **components(existing),
    }


def _identity(existing: dict) -> dict:
    return {"name": existing["metadata"]["name"], "namespace": existing["metadata"].get("namespace")}
