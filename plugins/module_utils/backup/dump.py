# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup asks of the leading master: the tree of its files, and a dump of its metadata. IO."""

from __future__ import annotations

from ..alluxio import cli_output
from ..api import pod_exec
from ..api.client import Client
from ..errors import ApiError
from .catalog import Tree
from .repository import Spool
from .restore_template import MASTER

# The listing without what caching changes, the percentage in the cache. Metadata that was never loaded stays unloaded.
_TREE = """\
set -o pipefail
export ALLUXIO_USER_JAVA_OPTS="$ALLUXIO_USER_JAVA_OPTS -Dalluxio.user.file.metadata.load.type=NEVER"
list=$(mktemp) && trap 'rm -f "$list"' EXIT
alluxio fs ls -R / | sed -E 's/ +[0-9]+% / /' | LC_ALL=C sort >"$list" || exit
wc -l <"$list"
sha256sum <"$list"
"""
# --local writes where the leader runs. Delegated to a follower it would lie elsewhere.
_DUMP = """\
umask 077
find /tmp -maxdepth 1 -name 'datacache-backup.*' -mmin +1440 -exec rm -rf {} +
mkdir "$1" && alluxio fsadmin backup "$1" --local --allow-leader --bypass-delegation || exit
if ! mv "$1"/alluxio-backup-*.gz "$1/backup.gz"; then
  echo "the leadership has moved meanwhile" >&2
  exit 1
fi
echo "version $(alluxio version)"
sha256sum <"$1/backup.gz"
"""
_FETCH = 'exec base64 <"$1/backup.gz"'
_REMOVE = 'rm -rf "$1"'


class Leader:
    """The pod of the leading master. timeout: seconds for each command."""

    def __init__(self, client: Client, namespace: str, pod: str, timeout: float) -> None:
        self._client = client
        self._namespace = namespace
        self._timeout = timeout
        self.pod = pod

    def tree(self) -> Tree:
        paths, sha256, *_name = self._run("tree", _TREE).split()
        return Tree(sha256, int(paths))

    def dump(self, name: str, spool: Spool) -> dict:
        """Write the metadata into the spool; the leader pauses changes meanwhile. Return {entries, alluxio_version}."""
        folder = "/tmp/datacache-backup." + name
        try:
            result = self._run("backup", _DUMP, folder)
            *_words, sha256, _dash = result.split()
            fetched = pod_exec.receive(self._client, self._namespace, self.pod, MASTER, _command("fetch", _FETCH, folder),
                                      spool.write, self._timeout)
            _require_success("fetch the backup", self.pod, fetched)
        finally:
            self._forget(folder)
        if spool.sha256 != sha256:
            raise ApiError(f"the backup of {self.pod} arrived with SHA-256 {spool.sha256}, expected {sha256}: run this again")
        version = next(line.partition(" ")[2] for line in result.splitlines() if line.startswith("version "))
        return {"entries": cli_output.entry_count(result), "alluxio_version": version.strip()}

    def _forget(self, folder: str) -> None:
        try:
            self._run("remove", _REMOVE, folder)
        except ApiError:
            pass  # the leader is gone with its files; if it is not, a later dump removes them

    def _run(self, what: str, script: str, *args: str) -> str:
        result = pod_exec.execute(self._client, self._namespace, self.pod, MASTER, _command(what, script, *args), self._timeout)
        return _require_success(what, self.pod, result)


def _command(what: str, script: str, *args: str) -> list[str]:
    return ["bash", "-c", script, what, *args]


def _require_success(what: str, pod: str, result: pod_exec.ExecResult) -> str:
    if result.code != 0:
        raise ApiError("cannot %s in %s: exit code %d: %s" % (
            what, pod, result.code, (result.stderr.strip() or result.stdout.strip())[:500] or "no words"))
    return result.stdout
