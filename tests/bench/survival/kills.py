# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaders' processes killed: how long nobody leads, and what a writer and a reader see of it.

Kubernetes delays the second restart of a container by 10 seconds and each further one by twice as much. So
the pod of the killed master is replaced after each kill, while both quorums are whole and nobody writes.
"""

import sys
from statistics import median

from costs.report import Figure

from ansible_collections.datacache.fluid.plugins.module_utils.drill.results import DrillResult
from ansible_collections.datacache.fluid.plugins.module_utils.errors import PreconditionFailed

from .cache import Cache, kill, trials, until
from .reader import reading

_FAST = 20
_DEFAULT = 3
_WITH_CLIENTS = 20
_SECONDS_TO_REPLACE = 120
# By profile, the seconds until the next leader serves: the median and the slowest.
_TARGETS = {"fast": (2.5, 3.5), "balanced": (8.0, None)}


def leader_fast(cache: Cache) -> list[Figure]:
    served = [drilled.serving_after for drilled in _kills(cache, _FAST)]
    work = "leader killed, profile fast"
    return [Figure(work, f"next leader serves, median of {len(served)}", median(served), "s", 2.5),
            Figure(work, "next leader serves, slowest", max(served), "s", 3.5)]


def leader_default(cache: Cache) -> list[Figure]:
    served = [drilled.serving_after for drilled in _kills(cache, _DEFAULT)]
    work = "leader killed, profile default"
    return [Figure(work, f"next leader serves, median of {len(served)}", median(served), "s"),
            Figure(work, "next leader serves, slowest", max(served), "s")]


def clients(cache: Cache) -> list[Figure]:
    with reading(cache) as reader:
        found = _kills(cache, _WITH_CLIENTS, reader=reader, probe_writes=True)
    work = f"{len(found)} leader kills with a writer and a reader, profile {cache.kind.profile}"
    middle, slowest = _TARGETS.get(cache.kind.profile, (None, None))
    return [
        Figure(work, "acknowledged directories", sum(each.writes.acknowledged for each in found)),
        Figure(work, "acknowledged and lost", sum(len(each.writes.lost) for each in found), at_most=0),
        Figure(work, "reads", sum(each.reads.good for each in found)),
        Figure(work, "reads that failed", sum(len(each.reads.errors) for each in found), at_most=0),
        Figure(work, "reads with other bytes", sum(len(each.reads.different) for each in found), at_most=0),
        Figure(work, "longest read", max(each.reads.longest for each in found), "s"),
        Figure(work, "next leader serves, median", median(each.serving_after for each in found), "s", middle),
        Figure(work, "next leader serves, slowest", max(each.serving_after for each in found), "s", slowest),
        Figure(work, "all peers back, median", median(each.complete_after for each in found), "s"),
    ]


def _kills(cache: Cache, times: int, reader: str = "", probe_writes: bool = False) -> list[DrillResult]:
    found = []
    times = trials(times)
    for number in range(1, times + 1):
        found.append(until("a drill that may kill", lambda: _killed(cache, reader, probe_writes),
                           _SECONDS_TO_REPLACE))
        _replace(cache, found[-1].killed)
        print(f"  kill {number} of {times}: {found[-1].as_dict()}", file=sys.stderr, flush=True)
    return found


def _killed(cache: Cache, reader: str, probe_writes: bool) -> DrillResult | None:
    """Drill once; None when a follower was silent for a moment, and so nothing was killed."""
    cache.until_whole()
    try:
        return cache.drill().run(reader, probe_writes)
    except PreconditionFailed as refused:
        print(f"  {refused}", file=sys.stderr, flush=True)
        return None


def _replace(cache: Cache, name: str) -> None:
    """Delete the pod, whose next one starts without a delay, and wait for that."""
    cache.until_whole()
    uid = cache.pods()[name]["metadata"]["uid"]
    kill(cache, cache.pods()[name])
    until(f"another pod {name}",
          lambda: cache.pods().get(name, {"metadata": {"uid": uid}})["metadata"]["uid"] != uid,
          _SECONDS_TO_REPLACE)
    cache.until_whole()
