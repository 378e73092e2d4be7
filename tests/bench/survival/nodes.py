# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that lose their power or their cable, and come back.

What the quorum is said to be meanwhile, and when it is full again.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from costs.playing import PlayFailed, play
from costs.report import Figure

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import AVAILABLE, Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.errors import FluidError
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import MASTER

from .cache import MASTERS, Cache, until
from .lab import Lab

_SECONDS_FOR_TRUTH = 120
# How soon the other masters reach a node that comes back depends on where their retries stand.
_CUTS = 3
_LOST = "has lost its majority"


@dataclass(frozen=True)
class _Away:
    """What was found while a node was away and came back, in seconds.

    full_after counts from when the node's kubelet could be spoken with, full_since_on from when its power or
    cable was given back. untrue: looks that told something else than the truth.
    """

    led_after: float
    told_after: float
    full_after: float
    full_since_on: float
    looks: int
    untrue: int


def killed(cache: Cache, lab: Lab) -> list[Figure]:
    def start(node: str) -> float:
        lab.start(node)
        return lab.kubelet_runs_since(node)

    return _figures(f"the leader's node killed and back, profile {cache.kind.profile}",
                    [_away_and_back(cache, lab.kill, start)])


def cut(cache: Cache, lab: Lab) -> list[Figure]:
    def heal(node: str) -> float:
        lab.heal(node)
        return time.monotonic()

    work = f"the leader's node cut off and back, profile {cache.kind.profile}, median of {_CUTS}"
    return _figures(work, [_away_and_back(cache, lab.cut, heal) for _time in range(_CUTS)])


def majority(cache: Cache, lab: Lab) -> list[Figure]:
    """Two of three nodes killed: alluxio_quorum has to say so, and to touch nothing."""
    nodes = sorted(_node_of(pod) for pod in cache.pods().values())[:2]
    before = {name: pod["metadata"]["uid"] for name, pod in cache.pods().items()}
    try:
        for node in nodes:
            lab.kill(node)
        said_after, args = _asked(cache)
        untouched = before == {name: pod["metadata"]["uid"] for name, pod in cache.pods().items()}
    finally:
        for node in nodes:
            lab.start(node)
    began = max(lab.kubelet_runs_since(node) for node in nodes)
    cache.until_whole()
    print(f"  alluxio_quorum: {args}", file=sys.stderr, flush=True)
    work = "majority lost: two of three nodes killed"
    return [Figure(work, "alluxio_quorum does not say so", 0 if _LOST in args else 1, at_most=0),
            Figure(work, "alluxio_quorum says so after", said_after, "s", 30),
            Figure(work, "masters touched", 0 if untouched else 1, at_most=0),
            Figure(work, "full again after both kubelets run", time.monotonic() - began, "s", 30)]


def _away_and_back(cache: Cache, end: Callable[[str], None], back: Callable[[str], float]) -> _Away:
    """Take the leader's node away and bring it back; back returns when its kubelet takes part again."""
    cache.until_whole()
    leader = cache.leader()
    lost, node = leader["metadata"]["name"], _node_of(leader)
    truths = [_view(cache).available == MASTERS]
    began = time.monotonic()
    end(node)
    try:
        until("the next leader", lambda: _leads_elsewhere(_view(cache), lost), _SECONDS_FOR_TRUTH, pause=0.1)
        led_after = time.monotonic() - began
        until(f"{lost} alone to be told UNAVAILABLE", lambda: _lost_alone(_view(cache), lost),
              _SECONDS_FOR_TRUTH,
              lambda: _view(cache).lacks(MASTERS))
        told_after = time.monotonic() - began
        # The truth has to stay told, also when Kubernetes has noticed the node's end.
        for _look in range(10):
            truths.append(_lost_alone(_view(cache), lost))
            time.sleep(1)
    finally:
        on = time.monotonic()
        runs_since = back(node)
    cache.until_whole()
    full = time.monotonic()
    truths.append(_view(cache).available == MASTERS)
    unavailable = _Away(led_after, told_after, full - runs_since, full - on, len(truths), truths.count(False))
    print(f"  {node} away: {unavailable}", file=sys.stderr, flush=True)
    return unavailable


def _figures(work: str, aways: list[_Away]) -> list[Figure]:
    looks = sum(unavailable.looks for unavailable in aways)
    return [Figure(work, "next leader serves", median(unavailable.led_after for unavailable in aways), "s"),
            Figure(work, "its peer is told UNAVAILABLE after",
                   median(unavailable.told_after for unavailable in aways), "s", 30),
            Figure(work, f"looks of {looks} that told something else than the truth",
                   sum(unavailable.untrue for unavailable in aways), at_most=0),
            Figure(work, "full again without hands, after its kubelet is back",
                   median(unavailable.full_after for unavailable in aways),
                   "s", 30),
            Figure(work, "the same, slowest", max(unavailable.full_after for unavailable in aways), "s"),
            Figure(work, "full again after power or cable is back, slowest",
                   max(unavailable.full_since_on for unavailable in aways), "s")]


def _view(cache: Cache) -> Quorum:
    """The masters' quorum as alluxio_quorum_info tells it."""
    try:
        return cache.healer().masters.quorum(MASTER)[0]
    except FluidError:
        return Quorum(None)


def _leads_elsewhere(quorum: Quorum, lost: str) -> bool:
    return quorum.leader is not None and not quorum.leader.startswith(lost + ":")


def _lost_alone(quorum: Quorum, lost: str) -> bool:
    """Whether that peer, and no other, is told to be away."""
    unavailable = [peer.address.partition(":")[0] for peer in quorum.peers if peer.state != AVAILABLE]
    return _leads_elsewhere(quorum, lost) and unavailable == [lost]


def _asked(cache: Cache) -> tuple[float, str]:
    """What alluxio_quorum says, in its own words, and after how many seconds; it is to fail."""
    began = time.monotonic()
    try:
        play([{"datacache.fluid.alluxio_quorum": {**cache.identity(), "wait_timeout": 180}}],
             cache.session.kubeconfig)
        args = "nothing: it found the quorum complete"
    except PlayFailed as failed:
        args = next((line.strip() for line in str(failed).splitlines() if "quorum of" in line),
                    str(failed)[-500:])
    return time.monotonic() - began, args


def _node_of(pod: dict) -> str:
    return pod["spec"]["nodeName"]
