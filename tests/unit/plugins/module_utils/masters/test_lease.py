# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time acts on the masters of a runtime."""

import os
import signal

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api.guarded import GuardedClient
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    AlreadyExists,
    LeaseHeld,
    LeaseLost,
    ServerUnavailable,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import LEASE, ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.masters import lease
from ansible_collections.datacache.fluid.plugins.module_utils.progress import CALLER

RUNTIME = ObjectRef("data", "hbase")
REF = ObjectRef("data", "hbase-masters")
SERVICE = ObjectRef("data", "hbase-master-0")


@pytest.fixture(autouse=True)
def runtime(cluster):
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {"metadata": {"name": "hbase", "namespace": "data", "uid": "u1"},
                                              "spec": {}})
    cluster.put(kinds.SERVICE, {"metadata": {"name": SERVICE.name, "namespace": "data"}, "spec": {}})


def stored(cluster):
    return cluster.stored(LEASE, REF.name, "data")


def hold(cluster, seconds=60.0, purpose="a rollout"):
    return lease.held(cluster, RUNTIME, cluster.deadline(seconds), purpose)


def other(cluster, holder="ada@node: a drill [1]"):
    """Another run's Lease."""
    cluster.put(LEASE, {"metadata": {"name": REF.name, "namespace": "data"}, "spec": {
        "holderIdentity": holder, "leaseDurationSeconds": lease.DURATION,
        "acquireTime": "2026-11-23T11:00:00.000000Z"}})


def test_a_held_lease_names_the_holder_and_is_released(cluster, monkeypatch):
    monkeypatch.setenv(CALLER, "play Nightly restart, AWX job 7")
    with hold(cluster):
        spec = stored(cluster)["spec"]
        assert "@" in spec["holderIdentity"]
        assert ": a rollout (play Nightly restart, AWX job 7) [" in spec["holderIdentity"]
        assert spec["leaseDurationSeconds"] <= 60
    assert stored(cluster)["spec"]["holderIdentity"] == ""


def test_the_lease_is_deleted_with_its_runtime(cluster):
    with hold(cluster):
        [owner] = stored(cluster)["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("AlluxioRuntime", "hbase", "u1")


def test_without_a_runtime_nothing_is_left(cluster):
    cluster.vanish(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data")
    with hold(cluster):
        assert stored(cluster)
    assert stored(cluster) is None


def test_an_error_releases_it_too(cluster):
    with pytest.raises(ValueError), hold(cluster):
        raise ValueError
    assert stored(cluster)["spec"]["holderIdentity"] == ""


def test_sigterm_releases_it(cluster):
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit), hold(cluster):
        os.kill(os.getpid(), signal.SIGTERM)
    assert stored(cluster)["spec"]["holderIdentity"] == ""
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_second_run_waits_for_the_first(cluster):
    other(cluster)
    cluster.later(20, lambda: cluster.change(LEASE, REF.name, "data", {"spec": {"holderIdentity": ""}}))
    with hold(cluster):
        assert 20 <= cluster.now < 25


def test_a_second_run_names_the_holder_at_its_deadline(cluster):
    other(cluster)

    def renew():
        cluster.change(LEASE, REF.name, "data", {"spec": {"renewTime": str(cluster.now)}})
        cluster.later(10, renew)
    renew()
    with pytest.raises(LeaseHeld) as raised, hold(cluster, 90):
        pass
    assert str(raised.value) == (
        "another run acts on the masters of AlluxioRuntime hbase in namespace data: Lease hbase-masters in "
        "namespace data: ada@node: a drill [1] holds it since 2026-11-23T11:00:00.000000Z; waited 90 s and "
        "changed nothing: run this again after its end")
    assert ("create", "leases") not in cluster.requests
    assert ("patch", "leases") not in cluster.requests


def test_a_killed_holder_costs_at_most_a_minute(cluster):
    other(cluster)
    with hold(cluster, 300):
        assert cluster.now <= 60
        assert stored(cluster)["spec"]["leaseTransitions"] == 1


def test_a_long_duration_of_another_client_is_not_believed(cluster):
    other(cluster)
    cluster.change(LEASE, REF.name, "data", {"spec": {"leaseDurationSeconds": 86400}})
    with hold(cluster, 300):
        assert cluster.now <= 60


def test_it_is_renewed_by_the_requests_of_a_long_wait(cluster):
    with hold(cluster, 600) as client:
        for _second in range(120):
            client.get(kinds.SERVICE, SERVICE)
            cluster.sleep(1)
        renewals = cluster.requests.count(("patch", "leases"))
    assert 10 <= renewals <= 13


def test_it_is_renewed_while_a_command_runs(cluster, monkeypatch):
    monkeypatch.setattr(lease, "RENEW_EVERY", 0.01)
    with hold(cluster):
        before = stored(cluster)["metadata"]["resourceVersion"]
        cluster.now += 30
        for _try in range(200):
            if stored(cluster)["metadata"]["resourceVersion"] != before:
                break
            signal.sigtimedwait([], 0.01)
        assert stored(cluster)["metadata"]["resourceVersion"] != before


def test_a_holder_that_lost_it_stops_before_its_next_write(cluster):
    with pytest.raises(LeaseLost) as raised, hold(cluster, 600) as client:
        cluster.now += 100  # as after a suspended machine
        other(cluster, "bob@laptop: a restoration [2]")
        client.delete(kinds.SERVICE, SERVICE, "any")
    assert str(raised.value) == (
        "Lease hbase-masters in namespace data was lost: bob@laptop: a restoration [2] holds it since "
        "2026-11-23T11:00:00.000000Z. Nothing more was changed; run this again, and the next run continues")
    assert ("delete", "services") not in cluster.requests
    assert stored(cluster)["spec"]["holderIdentity"] == "bob@laptop: a restoration [2]"


def test_commands_in_pods_need_it_too(cluster):
    cluster.before_command = lambda: None
    with pytest.raises(LeaseLost), hold(cluster, 600) as client:
        cluster.now += 100
        other(cluster)
        client.before_command()


def test_a_renewal_whose_answer_was_lost_is_no_loss(cluster):
    with hold(cluster, 600) as client:
        real = cluster.patch

        def patch(*args, **options):
            real(*args, **options)
            cluster.patch = real
            raise ServerUnavailable("connection reset")
        cluster.patch = patch
        cluster.now += 15
        client.get(kinds.SERVICE, SERVICE)
        assert client.get(kinds.SERVICE, SERVICE)


def test_a_deleted_lease_is_created_again(cluster):
    with hold(cluster, 600) as client:
        cluster.vanish(LEASE, REF.name, "data")
        cluster.now += 15
        client.get(kinds.SERVICE, SERVICE)
        assert stored(cluster)


def test_a_recreation_whose_answer_was_lost_is_no_loss(cluster):
    with hold(cluster, 600) as client:
        real = cluster.create

        def create(*args, **options):
            real(*args, **options)
            cluster.create = real
            raise AlreadyExists("exists", 409, True)
        cluster.create = create
        cluster.vanish(LEASE, REF.name, "data")
        cluster.now += 15
        assert client.get(kinds.SERVICE, SERVICE)


@pytest.mark.parametrize("times", [2, 50])
def test_a_client_that_labels_the_lease_does_not_take_it(cluster, times):
    def label():
        cluster.change(LEASE, REF.name, "data", {"metadata": {"labels": {"seen": str(cluster.now)}}})
    with hold(cluster, 600) as client:
        cluster.now += 15
        cluster.before_lease_write(*[label] * times)
        if times == 2:
            assert client.get(kinds.SERVICE, SERVICE)
        else:
            with pytest.raises(LeaseLost, match="was lost: other clients change it continuously"):
                client.get(kinds.SERVICE, SERVICE)


@pytest.mark.parametrize(("verb", "reason"), [
    ("patch", "its renewal is refused: "), ("create", "it was deleted, and its creation is refused: ")])
def test_a_renewal_that_is_refused_is_no_missing_permission_of_the_next_request(cluster, verb, reason):
    """Many requests are optional, and nobody may act without the Lease."""
    with hold(cluster, 600) as client:
        cluster.now += 15
        cluster.forbidden.add((verb, "leases"))
        if verb == "create":
            cluster.vanish(LEASE, REF.name, "data")
        with pytest.raises(LeaseLost, match=f"{reason}not allowed to {verb} leases"):
            list(client.list(kinds.NODE))
        cluster.forbidden.clear()
        assert client.get(kinds.SERVICE, SERVICE)


def test_a_lease_without_a_spec_is_free(cluster):
    cluster.put(LEASE, {"metadata": {"name": REF.name, "namespace": "data"}})
    with hold(cluster):
        assert "a rollout" in stored(cluster)["spec"]["holderIdentity"]


def test_an_unavailable_api_server_does_not_cost_it(cluster):
    with hold(cluster, 600) as client:
        cluster.now += 15
        cluster.go_down(30)
        assert client.get(kinds.SERVICE, SERVICE)
        assert cluster.now >= 45


def test_an_outage_at_the_first_request_of_a_holder_is_outlasted(cluster):
    """The API server has answered the acquisition, so its address is right."""
    with hold(cluster, 600.0) as client:
        cluster.go_down(120)
        assert client.get(kinds.SERVICE, SERVICE)
    assert 120 <= cluster.now < 130


@pytest.mark.parametrize("verb", ["create", "patch"])
def test_two_runs_at_once_do_not_both_acquire_it(cluster, verb):
    """Another run's write arrives between this run's look and its own write."""
    if verb == "patch":
        other(cluster, "")
    cluster.before_lease_write(lambda: other(cluster))
    cluster.later(5, lambda: cluster.change(LEASE, REF.name, "data", {"spec": {"holderIdentity": ""}}))
    with hold(cluster, 60):
        assert cluster.now >= 5


def test_an_act_notices_a_lease_that_a_person_has_deleted(cluster):
    """Another run acquires it at once, long before this one renews it for its next read."""
    with hold(cluster, 600) as client:
        cluster.now += 2
        cluster.vanish(LEASE, REF.name, "data")
        other(cluster)
        assert client.get(kinds.SERVICE, SERVICE)
        for act in (lambda: client.evict(ObjectRef("data", "hbase-master-0"), "any"),
                    lambda: client.once().before_command()):
            with pytest.raises(LeaseLost):
                act()
    assert ("create", "pods/eviction") not in cluster.requests


def test_an_act_is_not_sent_after_an_outage(cluster):
    """What was seen before it is no longer true."""
    cluster.put(kinds.POD, {"metadata": {"name": "hbase-master-0", "namespace": "data", "uid": "u"}})
    patient = GuardedClient(cluster, cluster.deadline(600))
    with lease.held(patient, RUNTIME, cluster.deadline(600), "a rollout") as client:
        cluster.go_down(30)
        for each in (client, GuardedClient(client, cluster.deadline(600))):
            with pytest.raises(ServerUnavailable):
                each.evict(ObjectRef("data", "hbase-master-0"), "u")
            assert cluster.now < 10
    assert cluster.stored(kinds.POD, "hbase-master-0", "data")
