# SPDX-License-Identifier: GPL-3.0-or-later
"""Any two of the runs that act on masters, started together: never fewer than a majority, and each ends.

Masters in memory and virtual time, interleaved request by request with realistic latencies; the runs are the
real code. RACES sets the number of interleavings of each pair. A restoration takes the majority away by its
nature: nobody else acts meanwhile, and what it restored is served at the end.
"""

import itertools
import os
import random

import actors
import pytest
from fake_budget import FakeBudget
from fake_masters import NAMESPACE
from scheduler import Scheduler

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.api.deadline import Clock
from ansible_collections.datacache.fluid.plugins.module_utils.errors import DisruptionForbidden
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import ensure as quorum_ensure

# Other tests measure the coverage, which makes these slower.
pytestmark = pytest.mark.no_cover

RACES = int(os.environ.get("RACES", "2"))
LATER = "later"  # what was written after the backup that is restored
# The least and most seconds of a command in a pod; others take up to a second.
SECONDS = {"back up the metadata": (3, 8), "list the file tree": (2, 5), "store the backup": (1, 3)}


def drain(one, pause, node="node2"):
    """kubectl drain: evicts what runs on the node, and asks again every 5 s while a budget forbids it."""
    for pod in list(one.cluster.list(kinds.POD, NAMESPACE, "role=alluxio-master")):
        while pod["spec"]["nodeName"] == node:
            try:
                one.cluster.evict(ObjectRef(NAMESPACE, pod["metadata"]["name"]), pod["metadata"]["uid"])
                break
            except DisruptionForbidden:
                pause(5)


def drill(one, _pause):
    assert "failed" not in actors.drill(one)


def restore(one, _pause):
    result = actors.restore(one, one.saved)
    assert bool(result["safety_backup"]) == result["changed"]


ACTORS = {
    **{each.__name__: lambda one, _pause, each=each: each(one) for each in (
        actors.rolling_restart, actors.property_rollout, actors.scale, actors.heal, actors.backup)},
    "restore": restore, "drill": drill,
    "drain": drain, "drain_another": lambda one, pause: drain(one, pause, "node3")}
# Of five masters two are removed, one of them from a node that may be drained.
SHRINKING = {"shrink": lambda one, _pause: actors.shrink(one),
             "drain_fifth": lambda one, pause: drain(one, pause, "node5")}


def interleaved(cache_site, monkeypatch, seed, names):
    """Return a site, and the scheduler of its runs."""
    one = cache_site(5 if "shrink" in names else 3)
    one.cluster.now = 60.0
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", one.cluster.virtual_clock(one.masters.now))
    if "restore" in names:
        one.saved = actors.backup(one)["backup"]["name"]
        one.masters.write(LATER)
    plan = Scheduler(one.cluster, seed)
    FakeBudget(one.masters, lambda: plan.random.uniform(0, 0.5))
    for verb in ("get", "list", "create", "patch", "delete"):
        monkeypatch.setattr(one.cluster, verb, plan.slow(getattr(one.cluster, verb), 0.005, 0.02))
    monkeypatch.setattr(one.cluster, "watch", plan.watch)
    slow_view = plan.slow(one.masters._view, 0.05, 0.15)
    monkeypatch.setattr(Masters, "_view", lambda _masters, domain, pods: slow_view(domain, pods))
    one.masters.latency = lambda task: plan.pause(plan.random.uniform(*SECONDS.get(task, (0.1, 1))))
    monkeypatch.setattr(
        deadline, "SYSTEM_CLOCK", Clock(one.cluster.clock, plan.pause, one.masters.now))
    return one, plan


def race(cache_site, monkeypatch, seed, names):
    one, plan = interleaved(cache_site, monkeypatch, seed, names)
    begins = random.Random(seed)
    for number, name in enumerate(names):
        plan.actor(one.cluster.now + number * begins.uniform(0, 40),
                   lambda actor=(ACTORS | SHRINKING)[name]: actor(one, plan.pause))
    plan.run()
    one.cluster.sleep(120)  # who was drained is back
    assert not plan.crashes, plan.crashes
    return one, plan.errors


@pytest.mark.parametrize("names", [
    *itertools.combinations_with_replacement(ACTORS, 2),
    ("rolling_restart", "drain", "drain_another"), ("property_rollout", "drain", "drain_another"),
    ("scale", "drain", "drain_another"), ("restore", "drain", "drain_another"),
    *(("shrink", name) for name in ("rolling_restart", "backup", "restore", "drill", "drain", "drain_fifth")),
    ("shrink", "drain", "drain_fifth"),
], ids="+".join)
def test_any_two_keep_the_majority(cache_site, monkeypatch, names):
    for seed in range(RACES):
        with monkeypatch.context() as patch:
            one, errors = race(cache_site, patch, seed, names)
        masters = one.masters
        assert not masters.lost_majority, f"{masters.most_unavailable} at once with seed {seed}"
        # kubectl knows no journals and no Lease: it may evict a follower while another still catches up with
        # the leader, and a master that a restoration is about to replace.
        drained = any(name.startswith("drain") for name in names)
        assert drained or not masters.only_copy, f"an only copy was taken away with seed {seed}"
        # A drill that finds a master unavailable, such as a drained one, kills nothing and says so; one whose
        # writer is drained with its pod cannot measure.
        expected = ["nothing was killed", *(["the drill's"] if drained else [])] if "drill" in names else []
        assert [each for each in errors if not any(text in each for text in expected)] == []
        assert drained or masters.disturbances == []
        restored = "restore" in names
        held = {name: word for name, word in masters.content.items() if name in masters._names()}
        assert set(held.values()) == {"first"}, f"with seed {seed}: {held}"
        assert not restored or LATER in masters.backups()
        assert "" not in masters.served


@pytest.mark.parametrize("name", ["backup", "restore"])
@pytest.mark.parametrize("when", ["before", "under the Lease"])
def test_a_wait_for_a_leader_leaves_the_lease_to_the_heal_that_brings_one(
        cache_site, monkeypatch, name, when):
    """A follower that has closed its Raft server silences the leader until a heal restarts that follower."""
    one, plan = interleaved(cache_site, monkeypatch, 1, [name])

    def silence():
        one.masters.close_raft_server("hbase-master-2")
    if when == "before":
        silence()
    else:
        one.cluster.before_lease_write(silence)
    begin = one.cluster.now
    plan.actor(begin, lambda: ACTORS[name](one, plan.pause))
    plan.actor(begin + 10, lambda: quorum_ensure.ensure(one.cluster, actors.QUORUM, False, actors.reporter()))
    plan.run()
    assert not plan.errors and not plan.crashes
    assert set(one.masters.content.values()) == {"first"}
    assert not one.masters.lost_majority
