# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of a module that waits: runs it, and shows how far its wait has got.

A module cannot speak before it ends, so it writes to a file that its action reads meanwhile. The
lines go to standard error, so that machine-readable callbacks on standard output stay whole. On a
remote host the file is out of reach, and the module runs as it would without an action.
"""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.progress import VARIABLE

# Seconds between two looks at the file, before the first word, and before an unchanged state is told again.
_LOOK = 0.5
_FIRST = 3.0
_REPEAT = 30.0


class WatchedAction(ActionBase):
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        if self._connection.transport != "local" or self._task.async_val:
            return self._run_module(task_vars)
        with tempfile.TemporaryDirectory(prefix="datacache-fluid-") as folder:
            return self._run_watched(Path(folder, "progress"), task_vars)

    def _run_module(self, task_vars):
        return self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)

    def _run_watched(self, path: Path, task_vars):
        path.touch()
        self._task.environment = [*(self._task.environment or []), {VARIABLE: str(path)}]
        ended = threading.Event()
        reader = threading.Thread(target=_show, args=(path, task_vars.get("inventory_hostname", ""), ended), daemon=True)
        reader.start()
        try:
            return self._run_module(task_vars)
        finally:
            ended.set()
            reader.join()


def _show(path: Path, host: str, ended: threading.Event) -> None:
    display = Display()
    began = time.monotonic()
    state, view, told_at = "", "", began
    with path.open(encoding="utf-8") as lines:
        while not ended.wait(_LOOK):
            for line in lines:
                state = line.rstrip()
            now = time.monotonic()
            if now - began < _FIRST or not state or (state == view and now - told_at < _REPEAT):
                continue
            view, told_at = state, now
            display.display(f"[{host}] {state} ({now - began} s)", stderr=True)
