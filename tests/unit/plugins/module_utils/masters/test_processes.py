# SPDX-License-Identifier: GPL-3.0-or-later
"""What the processes of a master show, and the commands in them. Commands in containers are played back."""

import shutil
import signal
import subprocess

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import CLOSED, LOADING, OPEN
from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.guarded import GuardedClient
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    CommandUnfinished,
    Forbidden,
    OldLook,
    QuorumUnknown,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import JOB_MASTER, MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.masters import processes


@pytest.mark.parametrize(("action", "container", "command"), [
    pytest.param(lambda group: group.elect("hbase-master-0", "b:1"), "alluxio-master",
                 "alluxio fsadmin journal quorum elect -address b:1", id="elect"),
    pytest.param(lambda group: group.remove_peer("hbase-master-0", JOB_MASTER, "b:1"), "alluxio-master",
                 "alluxio fsadmin journal quorum remove -domain JOB_MASTER -address b:1", id="remove"),
    pytest.param(lambda group: group.restart("hbase-master-0", JOB_MASTER), "alluxio-job-master",
                 f"sh -c {processes._END} end alluxio.master.AlluxioJobMaster TERM", id="restart"),
    pytest.param(lambda group: group.kill("hbase-master-0", MASTER), "alluxio-master",
                 f"sh -c {processes._END} end alluxio.master.AlluxioMaster KILL", id="kill"),
])
def test_actions_are_commands_in_a_pod(group, action, container, command):
    action(group({}, {"hbase-master-0": ExecResult(0, "", "")}))
    assert group.asked == [("data", "hbase-master-0", container, command)]


@pytest.mark.parametrize("act", [
    lambda masters: masters.elect("hbase-master-0", "b:1"),
    lambda masters: masters.remove_peer("hbase-master-0", JOB_MASTER, "b:1"),
], ids=["elect", "remove"])
def test_an_act_whose_stream_breaks_may_go_on(group, act):
    with pytest.raises(CommandUnfinished, match="exit code -1: the stream broke before the command's end"):
        act(group({}, {"hbase-master-0": ExecResult(-1, "", "")}))


@pytest.mark.parametrize("act", [
    lambda masters: masters.elect("hbase-master-0", "b:1"),
    lambda masters: masters.remove_peer("hbase-master-0", MASTER, "b:1"),
    lambda masters: masters.restart("hbase-master-0", MASTER),
    lambda masters: masters.kill("hbase-master-0", MASTER),
    lambda masters: masters.reset_priorities("hbase-master-0", "a:1"),
], ids=["elect", "remove", "restart", "kill", "reset"])
def test_no_act_is_sent_once_its_look_is_too_old(cluster, group, monkeypatch, act):
    """The renewal of the Lease, which precedes each command, may take long."""
    checks, given = [], group({}, {"hbase-master-0": ExecResult(0, "", "")})
    guarded = GuardedClient(cluster, cluster.deadline(60), lambda: checks.append("lease"))
    monkeypatch.setattr(given, "_client", guarded)

    def execute(client, *_args, **_options):
        return client.until_answered(lambda: ExecResult(0, "", ""))
    monkeypatch.setattr(pod_exec, "execute", execute)

    def fresh():
        checks.append("look")
        if len(checks) > 1:
            raise OldLook("it was 4.0 s ago")
    with pytest.raises(OldLook):
        act(given.acting(fresh))
    assert checks == ["look", "lease", "look"]


@pytest.mark.parametrize("sent", ["TERM", "KILL"])
def test_only_the_jvm_of_that_class_ends(tmp_path, sent):
    """The first process is a script that has no handler; the command's own arguments name the class as well.
    """
    java = shutil.copy(shutil.which("sleep"), tmp_path / "java")
    started = [subprocess.Popen([str(java), *arguments]) for arguments in (["60", "60.0"], ["60", "060.0"])]
    try:
        subprocess.run(["sh", "-c", processes._END, "end", "060.0", sent], check=True,
                       capture_output=True)
        assert started[1].wait(timeout=10) == -signal.Signals["SIG" + sent]
        assert started[0].poll() is None
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_signal_without_a_process_of_that_class_is_told(group):
    asked = group({}, {"hbase-master-0": ExecResult(3, "", "")})
    assert asked.kill("hbase-master-0", MASTER) is False
    answered = subprocess.run(["sh", "-c", processes._END, "end", "no.such.Class", "KILL"], check=False,
                              capture_output=True)
    assert answered.returncode == 3


@pytest.mark.parametrize("code", [0, -1, 137])
def test_a_container_that_ends_with_its_process_was_signalled(group, code):
    assert group({}, {"hbase-master-0": ExecResult(code, "", "")}).kill("hbase-master-0", MASTER) is True


def test_a_refused_command_reports_its_exit_code_and_output(group):
    with pytest.raises(QuorumUnknown, match="exit code 255: no such peer"):
        group({}, {"hbase-master-0": ExecResult(255, "", "no such peer\n")}).elect("hbase-master-0", "b:1")


@pytest.mark.parametrize(("result", "done"), [
    ("Failed to elect hbase-master-0:19200 as the new leader: it is already the leader\nQuorum priorities "
     "were reset to 1\n", True),
    ("no leader", False)], ids=["reset", "refused"])
def test_peers_rank_before_those_that_join_later(group, result, done):
    masters = group({"hbase-master-1": True}, {"hbase-master-1": ExecResult(255, result, "")})
    assert masters.reset_priorities("hbase-master-1", "hbase-master-0:19200") == done
    assert group.asked[0][3] == "alluxio fsadmin journal quorum elect -address hbase-master-0:19200"


@pytest.mark.parametrize(("domain", "container"),
                         [(MASTER, "alluxio-master"), (JOB_MASTER, "alluxio-job-master")])
def test_a_master_that_has_closed_its_raft_server(cluster, group, recorded, domain, container):
    cluster.logs["hbase-master-1", container] = recorded("raft_closed_log.txt")
    cluster.web["hbase-master-1", 19201, "/"] = "it listens"
    masters = group({"hbase-master-1": True}, {})
    assert masters.raft_server("hbase-master-1", domain, 19200) == CLOSED
    assert masters.raft_server("hbase-master-1", domain, 19201) == OPEN


@pytest.mark.parametrize(("log", "allowed", "state"), [
    (None, True, LOADING),
    ("its JVM starts\n", True, LOADING),
    ("its JVM starts\n", False, LOADING),
    ("INFO RaftServer - m-1_19200: start RPC server\n", False, ""),
    ("a line\n" * 2000, False, ""),
    (None, False, ""),
], ids=["no-log", "starts", "starts-not-allowed", "started-not-allowed", "long-log-not-allowed",
        "nothing-allowed"])
def test_a_master_that_loads_its_journal(cluster, group, log, allowed, state):
    """Its Raft port refuses connections; without pods/proxy its log alone tells."""
    if log is not None:
        cluster.logs["hbase-master-1", "alluxio-master"] = log
    if not allowed:
        cluster.forbidden.add(("get", "pods/proxy"))
    assert group({"hbase-master-1": True}, {}).raft_server("hbase-master-1", MASTER, 19200) == state


@pytest.mark.parametrize("arrange", [
    lambda cluster, log: (cluster.logs.update({("hbase-master-1", "alluxio-master"): log}),
                          cluster.unreachable.add("hbase-master-1")),
    lambda cluster, log: (cluster.logs.update({("hbase-master-1", "alluxio-master"): log}),
                          cluster.forbidden.add(("get", "pods/proxy"))),
], ids=["unreachable", "not-allowed"])
def test_what_is_not_known_to_be_closed(cluster, group, recorded, arrange):
    arrange(cluster, recorded("raft_closed_log.txt"))
    assert group({"hbase-master-1": True}, {}).raft_server("hbase-master-1", MASTER, 19200) == ""


@pytest.mark.parametrize("ask", [
    lambda masters: masters.raft_server("hbase-master-1", MASTER, 19200),
    lambda masters: masters.has_conflict("hbase-master-1"),
    lambda masters: masters.stepped_down_for("hbase-master-1"),
], ids=["raft-server", "conflict", "stepped-down"])
def test_a_log_that_may_not_be_read_shows_no_state(cluster, group, ask):
    """A closed Raft server would count as one that loads its journal, which is waited for."""
    cluster.forbidden.add(("get", "pods/log"))
    with pytest.raises(Forbidden, match="pods/log"):
        ask(group({"hbase-master-1": True}, {}))
