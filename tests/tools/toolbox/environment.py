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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tomllib

from . import paths, shell

LOCK_HEADER = """\
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by `make lock` from the {group} group of pyproject.toml; do not edit.
"""

KUBERNETES_CORE = "ansible_collections/kubernetes/core/"
COLLECTIONS = (KUBERNETES_CORE, "ansible_collections/awx/awx/")


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
            unpack_collections(tools.program("pip"), ansible_release(), tools.collections)
            complete.touch()
    return tools


def with_packages(name: str, packages: Sequence[str | Path], python: str | Path = sys.executable) -> Path:
    """The folder of programs of another virtual environment; made on the first call.

    packages: the arguments of pip. A file among them counts by its contents.
    """
    contents = [each.read_text() if isinstance(each, Path) else each for each in packages]
    key = hashlib.sha256("\0".join([sys.version, str(python), *contents]).encode()).hexdigest()[:16]
    root = paths.tool_cache() / f"{name}-{key}"
    complete = root / ".complete"
    with exclusive(root.with_name(f"{root.name}.lock")):
        if not complete.exists():
            print(f"installing {name} into {root}", flush=True)
            shutil.rmtree(root, ignore_errors=True)
            make_venv(root / "venv", python)
            shell.run([root / "venv" / "bin" / "pip", "install", "--quiet", *packages])
            complete.touch()
    return root / "venv" / "bin"


def with_requirements() -> Path:
    """The folder of programs of an environment that has ansible-core and requirements.txt alone."""
    return with_packages("requirements", [f"ansible-core=={ansible_core()}", "--requirement",
                                          paths.CHECKOUT / "requirements.txt"])


def make_venv(folder: Path, python: str | Path = sys.executable) -> None:
    try:
        shell.quiet([python, "-m", "venv", folder])
    except shell.CommandFailed as failed:
        raise shell.CommandFailed(
            f"{python} cannot make a virtual environment; on Debian and Ubuntu install "
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
    """Pin the newest tools that pyproject.toml admits, with all that they need; each group on its own."""
    for group, lock in (("dev", paths.LOCK), ("release", paths.RELEASE_LOCK), ("docs", paths.DOCS_LOCK)):
        with tempfile.TemporaryDirectory() as folder:
            venv = Path(folder) / "venv"
            make_venv(venv)
            shell.run([venv / "bin" / "pip", "install", "--quiet", *_pyproject()["dependency-groups"][group]])
            pins = shell.quiet([venv / "bin" / "pip", "freeze"])
            lock.write_text(LOCK_HEADER.format(group=group) + pins)


def site_packages(programs: Path) -> Path:
    """The folder of Python's packages of an environment, by its folder of programs."""
    [folder] = programs.parent.glob("lib/python3.*/site-packages")
    return folder


def ansible_release() -> str:
    return _pyproject()["tool"]["datacache"]["ansible"]


def ansible_core() -> str:
    """The version of ansible-core that the development tools pin."""
    [pin] = [line for line in paths.LOCK.read_text().splitlines() if line.startswith("ansible-core==")]
    return pin.partition("==")[2]


def _pyproject() -> dict:
    return tomllib.loads(paths.PYPROJECT.read_text())


def _fingerprint() -> str:
    """An environment belongs to one Python, one set of pins, one release of ansible and its collections."""
    parts = [sys.version, sys.base_prefix, paths.LOCK.read_text(), ansible_release(), *COLLECTIONS]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def unpack_collections(pip: Path, release: str, collections: Path) -> None:
    """Put kubernetes.core and awx.awx of a release of the PyPI package ansible onto a collections path.

    Releases since 14 carry no awx.awx.
    """
    with tempfile.TemporaryDirectory() as folder:
        # The Python that runs pip may be older than the release requires.
        shell.run([pip, "download", "--quiet", "--no-deps", "--only-binary", ":all:",
                   "--ignore-requires-python", "--dest", folder, f"ansible=={release}"])
        [wheel] = Path(folder).glob("ansible-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(
                collections, [name for name in archive.namelist() if name.startswith(COLLECTIONS)])
