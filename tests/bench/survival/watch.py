# SPDX-License-Identifier: GPL-3.0-or-later
"""A record of a quorum over time, taken by a thread while something else happens."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ansible_collections.datacache.fluid.plugins.module_utils.errors import FluidError
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import MASTER

from .cache import Cache

_PAUSE = 0.2


@dataclass(frozen=True)
class Look:
    """at: seconds on a clock of the record's own. available: peers that are, None without a leader."""

    at: float
    available: int | None


@dataclass
class Record:
    looks: list[Look] = field(default_factory=list)


@contextmanager
def watched(cache: Cache) -> Iterator[Record]:
    """Look at the masters' quorum again and again until the block ends."""
    record, ended = Record(), threading.Event()

    def look() -> None:
        masters = cache.healer().masters
        while not ended.is_set():
            try:
                quorum, _pod = masters.quorum(MASTER)
                available = quorum.available
            except FluidError:
                available = None
            record.looks.append(Look(time.monotonic(), available))
            ended.wait(_PAUSE)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield record
    finally:
        ended.set()
        thread.join()


def seconds_without_leader(looks: Sequence[Look]) -> float:
    """All times without a leader together: each from the first look without one to the next look with one."""
    total, since = 0.0, None
    for look in looks:
        if look.available is None:
            since = look.at if since is None else since
        elif since is not None:
            total, since = total + look.at - since, None
    return total + (looks[-1].at - since if since is not None else 0.0)


def fewest_available(looks: Sequence[Look]) -> int:
    """The fewest AVAILABLE peers that any leader has told of."""
    return min((look.available for look in looks if look.available is not None), default=0)
