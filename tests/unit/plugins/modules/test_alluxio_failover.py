# SPDX-License-Identifier: GPL-3.0-or-later
"""The module alluxio_failover: when it refuses, what check mode says, and what it makes of what it finds."""

from datetime import timedelta
from functools import partial

import pytest
from fake_cluster import BEGAN
from fake_failover import IDENTITY
from fake_raft import NAMESPACE, pod_name

from ansible_collections.datacache.fluid.plugins.module_utils.drill import writer
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

ONE = "a" * 64


def scripts(failover):
    names = {writer._START: "start", writer._COUNT: "count", writer._STOP: "stop", writer._REMOVE: "remove"}
    return [names[script] for _pod, script in failover.commands]


def test_a_drill(cluster, run, failover):
    result = run("alluxio_failover", max_failover_seconds=4, **IDENTITY)
    assert result["changed"]
    assert (result["killed"], result["leader"]) == ("hbase-master-0", "hbase-master-1")
    assert result["seconds_without_leader"] == pytest.approx(3.0, abs=0.2)
    assert result["seconds_until_complete"] == pytest.approx(12.0, abs=0.6)
    assert result["writes"] == {"acknowledged_before": 2, "acknowledged": 3, "lost": []}
    assert (failover.raft.actions, cluster.writes()) == (["kill MASTER hbase-master-0"], [])
    assert scripts(failover) == ["start", "count", "stop", "remove"]
    assert {pod for pod, _script in failover.commands} == {"hbase-master-1"}


def test_clients_are_served_before_the_web_port(cluster, run, failover, recorded):
    cluster.logs["hbase-master-1", "alluxio-master"] = recorded("leader_start_log.txt")
    assert run("alluxio_failover", **IDENTITY)["seconds_without_leader"] == pytest.approx(3.0 - 1.22, abs=0.2)


def log_of(cluster, failover, seconds, web):
    """The next leader serves clients so many seconds after the kill, and opens its web port at web."""
    def at(second):
        return (BEGAN + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S,%f")[:-3]
    failover.elected_after = web + 0.7  # the first answer of a web port takes so long
    kill = failover.raft.kill

    def killed(*args, **options):
        began = cluster.now
        cluster.logs["hbase-master-1", "alluxio-master"] = (
            f"{at(began)} INFO  AlluxioMasterProcess - Becoming a leader.\n"
            f"{at(began + seconds)} INFO  DefaultSafeModeManager - Rpc server started, waiting 5000ms\n"
            f"{at(began + web)} INFO  WebServer - Alluxio Master Web service started @ /0.0.0.0:2\n")
        return kill(*args, **options)
    failover.raft.kill = killed


@pytest.mark.parametrize(("ahead", "observed"), [
    (0.0, 2.2), (None, 2.9), (-1800.0, 2.9), (7200.0, 2.9),
], ids=["log-and-clock", "no-milliseconds", "log-ahead", "log-behind"])
def test_the_log_shows_the_service_before_the_web_port_answers(cluster, run, failover, ahead, observed):
    log_of(cluster, failover, 2.2, 3.9)
    failover.raft.clock_ahead = ahead
    result = run("alluxio_failover", **IDENTITY)
    assert result["seconds_without_leader"] == pytest.approx(observed, abs=0.15)


def test_the_time_begins_with_the_signal_and_not_with_its_command(run, failover):
    failover.starts_after = 0.8
    assert run("alluxio_failover", **IDENTITY)["seconds_without_leader"] == pytest.approx(3.0, abs=0.2)


def test_an_open_web_port_of_2_9_0_serves_no_clients_yet(cluster, run, failover):
    """Alluxio 2.9.0 opens the web port first. Its log as AlluxioMasterProcess of 2.9.0 writes it."""
    started = ("2026-11-24T21:35:25,034 INFO  DefaultSafeModeManager - Rpc server started, waiting 5000ms\n"
               "2026-11-24T21:35:36,541 INFO  AlluxioMasterProcess - Becoming a leader.\n"
               "2026-11-24T21:35:38,000 INFO  WebServer - Alluxio Master Web service started @ /0.0.0.0:2\n")
    serves = "2026-11-24T21:35:40,500 INFO  DefaultSafeModeManager - Rpc server started, waiting 5000ms\n"
    of = "hbase-master-1", "alluxio-master"
    cluster.logs[of] = started
    failover.on_election = lambda: cluster.later(2.5, lambda: cluster.logs.update({of: started + serves}))
    result = run("alluxio_failover", **IDENTITY)
    assert result["seconds_without_leader"] == pytest.approx(3.0 + 2.5, abs=0.2)


def test_check_mode_names_the_leader_and_touches_nothing(cluster, run, failover):
    result = run("alluxio_failover", check=True, **IDENTITY)
    assert (result["changed"], result["killed"]) == (True, "hbase-master-0")
    assert (cluster.writes(), failover.commands) == ([], [])


@pytest.mark.parametrize(("happens", "reason"), [
    pytest.param(lambda cluster: cluster.go_down(30), "no API server answers", id="outage"),
    pytest.param(lambda cluster: cluster.sleep(30), "it would follow 30.0 s after the kill", id="pause"),
])
def test_a_pod_is_not_deleted_long_after_the_last_look(cluster, run, failover, monkeypatch, happens, reason):
    """Anything may have happened to the other masters since."""
    failover.back_after = 60.0  # until then it is the same pod
    kill, delete, killed, deleted = failover.raft.kill, cluster.delete, [], []

    def kill_and_wait(*args, **options):
        answer = kill(*args, **options)
        killed.append(cluster.now)
        happens(cluster)
        return answer

    def recorded_delete(kind, *args, **options):
        answer = delete(kind, *args, **options)
        if kind == kinds.POD:
            deleted.append(cluster.now)
        return answer
    failover.raft.kill = kill_and_wait
    monkeypatch.setattr(cluster, "delete", recorded_delete)
    message = run("alluxio_failover", kill="pod", **IDENTITY)["msg"]
    assert len(killed) == 1
    assert [at for at in deleted if at - killed[0] > 2] == []
    assert message.startswith(
        "the process of hbase-master-0 was killed and its pod was not deleted: " + reason)
    assert message.endswith("; run alluxio_quorum, then the drill again")


def test_without_a_writer_no_command_runs(run, failover):
    assert run("alluxio_failover", probe_writes=False, **IDENTITY)["writes"] is None
    assert failover.commands == []


def test_broken_promises_fail_with_all_figures(run, failover):
    failover.forgotten = {"/.datacache-drill/1/1"}
    result = run("alluxio_failover", max_failover_seconds=2, **IDENTITY)
    assert result["failed"] and result["changed"]
    assert result["msg"].startswith("the failover broke 2 guarantees: hbase-master-1 served 3.")
    assert result["writes"]["lost"] == ["/.datacache-drill/1/1"]
    assert scripts(failover)[-1] == "remove"


def test_the_reader_is_judged(cluster, run, failover):
    log = [f"read {ONE} 1.0 1.1"]
    cluster.logs["reader", "reader"] = log[0]

    def read(line):
        log.append(line)
        cluster.logs["reader", "reader"] = "\n".join(log)

    for second in range(1, 20):
        cluster.later(second, partial(read, "error 1.0 3.5 EIO" if second == 2 else f"read {ONE} 1.0 1.2"))
    result = run("alluxio_failover", reader_pod="reader", **IDENTITY)
    assert result["failed"] and "1 reads failed: EIO" in result["msg"]
    assert result["reads"]["longest"] == 2.5


def test_a_reader_that_is_not_there_saves_the_leader(cluster, run, failover):
    result = run("alluxio_failover", reader_pod="reader", **IDENTITY)
    assert "log of reader/reader" in result["msg"]
    assert cluster.writes() == []
    assert scripts(failover)[-2:] == ["stop", "remove"]


def test_a_reader_without_a_file_saves_the_leader(cluster, run, failover):
    cluster.logs["reader", "reader"] = "no file /data/a to read below /data\n"
    result = run("alluxio_failover", reader_pod="reader", **IDENTITY)
    assert "reader reads nothing: no file /data/a to read below /data; nothing was killed" in result["msg"]
    assert cluster.now < 10 and cluster.writes() == []
    assert scripts(failover)[-2:] == ["stop", "remove"]


def test_no_next_leader_in_time_ends_the_writer(cluster, run, failover):
    failover.elected_after = 1000
    result = run("alluxio_failover", wait_timeout=60, **IDENTITY)
    assert "timed out after 60 s while waiting for a master to lead in place of hbase-master-0" in result[
        "msg"]
    assert scripts(failover)[-2:] == ["stop", "remove"]


@pytest.mark.parametrize(("arrange", "options", "message"), [
    pytest.param(lambda _raft: None, {"confirm": "other"},
                 "confirm is 'other': a drill kills the leader of AlluxioRuntime hbase",
                 id="not-confirmed"),
    pytest.param(lambda raft: raft.lose(2), {},
                 "hbase-master-2 is UNAVAILABLE; a drill would put its majority at risk",
                 id="peer-unavailable"),
    pytest.param(lambda raft: raft.lose(2, "JOB_MASTER"), {}, "the JOB_MASTER quorum of AlluxioRuntime hbase",
                 id="job-peer-unavailable"),
    pytest.param(lambda raft: raft.cluster.vanish(kinds.POD, pod_name(1), NAMESPACE), {},
                 "hbase-master-1 its pod does not exist",
                 id="no-pod"),
    pytest.param(lambda raft: raft.silent.add("MASTER"), {}, "no leader", id="no-leader"),
    pytest.param(lambda raft: raft.put_service(1, cluster_ip=False), {},
                 "Services hbase-master-1 of AlluxioRuntime hbase",
                 id="headless"),
    pytest.param(
        lambda raft: raft.cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE,
                                         {"spec": {"master": {"replicas": 1}}}), {},
        "has a single master: without a quorum its metadata would be lost", id="single"),
    pytest.param(lambda raft: raft.cluster.vanish(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE), {},
                 "does not exist", id="no-runtime"),
])
@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_refused(cluster, run, failover, arrange, options, message, check):
    arrange(failover.raft)
    result = run("alluxio_failover", check=check, **{**IDENTITY, **options})
    assert message in result["msg"]
    assert (cluster.writes(), failover.commands) == ([], [])
