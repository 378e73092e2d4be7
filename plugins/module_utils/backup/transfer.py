# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves files between this machine and containers through exec streams, piece by piece. IO.

A stream of 5 GB ended early on the lab, with exit code 0. So a file travels in several streams, and only the
piece whose stream broke is sent again.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, cast

from ..api import pod_exec
from ..api.pod_exec import PodShell

# Bytes; multiples of 3, as pod_exec.send() requires.
_CHUNK = 48 * 1024
PIECE = 4096 * _CHUNK
# Bytes. Smaller backups are never written to the disk of the host that runs the module.
IN_MEMORY = 32 * 1024 * 1024

_READ = 'tail -c +"$2" <"$1" | head -c "$3" | base64'
# The begin of a script for store(). The function returns once the partial file is complete, and otherwise
# ends the script. A piece that is sent again replaces itself. After the last piece an earlier attempt may
# have renamed the file. Kubelet may end the input of a broken stream minutes later, and base64 then writes
# its rest: so each attempt has a file of its own, which counts only as a whole.
COMPLETE = """\
umask 077
complete() { # partial file, file, SHA-256, characters, position, size
  piece=${1%.partial}.$$.partial
  trap 'rm -f "$piece"' EXIT
  head -c "$4" | base64 -d >"$piece" || exit
  arrived=$(wc -c <"$piece")
  if [ "$arrived" -lt $(($4 / 4 * 3 - 2)) ]; then
    if [ "$5" -gt 0 ]; then
      echo "$(($5 + arrived)) bytes arrived, expected $6: the stream ended early" >&2
    else
      found=$(sha256sum <"$piece")
      echo "SHA-256 ${found%% *} arrived, expected $3" >&2
    fi
    exit 1
  fi
  if [ "$5" -eq 0 ]; then
    mv "$piece" "$1" && sync "$1" || { rm -f "$1"; exit 1; }
  elif [ -e "$1" ]; then
    truncate -s "$5" "$1" && cat "$piece" >>"$1" && sync "$1" || exit
    rm -f "$piece"
  else
    found=$(sha256sum <"$2")
    [ "${found%% *}" = "$3" ]
    exit
  fi
  [ $(($5 + arrived)) -ge "$6" ] || exit 0
  found=$(sha256sum <"$1")
  [ "${found%% *}" != "$3" ] || return 0
  rm -f "$1"
  echo "SHA-256 ${found%% *} arrived, expected $3" >&2
  exit 1
}
"""


class Spool:
    """A file in transit with its size and SHA-256: in memory, or above IN_MEMORY in an unnamed file."""

    def __init__(self) -> None:
        self._file = _spooled()
        self._hash = hashlib.sha256()
        self.size = 0
        self._marked = (0, hashlib.sha256())

    def mark(self) -> None:
        """Remember the content so far, to which back() returns."""
        self._marked = self.size, self._hash.copy()

    def back(self) -> None:
        """Forget what was written since mark(), for another attempt."""
        self.size, self._hash = self._marked[0], self._marked[1].copy()
        self._file.seek(self.size)
        self._file.truncate()

    def write(self, data: bytes) -> None:
        """Append the data."""
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        """The hexadecimal SHA-256 of the content."""
        return self._hash.hexdigest()

    def chunks(self, position: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield so many bytes from a position on, all without a length, in chunks of _CHUNK bytes."""
        self._file.seek(position)
        left = self.size - position if length is None else length
        while data := self._file.read(min(_CHUNK, left)):
            left -= len(data)
            yield data

    def reader(self) -> BinaryIO:
        """Return the file, at its beginning."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Discard the content."""
        self._file.close()


def _spooled() -> BinaryIO:
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(IN_MEMORY))


def fetch(shell: PodShell, task: str, file: str, size: int, spool: Spool) -> None:
    """Write so many bytes of a container's file into an empty spool, fewer if it is shorter.

    The caller compares the SHA-256. Raises ApiError as PodShell.receive does.
    """
    while (position := spool.size) < size:
        spool.mark()
        shell.receive(task, _READ, file, str(position + 1), str(min(PIECE, size - position)),
                      write=spool.write, begin=spool.back)
        if spool.size == position:
            return


def needed_bytes(size: int) -> int:
    """Return the bytes that a container's disk needs for store(): those of the file and of its last piece."""
    return size + (PIECE if size > PIECE else 0)


def store(shell: PodShell, task: str, script: str, *args: str, spool: Spool) -> None:
    """Run the script for each piece of the spool, with the piece as base64 on its standard input.

    Its arguments are those given, the characters of the piece, its position and the size of the file, in
    bytes. Raises ApiError as PodShell.send does.
    """
    for position in range(0, max(spool.size, 1), PIECE):
        length = min(PIECE, spool.size - position)
        shell.send(task, script, *args, str(pod_exec.encoded_length(length)), str(position), str(spool.size),
                   chunks=partial(spool.chunks, position, length))
