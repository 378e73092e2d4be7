# SPDX-License-Identifier: GPL-3.0-or-later
"""A drill kills the leader of a complete quorum alone, measures, and leaves nothing behind."""

from functools import partial

import fake_failover
import pytest
from fake_raft import NAMESPACE, pod_name

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import Peer
from ansible_collections.datacache.fluid.plugins.module_utils.drill import writer
from ansible_collections.datacache.fluid.plugins.module_utils.drill.failover import (
    FailoverDrill,
    is_complete,
    shortcomings,
)
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    PreconditionFailed,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.plan import Master, RaftGroup

ONE = "a" * 64
SCRIPTS = {writer._START: "start", writer._COUNT: "count", writer._STOP: "stop", writer._REMOVE: "remove"}


@pytest.fixture
def failover(cluster, monkeypatch):
    return fake_failover.make(cluster, monkeypatch)


@pytest.fixture
def drill(cluster, failover):
    def make(timeout=300):
        return FailoverDrill(cluster, ObjectRef(NAMESPACE, "hbase"), 3,
                             cluster.deadline(timeout, progress.append))
    progress = make.progress = []
    return make


def scripts(failover):
    return [SCRIPTS[script] for _pod, script in failover.commands]


# -- before anything is killed -----------------------------------------------------------------


def test_the_leader_of_complete_quorums_is_found_with_reads_alone(cluster, drill):
    assert drill().leader() == "hbase-master-0"
    assert cluster.writes() == []


@pytest.mark.parametrize(("arrange", "message"), [
    (lambda raft: raft.lose(2), "the MASTER quorum .* is not complete: hbase-master-2 is UNAVAILABLE"),
    (lambda raft: raft.lose(1, "JOB_MASTER"), "the JOB_MASTER quorum .* is not complete: hbase-master-1"),
    (lambda raft: raft.silent.add("MASTER"), "is not complete: no leader"),
    (lambda raft: raft.put_service(1, cluster_ip=False), "Services hbase-master-1 .* are headless"),
], ids=["peer", "job-peer", "no-leader", "headless"])
def test_an_incomplete_quorum_loses_no_leader(cluster, failover, drill, arrange, message):
    arrange(failover.raft)
    with pytest.raises(PreconditionFailed, match=message):
        drill().run()
    assert (cluster.writes(), failover.raft.actions, failover.commands) == ([], [], [])


# -- the drill ---------------------------------------------------------------------------------


def test_a_drill_measures_both_times_and_the_writes(cluster, failover, drill):
    result = drill().run()
    assert (result.killed, result.leader) == ("hbase-master-0", "hbase-master-1")
    assert result.serving_after == pytest.approx(3.0, abs=0.2)
    assert result.complete_after == pytest.approx(12.0, abs=0.6)
    assert (result.writes.before, result.writes.acknowledged, result.writes.lost,
            result.reads) == (2, 3, (), None)


def test_the_master_process_and_its_pod_are_killed_once(cluster, failover, drill):
    drill().run(probe_writes=False)
    assert (failover.raft.actions, cluster.writes()) == (["kill MASTER hbase-master-0"], [("delete", "pods")])
    assert failover.commands == []


def test_the_writer_runs_in_a_survivor_and_is_removed(failover, drill):
    drill().run()
    assert {pod for pod, _script in failover.commands} == {"hbase-master-1"}
    assert scripts(failover) == ["start", "count", "stop", "remove"]


def test_an_acknowledged_directory_that_the_leader_does_not_list_is_lost(failover, drill):
    failover.forgotten = {"/.datacache-drill/1/2"}
    assert drill().run().writes.lost == ("/.datacache-drill/1/2",)


def test_the_time_until_the_web_port_serves_is_not_counted(cluster, drill, recorded):
    cluster.logs["hbase-master-1", "alluxio-master"] = recorded("leader_start_log.txt")
    assert drill().run().serving_after == pytest.approx(3.0 - 1.22, abs=0.2)


def test_only_reads_since_the_drill_began_count(cluster, drill):
    log = ["error 0.1 0.2 before", f"read {ONE} 1.0 1.1"]

    def read(line):
        log.append(line)
        cluster.logs["reader", "reader"] = "\n".join(log)
    read(f"read {ONE} 1.1 1.2")
    for second in range(1, 20):
        cluster.later(second, partial(read, f"read {ONE} 1.0 3.5"))
    reads = drill().run(reader="reader", probe_writes=False).reads
    assert (reads.errors, reads.different, reads.longest) == ((), (), 2.5)
    assert reads.good >= 12


# -- what fails --------------------------------------------------------------------------------


def test_a_timeout_names_what_was_awaited_and_stops_the_writer(failover, drill):
    failover.elected_after = 1000
    with pytest.raises(WaitTimeout) as timeout:
        drill(60).run()
    assert str(timeout.value) == (
        "timed out after 60 s while waiting for a master to lead in place of hbase-master-0 in a drill on "
        "AlluxioRuntime hbase in namespace data: read the quorum with alluxio_quorum_info, and run "
        "alluxio_quorum")
    assert scripts(failover)[-2:] == ["stop", "remove"]


def test_a_writer_that_acknowledges_nothing_saves_the_leader(cluster, failover, drill, monkeypatch):
    monkeypatch.setattr(writer.ProbeWriter, "count", lambda _self: 0)
    with pytest.raises(WaitTimeout, match="the first acknowledged directory"):
        drill(60).run()
    assert cluster.writes() == []


def test_a_reader_without_a_log_saves_the_leader(cluster, failover, drill):
    with pytest.raises(ApiError, match="log of reader/reader"):
        drill().run(reader="reader")
    assert cluster.writes() == []
    assert scripts(failover)[-2:] == ["stop", "remove"]


def test_progress_is_reported(drill):
    drill().run()
    assert "waiting for a master to lead in place of hbase-master-0" in drill.progress


# -- what keeps a group from being complete ---------------------------------------------------


def master(index, state="AVAILABLE", running=300.0, **more):
    return Master(pod_name(index), f"{pod_name(index)}:1", state, running, **more)


def group(*masters, leader=0, stale=()):
    return RaftGroup("MASTER", None if leader is None else f"{pod_name(leader)}:1", masters, stale)


@pytest.mark.parametrize(("observed", "text"), [
    (group(master(0), master(1)), ""),
    (group(master(0), master(1), leader=None), "no leader"),
    (group(master(0), master(1), stale=(Peer("x:1", "AVAILABLE"),)), "x:1 is a stale peer"),
    (group(master(0), master(1, "")), "hbase-master-1 is no member"),
    (group(master(0), master(1, terminating=True)), "hbase-master-1 is terminating"),
    (group(master(0), master(1, running=None, reason="its pod does not exist")),
     "hbase-master-1 its pod does not exist"),
], ids=["nothing", "leader", "stale-peer", "no-member", "terminating", "no-pod"])
def test_a_group_without_shortcomings_is_complete(observed, text):
    assert shortcomings(observed) == text
    assert is_complete(observed) == (text == "")


def test_the_pod_of_the_killed_leader_is_deleted_without_grace(cluster, failover, drill, monkeypatch):
    graces = []
    delete = cluster.delete
    monkeypatch.setattr(cluster, "delete", lambda kind, ref, uid, grace=None: (
        graces.append((kind, ref.name, grace)) or delete(kind, ref, uid, grace=grace)))
    drill().run(probe_writes=False)
    assert graces == [(kinds.POD, "hbase-master-0", 0)]
