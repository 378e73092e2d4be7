# SPDX-License-Identifier: GPL-3.0-or-later
"""What a recipe gets to work with: folders, commands that are logged and can be cancelled, turns at scarce
things.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, TextIO

from .cache import Cache
from .errors import BuildError, Cancelled
from .part import Part

LOG_TAIL_LINES = 20

Command = Sequence[str | Path]


class Job:
    """One part being built.

    source is the part's source folder (read only), out the folder to fill, work a scratch folder that is
    removed afterwards, needs the folders of the parts that this one depends on. stage says in a few words
    what is going on, waits whether that is nothing but waiting.
    """

    def __init__(self, part: Part, cache: Cache, needs: Mapping[str, Path], cancelled: threading.Event):
        self.name = part.name
        self.source = part.source
        self.needs = needs
        self.log = cache.log(part.name)
        self.stage = "starting"
        self.waits = False
        self.out = self.work = Path()
        self._cache = cache
        self._cancelled = cancelled
        self._started = time.monotonic()
        self._process: subprocess.Popen | None = None

    def seconds(self) -> int:
        """How long this job has been going on."""
        return round(time.monotonic() - self._started)

    def run(self, command: Command, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        """Run a command with its output in the log; env is added to our own environment. Raises BuildError.
        """
        if not self.attempt(command, cwd, env):
            self.fail(f"command failed: {shlex.join(map(str, command))}")

    def attempt(
            self, command: Command, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> bool:
        """Like run(), but tells whether the command succeeded."""
        with open(self.log, "a", encoding="utf-8") as log:
            return self._call(command, cwd, env, log, log)

    def output(self, command: Command, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
        """Like run(), but returns what the command prints; its stderr goes to the log."""
        with tempfile.TemporaryFile("w+", encoding="utf-8") as printed, open(
                self.log, "a", encoding="utf-8") as log:
            if not self._call(command, cwd, env, log, printed):
                self.fail(f"command failed: {shlex.join(map(str, command))}")
            printed.seek(0)
            return printed.read()

    def _call(self, command: Command, cwd: Path | None, env: Mapping[str, str] | None, log: TextIO,
              stdout: TextIO) -> bool:
        words = [str(word) for word in command]
        log.write(f"$ {shlex.join(words)}\n")
        log.flush()
        self._process = subprocess.Popen(
            # The kernel ends the command when this thread ends, also by kill -9: no orphan goes on writing.
            ["setpriv", "--pdeathsig", "KILL", *words],
            cwd=cwd or self.work, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
            stdout=stdout, stderr=log, start_new_session=True)
        if self._cancelled.is_set():
            self.stop()
        code = self._process.wait()
        self._process = None
        if self._cancelled.is_set():
            raise Cancelled(self.name)
        return code == 0

    def stop(self) -> None:
        """Kill the running command and its children, if there is one; to be called once cancelled is set."""
        process = self._process
        if process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def wait_for(self, what: str) -> None:
        """Say in the progress lines that nothing happens here before something else has."""
        self.stage, self.waits = f"waiting for {what}", True

    def fail(self, reason: str) -> NoReturn:
        """Raise BuildError with the reason and the end of the log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
        tail = "\n".join(f"  {line}" for line in lines)
        raise BuildError(f"part {self.name}: {reason}\nlog: {self.log}, last lines:\n{tail}")

    @contextlib.contextmanager
    def turn(self, thing: str, stage: str) -> Iterator[None]:
        """Have a scarce thing (the compiler, the Maven repository) for oneself on this machine, and name the
        stage.
        """
        with self._cache.locked(
                f"{thing}.turn", self._cancelled, lambda: self.wait_for(f"its turn at {thing}")):
            self.stage, self.waits = stage, False
            yield
