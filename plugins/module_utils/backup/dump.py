# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the tree of files from the leading master, and makes a dump of its metadata. IO."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

from ..alluxio import cli_output
from ..api.client import Client
from ..api.pod_exec import PodShell
from ..errors import ApiError
from ..fluid.components import MASTER, MASTER_CONTAINER
from ..k8s.kinds import ref_to
from ..k8s.pods import container_run
from ..masters.web_api import MasterWebApi
from . import space, transfer
from .catalog import Tree
from .transfer import IN_MEMORY, Spool

_FOLDER = "/tmp"
_METRICS = "/metrics/json/"
_PATHS = "Master.TotalPaths"  # Alluxio 2.9, MetricKey.java
# Bytes on the leader's disk for each path. The sort of the tree: 36 were measured for paths of 80 characters.
# The dump: an estimate; the entry of an inode has a few hundred bytes before compression.
_TREE_BYTES, _DUMP_BYTES = 64, 100
# Bytes: a small namespace needs hardly more, and a node whose disk is that full evicts pods.
_LEAST = 64 * 1024 * 1024

# The listing without the cached percentage, which changes with the cache. Metadata that was never loaded
# stays so. The sort has bounded memory, and compresses what it writes to the disk; nothing else is stored.
_TREE = """\
set -o pipefail
export ALLUXIO_USER_JAVA_OPTS="$ALLUXIO_USER_JAVA_OPTS -Dalluxio.user.file.metadata.load.type=NEVER"
find "$1" -maxdepth 1 -name 'datacache-tree.*' -mmin +1440 -exec rm -rf {} +
folder=$(mktemp -d "$1/datacache-tree.XXXXXX") && trap 'rm -rf "$folder"' EXIT || exit
compress= && command -v gzip >/dev/null && compress=--compress-program=gzip
exec 4>&1
{ alluxio fs ls -R / | sed -E 's/ +[0-9]+% / /' | LC_ALL=C sort -S 64M -T "$folder" $compress |
  tee /dev/fd/3 | sha256sum >&4; } 3>&1 | wc -l
"""
# --local writes on the leader's host; a delegated backup would be on a follower's.
_DUMP = """\
umask 077
find /tmp -maxdepth 1 -name 'datacache-backup.*' -mmin +1440 -exec rm -rf {} +
rm -rf "$1"; mkdir "$1" && alluxio fsadmin backup "$1" --local --allow-leader --bypass-delegation || exit
if ! mv "$1"/alluxio-backup-*.gz "$1/backup.gz"; then
  echo "the leadership has moved" >&2
  exit 1
fi
echo "version $(alluxio version)"
wc -c <"$1/backup.gz"
sha256sum <"$1/backup.gz"
"""
_REMOVE = 'rm -rf "$1"'


class Leader:
    """The leading master. pod: its name.

    timeout: seconds for each command. report_progress: receives the step that begins.
    """

    def __init__(self, client: Client, pod: dict, timeout: float,
                 report_progress: Callable[[str], None] = lambda _text: None) -> None:
        self.pod = pod["metadata"]["name"]
        self._client = client
        self._object = pod
        self._report = report_progress
        self._shell = PodShell(client, ref_to(pod), MASTER_CONTAINER, timeout, "bash", bounded=True,
                               repeats=True)

    def still_runs(self, pod: dict) -> bool:
        """Return whether the master of this pod, as read now, is the same process."""
        return container_run(pod, MASTER_CONTAINER) == container_run(self._object, MASTER_CONTAINER)

    def tree(self) -> Tree:
        """Return the tree of files.

        Raises ApiError when the master lists none, and PreconditionFailed when its disk is too full.
        """
        self._require_space("the sorted listing of all files, without which verify_tree must be false",
                            _TREE_BYTES)
        self._report(f"listing the file tree in {self.pod}")
        numbers = self._shell.run("list the file tree", _TREE, _FOLDER).replace("-", "").split()
        sha256, paths = sorted(numbers, key=len, reverse=True)
        return Tree(sha256, int(paths))

    def dump(self, name: str, spool: Spool) -> dict:
        """Write the metadata into the spool while the leader pauses changes.

        Return {entries: number of journal entries or None, alluxio_version}. Raises PreconditionFailed when a
        disk is too full.
        """
        self._require_space("the backup", _DUMP_BYTES)
        folder = f"{_FOLDER}/datacache-backup.{name}"
        try:
            self._report(f"{self.pod} writes the backup")
            output = self._shell.run("back up the metadata", _DUMP, folder)
            *_before, size, sha256, _dash = output.split()
            if int(size) > IN_MEMORY:
                space.require_here(int(size), "the backup")
            self._report(f"fetching the backup of {size} bytes from {self.pod}")
            transfer.fetch(self._shell, "fetch the backup", f"{folder}/backup.gz", int(size), spool)
        finally:
            # After an error the pod may be deleted with its files; otherwise a later dump removes them.
            with suppress(ApiError):
                self._shell.run("remove the backup's files", _REMOVE, folder)
        if spool.sha256 != sha256:
            raise ApiError(f"the backup of {self.pod} arrived with SHA-256 {spool.sha256}, expected "
                           f"{sha256}: run this again")
        version = next(line.partition(" ")[2] for line in output.splitlines() if line.startswith("version "))
        return {"entries": cli_output.entry_count(output), "alluxio_version": version.strip()}

    def _require_space(self, purpose: str, bytes_per_path: int) -> None:
        needed = max(_LEAST, (self._paths() or 0) * bytes_per_path)
        space.require_in_pod(self._shell, _FOLDER, needed, purpose)

    def _paths(self) -> int | None:
        """Return the number of files and folders by the leader's metrics; None when they cannot be read."""
        try:
            answer = MasterWebApi(self._client).get(self._object, MASTER, _METRICS)
            return int(json.loads(answer or "")["gauges"][_PATHS]["value"])
        except (ApiError, KeyError, TypeError, ValueError):
            return None
