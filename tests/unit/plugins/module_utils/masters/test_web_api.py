# SPDX-License-Identifier: GPL-3.0-or-later
"""What the web ports of masters say, one request to each of them."""

import json

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import Peer, Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.errors import Forbidden
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import JOB_MASTER, MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.masters.web_api import GroupView, MasterWebApi

WEB, JOB_WEB = 24110, 21760
METRICS, INFO = "/metrics/prometheus/", "/api/v1/master/info"
CONTAINERS = [{"name": "alluxio-master", "ports": [{"name": "web", "containerPort": WEB}]},
              {"name": "alluxio-job-master", "ports": [{"name": "job-web", "containerPort": JOB_WEB}]}]


def pod(index, started=True, containers=None):
    return {"metadata": {"name": f"hbase-master-{index}", "namespace": "data", "uid": f"uid-{index}"},
            "spec": {"containers": CONTAINERS if containers is None else containers},
            "status": {"podIP": "10.0.0.1"} if started else {}}


PODS = [pod(index) for index in range(3)]


@pytest.fixture
def api(cluster):
    return MasterWebApi(cluster)


def test_pods_without_address_or_web_port_are_not_asked(cluster, api):
    pods = [pod(0), pod(1, started=False), pod(2, containers=[])]
    assert api.ask(MASTER, pods) == GroupView(None, None, 1)
    assert cluster.requests == [("get", "pods/proxy")]


def test_without_a_started_pod_nothing_is_asked(cluster, api):
    assert api.ask(MASTER, [pod(0, started=False)]) == GroupView(None, None, 0)
    assert cluster.requests == []


@pytest.mark.parametrize(("domain", "port", "recording"), [
    (MASTER, WEB, "leader_metrics_master.txt"), (JOB_MASTER, JOB_WEB, "leader_metrics_job_master.txt"),
])
def test_each_domain_has_its_own_port(cluster, api, recorded, domain, port, recording):
    cluster.web["hbase-master-2", port, METRICS] = recorded(recording)
    view = api.ask(domain, PODS)
    assert (view.pod, len(view.quorum.peers), view.unanswered) == ("hbase-master-2", 3, 0)


@pytest.mark.parametrize("role", ["2.0", "1.0"], ids=["follower", "candidate"])
def test_a_standby_that_serves_its_web_port_is_no_leader(cluster, api, recorded, role):
    """alluxio.standby.master.web.enabled; one that has led keeps its gauges of followers."""
    metrics = recorded("leader_metrics_master.txt")
    cluster.web["hbase-master-1", WEB, METRICS] = f"{metrics}\nMaster_RoleId {role}\n"
    view = api.ask(MASTER, PODS)
    assert (view.pod, view.quorum, view.leaderless) == (None, None, True)
    cluster.web["hbase-master-2", WEB, METRICS] = f"Master_RoleId 0.0\n{metrics}"
    assert api.ask(MASTER, PODS).pod == "hbase-master-2"


def test_an_unreachable_pod_does_not_hide_the_leader(cluster, api, recorded):
    cluster.web["hbase-master-2", WEB, METRICS] = recorded("leader_metrics_master.txt")
    cluster.unreachable = {"hbase-master-0"}
    view = api.ask(MASTER, PODS)
    assert (view.pod, view.unreachable) == ("hbase-master-2", {"hbase-master-0"})


def test_a_missing_permission_is_an_error(cluster, api):
    cluster.forbidden.add(("get", "pods/proxy"))
    with pytest.raises(Forbidden):
        api.ask(MASTER, PODS)


def test_the_configuration_has_texts_and_no_property_without_value(cluster, api):
    found = {"alluxio.a": "1", "alluxio.b": True, "alluxio.c": 2, "alluxio.d": None}
    cluster.web["hbase-master-0", WEB, INFO] = json.dumps({"configuration": found})
    assert api.configuration(PODS[0]) == {"alluxio.a": "1", "alluxio.b": "true", "alluxio.c": "2"}


@pytest.mark.parametrize("answer", [None, "<html>"], ids=["standby", "no-json"])
def test_only_a_leader_has_a_configuration(cluster, api, answer):
    if answer is not None:
        cluster.web["hbase-master-0", WEB, INFO] = answer
    assert api.configuration(PODS[0]) is None


def test_an_unreachable_pod_answers_nothing(cluster, api):
    cluster.unreachable = {"hbase-master-0"}
    assert api.get(PODS[0], MASTER, INFO) is None


LEADER = Quorum("a:1",
                (Peer("a:1", "AVAILABLE", leader=True), Peer("b:1", "AVAILABLE"), Peer("c:1", "UNAVAILABLE")))


@pytest.mark.parametrize(("view", "leaderless"), [
    (GroupView(LEADER, "a", 0), False), (GroupView(None, None, 3), True), (GroupView(None, None, 0), False),
    (GroupView(None, None, 3, frozenset("abc")), False), (GroupView(None, None, 3, frozenset("ab")), True),
], ids=["leader", "all-refuse", "nobody-asked", "all-unreachable", "one-refuses"])
def test_a_closed_port_proves_that_no_master_leads(view, leaderless):
    assert view.leaderless is leaderless


def test_a_pod_that_the_leader_hears_is_running():
    assert GroupView(LEADER, "a", 0, frozenset("bc")).absent == {"c"}


@pytest.mark.parametrize(("answer", "version"), [
    ('{"version": "2.9.4"}', "2.9.4"), ("{}", None), ('{"version": 2}', None), ("[]", None),
    ("no JSON", None), (None, None)])
def test_the_version_of_a_leader(cluster, api, answer, version):
    if answer is not None:
        cluster.web["hbase-master-0", WEB, "/api/v1/master/info"] = answer
    assert api.version(PODS[0]) == version
