# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling a person how far a wait has got, while the module still runs.

The module's action (plugin_utils/watched_action.py) gives the name of a file in an environment variable and shows
what is written there. Without it nothing is told.
"""

from __future__ import annotations

import os

VARIABLE = "DATACACHE_FLUID_PROGRESS"


class Progress:
    """Writes a line for each new state of a wait. path: the file; empty for none."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._view = ""

    @classmethod
    def from_environment(cls) -> Progress:
        return cls(os.environ.get(VARIABLE, ""))

    def report_progress(self, state: str) -> None:
        """Tell the state, unless it is the one told last."""
        if not self._path or state == self._view:
            return
        self._view = state
        try:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(" ".join(state.split()) + "\n")
        except OSError:
            self._path = ""  # a wait is not to fail because it cannot be watched
