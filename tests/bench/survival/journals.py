# SPDX-License-Identifier: GPL-3.0-or-later
"""Several masters deleted at once, on claims and behind the gate.

The claims are those of the default StorageClass.
"""

import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from statistics import median

from costs.report import Figure

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import logs
from ansible_collections.datacache.fluid.plugins.module_utils.drill.writer import ROOT, ProbeWriter
from ansible_collections.datacache.fluid.plugins.module_utils.errors import FluidError
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import MASTER, container_of
from ansible_collections.datacache.fluid.plugins.module_utils.journal import gate
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef, ref_to
from ansible_collections.datacache.fluid.plugins.module_utils.masters.web_api import MasterWebApi

from .cache import Cache, NotInTime, kill, trials, until

TRIALS = 3
_WORKER = "alluxio-worker"
_SECONDS_TO_WRITE = 10.0
_SECONDS_TO_SERVE = 180
# A wiped majority waits for a person: after this time of looking, one master is admitted.
_SECONDS_TO_LOOK = 60.0
# A changed ConfigMap takes the kubelet a minute, a former leader half of one, and a survivor's channel two.
_SECONDS_TO_HEAL = 420
# A container that was deleted by force serves a moment longer.
_SECONDS_OF_ENDING = 4.0
_LOG_TAIL = 500


def all_masters_claims(cache: Cache) -> list[Figure]:
    """All masters deleted by force at once, again and again, while a client writes."""
    served, acknowledged, lost = [], 0, 0
    for number in range(trials(TRIALS)):
        writer = _writer(cache, f"all-{number}")
        began = _kill(cache, cache.pods())
        served.append(_served(cache, writer, began))
        print(f"  all masters deleted: served again after {served[-1]:.1f} s", file=sys.stderr, flush=True)
        cache.until_whole()
        written = writer.stop()
        acknowledged += len(written)
        lost += len(written - _listed(cache, writer))
        writer.remove()
    work = f"all masters deleted, journals on claims, profile {cache.kind.profile}"
    return [Figure(work, f"served again, median of {len(served)}", median(served), "s"),
            Figure(work, "served again, slowest", max(served), "s",
                   25 if cache.kind.profile == "default" else 15),
            Figure(work, "acknowledged directories", acknowledged),
            Figure(work, "acknowledged and lost", lost, at_most=0)]


def two_masters_gate(cache: Cache) -> list[Figure]:
    """Two of three masters deleted with their journals: the leader with a follower, or both followers."""
    older, recovered = 0, 0
    for number in range(trials(TRIALS)):
        writer = _writer(cache, f"two-{number}")
        written = writer.stop()
        leader = cache.leader()["metadata"]["name"]
        pods = cache.pods()
        followers = sorted(name for name in pods if name != leader)
        names = [leader, followers[0]] if number % 2 == 0 else followers
        _kill(cache, {name: pods[name] for name in names})
        time.sleep(_SECONDS_OF_ENDING)
        looks = list(_looks(cache, writer, _SECONDS_TO_LOOK))
        bad = [len(found) for found in looks if written - found]
        older += bool(bad)
        waits = bool(cache.lacks())
        recovered += not waits
        print(f"  {' and '.join(names)} deleted, {leader} led: {len(looks)} listings"
              f"{f', {len(bad)} of them older: {bad[:3]} of {len(written)}' if bad else ''}"
              f"{', it waits for a person' if waits else ''}", file=sys.stderr, flush=True)
        if waits:
            _admit(cache, names[0])
            until("both quorums to be whole", lambda: _healed(cache), _SECONDS_TO_HEAL, cache.lacks)
        older += bool(written - _listed(cache, writer))
        _admit(cache, None)
        writer.remove()
    work = f"two of three masters deleted with their journals, {cache.kind.profile}"
    return [Figure(work, "trials", trials(TRIALS)), Figure(work, "recovered without a person", recovered),
            Figure(work, "older or empty namespaces served", older, at_most=0)]


def _writer(cache: Cache, run_id: str) -> ProbeWriter:
    """A writer in a worker's pod that has begun to write."""
    worker = ObjectRef(cache.namespace, cache.name + "-worker-0")
    writer = ProbeWriter(cache.client, worker, run_id, 600.0, _WORKER)
    writer.start()
    until("the first directories", writer.count, 120)
    time.sleep(_SECONDS_TO_WRITE)
    return writer


def _kill(cache: Cache, pods: dict[str, dict]) -> float:
    began = time.monotonic()
    for pod in pods.values():
        kill(cache, pod)
    return began


def _served(cache: Cache, writer: ProbeWriter, began: float) -> float:
    """The seconds until a leader serves clients, as a drill counts them: its web port opens later."""
    time.sleep(_SECONDS_OF_ENDING)
    for _found in _looks(cache, writer, _SECONDS_TO_SERVE, pages=False):
        return until("the log line of the leader's first service", lambda: _served_at(cache),
                     _SECONDS_TO_SERVE) - began
    raise NotInTime(f"{cache.name} was not served for {_SECONDS_TO_SERVE} s: {cache.lacks()}")


def _served_at(cache: Cache) -> float | None:
    """The monotonic time at which the present leader began to serve clients, by its log and its clock."""
    with suppress(FluidError, NotInTime):  # the leadership may move meanwhile
        leader = ref_to(cache.leader())
        local_time, _arrived = cache.healer().masters.local_time(leader.name)
        arrived = time.monotonic()
        served_for = logs.serves_for(cache.client.log(leader, container_of(MASTER), _LOG_TAIL), local_time)
        return None if served_for is None else arrived - served_for
    return None


def _looks(cache: Cache, writer: ProbeWriter, seconds: float, pages: bool = True) -> Iterable[set[str]]:
    """Listings of the writer's directories by any master that answers."""
    api = MasterWebApi(cache.client)
    path = f"/api/v1/master/webui_browse?path={ROOT}&offset=0&limit=1"
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for pod in cache.pods().values():
            try:
                if api.get(pod, MASTER, path) is not None:
                    yield writer.listed(api, pod) if pages else set()
            except FluidError:
                continue
        time.sleep(0.25)


def _listed(cache: Cache, writer: ProbeWriter) -> set[str]:
    """What the leader lists; asked again when the leadership moves meanwhile."""
    def listed() -> set[str] | None:
        with suppress(FluidError, NotInTime):
            return writer.listed(MasterWebApi(cache.client), cache.leader())
        return None

    return until("the leader's listing", listed, 60)


def _healed(cache: Cache) -> bool:
    """Whether both quorums are whole. A former leader that hangs starts no election, and is restarted."""
    with suppress(FluidError):
        cache.healer().ensure_complete()
    return not cache.lacks()


def _admit(cache: Cache, name: str | None) -> None:
    """Let a person admit a master with an empty journal; None: nobody any more."""
    cache.client.patch(kinds.CONFIG_MAP, ObjectRef(cache.namespace, cache.name + "-config"),
                       {"metadata": {}, "data": {gate.ADMITTED: name}}, "raft")
