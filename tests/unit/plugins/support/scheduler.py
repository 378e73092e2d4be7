# SPDX-License-Identifier: GPL-3.0-or-later
"""Several runs at once against one cluster in memory, interleaved request by request in virtual time."""

import random
import threading

from fake_cluster import copied

from ansible_collections.datacache.fluid.plugins.module_utils.errors import FluidError


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
                self.errors.append(str(err))
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

    def watch(self, kind, namespace, only, resource_version, timeout):
        """What FakeCluster.watch does; meanwhile the other threads go on."""
        seen, deadline = int(resource_version), self.cluster.now + timeout
        while self.cluster.now < deadline:
            for version, event, key, existing in list(self.cluster._history):
                if version > seen and self.cluster._matches(key, kind, namespace, only):
                    yield {"type": event, "object": copied(existing)}
            seen = self.cluster._version
            self.pause(0.5)

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
