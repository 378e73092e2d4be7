# SPDX-License-Identifier: GPL-3.0-or-later
"""The masters of a new runtime get their final StatefulSet, whatever request a run is killed at."""

import pytest
from fake_masters import Killed
from fake_raft import FakeRaft

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.apply.reconcile import Outcome
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    FluidError,
    ServerUnavailable,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.journal import (
    gate,
    replacement,
    template,
    volume,
)
from ansible_collections.datacache.fluid.plugins.module_utils.journal.volume import JournalVolume
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import peer_services
from ansible_collections.datacache.fluid.plugins.module_utils.rollout import new_masters, pod_template

ITEM = {"namespace": "data", "name": "hbase", "master_replicas": 3, "stable_peer_addresses": True,
        "spread_masters": "required"}
LABELS = {"release": "hbase", "role": "alluxio-master"}


class NewCache:
    """A runtime that was just created; Fluid renders its masters after four seconds."""

    def __init__(self, cluster, recorded, monkeypatch):
        self.cluster = cluster
        self._left = None
        self.before_create_of_workload = lambda: None
        monkeypatch.setattr(deadline, "SYSTEM_CLOCK", cluster.virtual_clock())
        for verb in ("create", "patch", "delete", "get", "list"):
            monkeypatch.setattr(cluster, verb, self._counted(verb, getattr(cluster, verb)))
        cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {
            "metadata": {"name": "hbase", "namespace": "data", "annotations": {
                volume.ANNOTATION: JournalVolume("claim", "1Gi").text()}},
            "spec": {"master": {"replicas": 3}}})
        self._recorded = recorded
        cluster.later(4, self.render)

    def render(self):
        FakeRaft(self.cluster, cluster_ips=False)  # pods and Services
        FakeRaft.put_rendered(self.cluster, self._recorded)
        owner = [{"uid": self.workload()["metadata"]["uid"]}]
        for name in self.pods():
            self.cluster.change(kinds.POD, name, "data", {"metadata": {"ownerReferences": owner}})

    def run(self, created=True, wait=True, check=False, item=None, kill_at=None):
        self._left = kill_at
        outcome = Outcome(True, self.runtime(), created=created)
        try:
            return new_masters.prepare(
                self.cluster, [item or ITEM], [outcome], self.cluster.deadline(600), wait, check)[0]
        finally:
            self._left = None

    def runtime(self):
        return self.cluster.stored(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data")

    def workload(self):
        return self.cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data")

    def pods(self):
        return [each["metadata"]["name"] for each in self.cluster._select(kinds.POD, "data", "", "")]

    def stable_services(self):
        return [peer_services.is_stable(each) for each
                in self.cluster._select(kinds.SERVICE, "data", "", "")]

    def _counted(self, verb, real):
        def call(kind, *args, **options):
            if verb == "create" and kind == kinds.STATEFUL_SET and not options.get("dry_run"):
                self.before_create_of_workload()
            answer = real(kind, *args, **options)
            if verb == "list":
                answer = list(answer)
            if self._left is not None:
                self._left -= 1
                if self._left == 0:
                    raise Killed
            return answer
        return call


@pytest.fixture
def cache(cluster, recorded, monkeypatch):
    return NewCache(cluster, recorded, monkeypatch)


def require_final(cache):
    workload = cache.workload()
    assert template.on_claims(workload)
    assert gate.is_present(workload["spec"]["template"]["spec"])
    assert workload["spec"]["updateStrategy"] == {"type": "OnDelete"}
    assert pod_template.spread_of("hbase", workload["spec"]["template"]["spec"]) == "required"
    assert replacement.noted(cache.runtime()) is None
    assert cache.stable_services() == [True] * 3


def test_the_final_stateful_set_stands_before_a_master_starts(cache):
    uids = []
    cache.cluster.later(4, lambda: uids.append(cache.workload()["metadata"]["uid"]))
    outcome = cache.run()
    assert outcome.error is None and cache.cluster.now < 5
    require_final(cache)
    assert cache.workload()["metadata"]["uid"] not in uids
    assert cache.pods() == []  # those of the new StatefulSet are its controller's work
    writes = cache.cluster.writes()
    assert writes.index(("patch", "alluxioruntimes")) < writes.index(("delete", "statefulsets"))
    assert writes[-2:] == [("create", "statefulsets"), ("patch", "alluxioruntimes")]


def test_pods_that_the_controller_creates_for_the_previous_stateful_set_are_ended(cache):
    """It creates them in a sync that began before the deletion; the new StatefulSet needs their names."""
    def create_late():
        cache.cluster.put(kinds.POD, {"metadata": {
            "name": "hbase-master-1", "namespace": "data", "labels": LABELS,
            "ownerReferences": [{"uid": previous[0]}]}})
        cache.cluster.put(kinds.POD, {"metadata": {
            "name": "hbase-master-2", "namespace": "data", "labels": LABELS,
            "ownerReferences": [{"uid": "of-the-new-one"}]}})

    previous = []
    cache.cluster.later(4, lambda: previous.append(cache.workload()["metadata"]["uid"]))
    cache.before_create_of_workload = create_late
    assert cache.run().error is None
    require_final(cache)
    assert cache.pods() == ["hbase-master-2"]


def test_headless_services_stay_on_demand_and_bring_no_probe(cache):
    assert cache.run(item={**ITEM, "stable_peer_addresses": False}).error is None
    assert cache.stable_services() == [False] * 3
    containers = cache.workload()["spec"]["template"]["spec"]["containers"]
    assert not any("readinessProbe" in each for each in containers)


@pytest.mark.parametrize("how", [
    {"created": False}, {"wait": False}, {"check": True}, {"item": {**ITEM, "master_replicas": 1}}])
def test_masters_that_are_not_new_or_not_awaited_are_left_alone(cache, how):
    cache.run(**how)
    assert cache.cluster.requests == []


def test_masters_that_fluid_has_found_ready_are_left_alone(cache):
    """They may hold mounts by now: the rollout moves them one at a time."""
    cache.cluster.later(4, lambda: cache.cluster.change(
        fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"status": {"masterPhase": "Ready"}}))
    assert cache.run().error is None
    assert cache.cluster.writes() == []
    assert len(cache.pods()) == 3


@pytest.mark.parametrize(("verb", "kind"), [
    ("delete", kinds.STATEFUL_SET), ("patch", fluid_kinds.ALLUXIO_RUNTIME)])
def test_masters_that_serve_when_the_api_server_returns_are_left_alone(
        cluster, recorded, monkeypatch, verb, kind):
    """A deletion that is repeated after three minutes would take all masters of a Bound cache."""
    cache = NewCache(cluster, recorded, monkeypatch)
    request, cut = getattr(cluster, verb), []

    def cutting(each, *args, **options):
        if each == kind and not cut:
            cut.append(cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data")["metadata"]["uid"])
            cluster.go_down(180)
            cluster.later(70, lambda: cluster.change(
                fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"status": {"masterPhase": "Ready"}}))
        return request(each, *args, **options)
    monkeypatch.setattr(cluster, verb, cutting)
    assert cache.run().error is None
    assert [cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data")["metadata"]["uid"]] == cut
    assert len(list(cluster.list(kinds.POD))) == 3
    assert replacement.noted(cache.runtime()) is None


def test_masters_that_serve_when_the_lease_is_renewed_are_left_alone(cluster, recorded, monkeypatch):
    """The renewal before the deletion takes half a minute, as with an overloaded API server."""
    cache = NewCache(cluster, recorded, monkeypatch)
    patch, slow = cluster.patch, []

    def slowly(kind, *args, **options):
        if kind == kinds.LEASE and replacement.noted(cache.runtime()) and not slow:
            slow.append(cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data")["metadata"]["uid"])
            cluster.later(10, lambda: cluster.change(
                fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"status": {"masterPhase": "Ready"}}))
            cluster.sleep(30)
        return patch(kind, *args, **options)
    monkeypatch.setattr(cluster, "patch", slowly)
    assert cache.run().error is None
    assert [cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data")["metadata"]["uid"]] == slow
    assert len(cache.pods()) == 3


def test_a_deletion_whose_answer_is_lost_is_followed_by_the_creation(cluster, recorded, monkeypatch):
    """Whatever Fluid says of the masters that are gone."""
    cache = NewCache(cluster, recorded, monkeypatch)
    delete, lost = cluster.delete, []

    def losing(kind, *args, **options):
        deleted = delete(kind, *args, **options)
        if kind == kinds.STATEFUL_SET and not lost:
            lost.append(kind)
            cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"status": {"masterPhase": "Ready"}})
            raise ServerUnavailable("connection reset by peer")
        return deleted
    monkeypatch.setattr(cluster, "delete", losing)
    assert cache.run().error is None and lost
    require_final(cache)


def test_an_error_of_the_runtime_stays(cache):
    for each in (FluidError("no"), Outcome(True, None, error=FluidError("no"))):
        assert new_masters.prepare(
            cache.cluster, [ITEM], [each], cache.cluster.deadline(9), True, False) == [each]


def test_a_runtime_that_fluid_does_not_take_up_times_out(cache):
    cache.cluster._planned.clear()
    outcome = cache.run()
    assert isinstance(outcome.error, WaitTimeout)
    assert "StatefulSet hbase-master in namespace data to exist: Fluid has not created it yet" in str(
        outcome.error)


def test_the_next_run_finishes_what_a_run_left_at_any_request(cluster, recorded, monkeypatch):
    number, survived = 0, False
    while not survived:
        number += 1
        with monkeypatch.context() as patches:
            cache = NewCache(type(cluster)(), recorded, patches)
            try:
                cache.run(kill_at=number)
                survived = True
            except Killed:
                pass
            untouched = cache.workload() is not None and not template.on_claims(cache.workload())
            deleted = ("delete", "statefulsets") in cache.cluster.writes()
            second = cache.run(created=False)
            assert second.error is None
            if untouched:  # the rollout moves its masters one at a time; they may hold a journal by now
                assert not deleted and not template.on_claims(cache.workload())
                assert len(cache.pods()) == 3 and replacement.noted(cache.runtime()) is None
            elif cache.workload() is not None:
                require_final(cache)
            assert deleted <= (cache.workload() is not None)
    assert number > 15


def test_pods_that_do_not_end_time_out_and_the_next_run_goes_on(cache):
    cache.cluster.later(4, lambda: cache.cluster.change(
        kinds.POD, "hbase-master-1", "data", {"metadata": {"finalizers": ["x"]}}))
    outcome = cache.run()
    assert str(outcome.error) == (
        "timed out after 600 s while waiting for the deletion of hbase-master-1: StatefulSet hbase-master in "
        "namespace data is not created again yet; run this again, which creates it")
    cache.cluster.vanish(kinds.POD, "hbase-master-1", "data")
    assert cache.run(created=False).error is None
    require_final(cache)
