# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of a wait. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WaitStatus:
    """The status of a wait after one observation.

    progress: the observed state, as a short text. failed: why the awaited state can no longer be reached.
    value: the result of the wait, if it is not the object.
    """

    done: bool
    progress: str = ""
    failed: str = ""
    value: Any = None


Predicate = Callable[["dict | None"], WaitStatus]
