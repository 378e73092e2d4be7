# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading of paths into the cache by Alluxio's command line, and its output. Pure.

Sources: Alluxio 2.9.0 to 2.9.4, alluxio.cli.fs.command.
- DistributedLoadCommand exists in 2.9.0, 2.9.1 and 2.9.3, and not in 2.9.4. It submits to the job master,
  and its tasks need a job worker beside each worker (alluxio.job.plan.load.LoadDefinition). It exits with 0
  even if files failed (DistributedLoadUtils.distributedLoad).
- LoadCommand has --submit, --progress and --stop in 2.9.1 and later. The leading master's scheduler then
  loads one replica of each block, without job masters and workers (alluxio.master.job.LoadJob). A job
  succeeds with up to 100 failed blocks, or 5 %. Without an option the client loads file after file.
- DuCommand -s sums the size of the files below a path and what of it is in Alluxio. Its listing loads the
  metadata of a directory that has not been listed before, and finds no files that were added later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# The first version without the command.
_NO_DISTRIBUTED_LOAD = (2, 9, 4)
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?![0-9])", re.ASCII)
_SIZES = re.compile(r"^(\d+)\s+(\d+) \(\d+%\)\s+(/.*?)\s*$", re.MULTILINE)
_STATE = re.compile(r"^\s*Job State: ([A-Z]+)(?: \((.*)\))?\s*$", re.MULTILINE)
_BYTES = re.compile(r"^\s*Bytes Loaded: (\S+)(?: out of (\S+))?\s*$", re.MULTILINE)
RUNNING = ("RUNNING", "VERIFYING", "CREATED")

# Prints for each path its size and what of it is cached. $1: whether the under-stores are listed again.
SIZES = """set -eu
again=$1; shift
for path; do
  if [ "$again" = true ]; then
    alluxio fs ls -R -Dalluxio.user.file.metadata.sync.interval=0 "$path" >/dev/null
  fi
  alluxio fs du -s "$path"
done"""
# Starts a load of the paths, which goes on when the script has ended. $1: replicas. Prints "submitted", or
# "loaded" if the command has waited for the end.
SUBMIT = """set -eu
replicas=$1; shift
case $(alluxio fs help distributedLoad 2>&1) in
  *'unknown command'*)
    for path; do alluxio fs load "$path" --submit --verify; done
    echo submitted ;;
  *)
    for path; do alluxio fs distributedLoad --replication "$replicas" "$path"; done
    echo loaded ;;
esac"""
# Prints the progress of the submitted loads.
PROGRESS = """for path; do alluxio fs load "$path" --progress || exit; done"""


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
    """The state of submitted loads. running: whether one is not finished. failed: the reasons of failures."""

    running: bool
    text: str
    failed: tuple[str, ...]


def has_distributed_load(version: str) -> bool:
    """Return whether a version of Alluxio has the command distributedLoad, or is unknown."""
    match = _VERSION.match(version)
    return match is None or tuple(map(int, match.groups())) < _NO_DISTRIBUTED_LOAD


def parse_sizes(output: str) -> dict[str, Sizes]:
    """Return the sizes of each path in the output of SIZES."""
    return {path: Sizes(int(total), int(cached)) for total, cached, path in _SIZES.findall(output)}


def parse_progress(output: str) -> Progress:
    """Return the state of the loads in the output of PROGRESS."""
    states = _STATE.findall(output)
    loaded = [f"{done} of {total}" if total else done for done, total in _BYTES.findall(output)]
    failed = [f"state {state}{': ' + reason if reason else ''}" for state, reason in states
              if state in ("FAILED", "STOPPED")]
    if not states:
        failed.append("no load was found, as after a change of the leader that lost it")
    return Progress(any(state in RUNNING for state, _reason in states), ", ".join(loaded) + " loaded",
                    tuple(failed))
