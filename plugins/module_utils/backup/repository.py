# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a claim that holds backups, accessed through a helper pod's exec streams. IO.

A file is written under a partial name, verified and renamed; a backup's record comes last. A backup with a
record is therefore complete, and nothing else counts as a backup.
"""

from __future__ import annotations

import base64
import copy
from contextlib import closing
from dataclasses import replace

from ..api.client import Client
from ..api.pod_exec import PodShell
from ..errors import FluidError
from ..k8s.kinds import ObjectRef
from . import catalog, helper_pod, space, transfer
from .catalog import Backup
from .transfer import IN_MEMORY, Spool

# Bytes for a record and for what a file system adds to a file.
_MARGIN = 64 * 1024

# Prints "<name of the files> <size of the .gz file> <record in base64>" for each backup that has both files.
_LIST = """\
cd "$1" 2>/dev/null || exit 0
for record in *.*.*Z.json; do
  name=${record%.json} file=${record%.json}.gz
  [ -f "$record" ] && [ -f "$file" ] || continue
  case $name in *[![:alnum:].-]*) continue ;; esac
  echo "$name $(wc -c <"$file") $(head -c 65536 "$record" | base64 | tr -d '\\n')"
done"""
# Partial files of interrupted runs are removed after a day. A backup holds the credentials of mounts, so only
# its owner may read it; the mode of a folder that exists is not changed.
_PUT = transfer.COMPLETE + """\
mkdir -p "$1" && cd "$1" || exit
find . -maxdepth 1 -name '.*Z.*.partial' -mmin +1440 -exec rm -f {} +
partial=.$2.partial
complete "$partial" "$2" "$3" "$4" "$5" "$6"
if [ -e "$2" ]; then
  existing=$(sha256sum <"$2")
  rm -f "$partial"
  [ "${existing%% *}" != "$3" ] || exit 0
  echo "the file exists with other content: it is not replaced; run this again" >&2
  exit 1
fi
mv "$partial" "$2"
"""
_CHECKSUM = 'sha256sum <"$1/$2"'
_REMOVE = """\
cd "$1" || exit
shift
for name; do rm -f "$name.json" "$name.gz" || exit; done"""


class Repository:
    """One folder of a claim. pod: the helper pod. timeout: seconds for each command."""

    def __init__(self, client: Client, pod: ObjectRef, path: str, timeout: float) -> None:
        self._folder = f"{helper_pod.FOLDER}/{path}" if path else helper_pod.FOLDER
        self._where = f"in /{path} of the claim"
        self._shell = PodShell(client, pod, helper_pod.CONTAINER, timeout, bounded=True, repeats=True)

    def by(self, client: Client) -> Repository:
        """Return the folder as another client accesses it, such as one that requires a Lease."""
        other = copy.copy(self)
        other._shell = replace(self._shell, client=client)
        return other

    def listed(self) -> list[Backup]:
        """Return the backups whose file has the recorded size and name, the newest first.

        A copy under another name is no backup: it would count for `keep`, and its removal would remove the
        original.
        """
        found = []
        for line in self._shell.run(f"list backups {self._where}", _LIST, self._folder).splitlines():
            name, size, record = line.split(" ")
            backup = catalog.parse(base64.b64decode(record))
            if backup and (backup.name, backup.size_bytes) == (name, int(size)):
                found.append(backup)
        return catalog.newest_first(found)

    def put(self, backup: Backup, spool: Spool) -> None:
        """Store a backup's file, then its record.

        Raises PreconditionFailed if the claim has too little space, and ApiError if bytes differ or a file of
        this name has other content.
        """
        space.require_in_pod(
            self._shell, helper_pod.FOLDER, transfer.needed_bytes(spool.size) + _MARGIN,
            f"backup {backup.name}", "remove files from the claim, enlarge it, or lower keep")
        self._put(backup.name + ".gz", spool, backup.sha256)
        with closing(Spool()) as record:
            record.write(backup.record())
            self._put(backup.name + ".json", record, record.sha256)

    def _put(self, name: str, spool: Spool, sha256: str) -> None:
        transfer.store(self._shell, f"store {name} {self._where}", _PUT, self._folder, name, sha256,
                       spool=spool)

    def get(self, backup: Backup, spool: Spool) -> None:
        """Read a backup's file into the spool.

        Raises FluidError when it does not match its record, and PreconditionFailed when the disk of this
        machine is too full.
        """
        if backup.size_bytes > IN_MEMORY:
            space.require_here(backup.size_bytes, f"backup {backup.name}")
        transfer.fetch(self._shell, f"read {backup.name} {self._where}",
                       f"{self._folder}/{backup.name}.gz", backup.size_bytes, spool)
        if spool.sha256 != backup.sha256:
            raise FluidError(f"backup {backup.name} is damaged: its file has SHA-256 {spool.sha256}, its "
                             f"record has {backup.sha256}; take another one")

    def is_intact(self, backup: Backup) -> bool:
        """Return whether the file's SHA-256, computed in the helper pod, is that of its record."""
        output = self._shell.run(
            f"check {backup.name} {self._where}", _CHECKSUM, self._folder, backup.name + ".gz")
        return output.split()[0] == backup.sha256

    def remove(self, names: list[str]) -> None:
        """Remove backups, each record first, so that none is listed without its file."""
        if names:
            self._shell.run(f"remove backups {self._where}", _REMOVE, self._folder, *names)
