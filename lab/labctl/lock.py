# SPDX-License-Identifier: GPL-3.0-or-later
"""One command at a time may change the lab of this machine."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def machine_lock(path: Path, holder: str, report: Callable[[str], None]) -> Iterator[None]:
    """Hold the machine-wide lock; a second command says who holds it and waits.

    The kernel drops the lock when its holder dies, so it is never stale.
    """
    descriptor = _acquire(path, report)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{holder} (pid {os.getpid()})".encode())
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(path: Path, report: Callable[[str], None]) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"waiting: the lab is held by {_holder(descriptor)}")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        # The previous holder removes the file: a lock on a removed file guards nothing.
        if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    """Who holds the lock; it writes its name a moment after it has got it."""
    for _look in range(25):
        if who := os.pread(descriptor, 200, 0).decode():
            return who
        time.sleep(0.02)
    return "another command"
