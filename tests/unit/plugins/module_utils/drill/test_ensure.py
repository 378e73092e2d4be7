# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module alluxio_failover returns, and when it fails."""

import fake_failover
import pytest
from fake_raft import NAMESPACE, FakeRaft, address

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.drill import ensure as drill_ensure
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    InvalidInput,
    LeaseHeld,
    PreconditionFailed,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import TRANSFER, transfer_to
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import priorities
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.healer import QuorumHealer

PARAMS = {**fake_failover.IDENTITY, "max_failover_seconds": None, "reader_pod": None, "probe_writes": True,
          "kill": "process", "wait_timeout": 300}


@pytest.fixture
def failover(cluster, monkeypatch):
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", cluster.virtual_clock())
    return fake_failover.make(cluster, monkeypatch)


@pytest.fixture
def ensure(cluster, failover):
    """Run it with options; progress: what it reported."""
    def run(check_mode=False, **options):
        reporter = Reporter(run.warnings.append, run.progress.append)
        return drill_ensure.ensure(cluster, {**PARAMS, **options}, check_mode, reporter)
    run.progress, run.warnings = [], []
    return run


def test_a_drill_returns_its_figures(ensure):
    result = ensure(max_failover_seconds=4)
    assert (result["changed"], result["killed"],
            result["leader"]) == (True, "hbase-master-0", "hbase-master-1")
    assert result["seconds_without_leader"] == pytest.approx(3.0, abs=0.2)
    assert result["writes"] == {"acknowledged_before": 2, "acknowledged": 3, "lost": []}
    assert (result["reads"], "failed" in result) == (None, False)


@pytest.mark.parametrize("settled", [True, False])
def test_priorities_of_an_interrupted_transfer_are_reset_before_the_drill(
        cluster, failover, recorded, ensure, monkeypatch, settled):
    FakeRaft.put_rendered(cluster, recorded)
    cluster.change(kinds.STATEFUL_SET, "hbase-master", NAMESPACE,
                   {"metadata": {"annotations": {TRANSFER: address("MASTER", 1)}}})
    resets = []

    def reset(_client, _runtime):
        resets.append(list(failover.raft.actions))
        return settled
    monkeypatch.setattr(priorities, "reset", reset)
    ensure()
    assert resets == [[]] * (1 if settled else 3)
    assert len(ensure.warnings) == (0 if settled else 1)
    assert not settled or not transfer_to(cluster.stored(kinds.STATEFUL_SET, "hbase-master", NAMESPACE))


def test_check_mode_names_the_leader_and_kills_nothing(cluster, failover, ensure):
    assert ensure(check_mode=True) == {"changed": True, "killed": "hbase-master-0"}
    assert (cluster.writes(), failover.commands, failover.raft.actions) == ([], [], [])


def test_a_broken_promise_fails_with_all_figures(failover, ensure):
    failover.forgotten = {"/.datacache-drill/1/1"}
    result = ensure(max_failover_seconds=2)
    assert (result["failed"], result["changed"]) == (True, True)
    assert result["msg"].startswith("the failover broke 2 guarantees: hbase-master-1 served 3.")
    assert result["writes"]["lost"] == ["/.datacache-drill/1/1"]


def test_without_probe_writes_there_are_no_figures_of_writes(failover, ensure):
    assert ensure(probe_writes=False)["writes"] is None
    assert failover.commands == []


def test_a_single_master_is_not_killed(cluster, ensure):
    spec = {"spec": {"master": {"replicas": 1}}}
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", PARAMS["namespace"], spec)
    with pytest.raises(PreconditionFailed,
                       match="has a single master: without a quorum its metadata would be lost"):
        ensure()
    assert cluster.writes() == []


# -- the Lease of the masters ------------------------------------------------------------------


def lease(cluster, holder):
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 40,
            "acquireTime": "2026-11-23T11:59:00.000000Z"}
    return cluster.put(kinds.LEASE, {
        "metadata": {"name": "hbase-masters", "namespace": PARAMS["namespace"]}, "spec": spec})


def holder_of(cluster):
    return cluster.stored(kinds.LEASE, "hbase-masters", PARAMS["namespace"])["spec"]["holderIdentity"]


def test_the_lease_is_held_from_the_first_look_to_the_end(cluster, failover, ensure, monkeypatch):
    seen = []
    groups = QuorumHealer.groups
    monkeypatch.setattr(
        QuorumHealer, "groups", lambda *args: seen.append(holder_of(cluster)) or groups(*args))
    ensure()
    assert all(": failover drill [" in holder for holder in seen) and seen
    assert holder_of(cluster) == ""


def test_while_another_run_acts_on_the_masters_nothing_starts(cluster, failover, ensure):
    def renew(at):
        if at < 400:
            lease(cluster, "ann@awx: rollout [1]")
            cluster.later(10, lambda: renew(at + 10))
    renew(0)
    with pytest.raises(LeaseHeld, match="ann@awx: rollout"):
        ensure(wait_timeout=60)
    assert (failover.commands, failover.raft.actions) == ([], [])


def test_the_masters_are_counted_again_under_the_lease(cluster, failover, ensure):
    """The other run may have removed masters."""
    lease(cluster, "ann@awx: rollout [1]")

    def removed():
        cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", PARAMS["namespace"],
                       {"spec": {"master": {"replicas": 1}}})
        lease(cluster, "")
    cluster.later(5, removed)
    with pytest.raises(PreconditionFailed, match="has a single master"):
        ensure()
    assert failover.commands == []


def test_check_mode_takes_no_lease(cluster, ensure):
    lease(cluster, "ann@awx: rollout [1]")
    assert ensure(check_mode=True) == {"changed": True, "killed": "hbase-master-0"}
    assert [request for request in cluster.requests if request[1] == "leases"] == []


def test_check_mode_names_the_leader_after_the_run_that_restarts_masters(cluster, failover, ensure):
    """The role validates a drill in check mode before it starts its pod: a rolling restart lacks a master."""
    failover.raft.lose(2)
    lease(cluster, "ann@awx: rollout [1]")

    def restarted():
        failover.raft.states["MASTER"][address("MASTER", 2)] = "AVAILABLE"
        lease(cluster, "")
    cluster.later(20, restarted)
    assert ensure(check_mode=True) == {"changed": True, "killed": "hbase-master-0"}
    assert cluster.now >= 20


def test_check_mode_names_the_run_that_does_not_end(cluster, failover, ensure):
    def renew(at):
        if at < 400:
            lease(cluster, "ann@awx: rollout [1]")
            cluster.later(10, lambda: renew(at + 10))
    failover.raft.lose(2)
    renew(0)
    with pytest.raises(LeaseHeld, match="ann@awx: rollout"):
        ensure(check_mode=True, wait_timeout=60)


def test_check_mode_refuses_after_a_killed_run(cluster, failover, ensure):
    """Its Lease is renewed no more."""
    failover.raft.lose(2)
    lease(cluster, "ann@awx: rollout [1]")
    with pytest.raises(PreconditionFailed, match="hbase-master-2 is UNAVAILABLE"):
        ensure(check_mode=True)
    assert 40 <= cluster.now < 50


def test_progress_reaches_the_reporter(ensure):
    ensure()
    assert any(line.startswith("waiting for all peers of both quorums") for line in ensure.progress)


@pytest.mark.parametrize(("options", "message"), [
    ({"confirm": "other"}, "confirm is 'other': a drill kills the leader of AlluxioRuntime hbase on purpose"),
    ({"name": "no/name", "confirm": "no/name"}, "name 'no/name'"),
])
def test_invalid_options_are_refused_without_a_request(options, message):
    with pytest.raises(InvalidInput, match=message):
        drill_ensure.require_valid({**PARAMS, **options})


def test_the_name_given_twice_is_valid():
    drill_ensure.require_valid(PARAMS)


def test_masters_that_are_no_longer_declared_count(cluster, failover, ensure, recorded):
    """5 masters run, 3 are declared and no rollout has come yet; two of the five are unavailable: a kill of
    the leader would leave 2 of 5.
    """
    for index in (3, 4):
        failover.raft.put_service(index)
        failover.raft.put_pod(index)
        for domain in ("MASTER", "JOB_MASTER"):
            failover.raft.states[domain][address(domain, index)] = "UNAVAILABLE"
    with pytest.raises(PreconditionFailed, match="nothing was killed"):
        ensure()  # the StatefulSet cannot be read
    failover.raft.put_rendered(cluster, recorded)
    cluster.change(kinds.STATEFUL_SET, "hbase-master", "data", {"spec": {"replicas": 5}})
    with pytest.raises(PreconditionFailed, match="nothing was killed"):
        ensure()
    assert failover.raft.actions == []
