# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of built parts: complete or absent, whoever else builds and whenever someone is killed."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from .errors import Cancelled
from .part import KEY_LENGTH

# of each part: two checkouts can take turns without building each time, and the disk stays bounded
KEPT_VERSIONS = 2
LOCK_POLL_SECONDS = 0.2
_MARK = ".complete"


class Cache:
    """Parts under root/parts, logs under root/log, locks under root/lock."""

    def __init__(self, root: Path):
        self.root = root
        self.parts = root / "parts"

    def folder(self, name: str, key: str) -> Path:
        """Where the part with this key is, or will be."""
        return self.parts / f"{name}-{key}"

    def log(self, name: str) -> Path:
        """The build log of a part."""
        return self.root / "log" / f"build-{name}.log"

    def complete(self, folder: Path) -> bool:
        """Whether the part in this folder was built to its end."""
        return (folder / _MARK).exists()

    @contextlib.contextmanager
    def locked(self, name: str, cancelled: threading.Event, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the named lock, against other processes and other threads; waiting() is called once if it is
        not free.

        A lock ends with the process that holds it, so there is none to break after a kill -9.
        """
        path = self.root / "lock" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            if not _try_lock(file):
                waiting()
                # Polled, because a blocking flock could not be given up when another part fails.
                while not _try_lock(file):
                    if cancelled.wait(LOCK_POLL_SECONDS):
                        raise Cancelled(name)
            yield

    @contextlib.contextmanager
    def new(self, folder: Path) -> Iterator[tuple[Path, Path]]:
        """An empty folder to fill, which becomes the part at the end of the with block, and a scratch folder.

        To be used under the part's lock. The part is complete once its mark exists, and the mark is written
        last.
        """
        self.parts.mkdir(parents=True, exist_ok=True)
        for left in (folder, *self.parts.glob(f".{folder.name}.*")):
            shutil.rmtree(left, ignore_errors=True)
        # Never the same name twice: what a command of a killed build still writes does not reach the next
        # one.
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=self.parts))
        filling, scratch = temporary / "out", temporary / "work"
        try:
            filling.mkdir()
            scratch.mkdir()
            yield filling, scratch
            os.rename(filling, folder)
            (folder / _MARK).touch()
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def used(self, folder: Path) -> None:
        """Note that this part is in use now, for prune()."""
        os.utime(folder / _MARK)

    def prune(self, name: str) -> None:
        """Remove the versions of a part that were not used for longest, but KEPT_VERSIONS."""
        versions = [mark.parent for mark in self.parts.glob(f"{name}-{'?' * KEY_LENGTH}/{_MARK}")]
        versions.sort(key=lambda folder: (folder / _MARK).stat().st_mtime, reverse=True)
        for folder in versions[KEPT_VERSIONS:]:
            (folder / _MARK).unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)


def _try_lock(file) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
