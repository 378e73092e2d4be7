# SPDX-License-Identifier: GPL-3.0-or-later
"""Running commands: one way to start them, one error when they fail."""

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

Command = Sequence[str | Path]

ENDED_LATE = 124  # what timeout(1) returns


class CommandFailed(Exception):
    """A command that had to succeed did not; the message names it and says how it ended."""


def text(command: Command) -> str:
    return shlex.join(str(word) for word in command)


def status(command: Command, env: Mapping[str, str], cwd: Path | None = None, seconds: float | None = None,
           log: Path | None = None) -> int:
    """Run a command with its output on the terminal, and in `log` too, and return its exit code.

    After `seconds` the command is ended with all that it started, and ENDED_LATE returned.
    """
    words = [str(word) for word in command]
    with subprocess.Popen(words, env=env, cwd=cwd, start_new_session=True,
                          stdout=subprocess.PIPE if log else None,
                          stderr=subprocess.STDOUT if log else None) as process:
        tee = subprocess.Popen(["tee", log], stdin=process.stdout) if log else None
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            print(f"ended after {seconds:.0f} s: {text(command)}", flush=True)
            code = ENDED_LATE
        finally:
            _end_session(process)
    if tee:
        tee.wait()
    return code


def run(command: Command, env: Mapping[str, str] | None = None, cwd: Path | None = None,
        seconds: float | None = None) -> None:
    """Run a command that must succeed."""
    code = status(command, env if env is not None else os.environ, cwd, seconds)
    if code:
        raise CommandFailed(f"exit code {code} from: {text(command)}")


def quiet(command: Command, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run a command that must succeed and return what it printed; its errors are shown when it fails."""
    done = subprocess.run(
        [str(word) for word in command], env=env, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandFailed(
            f"exit code {done.returncode} from: {text(command)}\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def _end_session(process: subprocess.Popen) -> None:
    """Ask a command that still runs to end, with all that it started, and insist after ten seconds."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, sign)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            continue
