# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup and restore of a large namespace.

RAFT_PATHS: its directories. RAFT_PATH_BYTES: random bytes of each. The bytes are
an extended attribute, so that the journal has them and no under-store.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from costs.playing import play
from costs.report import Figure

from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import PodShell
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import MASTER_CONTAINER
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

from .cache import Cache
from .together import claim_for_backups

_PATHS = 1_000_000
_THREADS = 32
_SECONDS = 3600
_ROOT = "/.filled"
_CLASS = Path(__file__).with_name("Fill.java")
_FILL = """\
printf %s "$1" >/tmp/Fill.java
shift
export CLASSPATH="/opt/alluxio/lib/*"
eval java $ALLUXIO_JAVA_OPTS -Xmx1g -Dalluxio.logger.type=Console /tmp/Fill.java "$@"
"""
_EMPTY = 'alluxio fs rm -R -U --alluxioOnly "$1"'
_JOURNAL = 'du -sb "$1" | cut -f1'


def large(cache: Cache) -> list[Figure]:
    """Fill, back up, remove everything, restore; the module compares the trees."""
    paths, size = int(os.environ.get("RAFT_PATHS") or _PATHS), int(os.environ.get("RAFT_PATH_BYTES") or 0)
    worker = PodShell(cache.client, ObjectRef(cache.namespace, cache.name + "-worker-0"), "alluxio-worker",
                      _SECONDS, "bash", bounded=True)
    began = time.monotonic()
    worker.run("fill the namespace", _FILL, _CLASS.read_text(), _ROOT, str(paths), str(size), str(_THREADS))
    print(f"  {paths} directories after {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    master = PodShell(cache.client, ObjectRef(cache.namespace, cache.leader()["metadata"]["name"]),
                      MASTER_CONTAINER, _SECONDS, "bash")
    journal = int(master.run("measure the journal", _JOURNAL, "/journal"))
    identity = {**cache.identity(), "claim": "backups", "wait_timeout": _SECONDS}
    with claim_for_backups(cache):
        with _memory() as backup_memory:
            [backed_up] = play([{"datacache.fluid.alluxio_backup": identity}], cache.session.kubeconfig)
        print(f"  backed up after {backed_up:.0f} s", file=sys.stderr, flush=True)
        worker.run("remove the directories", _EMPTY, _ROOT)
        with _memory() as restore_memory:
            [restored] = play([{"datacache.fluid.alluxio_restore": {
                **identity, "backup": "latest", "confirm": f"{cache.namespace}/{cache.name}",
                "skip_safety_backup": True}}], cache.session.kubeconfig)
    cache.until_whole()
    work = f"{paths} paths of {size} bytes"
    return [Figure(work, "journal of a master", journal / 1e6, "MB"),
            Figure(work, "backed up in", backed_up, "s"),
            Figure(work, "memory of the module that backs up, peak", max(backup_memory), "MB", 256),
            Figure(work, "restored in, with the same tree of files", restored, "s"),
            Figure(work, "memory of the module that restores, peak", max(restore_memory), "MB", 256)]


@contextmanager
def _memory() -> Iterator[list[float]]:
    """The resident MB of the largest process that runs a module of this collection, seen repeatedly."""
    seen, ended = [0.0], threading.Event()

    def look() -> None:
        while not ended.wait(0.5):
            seen.append(max(map(_resident, Path("/proc").glob("[0-9]*")), default=0.0))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _resident(process: Path) -> float:
    try:
        if b"AnsiballZ_alluxio_" not in (process / "cmdline").read_bytes():
            return 0.0
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return 0.0
    return max((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:")),
               default=0.0)
