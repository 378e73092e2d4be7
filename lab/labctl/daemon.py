# SPDX-License-Identifier: GPL-3.0-or-later
"""Long-running processes: start, find again, notice a death, wait for a condition.

A daemon is known by its name alone, which is its cgroup below `fluidlab` and,
with dashes, its log file.
"""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from labctl import settings
from labctl.cgroups import Group
from labctl.errors import LabError
from labctl.shell import last_lines

# A shell joins the cgroups and then becomes the daemon: at no moment does a
# process of the lab live outside them, even when the lab's command is killed.
_JOIN = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 1; shift; done; shift; exec "$@"'

NODE_NAMESPACES = ("-m", "-n", "-u")


def log_file(name: str) -> Path:
    return settings.log_dir() / (name.replace("/", "-") + ".log")


def alive(name: str) -> bool:
    return bool(Group(name).pids())


def start(name: str, command: Sequence[object], *, inside: int | None = None,
          env: Mapping[str, str] | None = None) -> None:
    """Start a daemon unless it runs; with `inside`, in the namespaces of that process."""
    if alive(name):
        return
    _spawn(name, command, inside, env)


def run(name: str, command: Sequence[object], *, inside: int | None = None,
        env: Mapping[str, str] | None = None, timeout: float = 300) -> None:
    """Run a command to its end as part of the lab, with its output in the log.

    In the lab's cgroup, so that it does not outlive the lab's command unnoticed.
    """
    process = _spawn(name, command, inside, env)
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired as err:
        raise LabError(f"{name} did not end within {timeout:.0f} s{_log_end(name)}") from err
    if code != 0:
        raise LabError(f"{name} failed with exit code {code}{_log_end(name)}")


def wait(ready: Callable[[], bool], *, what: str, daemons: Sequence[str] = (),
         timeout: float = 60, interval: float = 0.1) -> None:
    """Wait until `ready` holds; a daemon that dies meanwhile is named with its log."""
    deadline = time.monotonic() + timeout
    while not ready():
        for name in daemons:
            if not alive(name):
                raise LabError(f"{name} died while waiting for {what}{_log_end(name)}")
        if time.monotonic() > deadline:
            logs = ", ".join(str(log_file(name)) for name in daemons)
            raise LabError(f"{what}: not so after {timeout:.0f} s" + (f"; see {logs}" if logs else ""))
        time.sleep(interval)


def _spawn(name: str, command: Sequence[object], inside: int | None,
           env: Mapping[str, str] | None) -> subprocess.Popen:
    words = [str(word) for word in command]
    if inside is not None:
        words = ["nsenter", "-t", str(inside), *NODE_NAMESPACES, "--", *words]
    joins = [str(file) for file in Group(name).create()]
    log = log_file(name)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(["sh", "-c", _JOIN, "join", *joins, "--", *words],
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                   env=env, cwd="/", start_new_session=True)
    while not alive(name) and process.poll() is None:
        time.sleep(0.001)  # not in its cgroup yet, which would look like dead
    return process


def _log_end(name: str) -> str:
    log = log_file(name)
    text = log.read_text(errors="replace") if log.exists() else ""
    return f"; the end of {log}:\n{last_lines(text)}"
