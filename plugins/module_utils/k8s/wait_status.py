# SPDX-License-Identifier: GPL-3.0-or-later
"""What the state of an object means for who waits on it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class WaitStatus:
    """What an object's state means for who waits on it.

    progress: how far it got, in a few words. failed: why the awaited state cannot come any more.
    """

    done: bool
    progress: str = ""
    failed: str = ""


Predicate = Callable[["dict | None"], WaitStatus]
