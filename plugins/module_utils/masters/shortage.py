# SPDX-License-Identifier: GPL-3.0-or-later
"""For how long too few masters are there to elect a leader, over several looks. Pure.

While no API server answers nobody looks, so that time shows no shortage. A look whose requests are repeated
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
        self._waited = 0.0

    def seconds(self, short: bool, now: float, waited: float) -> float:
        """Record a look that has just ended; return for how long each look was short.

        waited: seconds for which the client has waited for an API server, over all looks. 0 for the first
        such look. It begins anew after a time in which nobody looked.
        """
        outage, self._waited = waited > self._waited, waited
        took = 0.0 if self._looked is None else now - self._looked
        usual = max(self._usual, _TIMES_PREVIOUS * self._took)
        counts = short and self._short and not outage and took <= usual
        self._seconds = self._seconds + took if counts else 0.0
        self._looked, self._short = now, short
        self._took = self._took if outage else took
        return self._seconds
