# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that outlast an unavailable API server, and a check before each."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api.client import Client
from ansible_collections.datacache.fluid.plugins.module_utils.api.guarded import GuardedClient
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    FluidError,
    Forbidden,
    ServerUnavailable,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

POD = ObjectRef("data", "hbase-master-0")


@pytest.fixture(autouse=True)
def pod(cluster):
    cluster.put(kinds.POD, {"metadata": {"name": POD.name, "namespace": "data"}, "spec": {}})
    cluster.logs[POD.name, "alluxio-master"] = "a line"


CALLS = {
    "get": lambda client: client.get(kinds.POD, POD),
    "list": lambda client: list(client.list(kinds.POD, "data")),
    "snapshot": lambda client: client.snapshot(kinds.POD, "data"),
    "resources": lambda client: list(client.resources("data.fluid.io", "v1alpha1")),
    "server_version": lambda client: client.server_version(),
    "create": lambda client: client.create(
        kinds.POD, {"metadata": {"name": "other", "namespace": "data"}, "spec": {}}, "us"),
    "patch": lambda client: client.patch(kinds.POD, POD, {"metadata": {"labels": {"a": "b"}}}, "us"),
    "delete": lambda client: client.delete(
        kinds.POD, POD, client.get(kinds.POD, POD)["metadata"]["uid"]),
    "evict": lambda client: client.evict(POD, client.get(kinds.POD, POD)["metadata"]["uid"]),
}
OTHERS = {
    "log": lambda client: client.log(POD, "alluxio-master", 10),
    "proxied": lambda client: client.proxied(POD, 80, "/", 5),
    "refuses": lambda client: client.refuses(POD, 80, 5),
    "watch": lambda client: list(client.watch(kinds.POD, "data", "", "0", 1)),
    "request": lambda client: client.request("GET", "/", {}, None, ""),
    "send": lambda client: client.send("GET", "/", {}, None, "", 1),
    "before_command": lambda client: client.before_command(),
}


@pytest.mark.parametrize("verb", CALLS)
def test_a_request_outlasts_an_outage(cluster, verb):
    cluster.go_down(30)
    assert CALLS[verb](GuardedClient(cluster, cluster.deadline(60)))
    assert 30 <= cluster.now < 35


@pytest.mark.parametrize("verb", CALLS)
def test_the_outage_is_the_error_at_the_deadline(cluster, verb):
    cluster.go_down(90)
    with pytest.raises(ServerUnavailable):
        CALLS[verb](GuardedClient(cluster, cluster.deadline(20)))
    assert cluster.now < 25


def test_an_address_that_never_answers_ends_the_run_after_a_minute(cluster):
    """Long before the time limit; an outage as long after an answer is outlasted."""
    guarded = GuardedClient(cluster, cluster.deadline(600))
    cluster.go_down(1000)
    with pytest.raises(ServerUnavailable):
        guarded.get(kinds.POD, POD)
    assert 60 <= cluster.now < 65


@pytest.mark.parametrize("renew", [lambda client: client, lambda client: client.checked(lambda: None)],
                         ids=["same", "checked"])
def test_an_outage_after_an_answer_is_outlasted(cluster, renew):
    guarded = GuardedClient(cluster, cluster.deadline(600))
    guarded.get(kinds.POD, POD)
    cluster.go_down(300)
    assert renew(guarded).get(kinds.POD, POD)
    assert 300 <= cluster.now < 305


def test_a_refusal_is_an_answer(cluster, monkeypatch):
    guarded = GuardedClient(cluster, cluster.deadline(600))

    def refused(*_args):
        raise Forbidden("not allowed to get pods", 403)
    with monkeypatch.context() as patched, pytest.raises(Forbidden):
        patched.setattr(type(cluster), "get", refused)
        guarded.get(kinds.POD, POD)
    cluster.go_down(300)
    assert guarded.get(kinds.POD, POD)


def test_a_command_whose_stream_no_api_server_accepts_is_tried_again(cluster):
    calls = []

    def connect():
        calls.append(cluster.now)
        if cluster.now < 20:
            raise ServerUnavailable("connection refused")
        return "stream"
    assert GuardedClient(cluster, cluster.deadline(60)).until_answered(connect) == "stream"
    assert len(calls) > 10
    cluster.now = 0.0
    with pytest.raises(ServerUnavailable):
        GuardedClient(cluster, cluster.deadline(60)).once().until_answered(connect)
    assert cluster.now == 0


@pytest.mark.parametrize("verb", [*CALLS, *OTHERS])
def test_nothing_is_sent_after_a_refusal(cluster, verb):
    def refuse():
        raise FluidError("no more")
    with pytest.raises(FluidError, match="no more"):
        (CALLS | OTHERS)[verb](GuardedClient(cluster, cluster.deadline(20), refuse))
    assert cluster.requests == []


def test_every_verb_of_the_client_is_guarded():
    inherited = {name for name in dir(Client) if not name.startswith("_")} - vars(GuardedClient).keys()
    assert inherited == set()
