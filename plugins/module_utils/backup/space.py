# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses to fill the disk of a node or of the machine that runs the module. IO."""

from __future__ import annotations

import shutil
import tempfile

from ..api.pod_exec import PodShell
from ..errors import PreconditionFailed

# Prints the free bytes of a folder's file system; nothing for one without a size, as of some network volumes.
_FREE = """\
df -Pk "$1" | { read -r _; read -r _ total _ free _; [ "$total" = 0 ] || echo "$((free * 1024))"; }"""


def require_in_pod(shell: PodShell, folder: str, needed: int, purpose: str,
                   remedy: str = "free space on the disk of its node") -> None:
    """Raise PreconditionFailed unless the folder of the shell's container has that many free bytes.

    purpose: what needs them, such as "the backup". A folder whose free space is unknown passes.
    """
    free = shell.run("read the free space", _FREE, folder).strip()
    if free:
        _require(f"{folder} in pod {shell.pod.name}", int(free), needed, purpose, remedy)


def require_here(needed: int, purpose: str) -> None:
    """Raise PreconditionFailed unless the temporary folder of this machine has that many free bytes."""
    folder = tempfile.gettempdir()
    _require(f"{folder} on the machine that runs the module", shutil.disk_usage(folder).free, needed, purpose,
             "free space, or set TMPDIR to a larger folder")


def _require(where: str, free: int, needed: int, purpose: str, remedy: str) -> None:
    if free < needed:
        raise PreconditionFailed(f"{where} has too little space for {purpose}: needed {needed} bytes, free "
                                 f"{free} bytes; {remedy}, then run this again")
