# SPDX-License-Identifier: GPL-3.0-or-later
"""A Helm release as its Secrets show it, compared with what is desired. Pure.

Helm keeps each revision as JSON, compressed by gzip and encoded in base64 (Helm: pkg/storage/driver/util.go),
in a Secret of its own, which encodes it once more. The newest revision alone is the release's present state.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .values import merged

_DEPLOYED = "deployed"
_GZIP = 16 + zlib.MAX_WBITS  # zlib's parameter for data with the header of gzip


@dataclass(frozen=True)
class Chart:
    """A chart. app_version: None if it is not known."""

    name: str
    version: str
    app_version: str | None = None


@dataclass(frozen=True)
class Release:
    """A revision of a release. values: those that were given to Helm; they may hold secrets."""

    status: str
    chart: Chart
    values: dict


def selector(name: str) -> str:
    """Return the label selector of a release's Secrets, without the revisions that a later one replaced."""
    return f"owner=helm,name={name},status!=superseded"


def newest(secrets: Iterable[dict]) -> Release | None:
    """Return the newest revision in these Secrets; None without one, and for another format."""
    found = max(secrets, key=_revision, default=None)
    try:
        return None if found is None else _parsed(found["data"]["release"])
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error, zlib.error):
        return None


def is_up_to_date(existing: Release | None, chart: Chart, values: Mapping, kept: bool) -> bool:
    """Return whether Helm would change nothing, by the comparison of kubernetes.core.helm without helm-diff.

    chart: the desired one. kept: whether the values of the release remain below the given ones.
    """
    if existing is None or existing.status != _DEPLOYED:
        return False
    desired = merged(existing.values, values) if kept else values
    return existing.values == desired and _is_of(existing.chart, chart)


def _is_of(existing: Chart, desired: Chart) -> bool:
    same = (existing.name, existing.version) == (desired.name, desired.version)
    return same and desired.app_version in (None, existing.app_version)


def _revision(secret: dict) -> int:
    text = (secret["metadata"].get("labels") or {}).get("version", "")
    return int(text) if text.isdecimal() else 0


def _parsed(encoded: str) -> Release:
    stored = base64.b64decode(base64.b64decode(encoded))
    content: dict[str, Any] = json.loads(zlib.decompress(stored, _GZIP))
    chart = content["chart"]["metadata"]
    return Release(content["info"]["status"],
                   Chart(chart["name"], chart["version"], chart.get("appVersion") or ""),
                   content.get("config") or {})
