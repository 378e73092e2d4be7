# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a claim that holds backups, reached through a helper pod's exec streams. IO.

A file is written under a partial name, checked and renamed; a backup's record comes last. So whatever has a record
is whole, and nothing else counts as a backup.
"""

from __future__ import annotations

import base64
import hashlib
import io
import tempfile
from typing import BinaryIO, Iterator

from ..api import pod_exec
from ..api.client import Client
from ..errors import ApiError, FluidError
from . import catalog, helper_pod
from .catalog import Backup

# 3 divides it, as streams.send() wants.
_CHUNK = 48 * 1024
# Backups up to this size never touch the disk of the host that runs the module.
_IN_MEMORY = 32 * 1024 * 1024

# Each prints "<size of the .gz> <its record in base64>" for whatever is named like a backup and has both files.
_LIST = """\
cd "$1" 2>/dev/null || exit 0
for record in *.*.*Z.json; do
  file=${record%.json}.gz
  [ -f "$record" ] && [ -f "$file" ] || continue
  echo "$(wc -c <"$file") $(head -c 65536 "$record" | base64 | tr -d '\\n')"
done"""
# The partial files of runs that were killed go after a day.
_PUT = """\
mkdir -p "$1" && cd "$1" || exit
find . -maxdepth 1 -name '.*Z.*.partial' -mmin +1440 -exec rm -f {} +
partial=.$2.partial
head -c "$4" | base64 -d >"$partial" && sync "$partial" || exit
found=$(sha256sum <"$partial")
if [ "${found%% *}" != "$3" ]; then
  rm -f "$partial"
  echo "SHA-256 ${found%% *} arrived, expected $3" >&2
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
    """Bytes on their way, with their size and SHA-256; in memory, or above _IN_MEMORY in an unnamed file."""

    def __init__(self) -> None:
        self._file: BinaryIO = tempfile.SpooledTemporaryFile(_IN_MEMORY)
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        self._file.seek(0)
        return iter(lambda: self._file.read(_CHUNK), b"")

    def reader(self) -> BinaryIO:
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        self._file.close()


class Store:
    """One folder. timeout: seconds for each command."""

    def __init__(self, client: Client, namespace: str, pod: str, path: str, timeout: float) -> None:
        self._client = client
        self._namespace = namespace
        self._pod = pod
        self._folder = f"{helper_pod.FOLDER}/{path}" if path else helper_pod.FOLDER
        self._timeout = timeout

    def listed(self) -> list[Backup]:
        """The backups that are whole as far as their size tells, the newest first."""
        found = []
        for line in self._run("list", _LIST).splitlines():
            size, _sep, record = line.partition(" ")
            backup = catalog.parse(base64.b64decode(record))
            if backup and backup.size_bytes == int(size):
                found.append(backup)
        return catalog.newest_first(found)

    def put(self, backup: Backup, spool: Spool) -> None:
        """Store a backup's file and then its record. Raises ApiError when other bytes arrive, or the claim is full."""
        self._put(backup.name + ".gz", spool.chunks(), spool.size, backup.sha256)
        record = backup.record()
        self._put(backup.name + ".json", iter(io.BytesIO(record).read, b""), len(record), hashlib.sha256(record).hexdigest())

    def _put(self, name: str, chunks: Iterator[bytes], size: int, sha256: str) -> None:
        command = self._command("put", _PUT, name, sha256, str(pod_exec.encoded_length(size)))
        self._require_success(f"store {name}", pod_exec.send(
            self._client, self._namespace, self._pod, helper_pod.CONTAINER, command, chunks, self._timeout))

    def get(self, backup: Backup, spool: Spool) -> None:
        """Read a backup's file. Raises FluidError when it is not what its record tells."""
        self._require_success(f"read {backup.name}", pod_exec.receive(
            self._client, self._namespace, self._pod, helper_pod.CONTAINER, self._command("get", _GET, backup.name + ".gz"),
            spool.write, self._timeout))
        if spool.sha256 != backup.sha256:
            raise FluidError(
                f"backup {backup.name} is damaged: its file has SHA-256 {spool.sha256}, its record says {backup.sha256}; take another one")

    def is_intact(self, backup: Backup) -> bool:
        """Tell whether the file's SHA-256 is that of its record; it is computed where the file is."""
        return self._run("checksum", _CHECKSUM, backup.name + ".gz").split()[0] == backup.sha256

    def remove(self, names: list[str]) -> None:
        """Remove backups, each one's record first, so that none is ever listed without its file."""
        if names:
            self._run("remove", _REMOVE, *names)

    def _run(self, what: str, script: str, *args: str) -> str:
        command = self._command(what, script, *args)
        result = pod_exec.execute(self._client, self._namespace, self._pod, helper_pod.CONTAINER, command, self._timeout)
        return self._require_success(what + " backups", result)

    def _command(self, what: str, script: str, *args: str) -> list[str]:
        return ["sh", "-c", script, what, self._folder, *args]

    def _require_success(self, what: str, result: pod_exec.ExecResult) -> str:
        if result.code != 0:
            raise ApiError(f"cannot {what} in {self._folder.removeprefix(helper_pod.FOLDER) or '/'} of the claim: exit code {result.code}: "
                           f"{result.stderr.strip()[-300:] or 'no words'}")
        return result.stdout
