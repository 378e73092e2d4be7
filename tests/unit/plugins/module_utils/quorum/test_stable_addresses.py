# SPDX-License-Identifier: GPL-3.0-or-later
"""Headless Services are replaced one at a time, and only while the masters reach each other."""

import pytest
from fake_raft import NAMESPACE, FakeRaft, pod_name

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline, pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Forbidden,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import peer_services, stable_addresses

RUNTIME = ObjectRef(NAMESPACE, "hbase")
ALL = [pod_name(index) for index in range(3)]


@pytest.fixture
def raft(cluster):
    return FakeRaft(cluster, cluster_ips=False)


@pytest.fixture
def probes(cluster, monkeypatch):
    """Play back whether a master reaches another, and return who asked for whom; time is the cluster's."""
    asked, answers = [], {}

    def execute(_client, pod, _container, command, _timeout):
        name = command[4]
        asked.append((pod.name, name))
        answer = answers.get((pod.name, name), [0])
        code = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(code, Exception):
            raise code
        return ExecResult(code, "", "")
    monkeypatch.setattr(pod_exec, "execute", execute)
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", cluster.virtual_clock())
    execute.asked, execute.answers = asked, answers
    return execute


def stable(cluster):
    return [
        name for name in ALL if peer_services.is_stable(cluster.stored(kinds.SERVICE, name, NAMESPACE) or {})]


def test_each_is_replaced_after_the_one_before_is_reached(cluster, raft, probes):
    assert stable_addresses.ensure(cluster, RUNTIME, 3) == ALL
    assert stable(cluster) == ALL
    assert cluster.writes() == [("delete", "services"), ("create", "services")] * 3
    assert probes.asked == [(other, name) for name in ALL for other in ALL if other != name]


def test_stable_ones_cost_one_list(cluster, raft, probes):
    stable_addresses.ensure(cluster, RUNTIME, 3)
    cluster.requests.clear()
    assert stable_addresses.ensure(cluster, RUNTIME, 3) == []
    assert cluster.requests == [("list", "services")]


def test_a_master_that_does_not_reach_another_stops_it(cluster, raft, probes):
    probes.answers["hbase-master-1", "hbase-master-0"] = [1]
    with pytest.raises(Conflict, match="master hbase-master-1 does not reach hbase-master-0 by the cluster "
                                       "IP .* 10.96.1.1 after 30 s"):
        stable_addresses.ensure(cluster, RUNTIME, 3)
    assert stable(cluster) == ["hbase-master-0"]


def test_a_name_that_is_known_a_moment_later_is_waited_for(cluster, raft, probes):
    probes.answers["hbase-master-1", "hbase-master-0"] = [1, ApiError("stream broke off"), 1, 0]
    stable_addresses.ensure(cluster, RUNTIME, 3)
    assert stable(cluster) == ALL
    assert cluster.now == 1.5


def test_without_the_right_to_look_nothing_more_is_replaced(cluster, raft, probes):
    probes.answers["hbase-master-1", "hbase-master-0"] = [Forbidden("forbidden", 403)]
    with pytest.raises(Forbidden, match="forbidden"):
        stable_addresses.ensure(cluster, RUNTIME, 3)
    assert stable(cluster) == ["hbase-master-0"]


def test_a_service_that_is_gone_before_the_look_stops_it(cluster, raft, probes, monkeypatch):
    replace = stable_addresses._replace

    def lose(client, ref, *args):
        replace(client, ref, *args)
        cluster.vanish(kinds.SERVICE, ref.name, ref.namespace)
    monkeypatch.setattr(stable_addresses, "_replace", lose)
    with pytest.raises(Conflict, match="Service hbase-master-0 in namespace data no longer exists"):
        stable_addresses.ensure(cluster, RUNTIME, 3)
    assert (stable(cluster), probes.asked) == ([], [])


def test_masters_that_do_not_run_need_no_look(cluster, raft, probes):
    for index in range(3):
        raft.put_pod(index, ready=False)
    stable_addresses.ensure(cluster, RUNTIME, 3)
    assert (stable(cluster), probes.asked) == (ALL, [])


def test_a_run_that_was_cut_off_is_continued(cluster, raft, probes):
    cluster.vanish(kinds.SERVICE, "hbase-master-1", NAMESPACE)
    assert stable_addresses.ensure(cluster, RUNTIME, 3) == ALL
    assert stable(cluster) == ALL


@pytest.mark.parametrize("cluster_ip", [True, False], ids=["stable", "headless"])
def test_a_service_that_somebody_makes_meanwhile(cluster, raft, probes, monkeypatch, cluster_ip):
    def create(*_args):
        raft.put_service(0, cluster_ip)
        raise AlreadyExists("exists", 409)
    monkeypatch.setattr(cluster, "create", create)
    if cluster_ip:
        stable_addresses._replace(cluster, *_replacement(cluster))
    else:
        with pytest.raises(Conflict, match="was created by another client while it was being replaced"):
            stable_addresses._replace(cluster, *_replacement(cluster))


def _replacement(cluster):
    first, second = (cluster.stored(kinds.SERVICE, name, NAMESPACE) for name in ALL[:2])
    return ObjectRef(NAMESPACE, ALL[0]), first, second


# -- a single master, which has no sibling -----------------------------------------------------


@pytest.fixture
def one(cluster, probes):
    return FakeRaft(cluster, masters=1, cluster_ips=False)


def names_of(cluster):
    return sorted(each["metadata"]["name"] for each in cluster.list(kinds.SERVICE, NAMESPACE))


def test_a_single_masters_service_is_copied_while_it_is_replaced(cluster, one):
    before = cluster.stored(kinds.SERVICE, ALL[0], NAMESPACE)
    assert stable_addresses.ensure(cluster, RUNTIME, 1) == ALL[:1]
    assert [verb for verb, plural in cluster.writes() if plural == "services"] == [
        "create", "delete", "create", "delete"]
    after = cluster.stored(kinds.SERVICE, ALL[0], NAMESPACE)
    assert peer_services.is_stable(after)
    assert (after["metadata"]["labels"], after["spec"]["ports"]) == (
        before["metadata"]["labels"], before["spec"]["ports"])
    assert names_of(cluster) == ALL[:1]
    assert stable_addresses.ensure(cluster, RUNTIME, 1) == []


@pytest.mark.parametrize("requests", range(1, 5))
def test_the_next_run_finishes_the_replacement_that_was_killed(cluster, one, requests, monkeypatch):
    """Killed before the first, second, .. of its writes."""
    done = []

    def counted(real):
        def write(*args, **more):
            done.append(True)
            if len(done) == requests:
                raise ApiError("killed")
            return real(*args, **more)
        return write
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "create", counted(cluster.create))
        patch.setattr(cluster, "delete", counted(cluster.delete))
        with pytest.raises(ApiError, match="killed"):
            stable_addresses.ensure(cluster, RUNTIME, 1)
    assert stable_addresses.ensure(cluster, RUNTIME, 1) == ALL[:1]
    assert (stable(cluster), names_of(cluster)) == (ALL[:1], ALL[:1])
    assert stable_addresses.ensure(cluster, RUNTIME, 1) == []
    assert cluster.stored(kinds.SERVICE, ALL[0], NAMESPACE)["spec"]["selector"][
        "statefulset.kubernetes.io/pod-name"] == ALL[0]
