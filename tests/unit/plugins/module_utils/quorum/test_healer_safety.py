# SPDX-License-Identifier: GPL-3.0-or-later
"""Healing and rollouts where a master starts slowly or the controller's clock is off."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fake_cluster import BEGAN
from fake_masters import NAMESPACE
from fake_raft import FakeRaft, address
from kills import kill_at_each_request
from rollout_site import MIN, RUNTIME

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.errors import WaitTimeout
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import ensure as quorum_ensure, healer

JOINS = 400  # seconds that a master with a large checkpoint needs until its Raft server answers


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
        raft.loading = {("MASTER", "hbase-master-2")}  # Ratis opens the port once the journal is loaded

        def loaded():
            if starts[-1] == at:
                raft.loading = set()
                raft.states["MASTER"][address("MASTER", 2)] = "AVAILABLE"
        raft.put_pod(2, started=(BEGAN + timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%SZ"))
        raft.lose(2)
        cluster.later(JOINS, loaded)
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
    each.run()


def test_a_control_node_whose_clock_is_behind(site):
    one = site()
    one.cluster.now = 60.0
    one.masters.declare(properties={MIN: "1s"})
    roll(one, timedelta(minutes=-15))
    assert one.masters.whole()


@pytest.mark.parametrize("skew", [0, 10, -900, 900])
def test_a_control_node_whose_clock_is_ahead(cluster, monkeypatch, skew):
    """A follower's new container runs for 4 s; the leader's last word of it is 9 s old, from the container
    before.
    """
    raft = FakeRaft(cluster)
    monkeypatch.setattr(healer, "Masters", lambda *_args: raft)
    quorum = raft.quorum

    def view(domain, pods=None):
        found, pod = quorum(domain, pods)
        return replace(found, peers=tuple(
            replace(peer, silent=9.0) if "master-1" in peer.address else peer for peer in found.peers)), pod
    raft.quorum = view
    raft.put_pod(1, started=(BEGAN - timedelta(seconds=4)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    skewed = cluster.deadline(60, utc_now=lambda: cluster.server_time() + timedelta(seconds=skew))
    observed = healer.QuorumHealer(cluster, RUNTIME, 3, skewed).observe("MASTER")
    assert not observed.masters[1].available, "it passes for a peer that takes part"
    assert observed.masters[2].available


@pytest.mark.no_cover
def test_the_next_heal_finishes_one_that_was_killed_at_any_request(site, monkeypatch):
    """A follower has closed its Raft server, and another master has to lead."""
    params = {"name": "hbase", "namespace": NAMESPACE, "leader": "hbase-master-1", "exclude_node": None,
              "stable_peer_addresses": True, "wait_timeout": 300}

    def heal(one):
        reporter = Reporter(lambda _text: None, lambda _text: None)
        return quorum_ensure.ensure(one.cluster, params, False, reporter)

    def make():
        one = site()
        monkeypatch.setattr(deadline, "SYSTEM_CLOCK", one.cluster.virtual_clock())
        one.cluster.now = 60.0
        one.masters.close_raft_server("hbase-master-2")
        return one

    def then(one, request, survived):
        if not survived:
            one.cluster.sleep(request % 5)
            heal(one)
        assert one.masters.whole()
        assert one.masters.leader["MASTER"] == "hbase-master-1"
        assert not one.masters.lost_majority
        assert heal(one)["changed"] is False
    assert kill_at_each_request(make, heal, then) > 20
