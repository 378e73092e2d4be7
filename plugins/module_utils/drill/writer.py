# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes metadata while a leader is killed: makes one directory after the other, and keeps what was acknowledged. IO.

`alluxio fs mkdir` takes many paths and makes them one by one in the same JVM, printing a line for each that the leader has
acknowledged. So the cost of the JVM is paid once for _BATCH directories.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from ..api import pod_exec
from ..api.client import Client
from ..errors import ApiError, QuorumUnknown
from ..fluid.components import MASTER, container_of
from ..masters.web_api import MasterWebApi

# In Alluxio's root, beside the mounts of the Dataset. One for all drills, so that each removes what an interrupted one has left.
ROOT = "/.datacache-drill"

_BATCH = 2000
_TIMEOUT = 30.0
# Removing waits for the leader, and a JVM starts first.
_REMOVE_TIMEOUT = 120.0
_PAGE = 5000

# Arguments: the file of acknowledgements, the folder, seconds after which the writer ends by itself, the batch. Directories stay
# in the metadata alone (MUST_CACHE): an under-store may be read-only. It is the session that is ended later.
_START = """\
export ALLUXIO_USER_JAVA_OPTS="$ALLUXIO_USER_JAVA_OPTS -Dalluxio.user.file.writetype.default=MUST_CACHE"
setsid timeout "$3" bash -c '
  for ((first = 0; ; first += $1)); do
    paths=()
    for ((number = first; number < first + $1; number++)); do paths+=("$0/$number"); done
    alluxio fs mkdir "${paths[@]}"
  done' "$2" "$4" >"$1" 2>&1 </dev/null &
echo $! >"$1.session"
"""
_COUNT = 'grep -c "^Successfully created" "$1"; exit 0'
_STOP = 'kill -KILL -- "-$(cat "$1.session")"; cat "$1"; rm -f "$1" "$1.session"'
_REMOVE = 'alluxio fs rm -R -U --alluxioOnly "$1"'
_ACKNOWLEDGED = re.compile(r"^Successfully created directory (\S+)\s*$", re.MULTILINE)


def acknowledged(printed: str) -> set[str]:
    """The paths of the directories that the writer was told to exist."""
    return set(_ACKNOWLEDGED.findall(printed))


def names_listed(answer: bytes) -> tuple[list[str], int]:
    """Return the paths of one page of the leader's listing, and how many there are on all pages.

    Shape (Alluxio 2.9, MasterWebUIBrowse): fileInfos[].absolutePath and ntotalFile. Raises QuorumUnknown for anything else.
    """
    try:
        page = json.loads(answer)
        return [each["absolutePath"] for each in page["fileInfos"]], page["ntotalFile"]
    except (ValueError, KeyError, TypeError) as err:
        raise QuorumUnknown("expected a listing of %s from the leader's web port, got: %.200r" % (ROOT, answer)) from err


class Writer:
    """One writer, in a pod with Alluxio's commands. run: tells its files and folder from those of others.

    seconds: for how long it writes at most. container: which one of the pod, by default that of a master.
    """

    def __init__(self, client: Client, namespace: str, pod: str, run: str, seconds: float, container: str = "") -> None:
        self.folder = f"{ROOT}/{run}"
        self._client = client
        self._namespace = namespace
        self._pod = pod
        self._file = f"/tmp/datacache-drill-{run}"
        self._seconds = seconds
        self._container = container or container_of(MASTER)

    def start(self) -> None:
        self._run(_START, self._file, self.folder, f"{self._seconds:.0f}", f"{_BATCH}")

    def count(self) -> int:
        """How many directories are acknowledged so far."""
        result = self._run(_COUNT, self._file).strip()
        return int(result) if result.isdigit() else 0

    def stop(self) -> set[str]:
        """End the writer, and return the paths of the acknowledged directories."""
        return acknowledged(self._run(_STOP, self._file))

    def remove(self) -> None:
        """Remove what this writer and interrupted ones have made."""
        self._run(_REMOVE, ROOT, timeout=_REMOVE_TIMEOUT)

    def listed(self, api: MasterWebApi, leader: dict) -> set[str]:
        """The paths of the directories as that leader's pod lists them."""
        found: set[str] = set()
        while True:
            path = f"/api/v1/master/webui_browse?path={quote(self.folder, safe='')}&offset={len(found)}&limit={_PAGE}"
            answer = api.get(leader, MASTER, path)
            if answer is None:
                raise QuorumUnknown(f"pod {leader['metadata']['name']}, which led, does not list {self.folder} any more")
            page, total = names_listed(answer)
            found.update(page)
            if not page or len(found) >= total:
                return found

    def _run(self, script: str, *args: str, timeout: float = _TIMEOUT) -> str:
        command = ["bash", "-c", script, "drill", *args]
        result = pod_exec.execute(self._client, self._namespace, self._pod, self._container, command, timeout)
        if result.code != 0:
            raise ApiError(f"the drill's writer in pod {self._pod} ended with exit code {result.code}: "
                           f"{(result.stderr or result.stdout).strip()[-300:]}")
        return result.stdout
