# SPDX-License-Identifier: GPL-3.0-or-later
"""For how long states hold over several looks. Pure."""

from __future__ import annotations

from collections.abc import Iterable


class StateAges:
    """Since when each state has been seen in every look."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def at_least(self, seconds: float, states: Iterable[str], now: float) -> set[str]:
        """Record the states of a look; return those that are as old as that."""
        self._since = {each: self._since.get(each, now) for each in states}
        return {each for each, since in self._since.items() if now - since >= seconds}
