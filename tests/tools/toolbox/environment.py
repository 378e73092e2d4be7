# SPDX-License-Identifier: GPL-3.0-or-later
"""The development tools: a virtual environment of pinned packages, and collections.

kubernetes.core and awx.awx come out of the wheel of the PyPI package `ansible`, so nothing needs Ansible
Galaxy. Only they are unpacked: the other hundred would slow down every tool that lists what is installed.
"""

import fcntl
import hashlib
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tomllib

from . import paths, shell

LOCK_HEADER = """\
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by `make lock` from the dev group of pyproject.toml; do not edit.
"""

COLLECTIONS = ("ansible_collections/kubernetes/core/", "ansible_collections/awx/awx/")


@dataclass(frozen=True)
class Tools:
    """A ready environment: its programs and the collections path that holds kubernetes.core and awx.awx."""

    root: Path

    @property
    def bin(self) -> Path:
        return self.root / "venv" / "bin"

    @property
    def collections(self) -> Path:
        return self.root / "collections"

    def program(self, name: str) -> Path:
        return self.bin / name


def ready() -> Tools:
    """The tools for what the checkout pins; made on the first call, which takes about two minutes."""
    tools = Tools(paths.tool_cache() / _fingerprint())
    complete = tools.root / ".complete"
    if complete.exists():
        return tools
    with exclusive(tools.root.with_suffix(".lock")):
        if not complete.exists():
            print(f"installing the development tools into {tools.root}", flush=True)
            shutil.rmtree(tools.root, ignore_errors=True)
            make_venv(tools.root / "venv")
            shell.run([tools.program("pip"), "install", "--quiet", "--requirement", paths.LOCK])
            _unpack_collections(tools)
            complete.touch()
    return tools


def make_venv(folder: Path) -> None:
    try:
        shell.quiet([sys.executable, "-m", "venv", folder])
    except shell.CommandFailed as failed:
        raise shell.CommandFailed(
            f"{sys.executable} cannot make a virtual environment; on Debian and Ubuntu install "
            f"python3-venv.\n{failed}"
        ) from failed


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold a lock file: two runs at the same time must not make the same folder."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def resolve() -> None:
    """Pin the newest tools that pyproject.toml admits, with all that they need."""
    with tempfile.TemporaryDirectory() as folder:
        venv = Path(folder) / "venv"
        make_venv(venv)
        shell.run([venv / "bin" / "pip", "install", "--quiet", *_pyproject()["dependency-groups"]["dev"]])
        paths.LOCK.write_text(LOCK_HEADER + shell.quiet([venv / "bin" / "pip", "freeze"]))


def ansible_release() -> str:
    return _pyproject()["tool"]["datacache"]["ansible"]


def _pyproject() -> dict:
    return tomllib.loads(paths.PYPROJECT.read_text())


def _fingerprint() -> str:
    """An environment belongs to one Python, one set of pins, one release of ansible and its collections."""
    parts = [sys.version, sys.base_prefix, paths.LOCK.read_text(), ansible_release(), *COLLECTIONS]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _unpack_collections(tools: Tools) -> None:
    download = tools.root / "download"
    shell.run([tools.program("pip"), "download", "--quiet", "--no-deps", "--only-binary", ":all:",
               "--dest", download, f"ansible=={ansible_release()}"])
    [wheel] = download.glob("ansible-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(
            tools.collections, [name for name in archive.namelist() if name.startswith(COLLECTIONS)])
    shutil.rmtree(download)
