# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the tree of files from the leading master, and makes a dump of its metadata. IO."""

from __future__ import annotations

from contextlib import suppress

from ..alluxio import cli_output
from ..api.client import Client
from ..api.pod_exec import PodShell
from ..errors import ApiError
from ..fluid.components import MASTER_CONTAINER
from ..k8s.kinds import ObjectRef
from .catalog import Tree
from .repository import Spool

# The listing without the cached percentage, which changes with the cache. Metadata that was never loaded
# stays so.
_TREE = """\
set -o pipefail
export ALLUXIO_USER_JAVA_OPTS="$ALLUXIO_USER_JAVA_OPTS -Dalluxio.user.file.metadata.load.type=NEVER"
list=$(mktemp) && trap 'rm -f "$list"' EXIT
alluxio fs ls -R / | sed -E 's/ +[0-9]+% / /' | LC_ALL=C sort >"$list" || exit
wc -l <"$list"
sha256sum <"$list"
"""
# --local writes on the leader's host; a delegated backup would be on a follower's.
_DUMP = """\
umask 077
find /tmp -maxdepth 1 -name 'datacache-backup.*' -mmin +1440 -exec rm -rf {} +
mkdir "$1" && alluxio fsadmin backup "$1" --local --allow-leader --bypass-delegation || exit
if ! mv "$1"/alluxio-backup-*.gz "$1/backup.gz"; then
  echo "the leadership has moved" >&2
  exit 1
fi
echo "version $(alluxio version)"
sha256sum <"$1/backup.gz"
"""
_FETCH = 'exec base64 <"$1/backup.gz"'
_REMOVE = 'rm -rf "$1"'


class Leader:
    """The leading master. pod: its name. timeout: seconds for each command."""

    def __init__(self, client: Client, pod: ObjectRef, timeout: float) -> None:
        self.pod = pod.name
        self._shell = PodShell(client, pod, MASTER_CONTAINER, timeout, "bash", bounded=True)

    def tree(self) -> Tree:
        """Return the tree of files. Raises ApiError when the master lists none."""
        paths, sha256, *_name = self._shell.run("list the file tree", _TREE).split()
        return Tree(sha256, int(paths))

    def dump(self, name: str, spool: Spool) -> dict:
        """Write the metadata into the spool while the leader pauses changes.

        Return {entries: number of journal entries or None, alluxio_version}.
        """
        folder = "/tmp/datacache-backup." + name
        try:
            output = self._shell.run("back up the metadata", _DUMP, folder)
            *_before, sha256, _dash = output.split()
            self._shell.receive("fetch the backup", _FETCH, folder, write=spool.write)
        finally:
            # After an error the pod may be deleted with its files; otherwise a later dump removes them.
            with suppress(ApiError):
                self._shell.run("remove the backup's files", _REMOVE, folder)
        if spool.sha256 != sha256:
            raise ApiError(f"the backup of {self.pod} arrived with SHA-256 {spool.sha256}, expected "
                           f"{sha256}: run this again")
        version = next(line.partition(" ")[2] for line in output.splitlines() if line.startswith("version "))
        return {"entries": cli_output.entry_count(output), "alluxio_version": version.strip()}
