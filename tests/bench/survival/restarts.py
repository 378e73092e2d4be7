# SPDX-License-Identifier: GPL-3.0-or-later
"""Followers deleted by force: how soon they are back in the quorum."""

import sys
import time
from datetime import datetime, timezone
from statistics import median

from costs.report import Figure

from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import MASTER

from .cache import Cache, kill, until

_TIMES = 6
_SECONDS_TO_RETURN = 420
# Killed by force, the old container may answer a moment longer, while the new one starts. Its answer counts
# for election.timeout.max, 2 s with the profile fast, which is less than a JVM needs to start: so only what
# lasts is a return.
_LASTS = 4.0


def follower(cache: Cache) -> list[Figure]:
    seconds = [_return(cache) for _time in range(_TIMES)]
    work = f"restarted master, {cache.kind.network}, profile {cache.kind.profile}"
    return [Figure(work, f"AVAILABLE after its container's start, median of {len(seconds)}", median(seconds),
                   "s", 15),
            Figure(work, "AVAILABLE after its container's start, slowest", max(seconds), "s")]


def _return(cache: Cache) -> float:
    """Delete a follower; return the seconds from its container's start to its place in the quorum.

    Kubernetes tells the start in whole seconds, the earlier one: the figure is up to a second too large.
    """
    cache.until_whole()
    leader = cache.leader()["metadata"]["name"]
    victim = next(pod for name, pod in sorted(cache.pods().items(), reverse=True) if name != leader)
    name, uid = victim["metadata"]["name"], victim["metadata"]["uid"]
    kill(cache, victim)
    healer = cache.healer()

    since: list[float] = []

    def back() -> bool:
        """Whether the new container's master has taken part since a while; since is when that began."""
        master = next(each for each in healer.observe(MASTER).masters if each.pod == name)
        takes_part = master.available and master.running is not None
        if takes_part and cache.pods().get(name, victim)["metadata"]["uid"] != uid:
            since.append(time.time())
        else:
            since.clear()
        return bool(since) and since[-1] - since[0] > _LASTS

    until(f"{name} to be back", back, _SECONDS_TO_RETURN, cache.lacks)
    seconds = since[0] - _started(cache.pods()[name])
    print(f"  {name} was back {seconds:.1f} s after its container's start", file=sys.stderr, flush=True)
    return seconds


def _started(pod: dict) -> float:
    [state] = [each["state"] for each in pod["status"]["containerStatuses"]
               if each["name"] == "alluxio-master"]
    return datetime.strptime(state["running"]["startedAt"],
                             "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
