# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata that Alluxio's clients cache, and the command by which a FUSE process drops it. Pure.

Sources: Alluxio 2.9.4.
- A client keeps the status of each path for alluxio.user.metadata.cache.expiration.time, with the ID of its
  mount (alluxio.client.file.MetadataCachingFileSystem). It reads with that ID (InStreamOptions).
- `updateMount` gives the mount another ID (DefaultFileSystemMaster.updateMountInternal). A worker keeps the
  options of an ID as long as it runs (AbstractUfsManager, WorkerUfsManager), so the earlier ID reads with the
  earlier credentials. A worker that starts later does not know the earlier ID.
- A FUSE process drops all metadata when the attributes of a file of the name below are asked for, if
  alluxio.fuse.special.command.enabled is set (alluxio.fuse.AlluxioJniFuseFileSystem, alluxio.cli.FuseShell).
"""

from __future__ import annotations

from ..errors import InvalidInput
from . import durations

SPECIAL_COMMANDS = "alluxio.fuse.special.command.enabled"
_EXPIRATION = "alluxio.user.metadata.cache.expiration.time"
# Seconds. Alluxio's default, and that of Fluid.
DEFAULT_EXPIRATION = 600.0

# Drops the metadata of the FUSE process that has mounted $1, in its container. For bash. Prints nothing, or
# for how long the process keeps it. The kernel keeps attributes for 7200 s (Fluid: attr_timeout), so each
# name is new.
DROP = f"""\
set -f
option() {{
  printf '%s\\n' ${{ALLUXIO_JAVA_OPTS-}} ${{ALLUXIO_FUSE_JAVA_OPTS-}} | sed -n "s/^-D$1=//p" | tail -n 1
}}
enabled=$(option alluxio.user.metadata.cache.enabled)
[ "${{enabled,,}}" = true ] || exit 0
[ -e "$1/.alluxiocli.metadatacache.dropAll.$(date +%s%N)" ] && exit 0
expiration=$(option {_EXPIRATION})
echo "${{expiration:-10min}}"
"""


def kept_for(output: str) -> float:
    """Return the seconds for which a process keeps the metadata, from the output of DROP; 0 if it dropped it.
    """
    if not output.strip():
        return 0.0
    try:
        return durations.seconds(_EXPIRATION, output.strip())
    except InvalidInput:
        return DEFAULT_EXPIRATION
