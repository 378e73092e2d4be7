# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates directories while a leader is killed, and records which ones were acknowledged. IO.

`alluxio fs mkdir` creates many paths one by one and prints a line for each that the leader has acknowledged.
One JVM creates _BATCH directories, so its start costs little.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from urllib.parse import urlencode

from ..api.client import Client
from ..api.pod_exec import PodShell
from ..errors import CommandUnfinished, QuorumUnknown
from ..fluid.components import MASTER, MASTER_CONTAINER
from ..k8s.kinds import ObjectRef
from ..masters.web_api import MasterWebApi

# In Alluxio's root, beside the Dataset's mounts. All drills share it, so that each removes what an
# interrupted one has left.
ROOT = "/.datacache-drill"

_BATCH = 2000
_TIMEOUT = 30.0
# Seconds. Waits for the leader after the start of a JVM.
_REMOVE_TIMEOUT = 120.0
_PAGE = 5000

# Arguments: the file of acknowledgements, the folder, seconds after which the writer ends by itself, the
# batch. Directories stay in the metadata only (MUST_CACHE), as an under-store may be read-only. The session
# is what _STOP ends. A repetition, after the answer to the first attempt was lost, starts no second writer.
_START = """\
(set -C; : >"$1") 2>/dev/null || exit 0
export ALLUXIO_USER_JAVA_OPTS="$ALLUXIO_USER_JAVA_OPTS -Dalluxio.user.file.writetype.default=MUST_CACHE"
setsid timeout "$3" bash -c '
  for ((first = 0; ; first += $1)); do
    paths=()
    for ((number = first; number < first + $1; number++)); do paths+=("$0/$number"); done
    alluxio fs mkdir "${paths[@]}"
  done' "$2" "$4" >>"$1" 2>&1 </dev/null &
echo $! >"$1.session"
"""
_COUNT = 'grep -c "^Successfully created" "$1"; exit 0'
_STOP = 'kill -KILL -- "-$(cat "$1.session")"; cat "$1"'
_REMOVE = 'rm -f "$2" "$2.session"; alluxio fs rm -R -U --alluxioOnly "$1"'
_ACKNOWLEDGED = re.compile(r"^Successfully created directory (\S+)\s*$", re.MULTILINE)


def acknowledged(output: str) -> set[str]:
    """Return the paths of the directories that the writer's output acknowledges."""
    return set(_ACKNOWLEDGED.findall(output))


def names_listed(answer: bytes) -> tuple[list[str], int]:
    """Return the paths on one page of the leader's listing, and the total number on all pages.

    Format (Alluxio 2.9, MasterWebUIBrowse): fileInfos[].absolutePath and ntotalFile. Raises QuorumUnknown for
    anything else.
    """
    try:
        page = json.loads(answer)
        return [each["absolutePath"] for each in page["fileInfos"]], page["ntotalFile"]
    except (ValueError, KeyError, TypeError) as err:
        raise QuorumUnknown(
            f"expected a listing of {ROOT} from the leader's web port, got: {answer[:200]!r}") from err


class ProbeWriter:
    """One writer, in a container with Alluxio's commands.

    run_id: distinguishes its files and folder from those of other drills. seconds: longest time of writing.
    root: what remove() removes.
    """

    def __init__(self, client: Client, pod: ObjectRef, run_id: str, seconds: float,
                 container: str = MASTER_CONTAINER, root: str = ROOT) -> None:
        self._root = root
        self.folder = f"{root}/{run_id}"
        self.pod = pod.name
        self._shell = PodShell(client, pod, container, _TIMEOUT, "bash")
        self._file = f"/tmp/datacache-drill-{run_id}"
        self._seconds = seconds

    def start(self) -> None:
        """Start the writer in the background."""
        replace(self._shell, repeats=True).run(
            "start the drill's writer", _START, self._file, self.folder, f"{self._seconds:.0f}", f"{_BATCH}")

    def count(self) -> int:
        """Return the number of directories that are acknowledged so far; 0 also if no answer arrives in time,
        as while the API server is unavailable.
        """
        try:
            output = self._shell.run("count the drill's directories", _COUNT, self._file).strip()
        except CommandUnfinished:
            return 0
        return int(output) if output.isdigit() else 0

    def stop(self) -> set[str]:
        """End the writer; return the paths of the acknowledged directories."""
        return acknowledged(replace(self._shell, repeats=True).run(
            "stop the drill's writer", _STOP, self._file))

    def remove(self) -> None:
        """Remove the directories of this writer and of interrupted ones with the same root."""
        replace(self._shell, timeout=_REMOVE_TIMEOUT, repeats=True).run(
            "remove the drill's directories", _REMOVE, self._root, self._file)

    def listed(self, api: MasterWebApi, leader: dict) -> set[str]:
        """Return the paths of the directories that this leader's pod lists."""
        found: set[str] = set()
        while True:
            query = urlencode({"path": self.folder, "offset": len(found), "limit": _PAGE})
            answer = api.get(leader, MASTER, f"/api/v1/master/webui_browse?{query}")
            if answer is None:
                raise QuorumUnknown(
                    f"pod {leader['metadata']['name']}, which led, does not list {self.folder} any more: the "
                    "leadership has moved; run the drill again")
            page, total = names_listed(answer)
            found.update(page)
            if not page or len(found) >= total:
                return found
