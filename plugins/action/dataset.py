# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin of all modules with waits: displays their progress. meta/runtime.yml routes them here.

It also names the play to the module, for the Lease of the masters.

A module returns its result only at its end, so it writes progress to a file that the action reads. The action
displays the lines on standard error, because machine-readable callbacks use standard output. For a remote
host, whose file cannot be read, and for an asynchronous task it runs the module without progress.
"""

from __future__ import annotations

import re
import tempfile
import threading
import time
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.progress import ACTION, CALLER, VARIABLE

# Seconds between two reads of the file, before the first line, and before an unchanged state is repeated.
_READ_PAUSE = 0.5
_QUIET = 3.0
_REPEAT = 30.0
_NUMBER = re.compile(r"\d+")


class ActionModule(ActionBase):
    """The action plugin; Ansible requires the name."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        """Run the module and return its result."""
        super().run(tmp, task_vars)
        if caller := _caller(task_vars or {}):
            self._add_environment(CALLER, caller)
        if self._connection.transport != "local" or self._task.async_val:
            return self._run_module(task_vars)
        with tempfile.TemporaryDirectory(prefix="datacache-fluid-") as folder:
            return self._run_with_progress(Path(folder, "progress"), task_vars)

    def _run_module(self, task_vars):
        return self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)

    def _add_environment(self, variable: str, text: str) -> None:
        self._task.environment = [*(self._task.environment or []), {variable: text}]

    def _run_with_progress(self, path: Path, task_vars):
        path.touch()
        self._add_environment(VARIABLE, str(path))
        ended = threading.Event()
        reader = threading.Thread(
            target=_display_progress, args=(path, task_vars.get("inventory_hostname", ""), ended),
            daemon=True)
        reader.start()
        try:
            return self._run_module(task_vars)
        finally:
            ended.set()
            reader.join()


def _caller(task_vars: dict) -> str:
    """Return the play and AWX's job, which the Lease of the masters names as its holder."""
    play = task_vars.get("ansible_play_name")
    job = task_vars.get("awx_job_id") or task_vars.get("tower_job_id")
    return ", ".join([*([f"play {play}"] if play else []), *([f"AWX job {job}"] if job else [])])


def _display_progress(path: Path, host: str, ended: threading.Event) -> None:
    """Display each action in the file, and the latest state, until the module has ended.

    States that differ in their numbers only, such as seconds, count as one.
    """
    display = Display()
    began = time.monotonic()
    state, shown, shown_at = "", "", began

    def show(text: str) -> None:
        display.display(f"[{host}] {text} ({time.monotonic() - began:.0f} s)", stderr=True)

    with path.open(encoding="utf-8") as lines:
        last = False
        while not last:
            last = ended.wait(_READ_PAUSE)
            for line in lines:
                if line.startswith(ACTION):
                    show(line.removeprefix(ACTION).rstrip())
                else:
                    state = line.rstrip()
            now, subject = time.monotonic(), _NUMBER.sub("", state)
            if last or now - began < _QUIET or not state or (subject == shown and now - shown_at < _REPEAT):
                continue
            shown, shown_at = subject, now
            show(state)
