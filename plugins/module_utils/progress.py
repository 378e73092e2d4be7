# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings and wait progress, which a module reports beside its result.

The action plugin (plugins/action/dataset.py) names a file in the environment variable VARIABLE and displays
the lines that the module writes to it. Without the variable no progress is reported.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

VARIABLE = "DATACACHE_FLUID_PROGRESS"
# The environment variable in which the action plugin describes the play, and AWX's job if there is one.
CALLER = "DATACACHE_FLUID_CALLER"
# Begins a line that reports an action. Each is displayed; of the other lines only the latest.
ACTION = "> "


class ProgressFile:
    """Progress lines of a module's waits. path: the file; empty for none."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._last = ""

    @classmethod
    def from_environment(cls) -> ProgressFile:
        """Return the file that the environment variable names."""
        return cls(os.environ.get(VARIABLE, ""))

    def report(self, state: str) -> None:
        """Write the state, unless it repeats the previous one."""
        if not self._path or state == self._last:
            return
        self._last = state
        try:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(" ".join(state.split()) + "\n")
        except OSError:
            self._path = ""  # a wait must not fail because its progress cannot be written


@dataclass(frozen=True)
class Reporter:
    """The outputs of a module. warn: adds a warning to the result. progress: reports the state of a wait."""

    warn: Callable[[str], None]
    progress: Callable[[str], None]
