# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API server relays from pods; the server is a script."""

from urllib.parse import parse_qs

import pytest
from fake_pool import answer, refusal
from urllib3.exceptions import NewConnectionError, ProtocolError, ReadTimeoutError

from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    Forbidden,
    PodUnreachable,
    ServerUnavailable,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

MASTER = ObjectRef("data", "hbase-master-0")
SERVICE = "error trying to reach service: dial tcp 10.0.0.2:19999: connect: "


def test_log(ask):
    client, pool, _pauses = ask(answer(200, b"one\ntwo\n"))
    assert client.log(MASTER, "alluxio-master", 5) == "one\ntwo\n"
    assert pool.requests[0].path == "/api/v1/namespaces/data/pods/hbase-master-0/log"
    assert parse_qs(pool.requests[0].query) == {"container": ["alluxio-master"], "tailLines": ["5"]}


def test_a_log_that_is_refused(ask):
    client, _pool, _pauses = ask(refusal(403, "Forbidden", "no"))
    with pytest.raises(Forbidden, match="log of p/c: HTTP 403; it needs get on pods/log"):
        client.log(ObjectRef("data", "p"), "c", 5)


def test_a_container_without_a_log_is_another_refusal(ask):
    client, _pool, _pauses = ask(refusal(400, "BadRequest", "waiting to start"))
    with pytest.raises(ApiError, match="log of hbase-master-0/c: HTTP 400") as raised:
        client.log(MASTER, "c", 5)
    assert raised.type is ApiError


def test_the_log_of_the_previous_run(ask):
    client, pool, _pauses = ask(answer(200, b""))
    client.log(MASTER, "c", 5, previous=True)
    assert parse_qs(pool.requests[0].query)["previous"] == ["true"]


@pytest.mark.parametrize(("result", "found"), [
    (answer(200, b"metrics"), b"metrics"),
    (answer(404, b"no such page"), None),
    (refusal(503, "ServiceUnavailable", SERVICE + "connection refused"), None),
    (ProtocolError("Connection aborted."), None),
], ids=["answer", "other-answer", "refused", "broken"])
def test_what_a_pods_port_answers(ask, result, found):
    client, pool, _pauses = ask(result)
    assert client.proxied(MASTER, 19999, "/metrics/?of=raft", 5) == found
    [request] = pool.requests
    assert (request.path, request.query) == (
        "/api/v1/namespaces/data/pods/hbase-master-0:19999/proxy/metrics/", "of=raft")


@pytest.mark.parametrize(("result", "refuses"), [
    (refusal(503, "ServiceUnavailable", SERVICE + "connection refused"), True),
    (refusal(503, "ServiceUnavailable",
             "error trying to reach service: net/http: HTTP/1.x transport connection broken"), False),
    (answer(200, b"metrics"), False),
    (ProtocolError("Connection aborted."), False),
], ids=["nothing-listens", "another-protocol", "answer", "broken"])
def test_whether_a_port_refuses(ask, result, refuses):
    client, pool, _pauses = ask(result)
    assert client.refuses(MASTER, 19200, 5) == refuses
    [request] = pool.requests
    assert request.path == "/api/v1/namespaces/data/pods/hbase-master-0:19200/proxy/"


@pytest.mark.parametrize("result", [
    ReadTimeoutError(None, "/", "Read timed out."),
    refusal(503, "ServiceUnavailable", SERVICE + "no route to host"),
    refusal(503, "ServiceUnavailable", "error trying to reach service: dial tcp 10.0.0.2:19999: i/o timeout"),
], ids=["silent", "no-route", "no-answer"])
def test_a_pod_from_which_nothing_comes_is_unreachable(ask, result):
    client, pool, pauses = ask(result)
    with pytest.raises(PodUnreachable, match="pod hbase-master-0 in namespace data"):
        client.proxied(MASTER, 19999, "/", 5)
    assert (len(pool.requests), pauses) == (1, [])


@pytest.mark.parametrize(("status", "reason", "error"),
                         [(403, "Forbidden", Forbidden), (401, "Unauthorized", ApiError)])
def test_a_refusal_of_the_api_server_is_not_the_pods(ask, status, reason, error):
    client, _pool, _pauses = ask(refusal(status, reason, "no"))
    with pytest.raises(error,
                       match="not allowed to read from pod hbase-master-0 in namespace data: no; it needs "
                             "get on pods/proxy") as raised:
        client.proxied(MASTER, 19999, "/", 5)
    assert (raised.type, raised.value.status) == (error, status)


def test_a_refusal_of_the_pod_itself_is_no_answer(ask):
    client, _pool, _pauses = ask(answer(403, b"not you"))
    assert client.proxied(MASTER, 19999, "/", 5) is None


def test_an_api_server_that_is_away_shows_nothing_of_the_pod(ask):
    """Otherwise an outage would look like masters none of which leads."""
    client, _pool, _pauses = ask(NewConnectionError(None, "Connection refused"))
    with pytest.raises(ServerUnavailable, match="no API server answers a request to pod hbase-master-0"):
        client.proxied(MASTER, 19999, "/", 5)
