# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of a runtime's metadata: their names, the record beside each, which to keep and which to restore. Pure.

A backup is two files of one folder: <name>.gz as Alluxio wrote it, and <name>.json, its record, written last. The
name is <namespace>.<runtime>.<UTC time>; neither namespaces nor runtimes can have a dot in their names.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from typing import Iterable

from ..errors import InvalidInput

FORMAT = 1
LATEST = "latest"
_NAME = re.compile(r"[a-z0-9][-a-z0-9]*\.[a-z][-a-z0-9]*\.[0-9]{8}T[0-9]{6}Z\Z", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Tree:
    """The files and folders of the namespace. sha256: of their sorted listing; paths: how many there are."""

    sha256: str
    paths: int


@dataclass(frozen=True)
class Backup:
    """The record of one backup.

    created: UTC, as 2026-11-24T18:22:33Z. size_bytes, sha256: of the .gz file. entries: journal entries in it.
    tree_sha256, paths: of the Tree that it holds; None when the namespace changed while it was made.
    made_before: the backup that was about to be restored, for one that keeps what was there; else None.
    """

    name: str
    namespace: str
    runtime: str
    uid: str
    created: str
    leader: str
    alluxio_version: str
    size_bytes: int
    sha256: str
    entries: int | None
    tree_sha256: str | None
    paths: int | None
    made_before: str | None = None

    def as_dict(self) -> dict:
        return asdict(self)

    def record(self) -> bytes:
        """The contents of the .json file."""
        return (json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True) + "\n").encode()

    def holds(self, tree: Tree | None) -> bool:
        """Tell whether the tree is known to be the one that it holds."""
        return tree is not None and tree.sha256 == self.tree_sha256

    @property
    def owner(self) -> tuple[str, str]:
        return self.namespace, self.runtime

    def age(self, now: datetime) -> float:
        """Seconds from its creation to now."""
        return (now - datetime.strptime(self.created, _TIME).replace(tzinfo=timezone.utc)).total_seconds()


def parse(text: str | bytes) -> Backup | None:
    """Return the backup that a record tells of; None for anything that is not such a record."""
    try:
        found = json.loads(text)
        if not isinstance(found, dict) or found.pop("format", None) != FORMAT:
            return None
        backup = Backup(**{field.name: found[field.name] for field in fields(Backup)})
        datetime.strptime(backup.created, _TIME)
        whole = _NAME.match(backup.name) and _SHA256.match(backup.sha256) and backup.size_bytes >= 0
    except (KeyError, TypeError, ValueError):
        return None
    return backup if whole and backup.name.startswith("%s.%s." % backup.owner) else None


def name_of(namespace: str, runtime: str, now: datetime) -> str:
    return f"{namespace}.{runtime}.{now.strftime('%Y%m%dT%H%M%SZ')}"


def time_of(now: datetime) -> str:
    return now.strftime(_TIME)


def require_path(path: str) -> None:
    """Raise InvalidInput unless the path is a folder below the claim's top, or empty for the top itself."""
    if path and (path.startswith("/") or path.endswith("/") or any(part in ("", ".", "..") for part in path.split("/"))
                 or any(ord(letter) < 32 for letter in path)):
        raise InvalidInput(f"path {path!r} is not a folder of the claim: expected a relative path without '.', '..' and a slash at its "
                           "ends, such as alluxio/backups")


def require_selectable(requested: str) -> None:
    """Raise InvalidInput unless the text can name a backup."""
    if requested != LATEST and not _NAME.match(requested):
        raise InvalidInput(f"backup {requested!r} is no backup's name: expected <namespace>.<runtime>.<time>, such as "
                           f"data.hbase.20261124T182233Z, or {LATEST}; datacache.fluid.alluxio_backup_info lists them")


def newest_first(found: Iterable[Backup]) -> list[Backup]:
    return sorted(found, key=lambda backup: (backup.created, backup.name), reverse=True)


def of_runtime(found: Iterable[Backup], namespace: str, runtime: str) -> list[Backup]:
    """Those of one runtime, the newest first. A runtime that was deleted and made anew has those of its namesake."""
    return newest_first(backup for backup in found if backup.owner == (namespace, runtime))


def surplus(own: list[Backup], keep: int | None) -> list[Backup]:
    """Those that are too many when the newest `keep` stay; None keeps all. own: the newest first."""
    return [] if keep is None else own[keep:]


def choose(found: list[Backup], requested: str, namespace: str, runtime: str, force_foreign: bool) -> Backup:
    """Return the backup to restore into a runtime.

    LATEST means the runtime's own newest that was not made before a restoration: else a second run would undo
    the first. Raises InvalidInput for a name that is not there, and for the
    backup of another runtime unless that is forced.
    """
    own = of_runtime(found, namespace, runtime)
    chosen = next((backup for backup in (own if requested == LATEST else found)
                   if backup.name == requested or requested == LATEST and not backup.made_before), None)
    if chosen is None:
        raise InvalidInput(
            f"there is no backup {requested} of AlluxioRuntime {runtime} in namespace {namespace}: {_offer(own or newest_first(found))}")
    if chosen.owner != (namespace, runtime) and not force_foreign:
        raise InvalidInput(
            f"backup {requested} is of AlluxioRuntime {chosen.runtime} in namespace {chosen.namespace}, not of {runtime} in namespace "
            f"{namespace}: its files are those of another Dataset; give force_foreign: true if that is what you want, or take one of this "
            f"runtime: {_offer(own)}")
    return chosen


def _offer(found: list[Backup]) -> str:
    return f"there are {', '.join((backup.name for backup in found[:5]))}" if found else "there is none at all"
