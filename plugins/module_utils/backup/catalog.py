# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of a runtime's metadata: their names and records, and which to keep or restore. Pure.

A backup is two files in one folder: <name>.gz as Alluxio wrote it, and <name>.json, its record, written last.
The name is <namespace>.<runtime>.<UTC time>; names of namespaces and runtimes have no dots.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta, timezone

from ..errors import InvalidInput
from ..k8s.kinds import ObjectRef

FORMAT = 1
LATEST = "latest"
_NAME = re.compile(r"[a-z0-9][-a-z0-9]*\.[a-z][-a-z0-9]*\.[0-9]{8}T[0-9]{6}Z\Z", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Tree:
    """A cache's tree of files. sha256: of its sorted listing. paths: number of files and folders."""

    sha256: str
    paths: int


@dataclass(frozen=True)
class Backup:
    """The record of one backup.

    created: UTC, such as 2026-11-24T18:22:33Z. size_bytes, sha256: of the .gz file. entries: number of
    journal entries. tree_sha256, paths: of its Tree; None when that changed during the backup. made_before:
    of a safety backup, the backup that was about to be restored; else None.
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
        """Return the values as the module returns them."""
        return asdict(self)

    def record(self) -> bytes:
        """Return the content of the .json file."""
        return (json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True) + "\n").encode()

    def holds(self, tree: Tree | None) -> bool:
        """Return whether the backup is known to have this tree."""
        return tree is not None and tree.sha256 == self.tree_sha256

    @property
    def owner(self) -> ObjectRef:
        """The runtime that was backed up."""
        return ObjectRef(self.namespace, self.runtime)

    def is_recent(self, now: datetime, max_age: float) -> bool:
        """Return whether it is at most max_age seconds old, and no safety backup, whose metadata is replaced.

        A backup of the future comes from another clock, so its age is unknown.
        """
        return not self.made_before and 0 <= self.age(now) <= max_age

    def age(self, now: datetime) -> float:
        """Return the seconds from its creation to now."""
        return (now - datetime.strptime(self.created, _TIME).replace(tzinfo=timezone.utc)).total_seconds()


def parse(text: str | bytes) -> Backup | None:
    """Return the backup that a record describes; None for anything else than a record."""
    try:
        found = json.loads(text)
        if not isinstance(found, dict) or found.pop("format", None) != FORMAT:
            return None
        backup = Backup(**{field.name: found[field.name] for field in fields(Backup)})
        datetime.strptime(backup.created, _TIME)
        valid = _NAME.match(backup.name) and _SHA256.match(backup.sha256) and backup.size_bytes >= 0
    except (KeyError, TypeError, ValueError):
        return None
    return backup if valid and backup.name.startswith(f"{backup.namespace}.{backup.runtime}.") else None


def name_of(runtime: ObjectRef, now: datetime) -> str:
    """Return the name of a backup that is made now."""
    return f"{runtime.namespace}.{runtime.name}.{now.strftime('%Y%m%dT%H%M%SZ')}"


def free_time(runtime: ObjectRef, now: datetime, taken: Iterable[str]) -> datetime:
    """Return the first second from now whose name is not taken."""
    names = set(taken)
    while name_of(runtime, now) in names:
        now += timedelta(seconds=1)
    return now


def time_of(now: datetime) -> str:
    """Return a time as records contain it."""
    return now.strftime(_TIME)


def require_path(path: str) -> None:
    """Raise InvalidInput unless the path is a folder of the claim, or empty for its root."""
    if path and (path.startswith("/") or path.endswith("/")
                 or any(part in ("", ".", "..") for part in path.split("/"))
                 or any(ord(letter) < 32 for letter in path)):
        raise InvalidInput(f"path {path!r} is not a folder of the claim: expected a relative path without "
                           "'.', '..' and a slash at its ends, such as alluxio/backups")


def require_selectable(requested: str) -> None:
    """Raise InvalidInput unless the text is LATEST or a backup's name."""
    if requested != LATEST and not _NAME.match(requested):
        raise InvalidInput(
            f"backup {requested!r} is no backup's name: expected <namespace>.<runtime>.<time>, such as "
            f"data.hbase.20261124T182233Z, or {LATEST}; datacache.fluid.alluxio_backup_info lists them")


def newest_first(found: Iterable[Backup]) -> list[Backup]:
    """Return the backups, the newest first."""
    return sorted(found, key=lambda backup: (backup.created, backup.name), reverse=True)


def of_runtime(found: Iterable[Backup], runtime: ObjectRef) -> list[Backup]:
    """Return the backups of one runtime, the newest first, with those before it was recreated."""
    return newest_first(backup for backup in found if backup.owner == runtime)


def surplus(found: list[Backup], keep: int | None, is_intact: Callable[[Backup], bool],
            relied_on: Backup | None = None) -> list[str]:
    """Return the names of what is older than the newest `keep` backups, without the one that is relied on.

    Safety backups and damaged ones do not count. keep: None keeps all. found: the newest first. is_intact: is
    called only if there may be anything to remove.
    """
    if keep is None or not _older(found, keep, lambda _backup: True):
        return []
    return [each.name for each in _older(found, keep, is_intact) if each != relied_on]


def _older(found: list[Backup], keep: int, is_intact: Callable[[Backup], bool]) -> list[Backup]:
    for index, each in enumerate(found):
        if keep <= 0:
            return found[index:]
        if not each.made_before and is_intact(each):
            keep -= 1
    return []


def needed_by(restored: str, found: Iterable[Backup]) -> set[str]:
    """Return the names of the backup that is being restored and of its safety backups.

    The next run continues an interrupted restoration with its file, and the masters may hold nothing else.
    """
    return {each.name for each in found if restored in (each.name, each.made_before)}


def choose(found: list[Backup], requested: str, runtime: ObjectRef, force_foreign: bool) -> Backup:
    """Return the backup to restore into a runtime.

    LATEST means the runtime's newest backup that is no safety backup: otherwise a second run would undo the
    first. Raises InvalidInput for a backup that does not exist, and for one of another runtime unless forced.
    """
    own = of_runtime(found, runtime)
    chosen = next((backup for backup in (own if requested == LATEST else found)
                   if backup.name == requested or requested == LATEST and not backup.made_before), None)
    if chosen is None:
        raise InvalidInput(
            f"there is no backup {requested} of AlluxioRuntime {runtime.name} in namespace "
            f"{runtime.namespace}: {_offer(own or newest_first(found), bool(own) and requested == LATEST)}")
    if chosen.owner != runtime and not force_foreign:
        offer = f", or choose one of this runtime: {_names(own)}" if own else ""
        raise InvalidInput(
            f"backup {requested} is of AlluxioRuntime {chosen.runtime} in namespace {chosen.namespace}, not "
            f"of {runtime.name} in namespace {runtime.namespace}: its files are those of another Dataset; "
            f"set force_foreign: true to restore it anyway{offer}")
    return chosen


def _offer(found: list[Backup], only_safety: bool) -> str:
    if not found:
        return "there are no backups"
    if not only_safety:
        return f"there are {_names(found)}"
    return (f"there are only safety backups, of the metadata that a restoration replaced, which {LATEST} "
            f"never selects: {_names(found)}; set backup: {found[0].name} to restore the newest of them")


def _names(found: list[Backup]) -> str:
    return ", ".join(backup.name + (" (a safety backup)" if backup.made_before else "")
                     for backup in found[:5])
