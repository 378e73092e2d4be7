# SPDX-License-Identifier: GPL-3.0-or-later
"""Until when an act may follow from a look at a group. Pure."""

from __future__ import annotations

from collections.abc import Sequence

# Seconds from the end of a look to an act that follows from it, for the note and the Lease's renewal.
_YOUNG = 3.0
# Seconds. A look takes up to this with silent pods, or one and a half times as long as the one before where
# commands show the groups. A longer one has waited for an API server.
_LOOK_WITHIN = 15.0
_TIMES_PREVIOUS = 1.5


class Freshness:
    """Follows the looks at each domain's group. waited: seconds for which the client has waited for an API
    server before the first one.
    """

    def __init__(self, domains: Sequence[str], waited: float) -> None:
        self._took = dict.fromkeys(domains, 0.0)  # seconds of the last look
        self._waited = dict.fromkeys(domains, waited)

    def young_until(self, domain: str, began: float, ended: float, waited: float) -> float:
        """Record a look that has just ended; return until when an act may follow from it.

        waited: seconds for which the client has waited for an API server, over all looks. A look that took
        too long allows no act.
        """
        took, previous = ended - began, self._took[domain]
        before, self._waited[domain] = self._waited[domain], waited
        if waited - before > _YOUNG:
            return began
        self._took[domain] = took
        return ended + _YOUNG if took <= max(_LOOK_WITHIN, _TIMES_PREVIOUS * previous) else began
