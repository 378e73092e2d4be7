# SPDX-License-Identifier: GPL-3.0-or-later
"""A drill kills the leader of a complete quorum alone, measures, and leaves nothing behind."""

from functools import partial

import fake_failover
import pytest
from fake_raft import NAMESPACE, address, pod_name

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.properties import ELECTION_TIMEOUT_MIN
from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import PodShell
from ansible_collections.datacache.fluid.plugins.module_utils.drill import writer
from ansible_collections.datacache.fluid.plugins.module_utils.drill.failover import (
    POD,
    PROCESS,
    FailoverDrill,
)
from ansible_collections.datacache.fluid.plugins.module_utils.drill.last_look import LastLook
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    CommandUnfinished,
    Conflict,
    Forbidden,
    PreconditionFailed,
    ServerUnavailable,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

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


def test_the_master_process_alone_is_killed(cluster, failover, drill):
    drill().run(probe_writes=False)
    assert (failover.raft.actions, cluster.writes()) == (["kill MASTER hbase-master-0"], [])
    assert failover.commands == []


def test_on_request_the_pod_is_deleted_too_without_grace(cluster, failover, drill, monkeypatch):
    graces = []
    delete = cluster.delete
    monkeypatch.setattr(cluster, "delete", lambda kind, ref, uid, grace=None: (
        graces.append((kind, ref.name, grace)) or delete(kind, ref, uid, grace=grace)))
    result = drill().run(probe_writes=False, kill=POD)
    assert failover.raft.actions == ["kill MASTER hbase-master-0"]
    assert graces == [(kinds.POD, "hbase-master-0", 0)]
    assert (result.leader, result.serving_after) == ("hbase-master-1", pytest.approx(3.0, abs=0.2))


@pytest.mark.parametrize("kill", [PROCESS, POD])
def test_the_killed_master_may_lead_again_from_its_next_container(failover, drill, kill):
    """What still answers in its name before that, as a connection that was kept does, is no next leader."""
    failover.wins, failover.elected_after, failover.back_after = 0, 1.0, 8.0
    result = drill().run(kill=kill)
    assert (result.killed, result.leader) == ("hbase-master-0", "hbase-master-0")
    assert result.serving_after == pytest.approx(5.0, abs=0.2)


def test_the_writer_runs_in_a_survivor_and_is_removed(failover, drill):
    drill().run()
    assert {pod for pod, _script in failover.commands} == {"hbase-master-1"}
    assert scripts(failover) == ["start", "count", "stop", "remove"]


def test_a_count_that_does_not_end_in_time_is_repeated(failover, drill, monkeypatch):
    """The API server was away for as long as the command may take (seen on the lab)."""
    unfinished, run = [CommandUnfinished("did not end within 30 seconds")], PodShell.run

    def run_or_hang(shell, task, script, *args):
        if script == writer._COUNT and unfinished:
            raise unfinished.pop()
        return run(shell, task, script, *args)
    monkeypatch.setattr(PodShell, "run", run_or_hang)
    assert drill().run().killed == "hbase-master-0"
    assert scripts(failover) == ["start", "count", "stop", "remove"] and not unfinished


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


# -- the last look -----------------------------------------------------------------------------


def while_warming(failover, monkeypatch, action):
    """Do it once the writer has been started, which takes seconds."""
    def execute(*args):
        answer = failover.execute(*args)
        if len(failover.commands) == 1:
            action()
        return answer
    monkeypatch.setattr(pod_exec, "execute", execute)


def test_the_writer_leaves_the_pod_that_has_come_to_lead(failover, drill, monkeypatch):
    """The kill of its container would end the writer as well."""
    failover.wins = 2
    while_warming(failover, monkeypatch, lambda: failover.raft.leaders.update(MASTER="hbase-master-1:19200"))
    assert drill().run().killed == "hbase-master-1"
    assert [(pod, SCRIPTS[script]) for pod, script in failover.commands] == [
        *[("hbase-master-1", each) for each in ("start", "count", "stop", "remove")],
        *[("hbase-master-0", each) for each in ("start", "count", "stop", "remove")]]


@pytest.mark.parametrize(("arrange", "reason"), [
    (lambda raft: raft.lose(2), "MASTER: hbase-master-2 is UNAVAILABLE"),
    (lambda raft: raft.lose(1, "JOB_MASTER"), "JOB_MASTER: hbase-master-1 is UNAVAILABLE"),
    (lambda raft: raft.cluster.vanish(kinds.POD, pod_name(2), NAMESPACE),
     "MASTER: hbase-master-2 its pod does not exist"),
    (lambda raft: raft.silences.update({pod_name(2): 19.0}),
     "MASTER: hbase-master-2 last answered its leader 19.0 s ago, expected 6 s or less"),
    (lambda raft: raft.behind.update({pod_name(1): 3}),
     "MASTER: hbase-master-1 lacks 3 entries of the journal"),
], ids=["peer", "job-peer", "no-pod", "silent", "lags"])
def test_what_comes_while_the_clients_start_saves_the_leader(failover, drill, monkeypatch, arrange, reason):
    while_warming(failover, monkeypatch, lambda: arrange(failover.raft))
    with pytest.raises(PreconditionFailed, match="were complete and are not any more") as refused:
        drill(60).run()
    assert reason in str(refused.value) and "nothing was killed: run alluxio_quorum" in str(refused.value)
    assert failover.raft.actions == []
    assert scripts(failover)[-2:] == ["stop", "remove"]


def test_what_passes_is_waited_for(cluster, failover, drill, monkeypatch):
    """A pause of a follower's garbage collection."""
    def pause():
        failover.raft.silences[pod_name(2)] = 9.0
        cluster.later(4, failover.raft.silences.clear)
    while_warming(failover, monkeypatch, pause)
    assert drill().run().killed == "hbase-master-0"
    assert cluster.now > 4


def test_the_bound_of_silence_follows_from_the_timeouts_in_force(failover, drill):
    """A leader sends a heartbeat after half of election.timeout.min."""
    failover.raft.silences[pod_name(2)] = 9.0
    failover.properties = {ELECTION_TIMEOUT_MIN: "20s"}
    assert drill().run().killed == "hbase-master-0"
    failover.properties = {ELECTION_TIMEOUT_MIN: "1s"}
    failover.raft.silences[pod_name(2)] = 1.6
    with pytest.raises(PreconditionFailed, match="1.6 s ago, expected 1.5 s or less"):
        drill(60).run()


def test_a_follower_proves_by_several_answers_that_it_has_the_journal(cluster, failover, drill):
    """An entry counts as sent before a follower that lacks its predecessor has refused it."""
    failover.raft.behind[pod_name(2)] = 0
    for second in range(1, 30):
        cluster.later(5 * second, lambda: failover.raft.silences.update({pod_name(2): 0.1}))
        cluster.later(5 * second - 0.3, lambda: failover.raft.silences.update({pod_name(2): 4.8}))
    progress = drill.progress
    failover.raft.silences[pod_name(2)] = 0.1
    assert drill().run().killed == "hbase-master-0"
    assert any("the leader awaits more answers from hbase-master-2" in line for line in progress)


def test_a_slow_look_kills_nothing(cluster, failover, drill, monkeypatch):
    """A follower may be gone since its begin."""
    look = failover.ask
    monkeypatch.setattr(failover, "ask", lambda *args: cluster.sleep(1.2) or look(*args))
    with pytest.raises(PreconditionFailed, match="one look at both groups took 1.2 s, expected 1 s or less"):
        drill(60).run()
    assert failover.raft.actions == []


def test_an_api_server_that_is_away_at_the_last_look_is_waited_for(cluster, failover, drill, monkeypatch):
    while_warming(failover, monkeypatch, lambda: cluster.go_down(5))
    assert drill().run().killed == "hbase-master-0"
    assert cluster.now > 5


def test_clients_that_need_half_of_the_time_save_the_leader(cluster, failover, drill, monkeypatch):
    """The rest would be too little to see the killed master return."""
    monkeypatch.setattr(writer.ProbeWriter, "count", lambda _self: cluster.now > 35)
    with pytest.raises(WaitTimeout, match="timed out after 30 s .* which killed nothing"):
        drill(60).run()
    assert failover.raft.actions == []


# -- what the kill meets -----------------------------------------------------------------------


def test_a_pod_that_is_gone_at_the_kill(failover, drill, monkeypatch):
    def gone(*_args, **_options):
        raise ApiError("cannot run `end` in hbase-master-0: Handshake status 404 Not Found", 404)
    monkeypatch.setattr(failover.raft, "kill", gone)
    with pytest.raises(ApiError, match="^hbase-master-0 led a second ago and its process could not be killed"
                                       ": .*404 Not Found; the pod may be gone: run alluxio_quorum"):
        drill().run()
    assert scripts(failover)[-2:] == ["stop", "remove"]


def test_a_kill_that_no_api_server_receives_follows_another_look(failover, drill):
    """The leadership moves meanwhile."""
    kill = failover.raft.kill

    def unavailable(*_args, **_options):
        failover.raft.kill = kill
        failover.raft.leaders["MASTER"] = address("MASTER", 2)
        raise ServerUnavailable("connection refused")
    failover.raft.kill = unavailable
    assert drill().run().killed == "hbase-master-2"
    assert failover.raft.actions == ["kill MASTER hbase-master-2"]


@pytest.mark.parametrize("kill", [PROCESS, POD])
def test_nothing_is_killed_by_a_look_from_before_a_pause(cluster, failover, drill, monkeypatch, kill):
    """The process of the drill is stopped for 20 s, less than the Lease's time; meanwhile a drain evicts a
    follower.
    """
    real = LastLook.leader

    def evicted():
        cluster.vanish(kinds.POD, pod_name(2), NAMESPACE)  # with its emptyDir
        for domain in ("MASTER", "JOB_MASTER"):
            failover.raft.lose(2, domain)

    def looked(look, within):
        victim = real(look, within)
        if cluster.stored(kinds.POD, pod_name(2), NAMESPACE):
            cluster.later(10, evicted)
            cluster.sleep(20)
        return victim
    monkeypatch.setattr(LastLook, "leader", looked)
    with pytest.raises(PreconditionFailed, match="were complete and are not any more"):
        drill(120).run(probe_writes=False, kill=kill)
    assert (failover.raft.actions, cluster.writes()) == ([], [])


def test_a_permission_that_is_missing_at_the_kill_is_told_as_it_is(failover, drill, monkeypatch):
    def refuse(*_args, **_options):
        raise Forbidden("it needs create on pods/exec", 403)
    monkeypatch.setattr(failover.raft, "kill", refuse)
    with pytest.raises(Forbidden, match="^it needs create on pods/exec$"):
        drill().run(probe_writes=False)


def test_a_process_that_has_ended_by_itself_is_no_figure(failover, drill):
    failover.runs = False
    with pytest.raises(PreconditionFailed, match="led a second ago and runs no master any more"):
        drill().run()


@pytest.mark.parametrize("replaced", [False, True], ids=["gone", "replaced"])
def test_a_pod_that_another_client_deletes_first(cluster, failover, drill, monkeypatch, replaced):
    kill = failover.raft.kill

    def overtaken(pod, domain, **options):
        cluster.vanish(kinds.POD, pod, NAMESPACE)
        if replaced:
            failover.raft.put_pod(0, ready=False)
        return kill(pod, domain, **options)
    monkeypatch.setattr(failover.raft, "kill", overtaken)
    with pytest.raises(Conflict, match="another client deleted its pod first: find out which one"):
        drill().run(kill=POD)


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
