# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin of all modules with waits: displays their progress. meta/runtime.yml routes them here.

A module returns its result only at its end, so it writes progress to a file that the action reads. The action
displays the lines on standard error, because machine-readable callbacks use standard output. For a remote
host, whose file cannot be read, and for an asynchronous task it runs the module without progress.
"""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.progress import VARIABLE

# Seconds between two reads of the file, before the first line, and before an unchanged state is repeated.
_READ_PAUSE = 0.5
_QUIET = 3.0
_REPEAT = 30.0


class ActionModule(ActionBase):
    """The action plugin; Ansible requires the name."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        """Run the module and return its result."""
        super().run(tmp, task_vars)
        if self._connection.transport != "local" or self._task.async_val:
            return self._run_module(task_vars)
        with tempfile.TemporaryDirectory(prefix="datacache-fluid-") as folder:
            return self._run_with_progress(Path(folder, "progress"), task_vars)

    def _run_module(self, task_vars):
        return self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)

    def _run_with_progress(self, path: Path, task_vars):
        path.touch()
        self._task.environment = [*(self._task.environment or []), {VARIABLE: str(path)}]
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


def _display_progress(path: Path, host: str, ended: threading.Event) -> None:
    """Display the latest line of the file until the module has ended."""
    display = Display()
    began = time.monotonic()
    state, shown, shown_at = "", "", began
    with path.open(encoding="utf-8") as lines:
        while not ended.wait(_READ_PAUSE):
            for line in lines:
                state = line.rstrip()
            now = time.monotonic()
            if now - began < _QUIET or not state or (state == shown and now - shown_at < _REPEAT):
                continue
            shown, shown_at = state, now
            display.display(f"[{host}] {state} ({now - began:.0f} s)", stderr=True)
