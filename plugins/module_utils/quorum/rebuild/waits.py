# SPDX-License-Identifier: GPL-3.0-or-later
"""The waits while a master is rebuilt. IO."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...api.deadline import Deadline
from ...k8s.wait_status import WaitStatus

_PAUSE = 2.0  # seconds; each observation lists the nodes


def poll(deadline: Deadline, awaited: str, question: Callable[[], WaitStatus]) -> None:
    """Ask the question until it is answered. Raises WaitTimeout at the deadline."""
    deadline.poll_until(awaited, question, _PAUSE, partial(
        deadline.timeout, awaited, next_step="run this again with the same rebuild to continue"))
