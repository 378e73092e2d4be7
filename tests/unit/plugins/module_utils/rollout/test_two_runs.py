# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once against masters in memory, interleaved request by request with realistic latencies
(virtual time, seeded).
"""

import random
import threading

from rollout_site import MIN, RUNTIME

from ansible_collections.datacache.fluid.plugins.module_utils.api.deadline import Clock, Deadline
from ansible_collections.datacache.fluid.plugins.module_utils.errors import FluidError
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.executor import RolloutExecutor
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.planner import RolloutOptions


class Scheduler:
    """Lets one of several threads run at a time, the one that wakes first; the cluster's time passes in
    between.
    """

    def __init__(self, cluster, seed):
        self.cluster, self.random = cluster, random.Random(seed)
        self.wakes, self.gates, self.main = {}, {}, threading.Semaphore(0)
        self.errors, self.crashes = [], []

    def actor(self, begin, work):
        gate = threading.Semaphore(0)

        def body():
            gate.acquire()
            try:
                work()
            except FluidError as err:
                self.errors.append(str(err)[:80])
            except BaseException as err:
                self.crashes.append(err)
            finally:
                del self.wakes[threading.current_thread()]
                self.main.release()
        thread = threading.Thread(target=body, daemon=True)
        self.gates[thread], self.wakes[thread] = gate, begin
        thread.start()

    def run(self):
        while self.wakes:
            wake, _tie, thread = min((wake, self.random.random(), thread) for thread,
                                     wake in self.wakes.items())
            self.cluster.sleep(max(0.0, wake - self.cluster.now))
            self.gates[thread].release()
            self.main.acquire()

    def pause(self, seconds):
        thread = threading.current_thread()
        if thread not in self.gates:
            return
        self.wakes[thread] = self.cluster.now + seconds
        self.main.release()
        self.gates[thread].acquire()

    def slow(self, call, least, most):
        def slowed(*args, **options):
            took = self.random.uniform(least, most)
            self.pause(took / 2)
            answer = call(*args, **options)
            if hasattr(answer, "__next__"):
                answer = list(answer)
            self.pause(took / 2)
            return answer
        return slowed


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


RUNS = 60


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
