# SPDX-License-Identifier: GPL-3.0-or-later
"""The ages of containers, although the clocks of their nodes may be off. Pure.

Kubernetes reports a container's start by the clock of its node. An age is therefore bounded by what this run
has observed itself: a container is at least as old as its first observation, and younger than the last
observation of its predecessor.
"""

from __future__ import annotations


class ContainerAges:
    """Remembers when the container of each key was first observed, and its predecessor last."""

    def __init__(self) -> None:
        # By key: the container, the time of its first and of its last observation.
        self._observed: dict[tuple[str, str], tuple[str, float, float]] = {}
        # By key: the last time at which another container was observed.
        self._not_before: dict[tuple[str, str], float] = {}

    def observe(self, key: tuple[str, str], container: str, now: float) -> None:
        """Record that the container runs at the time now, in seconds; empty if none runs."""
        before = self._observed.get(key)
        if before is None or before[0] != container:
            if before is not None:
                self._not_before[key] = before[2]
            self._observed[key] = container, now, now
        else:
            self._observed[key] = container, before[1], now

    def age(self, key: tuple[str, str], by_clock: float, now: float) -> float:
        """Return the seconds for which the observed container has run.

        by_clock: the seconds from its start, by the clock of its node, to the present.
        """
        _container, first, _last = self._observed[key]
        not_before = self._not_before.get(key)
        oldest = by_clock if not_before is None else min(by_clock, now - not_before)
        return max(oldest, now - first, 0.0)
