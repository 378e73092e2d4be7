# SPDX-License-Identifier: GPL-3.0-or-later
"""Priorities that an interrupted transfer left behind are reset by the next run, whatever ran meanwhile."""

from dataclasses import replace

import actors
import pytest
from fake_masters import Killed
from fake_raft import NAMESPACE, FakeRaft, address
from kills import kill_at_each_request

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    CommandUnfinished,
    Forbidden,
    OldLook,
    QuorumUnknown,
    ServerUnavailable,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import operations
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import LEASE, ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.masters import lease
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import (
    ensure as quorum_ensure,
    healer,
    priorities,
)

TARGET = address("MASTER", 1)


@pytest.fixture
def heal(cluster, params):
    """Run the module; warnings: those of the last run."""
    def run(check_mode=False, **options):
        run.warnings.clear()
        return quorum_ensure.ensure(cluster, params(wait_timeout=300, **options), check_mode,
                                    Reporter(run.warnings.append, lambda _text: None))
    run.warnings = []
    return run


@pytest.fixture
def ranked(cluster, raft, recorded, monkeypatch):
    """Masters whose peers have priorities, ranks."""
    FakeRaft.put_rendered(cluster, recorded)
    raft.ranks = dict.fromkeys(raft.states["MASTER"], 1)

    def with_priorities(quorum, _domain, _pods):
        return replace(quorum, peers=tuple(
            replace(peer, priority=raft.ranks[peer.address]) for peer in quorum.peers))

    def reset(_asked, _leader):
        raft.ranks = dict.fromkeys(raft.ranks, 1)
        raft.actions.append("reset_priorities")
        return True
    raft.with_priorities, raft.reset_priorities = with_priorities, reset
    for module in (healer, priorities):
        monkeypatch.setattr(module, "Masters", lambda *_args: raft)
    return raft


def interrupted(raft, heal, error):
    """Let a run with a desired leader end in the middle of the command, after it has set the priorities."""
    real = raft.elect

    def elect(_asked, to):
        raft.ranks[to] = 2
        raft.elect = real
        raise error
    raft.elect = elect
    with pytest.raises(type(error)):
        heal(leader="hbase-master-1")


def closed(raft):
    """Give the next run something to do that is no transfer, which resets priorities by itself."""
    raft.lose(2)
    raft.closed = {("MASTER", "hbase-master-2")}


def expired(cluster):
    """Put the Lease back as a run that was killed leaves it."""
    cluster.put(LEASE, {"metadata": {"name": "hbase-masters", "namespace": NAMESPACE}, "spec": {
        "holderIdentity": "killed@awx", "leaseDurationSeconds": 40, "acquireTime": "2026-11-23T12:00:00Z"}})


def noted(cluster):
    return operations.transfer_to(cluster.stored(kinds.STATEFUL_SET, "hbase-master", NAMESPACE))


def require_reset(cluster, raft):
    assert set(raft.ranks.values()) == {1}
    assert noted(cluster) == ""


@pytest.mark.parametrize("incomplete", [True, False], ids=["incomplete", "complete"])
@pytest.mark.parametrize("ended", ["released", "killed", "killed-then-backup"])
def test_the_next_run_resets(cluster, ranked, heal, ended, incomplete):
    """released: SIGTERM, by which AWX cancels a job, so nobody takes the Lease over."""
    interrupted(ranked, heal, SystemExit("terminated by SIGTERM") if ended == "released" else Killed())
    assert noted(cluster) == TARGET
    if ended != "released":
        expired(cluster)
    if ended == "killed-then-backup":
        with lease.held(cluster, ObjectRef(NAMESPACE, "hbase"), cluster.deadline(90), "backup"):
            pass
    if incomplete:
        closed(ranked)
    planned = heal(check_mode=True)
    assert noted(cluster) == TARGET
    result = heal()
    assert [each["action"] for each in result["actions"]] == [each["action"] for each in planned["plan"]] == [
        *(["restart_peer"] if incomplete else []), "reset_priorities"]
    assert result["changed"] and heal.warnings == []
    require_reset(cluster, ranked)
    assert not heal()["changed"]


@pytest.mark.parametrize("error", [
    QuorumUnknown("refused"), OldLook("late"), ServerUnavailable("not sent"),
], ids=lambda each: type(each).__name__)
def test_a_transfer_that_is_known_to_leave_nothing_leaves_no_note(cluster, ranked, heal, error):
    real = ranked.elect

    def elect(_asked, to):
        ranked.elect = real
        assert noted(cluster) == TARGET
        raise error
    ranked.elect = elect
    heal(leader="hbase-master-1")
    require_reset(cluster, ranked)


def test_a_forbidden_transfer_leaves_no_note(cluster, ranked, heal):
    def elect(_asked, _to):
        raise Forbidden("create on pods/exec")
    ranked.elect = elect
    with pytest.raises(Forbidden):
        heal(leader="hbase-master-1")
    require_reset(cluster, ranked)


def test_a_command_that_may_go_on_keeps_the_note_until_the_groups_are_complete(cluster, ranked, heal):
    """It sets the priorities after the reset that follows the unanswered request."""
    def elect(_asked, to):
        cluster.later(2, lambda: ranked.ranks.update({to: 2}))
        cluster.later(5, lambda: ranked.leaders.update(MASTER=to))
        raise CommandUnfinished("the API server did not answer")
    ranked.elect = elect
    heal(leader="hbase-master-1")
    require_reset(cluster, ranked)


def test_what_cannot_be_reset_is_warned_of_and_stays_noted(cluster, ranked, heal):
    interrupted(ranked, heal, SystemExit())
    ranked.reset_priorities = lambda *_args: False
    result = heal()
    assert not result["changed"]
    assert heal.warnings == [priorities.warning("AlluxioRuntime hbase in namespace data")]
    assert noted(cluster) == TARGET


def test_without_the_permission_to_note_it_the_leadership_moves(cluster, ranked, heal):
    def forbid(*_args, **_options):
        raise Forbidden("statefulsets is forbidden")
    real = cluster.patch
    cluster.patch = lambda kind, *args, **options: (
        forbid() if kind == kinds.STATEFUL_SET else real(kind, *args, **options))
    assert heal(leader="hbase-master-1")["leader"] == "hbase-master-1"


def test_the_note_is_written_before_the_command_and_removed_after_it(cluster, ranked, heal):
    order = []
    real = ranked.elect

    def elect(asked, to):
        order.append(noted(cluster))
        real(asked, to)
        order.append(noted(cluster))
    ranked.elect = elect
    heal(leader="hbase-master-1")
    assert order == [TARGET, TARGET]
    assert noted(cluster) == ""


@pytest.mark.no_cover
def test_after_a_kill_at_any_request_the_next_run_resets(cache_site, monkeypatch):
    """After each kill only the present groups and the note are left, and the groups may be complete."""
    left_behind = []

    def make():
        one = cache_site()
        monkeypatch.setattr(deadline, "SYSTEM_CLOCK", one.cluster.virtual_clock(one.masters.now))
        return one

    def then(one, _request, _survived):
        one.cluster.sleep(60)
        left_behind.append(one.masters.preferred)
        quorum_ensure.ensure(one.cluster, actors.QUORUM, False, actors.reporter())
        assert one.masters.preferred == ""
        assert operations.transfer_to(one.masters.workload) == ""

    kill_at_each_request(make, actors.heal, then)
    assert set(left_behind) == {"", "hbase-master-1:23083"}
