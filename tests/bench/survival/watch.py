# SPDX-License-Identifier: GPL-3.0-or-later
"""A record of a quorum over time, taken by a thread while something else happens."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import quorum_size
from ansible_collections.datacache.fluid.plugins.module_utils.errors import FluidError
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import MASTER, container_of

from .cache import MASTERS, Cache

_PAUSE = 0.2


@dataclass(frozen=True)
class Look:
    """at: seconds on a clock of the record's own. available: peers that are, None without a leader.

    size: peers of the group; None without a leader. running: masters whose container runs and whose pod is
    not terminating.
    """

    at: float
    available: int | None
    size: int | None = None
    running: int | None = None


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
            available = size = running = None
            try:
                pods = masters.pods()
                running = sum(map(_runs, pods))
                quorum, _pod = masters.quorum(MASTER, pods)
                available, size = quorum.available, len(quorum.peers)
            except FluidError:
                pass
            record.looks.append(Look(time.monotonic(), available, size, running))
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


def below_majority(looks: Sequence[Look]) -> list[Look]:
    """The looks at which fewer masters ran, or fewer peers were AVAILABLE, than a majority of the group.

    Without a leader the group's size is that of the look before.
    """
    found, size = [], MASTERS
    for look in looks:
        size = look.size or size
        least = quorum_size(size)
        if any(number is not None and number < least for number in (look.available, look.running)):
            found.append(look)
    return found


def _runs(pod: dict) -> bool:
    if "deletionTimestamp" in pod["metadata"]:
        return False
    return any(each["name"] == container_of(MASTER) and "running" in (each.get("state") or {})
               for each in pod.get("status", {}).get("containerStatuses") or [])


def fewest_available(looks: Sequence[Look]) -> int:
    """The fewest AVAILABLE peers that any leader has told of."""
    return min((look.available for look in looks if look.available is not None), default=0)
