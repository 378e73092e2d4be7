# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once against masters in memory, interleaved request by request with realistic latencies
(virtual time, seeded). RACES sets their number.
"""

import os
import random

import pytest
from rollout_site import MIN, RUNTIME
from scheduler import Scheduler

from ansible_collections.datacache.fluid.plugins.module_utils.api.deadline import Clock, Deadline
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.executor import RolloutExecutor
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.planner import RolloutOptions

# Other tests measure the coverage, which makes these slower.
pytestmark = pytest.mark.no_cover


def race(site, monkeypatch, seed, begin, restarts, declare=None, proxy=(0.05, 0.15)):
    one = site()
    one.cluster.now = 60.0
    plan = Scheduler(one.cluster, seed)
    for verb in ("get", "list", "create", "patch", "delete"):
        setattr(one.cluster, verb, plan.slow(getattr(one.cluster, verb), 0.005, 0.02))
    view = Masters._view
    slow_view = plan.slow(one.masters._view, *proxy)
    monkeypatch.setattr(Masters, "_view", lambda _masters, domain, pods: slow_view(domain, pods))

    def actor(number):
        def work():
            if declare and declare[number]:
                one.masters.declare(**declare[number])
            desired = {"restarted_after": one.masters.now()} if restarts[number] else {}
            deadline = Deadline(600, clock=Clock(one.cluster.clock, plan.pause, one.masters.now))
            each = RolloutExecutor(one.cluster, RUNTIME, RolloutOptions(**desired), deadline,
                                   lambda _text: None)
            found = each.plan()
            if found.changes:
                each.run()
        return work
    for number in (0, 1):
        plan.actor(60.0 + begin * number, actor(number))
    plan.run()
    assert not plan.crashes, plan.crashes
    assert not plan.errors, plan.errors  # the second waits for the first
    monkeypatch.setattr(Masters, "_view", view)
    return one.masters


def count(site, monkeypatch, runs, **how):
    lost = []
    for seed in range(runs):
        begin = random.Random(seed).uniform(0, 40)
        raft_group = race(site, monkeypatch, seed, begin, **how)
        if raft_group.lost_majority:
            lost.append((seed, round(begin, 1), raft_group.most_unavailable))
    print(f"\n{len(lost)} of {runs} races lost the majority: {lost[:8]}")
    return lost


RUNS = int(os.environ.get("RACES", "6"))


def test_two_rolling_restarts_by_two_people(site, monkeypatch):
    """playbook rolling_restart twice: each has its own moment as fluid_restarted_after, by default."""
    assert count(site, monkeypatch, RUNS, restarts=(True, True)) == []


def test_a_rolling_restart_and_a_changed_property(site, monkeypatch):
    """The nightly rolling restart, and a person who rolls out a property."""
    assert count(site, monkeypatch, RUNS, restarts=(True, False),
                 declare=(None, {"properties": {MIN: "1s"}})) == []


def test_two_rolling_restarts_without_permission_for_the_proxy(site, monkeypatch):
    """The command lists the quorum then: 3 to 7 s a look and group."""
    assert count(site, monkeypatch, RUNS, restarts=(True, True), proxy=(3.0, 7.0)) == []


def test_the_same_rollout_twice(site, monkeypatch):
    assert count(site, monkeypatch, RUNS, restarts=(False, False),
                 declare=({"properties": {MIN: "1s"}}, None)) == []
