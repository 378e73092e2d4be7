# SPDX-License-Identifier: GPL-3.0-or-later
"""A deadline that several waits share, and the polling loop. IO: the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import Any

from ..errors import FluidError, ServerUnavailable, WaitTimeout
from ..k8s.wait_status import WaitStatus
from ..progress import ACTION


def _since_boot() -> float:
    """Return seconds that also pass while the machine is suspended: a Lease expires in that time."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True)
class Clock:
    """A source of time. monotonic, sleep: in seconds. utc_now: the current time, timezone-aware."""

    monotonic: Callable[[], float] = _since_boot
    sleep: Callable[[float], None] = time.sleep
    utc_now: Callable[[], datetime] = partial(datetime.now, timezone.utc)


# The clock of a deadline that is given none.
SYSTEM_CLOCK = Clock()


class Deadline:
    """A point in time. seconds: from now to it. report_progress: receives the state of each wait."""

    def __init__(self, seconds: float, report_progress: Callable[[str], None] = lambda _text: None,
                 clock: Clock | None = None) -> None:
        self.seconds = seconds
        self.report_progress = report_progress
        self.clock = clock or SYSTEM_CLOCK
        self._end = self.now() + seconds

    def report_action(self, text: str) -> None:
        """Report an action, which is displayed even if another line follows at once."""
        self.report_progress(ACTION + text)

    def now(self) -> float:
        """Return the seconds of the monotonic clock."""
        return self.clock.monotonic()

    def remaining(self) -> float:
        """Return the seconds to the deadline; negative after it."""
        return self._end - self.now()

    def sleep(self, seconds: float) -> None:
        """Sleep that many seconds, but not beyond the deadline."""
        self.clock.sleep(max(0.0, min(seconds, self.remaining())))

    def within(self, seconds: float) -> Deadline:
        """Return a deadline that many seconds from now, with the same clock and progress."""
        return Deadline(seconds, self.report_progress, self.clock)

    def again(self) -> Deadline:
        """Return a deadline of the same length that starts now, for the next phase of an operation."""
        return self.within(self.seconds)

    def timeout(self, awaited: str, progress: str = "", next_step: str = "", **details: Any) -> WaitTimeout:
        """Return the error of a wait that this deadline has ended.

        progress: the last observed state. next_step: what to do. details: further values of the result.
        """
        return WaitTimeout(
            f"timed out after {round(self.seconds, 1):g} s while waiting for {awaited}"
            f"{progress and ': ' + progress}{next_step and '; ' + next_step}", **details)

    def poll_until(self, awaited: str, question: Callable[[], WaitStatus], pause: float,
                   timed_out: Callable[[str], FluidError]) -> Any:
        """Call question until its status is done, and return the status' value. For states without a watch.

        The last call is at the deadline or behind it. An unavailable API server does not end the wait.
        pause: seconds between calls. timed_out: returns the error of a timeout from the last progress.
        """
        while True:
            last = self.remaining() <= 0
            try:
                status = question()
            except ServerUnavailable as err:
                status = WaitStatus(False, str(err))
            if status.done:
                return status.value
            self.report_progress(
                f"waiting for {awaited}: {status.progress}" if status.progress else f"waiting for {awaited}")
            if last:
                raise timed_out(status.progress)
            self.sleep(pause)
