# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as a user gets it: built into its archive and installed from there.

Each content has its own folder, so a build never changes what a running test reads.
"""

import hashlib
import os
import shutil
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import environment, paths, shell
from .environment import Tools

INSTALLED = paths.BUILD / "collections"
KEPT = 24 * 3600  # seconds since the last use; a test that runs must not lose what it reads


def environ_with(programs: Path, *collections: Path) -> dict[str, str]:
    """The variables with which Ansible and Python find programs of an environment and collections."""
    search = ":".join(map(str, collections))
    return os.environ | {
        "ANSIBLE_COLLECTIONS_PATH": search,
        "PYTHONPATH": search,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": f"{programs}:{os.environ['PATH']}",
        "VIRTUAL_ENV": str(programs.parent),
        "ANSIBLE_HOME": str(paths.BUILD / "ansible"),
    }


@dataclass(frozen=True)
class Collection:
    """The collection installed on a collections path of its own."""

    path: Path
    tools: Tools

    @property
    def folder(self) -> Path:
        """The collection's own folder."""
        return self.path / "ansible_collections" / "datacache" / "fluid"

    @property
    def archive(self) -> Path:
        """The archive that it was installed from."""
        [archive] = self.path.glob("datacache-fluid-*.tar.gz")
        return archive

    def environ(self) -> dict[str, str]:
        """The variables with which Ansible and Python find the collection, kubernetes.core and the tools."""
        return environ_with(self.tools.bin, self.path, self.tools.collections) | {
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}

    def environ_of(self, programs: Path) -> dict[str, str]:
        """The variables of programs in an environment of their own: they first, and no development tool."""
        ours = ("PYTHONPATH", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        return kept | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": f"{self.path}:{self.tools.collections}",
            "ANSIBLE_HOME": str(paths.BUILD / "ansible"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }


def installed() -> Collection:
    """Build the checkout and install the archive next to kubernetes.core, offline."""
    tools = environment.ready()
    paths.BUILD.mkdir(exist_ok=True)
    with environment.exclusive(paths.BUILD / "build.lock"):
        archive = _build(tools)
        collection = Collection(INSTALLED / _content_hash(archive), tools)
        if not collection.path.exists():
            _install(archive, collection)
        os.utime(collection.path)
        _forget_old()
    return collection


def _build(tools: Tools) -> Path:
    output = paths.BUILD / "archive"
    shutil.rmtree(output, ignore_errors=True)
    shell.quiet([tools.program("ansible-galaxy"), "collection", "build", "--force", "--output-path", output],
                cwd=paths.CHECKOUT)
    [archive] = output.glob("datacache-fluid-*.tar.gz")
    return archive


def _content_hash(archive: Path) -> str:
    """FILES.json lists the checksum of every file; MANIFEST.json adds galaxy.yml's own words."""
    digest = hashlib.sha256()
    with tarfile.open(archive) as tar:
        for name in ("FILES.json", "MANIFEST.json"):
            digest.update(tar.extractfile(name).read())
    return digest.hexdigest()[:16]


def _install(archive: Path, collection: Collection) -> None:
    partial = collection.path.with_name("partial")
    shutil.rmtree(partial, ignore_errors=True)
    environ = collection.environ() | {"ANSIBLE_COLLECTIONS_PATH": f"{partial}:{collection.tools.collections}"}
    shell.quiet([collection.tools.program("ansible-galaxy"), "collection", "install", archive, "--offline",
                 "--collections-path", partial], env=environ)
    shutil.copy2(archive, partial)
    partial.rename(collection.path)


def _forget_old() -> None:
    for folder in INSTALLED.iterdir():
        if time.time() - folder.stat().st_mtime > KEPT:
            shutil.rmtree(folder)
