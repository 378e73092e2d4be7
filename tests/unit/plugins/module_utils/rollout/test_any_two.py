# SPDX-License-Identifier: GPL-3.0-or-later
"""Any two of the runs that act on masters, started together: never fewer than a majority, and each ends.

Masters in memory and virtual time, interleaved request by request with realistic latencies; the runs are the
real code. RACES sets the number of interleavings of each pair.
"""

import itertools
import os
import random

import pytest
from fake_masters import NAMESPACE
from rollout_site import MIN, RUNTIME
from scheduler import Scheduler

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.api.deadline import Clock, Deadline
from ansible_collections.datacache.fluid.plugins.module_utils.errors import DisruptionForbidden
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import ensure as quorum_ensure
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.executor import RolloutExecutor
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.planner import RolloutOptions

RACES = int(os.environ.get("RACES", "6"))


def roll(one, plan, **options):
    each = RolloutExecutor(one.cluster, RUNTIME, RolloutOptions(**options),
                           Deadline(900, clock=Clock(one.cluster.clock, plan.pause)), lambda _text: None)
    if each.plan().changes:
        each.run()


def rolling_restart(one, plan):
    roll(one, plan, restarted_after=one.masters.now())


def property_rollout(one, plan):
    one.masters.declare(properties={MIN: "1s"})
    roll(one, plan)


def scale(one, plan):
    one.masters.declare(master={"replicas": 5})
    roll(one, plan)


def heal(one, plan):
    """A follower has closed its Raft server, and a heal comes that another master has to lead after."""
    one.masters.close_raft_server("hbase-master-2")
    params = {"name": "hbase", "namespace": NAMESPACE, "leader": "hbase-master-1", "exclude_node": None,
              "stable_peer_addresses": True, "wait_timeout": 900}
    quorum_ensure.ensure(one.cluster, params, False, Reporter(lambda _text: None, lambda _text: None))


def drain(one, plan, node="node2"):
    """kubectl drain: evicts what runs on the node, and asks again every 5 s while a budget forbids it."""
    for pod in list(one.cluster.list(kinds.POD, NAMESPACE, "role=alluxio-master")):
        while pod["spec"]["nodeName"] == node:
            try:
                one.cluster.evict(ObjectRef(NAMESPACE, pod["metadata"]["name"]), pod["metadata"]["uid"])
                break
            except DisruptionForbidden:
                plan.pause(5)


ACTORS = {"rolling_restart": rolling_restart, "property_rollout": property_rollout, "scale": scale,
          "heal": heal, "drain": drain, "drain_another": lambda one, plan: drain(one, plan, "node3")}


def race(site, monkeypatch, seed, actors):
    one = site()
    one.cluster.now = 60.0
    one.masters.put_budget()
    plan = Scheduler(one.cluster, seed)
    for verb in ("get", "list", "create", "patch", "delete"):
        monkeypatch.setattr(one.cluster, verb, plan.slow(getattr(one.cluster, verb), 0.005, 0.02))
    slow_view = plan.slow(one.masters._view, 0.05, 0.15)
    monkeypatch.setattr(Masters, "_view", lambda _masters, domain, pods: slow_view(domain, pods))
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", Clock(one.cluster.clock, plan.pause))
    begins = random.Random(seed)
    for number, actor in enumerate(actors):
        plan.actor(60.0 + number * begins.uniform(0, 40), lambda actor=actor: actor(one, plan))
    plan.run()
    assert not plan.crashes, plan.crashes
    assert not plan.errors, plan.errors
    return one


@pytest.mark.parametrize("names", [
    *itertools.combinations_with_replacement(ACTORS, 2),
    ("rolling_restart", "drain", "drain_another"), ("scale", "drain", "drain_another"),
], ids="+".join)
def test_any_two_keep_the_majority(site, monkeypatch, names):
    for seed in range(RACES):
        with monkeypatch.context() as patch:
            one = race(site, patch, seed, [ACTORS[name] for name in names])
        assert not one.masters.lost_majority, f"{one.masters.most_unavailable} at once with seed {seed}"
        # kubectl knows no journals: it may evict a follower while another still catches up with the leader.
        assert not one.masters.only_copy or any(name.startswith("drain") for name in names), (
            f"an only copy was taken away with seed {seed}")
