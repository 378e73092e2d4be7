# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the quorum is asked of, when some masters do not answer. Web servers and commands in containers are
played back.
"""

import json
import re

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError, Forbidden, QuorumUnknown
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import JOB_MASTER, MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters

LABELS = {"release": "hbase", "role": "alluxio-master"}
RUNTIME = ObjectRef("data", "hbase")
WEB, JOB_WEB = 24110, 21760
METRICS = "/metrics/prometheus/"
CONTAINERS = [{"name": "alluxio-master", "ports": [{"name": "web", "containerPort": WEB}]},
              {"name": "alluxio-job-master", "ports": [{"name": "job-web", "containerPort": JOB_WEB}]}]


@pytest.fixture
def served(cluster):
    """Run master pods that have web ports; return the masters of their runtime."""
    for index in range(3):
        cluster.put(kinds.POD, {
            "metadata": {"name": f"hbase-master-{index}", "namespace": "data", "labels": LABELS},
            "spec": {"containers": CONTAINERS}, "status": {"podIP": f"10.0.0.{index}"}})
    return Masters(cluster, RUNTIME, cluster.virtual_clock())


def states(quorum):
    return [(peer.address, peer.state, peer.leader) for peer in quorum.peers]


@pytest.mark.parametrize(("domain", "port", "name", "raft_port", "lost"), [
    (MASTER, WEB, "leader_metrics_master.txt", 23083, None),
    (JOB_MASTER, JOB_WEB, "leader_metrics_job_master.txt", 23671, 0),
])
def test_the_leaders_metrics_list_the_group(cluster, served, recorded, domain, port, name, raft_port, lost):
    cluster.web["hbase-master-2", port, METRICS] = recorded(name)
    quorum, pod = served.quorum(domain)
    assert pod == "hbase-master-2"
    assert states(quorum) == [
        (f"hbase-master-{index}:{raft_port}", "UNAVAILABLE" if index == lost else "AVAILABLE", index == 2)
        for index in range(3)]
    # One list, one question to each pod, and the leader's election timeout.
    assert [resource for _verb, resource in cluster.requests] == ["pods"] + ["pods/proxy"] * 4


def test_the_election_timeout_is_asked_for_once(cluster, served, recorded):
    cluster.web["hbase-master-2", WEB, METRICS] = recorded("leader_metrics_master.txt")
    cluster.web["hbase-master-2", WEB, "/api/v1/master/info"] = json.dumps(recorded("leader_info.json"))
    pods = served.pods()
    for _time in range(2):
        served.quorum(MASTER, pods)
    assert cluster.requests.count(("get", "pods/proxy")) == 3 + 3 + 1


@pytest.mark.parametrize(("longest", "state"), [("2s", "UNAVAILABLE"), ("20s", "AVAILABLE"),
                                                (None, "AVAILABLE"), ("soon", "AVAILABLE")])
def test_a_follower_that_is_silent_for_the_election_timeout_is_unavailable(
        cluster, served, recorded, longest, state):
    cluster.web["hbase-master-2", WEB,
                METRICS] = recorded("leader_metrics_master.txt")  # both were heard of about 3 s before
    information = {"configuration": {"alluxio.master.embedded.journal.election.timeout.max": longest}}
    cluster.web["hbase-master-2", WEB, "/api/v1/master/info"] = json.dumps(information)
    assert {peer.state for peer in served.quorum(MASTER)[0].peers if not peer.leader} == {state}


def test_a_follower_that_has_never_answered_this_leader_is_unavailable(cluster, served, recorded):
    """Silence counts from the leader's own beginning, so it would pass for AVAILABLE for the whole election
    timeout.
    """
    cluster.web["hbase-master-2", WEB, METRICS] = re.sub(
        r'(match_index\{[^}]*follower="hbase-master-1",\}) \S+', r"\1 0.0",
        recorded("leader_metrics_master.txt"))
    assert [state for _address, state,
            _leader in states(served.quorum(MASTER)[0])] == ["AVAILABLE", "UNAVAILABLE", "AVAILABLE"]


def test_a_removed_peer_that_the_leader_remembers_is_none(cluster, served, recorded, monkeypatch):
    """Measured on Alluxio 2.9.4: its gauges stay as they were when it was removed."""
    def execute(*arguments):
        asked.append(arguments[3])
        return ExecResult(0, recorded("quorum_info_master.txt").replace("21181", "23083").replace(
            "hbase-master-0", "hbase-master-9"), "")

    asked = []
    monkeypatch.setattr(pod_exec, "execute", execute)
    cluster.web["hbase-master-2", WEB, METRICS] = recorded("leader_metrics_master.txt")
    pods = [pod for pod in served.pods() if pod["metadata"]["name"] != "hbase-master-0"]
    for _look in range(2):
        assert [address for address, *_rest in states(served.quorum(MASTER, pods)[0])] == [
            "hbase-master-1:23083", "hbase-master-2:23083"]
    assert len(asked) == 1
    # It is back, so it counts again, and is asked for again when it goes.
    assert len(served.quorum(MASTER)[0].peers) == 3
    served.quorum(MASTER, pods)
    assert len(asked) == 2


@pytest.mark.parametrize("result", ["a member", "no answer"])
def test_a_peer_without_a_pod_that_is_a_member_stays(cluster, served, recorded, monkeypatch, result):
    answer = recorded("quorum_info_master.txt").replace("21181",
                                                        "23083") if result == "a member" else "no leader"
    monkeypatch.setattr(pod_exec, "execute", lambda *_args: ExecResult(int(result != "a member"), answer, ""))
    cluster.web["hbase-master-2", WEB, METRICS] = recorded("leader_metrics_master.txt")
    pods = [pod for pod in served.pods() if pod["metadata"]["name"] != "hbase-master-0"]
    assert len(served.quorum(MASTER, pods)[0].peers) == 3


def test_masters_that_serve_no_web_port_have_no_leader(served):
    with pytest.raises(QuorumUnknown, match="could not read the MASTER quorum from any master of .*: none of "
                                            "the 3 masters serves its web port"):
        served.quorum(MASTER)


def test_a_pod_that_does_not_even_refuse_is_unreachable(cluster, served):
    cluster.unreachable = {"hbase-master-0", "hbase-master-1"}
    view = served.group_view(MASTER, served.pods())
    assert (view.quorum, view.leaderless, view.absent) == (None, True, {"hbase-master-0", "hbase-master-1"})


@pytest.mark.parametrize(("lost", "gone"), [(set(), set()), ({"hbase-master-1"}, {"hbase-master-1"})],
                         ids=["heard", "unheard"])
def test_an_unreachable_pod_that_the_leader_hears_counts_as_running(cluster, served, recorded, lost, gone):
    """A network policy may keep the API server from a master that the other masters reach."""
    cluster.web["hbase-master-2", WEB, METRICS] = "\n".join(
        re.sub(r"(match_index\{[^}]*\}) \S+", r"\1 0.0", line)
        if any(f'follower="{name}"' in line for name in lost) else line
        for line in recorded("leader_metrics_master.txt").splitlines())
    cluster.unreachable = {"hbase-master-1"}
    assert served.group_view(MASTER, served.pods()).absent == gone


def test_where_no_port_can_be_reached_the_command_is_asked(cluster, served, recorded, monkeypatch):
    cluster.unreachable = {f"hbase-master-{index}" for index in range(3)}
    monkeypatch.setattr(pod_exec, "execute",
                        lambda *_args: ExecResult(0, recorded("quorum_info_master.txt"), ""))
    assert served.quorum(MASTER)[0].leader == "hbase-master-1:21181"
    view = served.group_view(MASTER, served.pods())
    assert (view.quorum.leader, view.pod) == ("hbase-master-1:21181", "hbase-master-0")


def test_without_any_answer_the_view_has_no_quorum(cluster, served, monkeypatch):
    cluster.unreachable = {f"hbase-master-{index}" for index in range(3)}
    monkeypatch.setattr(pod_exec, "execute", lambda *_args: ExecResult(1, "", "no leader"))
    view = served.group_view(MASTER, served.pods())
    assert (view.quorum, view.absent) == (None, cluster.unreachable)


def test_without_the_right_to_ask_the_web_port_the_command_is_asked(cluster, served, recorded, monkeypatch):
    cluster.forbidden.add(("get", "pods/proxy"))
    monkeypatch.setattr(pod_exec, "execute",
                        lambda *_args: ExecResult(0, recorded("quorum_info_master.txt"), ""))
    assert served.quorum(MASTER)[0].leader == "hbase-master-1:21181"


def test_a_group_that_may_not_be_asked_in_any_way_is_no_unknown_quorum(cluster, served, monkeypatch):
    """Nobody grants a permission while a wait asks again."""
    def execute(*_args):
        raise Forbidden("not allowed to create pods/exec", 403)
    monkeypatch.setattr(pod_exec, "execute", execute)
    cluster.unreachable = {f"hbase-master-{index}" for index in range(3)}
    with pytest.raises(QuorumUnknown, match="pods/exec"):
        served.quorum(MASTER)  # a leader may be reachable later
    cluster.forbidden.add(("get", "pods/proxy"))
    for ask in (lambda: served.quorum(MASTER), lambda: served.group_view(MASTER, served.pods()),
                served.single):
        with pytest.raises(Forbidden) as refused:
            ask()
        assert str(refused.value).startswith("could not read the ")
        assert "pods/exec" in str(refused.value)
    with pytest.raises(Forbidden, match="not allowed to get pods/proxy"):
        served.quorum(MASTER)


def test_metrics_without_followers_make_it_run_the_command(cluster, served, recorded, monkeypatch):
    cluster.web["hbase-master-0", WEB, METRICS] = "jvm_threads_current 12.0\n"
    monkeypatch.setattr(pod_exec, "execute",
                        lambda *_args: ExecResult(0, recorded("quorum_info_master.txt"), ""))
    assert served.quorum(MASTER)[0].leader == "hbase-master-1:21181"


def test_of_two_that_believe_to_lead_the_one_with_more_answers_does(cluster, served, recorded):
    deposed = recorded("leader_metrics_job_master.txt").replace("23671", "23083")
    cluster.web["hbase-master-2", WEB, METRICS] = recorded("leader_metrics_master.txt")
    cluster.web["hbase-master-1", WEB, METRICS] = deposed
    assert served.quorum(MASTER)[1] == "hbase-master-2"


def test_the_leaders_configuration(cluster, served, recorded):
    cluster.web["hbase-master-1", WEB, "/api/v1/master/info"] = json.dumps(recorded("leader_info.json"))
    found = served.configuration()
    assert found["alluxio.master.embedded.journal.election.timeout.max"] == "20s"
    assert found["alluxio.master.embedded.journal.unsafe.flush.enabled"] == "false"
    assert "alluxio.master.embedded.journal.ratis.config" not in found  # it has no value


def test_without_a_leader_there_is_no_configuration(served):
    with pytest.raises(QuorumUnknown, match="could not read the configuration from any master of .*: none "
                                            "serves its web port"):
        served.configuration()


@pytest.mark.parametrize("domain", [MASTER, JOB_MASTER])
def test_the_first_master_that_answers_is_enough(group, recorded, domain):
    result = ExecResult(0, recorded("quorum_info_master.txt"), "")
    quorum, pod = group({"hbase-master-0": True, "hbase-master-1": True},
                        {"hbase-master-0": result}).quorum(domain)
    assert (quorum.leader, pod) == ("hbase-master-1:21181", "hbase-master-0")
    assert group.asked == [
        ("data", "hbase-master-0", "alluxio-master", "alluxio fsadmin journal quorum info -domain " + domain)]


def test_ready_masters_are_asked_first(group, recorded):
    result = ExecResult(0, recorded("quorum_info_master.txt"), "")
    found = group({"hbase-master-0": False, "hbase-master-1": True},
                  {"hbase-master-1": result}).quorum(MASTER)
    assert found[1] == "hbase-master-1"
    assert len(group.asked) == 1


def test_a_master_that_does_not_answer_is_passed_over(group, recorded):
    answers = {"hbase-master-0": ApiError("no such container"),
               "hbase-master-1": ExecResult(1, "", "no leader\n"),
               "hbase-master-2": ExecResult(0, recorded("quorum_info_master.txt"), "")}
    assert group(dict.fromkeys(answers, True), answers).quorum(MASTER)[1] == "hbase-master-2"


def test_when_no_master_answers_the_error_lists_each_reason(group):
    answers = {"hbase-master-0": ApiError("no such container"),
               "hbase-master-1": ExecResult(1, "", "no leader\n")}
    with pytest.raises(QuorumUnknown) as unknown:
        group(dict.fromkeys(answers, True), answers).quorum(MASTER)
    assert str(unknown.value) == (
        "could not read the MASTER quorum from any master of AlluxioRuntime hbase in namespace data: "
        "hbase-master-0: no such container; "
        "hbase-master-1: exit code 1: no leader")


def test_without_pods_nobody_can_be_asked(group):
    with pytest.raises(QuorumUnknown, match="there is no master pod"):
        group({}, {}).quorum(MASTER)


def test_a_single_master_is_a_group_of_one(group):
    text = ("Current leader master: hbase-master-0/<unresolved>:19998\n"
            "All masters: [hbase-master-0/<unresolved>:19998]\n")
    quorum, pod = group({"hbase-master-0": True}, {"hbase-master-0": ExecResult(0, text, "")}).single()
    assert (quorum.leader, quorum.complete(1), pod) == ("hbase-master-0:19998", True, "hbase-master-0")
    assert group.asked[0][3] == "alluxio fs masterInfo"


@pytest.mark.parametrize(("domain", "container"),
                         [(MASTER, "alluxio-master"), (JOB_MASTER, "alluxio-job-master")])
def test_the_term_comes_from_the_leaders_log(cluster, group, recorded, domain, container):
    cluster.logs["hbase-master-1", container] = recorded("raft_leader_log.txt")
    found = group({"hbase-master-1": True}, {}).with_term(Quorum("hbase-master-1:21181"), domain)
    assert found == Quorum("hbase-master-1:21181", term=1)


@pytest.mark.parametrize("status", [400, 404], ids=["container-is-created", "pod-is-gone"])
def test_without_a_log_the_term_is_not_known(cluster, group, monkeypatch, status):
    def no_log(*_args, **_more):
        raise ApiError(f"log of hbase-master-1/alluxio-master: HTTP {status}", status)
    monkeypatch.setattr(cluster, "log", no_log)
    quorum = Quorum("hbase-master-1:21181")
    assert group({"hbase-master-1": True}, {}).with_term(quorum, MASTER) == quorum


def test_a_log_that_may_not_be_read_is_an_error(cluster, group):
    cluster.forbidden.add(("get", "pods/log"))
    with pytest.raises(Forbidden, match="log of hbase-master-1"):
        group({"hbase-master-1": True}, {}).with_term(Quorum("hbase-master-1:21181"), MASTER)


@pytest.mark.parametrize("leader", [None, "10.10.0.12:21181"], ids=["no-leader", "leader-that-is-no-pod"])
def test_without_the_leaders_pod_the_term_is_not_known(group, leader):
    assert group({"hbase-master-1": True}, {}).with_term(Quorum(leader), MASTER) == Quorum(leader)
