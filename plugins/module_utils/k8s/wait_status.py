# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of a wait. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import ApiError, Forbidden


@dataclass(frozen=True)
class WaitStatus:
    """The status of a wait after one observation.

    progress: the observed state, as a short text. failed: why the awaited state can no longer be reached.
    value: the result of the wait, if it is not the object. lasts: the seconds for which a failure must be
    observed before it ends the wait; a controller may correct an earlier one.
    """

    done: bool
    progress: str = ""
    failed: str = ""
    value: Any = None
    lasts: float = 0.0


Predicate = Callable[["dict | None"], WaitStatus]


def answered(question: Callable[[], Any]) -> WaitStatus:
    """Return the status of a wait for an answer, which becomes its value. Raises Forbidden."""
    try:
        return WaitStatus(True, value=question())
    except Forbidden:
        raise
    except ApiError as err:
        return WaitStatus(False, str(err))
