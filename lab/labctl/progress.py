# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees while the lab works: step, seconds, log."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Progress:
    """Prints one line per event with the seconds since the command began.

    Standard error, so that `lab env` and `lab kubeconfig` can be captured.
    """

    def __init__(self, stream=None, clock=time.monotonic):
        self._stream = stream or sys.stderr
        self._clock = clock
        self._begin = clock()
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """Seconds since the command began."""
        return self._clock() - self._begin

    def __call__(self, message: str) -> None:
        with self._lock:
            print(f"[{self.seconds:6.1f} s] {message}", file=self._stream, flush=True)

    @contextmanager
    def step(self, name: str, log: Path | None = None) -> Iterator[None]:
        """Announce a step, and its end with the seconds it took."""
        self(f"{name} ..." + (f" (log: {log})" if log else ""))
        begin = self._clock()
        yield
        self(f"{name}: done in {self._clock() - begin:.1f} s")
