# SPDX-License-Identifier: GPL-3.0-or-later
"""Recipe for the archive from which every JVM of Alluxio maps its classes instead of parsing and verifying
them.

Class data sharing, https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html: the archive is good
for the JVM and the jars that it was made with, at the same paths, so it is made in the root and with the
files of the image.
"""

import shutil
import socket
from collections.abc import Iterable
from pathlib import Path

from .alluxio import CLASS_ARCHIVE, HOME, PROGRAMS, alluxio_layer
from .debian import install_packages
from .job import Job

ARCHIVE = "alluxio.jsa"
ENVIRONMENT = ("env", "-i", "HOME=/root", f"PATH={PROGRAMS}:/usr/sbin:/usr/bin:/sbin:/bin")

# In namespaces of its own: it has this machine's ports to itself, and whoever is killed, no process and no
# mount stays.
NAMESPACES = ("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child")
ENTER = 'ip link set lo up && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"'

# By G1, the only collector of Java 17 that stores heap objects. Without the warnings about the few classes
# that it leaves out.
DUMP = (
    "exec java -XX:TieredStopAtLevel=1 -XX:+UseG1GC -Xshare:dump -Xlog:cds=error -Xlog:cds+heap=error "
    "-XX:SharedClassListFile=/classes/all"
    f' -XX:SharedArchiveFile={CLASS_ARCHIVE} -cp "$(<{HOME}/lib/classpath)"'
)


def class_archive(job: Job, alluxio_version: str) -> None:
    """Recipe: alluxio.jsa, with what Alluxio's components and commands load when they run once."""
    root = job.work / "root"
    install_packages(job, ["iproute2"])
    job.stage = "unpacking the image"
    _unpack(job, root, alluxio_version)
    job.stage = "running Alluxio once for the list of its classes"
    _enter(job, root, "bash", "/record-classes.sh", "/classes")
    lists = (path.read_text(encoding="utf-8") for path in (root / "classes").glob("*.classes"))
    (root / "classes/all").write_text(merged(lists), encoding="utf-8")
    job.stage = "archiving the classes"
    _enter(job, root, "bash", "-c", DUMP)
    job.stage = "starting Alluxio from the archive"
    # The launcher's -Xshare:auto is silent about an archive that does not fit.
    _enter(job, root, "env", "ALLUXIO_JAVA_OPTS=-Xshare:on", "alluxio", "getConf", "alluxio.version")
    shutil.move(root / CLASS_ARCHIVE[1:], job.out / ARCHIVE)


def merged(lists: Iterable[str]) -> str:
    """One class list of several: each class and call site once, in an order that does not depend on the run.
    """
    lines = {line for text in lists for line in text.splitlines() if not line.startswith("#")}
    return "".join(f"{line}\n" for line in sorted(lines))


def _unpack(job: Job, root: Path, alluxio_version: str) -> None:
    """The files of Alluxio's image, dated as there: the JVM compares them with the archive."""
    layer = alluxio_layer(job.source, job.needs["alluxio-jars"], job.needs["webufs"], alluxio_version)
    root.mkdir()
    for archive in (job.needs["debian-root"] / "root.tar", layer.write(job.work / "alluxio.tar")):
        job.run(["tar", "--extract", "--numeric-owner", "--directory", root, "--file", archive])
    (root / "dev").mkdir(exist_ok=True)
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost {socket.gethostname()}\n", encoding="utf-8")
    shutil.copy(job.source / "record-classes.sh", root)


def _enter(job: Job, root: Path, *command: str) -> None:
    job.run([*NAMESPACES, f"--mount-proc={root}/proc", "sh", "-c", ENTER, root, *ENVIRONMENT, *command])
