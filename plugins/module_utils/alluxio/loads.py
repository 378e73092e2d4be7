# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading of paths into the cache by Alluxio's command line, and its output. Pure.

Sources: Alluxio 2.9.0 to 2.9.4, alluxio.cli.fs.command.
- DistributedLoadCommand exists in 2.9.0, 2.9.1 and 2.9.3, and not in 2.9.4. It submits to the job master,
  and its tasks need a job worker beside each worker (alluxio.job.plan.load.LoadDefinition). It exits with 0
  even if files failed (DistributedLoadUtils.distributedLoad).
- LoadCommand has --submit, --progress and --stop in 2.9.1 and later. The leading master's scheduler then
  loads one replica of each block, without job masters and workers (alluxio.master.job.LoadJob). A job
  succeeds with up to 100 failed blocks, or 5 %. Each worker takes a direct buffer for each of
  alluxio.job.batch.size blocks, 20, and a block for which there is none fails at once. A block that is not
  read from its under-store within alluxio.user.network.rpc.keepalive.timeout, 30 s, fails too, and while a
  job verifies, it tries the block again without end (alluxio.worker.block.MonoBlockStore.load). Without an
  option the client loads block after block, without that limit.
- DuCommand -s sums the size of the files below a path and what of it is in Alluxio. Its listing loads the
  metadata of a directory that has not been listed before, and finds no files that were added later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..errors import InvalidInput
from . import mounts
from .cli_output import UTF8

# The first version without the command.
_NO_DISTRIBUTED_LOAD = (2, 9, 4)
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?![0-9])", re.ASCII)
_SIZES = re.compile(r"^(\d+)\s+(\d+) \(\d+%\)\s+(/.*)$", re.MULTILINE)
_STATE = re.compile(r"^\s*Job State: ([A-Z]+)(?: \((.*)\))?\s*$", re.MULTILINE)
_BYTES = re.compile(r"^\s*Bytes Loaded: (\S+)(?: out of (\S+))?\s*$", re.MULTILINE)
_FAILURES = re.compile(r"^\s*Block load failure rate: (?!0\.00%)\S+%\s*$", re.MULTILINE)
# alluxio.scheduler.job.JobState; the other one is SUCCEEDED.
_RUNNING, _FAILED, _STOPPED = frozenset({"RUNNING", "VERIFYING"}), "FAILED", "STOPPED"
_UNKNOWN = re.compile(r"^Load for path '(.*)' cannot be found\.$", re.MULTILINE)

# The wildcard of Alluxio's paths (alluxio.AlluxioURI), and what would break the lines of its output.
_NOT_IN_PATHS = re.compile(r"[*\x00-\x1f\x7f]")
# Prints for each path its size and what of it is cached. $1: whether the under-stores are listed again.
SIZES = UTF8 + """set -eu
again=$1; shift
for path; do
  if [ "$again" = true ]; then
    alluxio fs ls -R -Dalluxio.user.file.metadata.sync.interval=0 "$path" >/dev/null
  fi
  alluxio fs du -s "$path"
done"""
# Loads the paths. Prints SUBMITTED if the load goes on when the script has ended.
SUBMITTED = "submitted"
LOAD = f"""{UTF8}set -eu
case $(alluxio fs help distributedLoad 2>&1) in
  *'is an unknown command'*)
    for path; do alluxio fs load "$path" --submit --verify; done
    echo {SUBMITTED} ;;
  *)
    for path; do alluxio fs distributedLoad --replication 1 "$path"; done ;;
esac"""
# Loads what is missing of the paths with a client of its own, one block after the other. It reads from the
# under-stores by the way of applications, so it needs neither job workers nor the memory of a submitted load.
LOAD_ONE_BY_ONE = UTF8 + """for path; do alluxio fs load "$path" >/dev/null || exit; done"""
# Stops submitted loads. The command fails for one that has ended.
STOP = UTF8 + """for path; do alluxio fs load "$path" --stop || true; done"""
# Prints the progress of submitted loads. The command fails for one that is unknown.
PROGRESS = UTF8 + """for path; do alluxio fs load "$path" --progress || true; done"""


@dataclass(frozen=True)
class Sizes:
    """The bytes of files, and those of them that are cached."""

    total: int
    cached: int

    @property
    def percentage(self) -> float:
        """The share that is cached, from 0 to 100 and rounded down."""
        return 100.0 if self.cached >= self.total else self.cached * 1000 // self.total / 10


@dataclass(frozen=True)
class Progress:
    """The state of submitted loads. running: whether one is not finished. failed: why loads have ended.

    stopped: whether a user has stopped one. fails: whether blocks of one could not be loaded. loaded: the
    sizes that are loaded; the totals in the text grow with each block that is tried again.
    """

    running: bool
    text: str
    failed: tuple[str, ...] = ()
    stopped: bool = False
    fails: bool = False
    loaded: tuple[str, ...] = field(default=(), compare=False)


def require_paths(option: str, paths: list[str]) -> None:
    """Raise InvalidInput for a path that is not absolute, has a wildcard, or lies within another one."""
    if not paths:
        raise InvalidInput(f"{option} is empty: expected at least one path, such as / for all")
    for number, path in enumerate(paths):
        mounts.require_path(f"{option}[{number}]", path)
        found = _NOT_IN_PATHS.search(path)
        if found:
            raise InvalidInput(f"{option}[{number}] is {path!r} with the character {found[0]!r}: expected "
                               "the path of a folder or a file")
        outer = next((other for other in [*paths[:number], *paths[number + 1:]]
                      if (path + "/").startswith(other.rstrip("/") + "/")), None)
        if outer is not None:
            raise InvalidInput(f"{option}[{number}] is {path}, which lies within {outer}: keep the latter "
                               "alone")


def has_distributed_load(version: str) -> bool:
    """Return whether a version of Alluxio has the command distributedLoad, or is unknown."""
    match = _VERSION.match(version)
    return match is None or tuple(map(int, match.groups())) < _NO_DISTRIBUTED_LOAD


def parse_sizes(output: str) -> dict[str, Sizes]:
    """Return the sizes of each path in the output of SIZES."""
    return {path: Sizes(int(total), int(cached)) for total, cached, path in _SIZES.findall(output)}


def parse_progress(output: str) -> Progress:
    """Return the state of the loads in the output of PROGRESS. Without any state they count as running."""
    states = _STATE.findall(output)
    sizes = _BYTES.findall(output)
    loaded = ", ".join(f"{done} of {total}" if total else done for done, total in sizes)
    failed = [f"a load is {state}{': ' + reason if reason else ''}" for state, reason in states
              if state == _FAILED]
    failed += [f"no load of {path} is known" for path in _UNKNOWN.findall(output)]
    found = {state for state, _reason in states}
    running = bool(found & _RUNNING) or not (found or failed)
    return Progress(running, f"loaded {loaded}" if loaded else "no master shows it",
                    tuple(failed), _STOPPED in found, _FAILURES.search(output) is not None,
                    tuple(done for done, _total in sizes))
