# SPDX-License-Identifier: GPL-3.0-or-later
"""For how long too few masters are there to elect a leader, over several looks. Pure.

While no API server answers nobody looks, so that time shows no shortage. A look that waits for an API server
takes long all at once; one that waits for silent pods or for commands takes as long as the one before.
"""

from __future__ import annotations

# A look that comes after this many times the time of the one before has waited for something else.
_TIMES_PREVIOUS = 1.5


class Shortage:
    """Follows the looks of one wait. usual: seconds from one look to the next that always count."""

    def __init__(self, usual: float) -> None:
        self._usual = usual
        self._looked: float | None = None
        self._took = 0.0
        self._short = False
        self._seconds = 0.0

    def seconds(self, short: bool, now: float) -> float:
        """Record a look that has just ended; return for how long each look was short.

        0 for the first such look. It begins anew after a time in which nobody looked.
        """
        took = 0.0 if self._looked is None else now - self._looked
        counts = short and self._short and took <= max(self._usual, _TIMES_PREVIOUS * self._took)
        self._seconds = self._seconds + took if counts else 0.0
        self._looked, self._took, self._short = now, took, short
        return self._seconds
