# SPDX-License-Identifier: GPL-3.0-or-later
"""Healing and rollouts where a master starts slowly or the controller's clock is off."""

from datetime import timedelta

import pytest
from fake_cluster import BEGAN
from fake_raft import FakeRaft, address
from rollout_site import MIN, RUNTIME

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import Peer, Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.errors import WaitTimeout
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import healer, plan as quorum_plan

JOINS = 400  # seconds that a master with a large checkpoint needs until its Raft server answers


@pytest.mark.xfail(strict=True, raises=AssertionError)
def test_a_scheduled_heal_lets_a_slow_master_come_back(cluster, monkeypatch):
    """A master restarts by itself and loads its checkpoint for 400 s; alluxio_quorum runs every 5 minutes
    with its default timeout.
    """
    raft = FakeRaft(cluster)
    monkeypatch.setattr(healer, "Masters", lambda *_args: raft)
    raft.heals = set()
    starts = [0.0]

    def start():
        starts.append(cluster.now)
        at = cluster.now
        raft.put_pod(2, started=(BEGAN + timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%SZ"))
        raft.lose(2)
        cluster.later(JOINS, lambda: starts[-1] == at
                      and raft.states["MASTER"].update({address("MASTER", 2): "AVAILABLE"}))
    start()
    real = raft.restart
    raft.restart = lambda pod, domain: (real(pod, domain), start() if domain == "MASTER" else None)
    for _run in range(12):
        made = healer.QuorumHealer(cluster, RUNTIME, 3, cluster.deadline(300))
        try:
            made.ensure_complete()
            break
        except WaitTimeout:
            pass
    assert raft.states["MASTER"][
        address("MASTER", 2)] == "AVAILABLE", f"after {cluster.now / 60:.0f} minutes: {raft.actions}"


def roll(one, skew, timeout=600):
    each = one.executor(timeout, utc_now=lambda: one.masters.now() + skew)
    each.run(each.plan())


@pytest.mark.xfail(strict=True, raises=WaitTimeout)
def test_a_control_node_whose_clock_is_behind(site):
    one = site()
    one.cluster.now = 60.0
    one.masters.declare(properties={MIN: "1s"})
    roll(one, timedelta(minutes=-15))
    assert one.masters.whole()


@pytest.mark.xfail(strict=True, raises=AssertionError)
def test_a_control_node_whose_clock_is_ahead():
    """A follower's new container runs for 4 s; the leader's last word of it is 9 s old, from the container
    before.
    """
    followers = Peer("m-1:1", "AVAILABLE", silent=9.0), Peer("m-2:1", "AVAILABLE", silent=0.1)
    quorum = Quorum("m-0:1", (Peer("m-0:1", "AVAILABLE", leader=True), *followers))
    for skew in (0, 10):
        masters = tuple(quorum_plan.Master(f"m-{index}", f"m-{index}:1", running=seconds + skew)
                        for index, seconds in enumerate((900.0, 4.0, 900.0)))
        observed = quorum_plan.raft_group("MASTER", quorum, masters)
        assert not observed.masters[
            1].available, f"with a clock that is {skew} s ahead it passes for a peer that takes part"
