# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the files is cached and persisted, and the commands that keep it when a worker goes. Pure.

Sources: Alluxio 2.9.4.
- alluxio.cli.fsadmin.command.DecommissionWorkerCommand: the master removes the worker from those that clients
  use, and its blocks from the locations (alluxio.master.block.DefaultBlockMaster.decommissionWorker). The
  command waits alluxio.user.worker.list.refresh.interval, 2 minutes, until clients know it, and then until
  the worker serves no request. It compares hosts alone. It exits with 3 for a worker that is still busy, and
  with 10 if the worker's web port does not answer. No journal keeps the state: the next leader, and a
  restart of the worker, take the worker in again.
- alluxio.cli.fs.command.PersistCommand writes files to the under-store that exist in Alluxio alone, and exits
  with 0 even if it failed for some.
- alluxio.cli.fs.command.LsCommand prints for each file its size, state and share that is in Alluxio.
- alluxio.cli.fsadmin.report.CapacityCommand prints the seconds since the last heartbeat of each worker.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .cli_output import UTF8

# Lists all files that the masters know, without a look at the under-stores.
LIST = UTF8 + "alluxio fs ls -R -Dalluxio.user.file.metadata.load.type=NEVER /"
PERSIST = UTF8 + 'alluxio fs persist "$@"'
# $1: hosts, separated by commas. $2: the longest wait, such as 300s. Prints one of the answers below.
IDLE, BUSY, UNKNOWN_WORKER, UNKNOWN_COMMAND = "idle", "busy", "unknown-worker", "unknown-command"
DECOMMISSION = f"""answer=$(alluxio fsadmin decommissionWorker --addresses "$1" --wait "$2" 2>&1)
code=$?
case $answer in
  *'is not known by the master'*) echo {UNKNOWN_WORKER} ;;
  *'is an unknown command'*) echo {UNKNOWN_COMMAND} ;;
  *) case $code in
       0|10) echo {IDLE} ;;
       3) echo {BUSY} ;;
       *) printf '%s\\n' "$answer" | tail -n 5 >&2; exit 1 ;;
     esac ;;
esac"""
HEARTBEATS = "alluxio fsadmin report capacity"

_FILE = re.compile(r"^(?:\S+ +\S+ +\S+ +)?? *(\d+)\s+([A-Z_]+)\s+[\d-]+ [\d:]+\s+(\d+)% (/.*?) *$",
                   re.MULTILINE)
_UNPERSISTED = frozenset({"NOT_PERSISTED", "TO_BE_PERSISTED"})
# 2.9.0 prints no state of the worker before the seconds.
_HEARTBEAT = re.compile(r"^(\S+)\s+(?:\S.*\s)?(\d+)\s+capacity\b", re.MULTILINE)
# What alluxio/loads.py refuses in a path.
_NO_LOAD = re.compile(r"[*\x00-\x1f\x7f]")
_WHOLE = 100


@dataclass(frozen=True)
class File:
    """A file that the masters know. cached: percentage. persisted: whether the under-store has it."""

    path: str
    size: int
    cached: int
    persisted: bool


@dataclass(frozen=True)
class Kept:
    """What to load again. paths: the largest first. left_files, left_bytes: what none of them covers."""

    paths: tuple[str, ...]
    left_files: int
    left_bytes: int


def parse_files(output: str) -> list[File]:
    """Return the files in the output of LIST."""
    return [File(path, int(size), int(cached), state not in _UNPERSISTED)
            for size, state, cached, path in _FILE.findall(output)]


def parse_heartbeats(output: str) -> dict[str, int]:
    """Return the seconds since the last heartbeat of a worker on each host.

    A worker on the container network has a new address after a restart; the old one stays in the list.
    """
    found: dict[str, int] = {}
    for host, seconds in _HEARTBEAT.findall(output):
        found[host] = min(int(seconds), found.get(host, int(seconds)))
    return found


def unpersisted(files: Iterable[File]) -> list[str]:
    """Return the paths of the files that are in Alluxio alone."""
    return sorted(file.path for file in files if not file.persisted)


def kept(files: Iterable[File], most: int) -> Kept:
    """Return the paths whose load makes all files complete that are complete now, and no other one.

    A folder stands for its files if all of them are complete, because each path costs a process. Files of
    which only a part is cached are not loaded again. most: the number of paths.
    """
    files = list(files)
    incomplete = {folder for file in files if file.cached < _WHOLE for folder in _folders(file.path)}
    sizes: dict[str, int] = defaultdict(int)
    counts: dict[str, int] = defaultdict(int)
    for file in files:
        if file.cached >= _WHOLE and file.size:
            path = next((folder for folder in _folders(file.path) if folder not in incomplete), file.path)
            sizes[path] += file.size
            counts[path] += 1
    ordered = sorted(sizes, key=lambda path: (-sizes[path], path))
    paths = [path for path in ordered if not _NO_LOAD.search(path)][:most]
    left = sizes.keys() - set(paths)
    return Kept(tuple(paths), sum(counts[path] for path in left), sum(sizes[path] for path in left))


def outermost(paths: Iterable[str]) -> list[str]:
    """Return the paths that do not lie within another one, in order."""
    found: list[str] = []
    for path in sorted(set(paths), key=lambda each: (each.count("/") if each != "/" else 0, each)):
        if not any((path + "/").startswith(outer.rstrip("/") + "/") for outer in found):
            found.append(path)
    return sorted(found)


def _folders(path: str) -> Iterator[str]:
    """Yield the folders of a path, the outermost one first."""
    yield "/"
    parts = path.split("/")[1:-1]
    for number in range(1, len(parts) + 1):
        yield "/" + "/".join(parts[:number])
