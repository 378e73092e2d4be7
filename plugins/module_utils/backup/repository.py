# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a claim that holds backups, accessed through a helper pod's exec streams. IO.

A file is written under a partial name, verified and renamed; a backup's record comes last. A backup with a
record is therefore complete, and nothing else counts as a backup.
"""

from __future__ import annotations

import base64
import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, cast

from ..api import pod_exec
from ..api.client import Client
from ..api.pod_exec import PodShell
from ..errors import FluidError
from ..k8s.kinds import ObjectRef
from . import catalog, helper_pod, space
from .catalog import Backup

# Bytes; a multiple of 3, as pod_exec.send() requires.
_CHUNK = 48 * 1024
# Bytes. Smaller backups are never written to the disk of the host that runs the module.
IN_MEMORY = 32 * 1024 * 1024
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
_PUT = """\
umask 077
mkdir -p "$1" && cd "$1" || exit
find . -maxdepth 1 -name '.*Z.*.partial' -mmin +1440 -exec rm -f {} +
partial=.$2.partial
head -c "$4" | base64 -d >"$partial" && sync "$partial" || { rm -f "$partial"; exit 1; }
found=$(sha256sum <"$partial")
if [ "${found%% *}" != "$3" ]; then
  rm -f "$partial"
  echo "SHA-256 ${found%% *} arrived, expected $3" >&2
  exit 1
fi
if [ -e "$2" ]; then
  existing=$(sha256sum <"$2")
  rm -f "$partial"
  [ "${existing%% *}" != "$3" ] || exit 0
  echo "the file exists with other content: it is not replaced; run this again" >&2
  exit 1
fi
mv "$partial" "$2"
"""
_GET = 'exec base64 <"$1/$2"'
_CHECKSUM = 'sha256sum <"$1/$2"'
_REMOVE = """\
cd "$1" || exit
shift
for name; do rm -f "$name.json" "$name.gz" || exit; done"""


class Spool:
    """A file in transit with its size and SHA-256: in memory, or above IN_MEMORY in an unnamed file."""

    def __init__(self) -> None:
        self._file = _spooled()
        self._hash = hashlib.sha256()
        self.size = 0

    def clear(self) -> None:
        """Forget the content, for another attempt."""
        self._file.close()
        self._file, self._hash, self.size = _spooled(), hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        """Append the data."""
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        """The hexadecimal SHA-256 of the content."""
        return self._hash.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """Return the content in pieces of _CHUNK bytes."""
        self._file.seek(0)
        return iter(lambda: self._file.read(_CHUNK), b"")

    def reader(self) -> BinaryIO:
        """Return the file, at its beginning."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Discard the content."""
        self._file.close()


def _spooled() -> BinaryIO:
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(IN_MEMORY))


class Repository:
    """One folder of a claim. pod: the helper pod. timeout: seconds for each command."""

    def __init__(self, client: Client, pod: ObjectRef, path: str, timeout: float) -> None:
        self._folder = f"{helper_pod.FOLDER}/{path}" if path else helper_pod.FOLDER
        self._where = f"in /{path} of the claim"
        self._shell = PodShell(client, pod, helper_pod.CONTAINER, timeout, bounded=True, repeats=True)

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
        space.require_in_pod(self._shell, helper_pod.FOLDER, spool.size + _MARGIN, f"backup {backup.name}",
                             "remove files from the claim, enlarge it, or lower keep")
        self._put(backup.name + ".gz", spool.chunks, spool.size, backup.sha256)
        record = backup.record()
        self._put(backup.name + ".json", lambda: [record], len(record),
                  hashlib.sha256(record).hexdigest())

    def _put(self, name: str, chunks: Callable[[], Iterable[bytes]], size: int, sha256: str) -> None:
        self._shell.send(f"store {name} {self._where}", _PUT, self._folder, name, sha256,
                         str(pod_exec.encoded_length(size)), chunks=chunks)

    def get(self, backup: Backup, spool: Spool) -> None:
        """Read a backup's file into the spool.

        Raises FluidError when it does not match its record, and PreconditionFailed when the disk of this
        machine is too full.
        """
        if backup.size_bytes > IN_MEMORY:
            space.require_here(backup.size_bytes, f"backup {backup.name}")
        self._shell.receive(
            f"read {backup.name} {self._where}", _GET, self._folder, backup.name + ".gz", write=spool.write,
            begin=spool.clear)
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
