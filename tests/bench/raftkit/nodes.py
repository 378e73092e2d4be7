# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that lose their power or their cable, and come back: what the quorum is said to be meanwhile, and when it is full again."""

import sys
import time
from collections.abc import Callable

from ansible_collections.datacache.fluid.plugins.module_utils.care import MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.errors import FluidError
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import AVAILABLE, Quorum
from benchkit.playing import PlayFailed, play
from benchkit.report import Figure

from .cache import MASTERS, Cache, until
from .lab import Lab

_SECONDS_FOR_TRUTH = 120
_LOST = "has lost its majority"


def killed(cache: Cache, lab: Lab) -> list[Figure]:
    node = _node_of(cache.leader())
    return _away_and_back(cache, f"the leader's node killed and back, profile {cache.kind.profile}", node, lab.kill,
                          lambda: (lab.start(node), lab.kubelet_runs_since(node))[1])


def cut(cache: Cache, lab: Lab) -> list[Figure]:
    node = _node_of(cache.leader())

    def heal() -> float:
        began = time.monotonic()
        lab.heal(node)
        return began

    return _away_and_back(cache, f"the leader's node cut off and back, profile {cache.kind.profile}", node, lab.cut, heal)


def majority(cache: Cache, lab: Lab) -> list[Figure]:
    """Two of three nodes killed: alluxio_quorum has to say so, and to touch nothing."""
    nodes = sorted(_node_of(pod) for pod in cache.pods().values())[:2]
    before = {name: pod["metadata"]["uid"] for name, pod in cache.pods().items()}
    try:
        for node in nodes:
            lab.kill(node)
        said_after, words = _asked(cache)
        untouched = before == {name: pod["metadata"]["uid"] for name, pod in cache.pods().items()}
    finally:
        for node in nodes:
            lab.start(node)
    began = max(lab.kubelet_runs_since(node) for node in nodes)
    cache.until_whole()
    print(f"  alluxio_quorum: {words}", file=sys.stderr, flush=True)
    work = "majority lost: two of three nodes killed"
    return [Figure(work, "alluxio_quorum does not say so", 0 if _LOST in words else 1, at_most=0),
            Figure(work, "alluxio_quorum says so after", said_after, "s", 30),
            Figure(work, "masters touched", 0 if untouched else 1, at_most=0),
            Figure(work, "full again after both kubelets run", time.monotonic() - began, "s", 30)]


def _away_and_back(cache: Cache, work: str, node: str, end: Callable[[str], None], back: Callable[[], float]) -> list[Figure]:
    """Take a node away and bring it back; back returns the clock of its kubelet's start."""
    cache.until_whole()
    lost = next(name for name, pod in cache.pods().items() if _node_of(pod) == node)
    truths = [_told(cache).available == MASTERS]
    began = time.monotonic()
    end(node)
    try:
        until("the next leader", lambda: _leads_elsewhere(_told(cache), lost), _SECONDS_FOR_TRUTH, pause=0.1)
        led_after = time.monotonic() - began
        until(f"{lost} to be told UNAVAILABLE", lambda: _lost_alone(_told(cache), lost), _SECONDS_FOR_TRUTH)
        true_after = time.monotonic() - began
        # The truth has to stay told, also when Kubernetes has noticed the node's end.
        for _look in range(10):
            truths.append(_lost_alone(_told(cache), lost))
            time.sleep(1)
    finally:
        runs_since = back()
    cache.until_whole()
    full_after = time.monotonic() - runs_since
    truths.append(_told(cache).available == MASTERS)
    print(f"  {work}: next leader {led_after:.1f} s, told {true_after:.1f} s, full {full_after:.1f} s", file=sys.stderr, flush=True)
    return [Figure(work, "next leader serves", led_after, "s"),
            Figure(work, "its peer is told UNAVAILABLE after", true_after, "s", 30),
            Figure(work, f"looks of {len(truths)} that told something else than the truth", truths.count(False), at_most=0),
            Figure(work, "full again without hands, after its kubelet runs", full_after, "s", 30)]


def _told(cache: Cache) -> Quorum:
    """The masters' quorum as alluxio_quorum_info tells it."""
    try:
        return cache.keeper().masters.quorum(MASTER)[0]
    except FluidError:
        return Quorum(None)


def _leads_elsewhere(quorum: Quorum, lost: str) -> bool:
    return quorum.leader is not None and not quorum.leader.startswith(lost + ":")


def _lost_alone(quorum: Quorum, lost: str) -> bool:
    """Whether that peer, and no other, is told to be away."""
    away = [peer.address.partition(":")[0] for peer in quorum.peers if peer.state != AVAILABLE]
    return _leads_elsewhere(quorum, lost) and away == [lost]


def _asked(cache: Cache) -> tuple[float, str]:
    """What alluxio_quorum says, in its own words, and after how many seconds; it is to fail."""
    began = time.monotonic()
    try:
        play([{"datacache.fluid.alluxio_quorum": {**cache.identity(), "wait_timeout": 180}}], cache.session.kubeconfig)
        words = "nothing: it found the quorum complete"
    except PlayFailed as failed:
        words = next((line.strip() for line in str(failed).splitlines() if "quorum of" in line), str(failed)[-500:])
    return time.monotonic() - began, words


def _node_of(pod: dict) -> str:
    return pod["spec"]["nodeName"]
