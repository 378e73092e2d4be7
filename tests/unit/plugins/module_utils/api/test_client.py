# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client sends, what it makes of the answers, and when it asks again; the server is a script."""

import json
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest
from fake_pool import FakePool, answer, refusal
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationParseError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from ansible_collections.datacache.fluid.plugins.module_utils.api.client import (
    ATTEMPTS,
    RETRY_AFTER_MAX,
    Client,
)
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    AlreadyExists,
    ApiError,
    Expired,
    KindNotFound,
    PodUnreachable,
    ServerUnavailable,
    WriteConflict,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds

DATASET = fluid_kinds.DATASET
HBASE = {"metadata": {"name": "hbase", "namespace": "data"}}
PATH = "/apis/data.fluid.io/v1alpha1/namespaces/data/datasets"
RESET = ProtocolError("Connection aborted.", ConnectionResetError(104, "Connection reset by peer"))
NOT_FOUND = refusal(404, "NotFound", 'datasets.data.fluid.io "hbase" not found', name="hbase")
# As kube-apiserver's RBAC authorizer says it, with the verb that was asked for.
FORBIDDEN = refusal(
    403, "Forbidden", 'datasets.data.fluid.io "hbase" is forbidden: User "ann" cannot do that to resource "datasets" in API group '
    '"data.fluid.io" in the namespace "data"', name="hbase", group="data.fluid.io", kind="datasets")
NO_SUCH_KIND = answer(404, b"404 page not found\n")


@pytest.fixture
def ask():
    """Return a client, its pool with that script, and the list of its pauses."""
    def make(*script, headers=(), auth=None):
        pool, pauses = FakePool(*script), []
        configuration = SimpleNamespace(host="https://api:6443", auth_settings=lambda: auth or {})
        return Client(configuration, pool, list(headers), sleep=pauses.append), pool, pauses
    return make


# -- requests ----------------------------------------------------------------------------------


def test_get(ask):
    client, pool, _pauses = ask(answer(200, HBASE))
    assert client.get(DATASET, "hbase", "data") == HBASE
    assert (pool.requests[0].method, pool.requests[0].path, pool.requests[0].query) == ("GET", PATH + "/hbase", "")
    assert client.requests == 1


def test_get_of_nothing(ask):
    client, _pool, _pauses = ask(NOT_FOUND)
    assert client.get(DATASET, "hbase", "data") is None


def test_list_goes_from_page_to_page(ask):
    client, pool, _pauses = ask(
        answer(200, {"metadata": {"continue": "a b"}, "items": [{"metadata": {"name": "one"}}]}),
        answer(200, {"metadata": {}, "items": [{"metadata": {"name": "two"}}]}))
    found = list(client.list(DATASET, "data", "team=x", "metadata.name=y", limit=1))
    assert [item["metadata"]["name"] for item in found] == ["one", "two"]
    assert parse_qs(pool.requests[0].query) == {
        "limit": ["1"], "labelSelector": ["team=x"], "fieldSelector": ["metadata.name=y"]}
    assert parse_qs(pool.requests[1].query)["continue"] == ["a b"]


def test_what_is_listed_carries_its_kind(ask):
    client, _pool, _pauses = ask(answer(200, {"items": [HBASE]}))
    assert list(client.list(DATASET)) == [{"apiVersion": "data.fluid.io/v1alpha1", "kind": "Dataset", **HBASE}]


def test_an_empty_list(ask):
    client, _pool, _pauses = ask(answer(200, {"items": None}))
    assert list(client.list(DATASET)) == []


def test_snapshot_returns_what_to_watch_from(ask):
    client, pool, _pauses = ask(
        answer(200, {"metadata": {"resourceVersion": "7", "continue": "next"}, "items": [{"metadata": {"name": "a"}}]}),
        answer(200, {"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": "b"}}]}))
    found, version = client.snapshot(DATASET, "data")
    assert (found.keys(), version) == ({"a", "b"}, "7")
    assert "fieldSelector" not in pool.requests[0].query


def test_snapshot_of_one_object(ask):
    client, pool, _pauses = ask(answer(200, {"metadata": {"resourceVersion": "7"}, "items": []}))
    assert client.snapshot(DATASET, "data", "hbase") == ({}, "7")
    assert parse_qs(pool.requests[0].query)["fieldSelector"] == ["metadata.name=hbase"]


@pytest.mark.parametrize(("dry_run", "query"), [
    (False, {"fieldManager": ["me"], "fieldValidation": ["Strict"]}),
    (True, {"fieldManager": ["me"], "fieldValidation": ["Strict"], "dryRun": ["All"]}),
])
def test_create(ask, dry_run, query):
    client, pool, _pauses = ask(answer(201, HBASE))
    assert client.create(DATASET, HBASE, "me", dry_run) == HBASE
    [request] = pool.requests
    assert (request.method, request.path, request.body) == ("POST", PATH, HBASE)
    assert request.headers["Content-Type"] == "application/json"
    assert parse_qs(request.query) == query


@pytest.mark.parametrize("dry_run", [False, True])
def test_patch_is_a_merge_patch(ask, dry_run):
    client, pool, _pauses = ask(answer(200, HBASE))
    client.patch(DATASET, "hbase", "data", {"spec": {"placement": None}}, "me", dry_run)
    [request] = pool.requests
    assert (request.method, request.path, request.body) == ("PATCH", PATH + "/hbase", {"spec": {"placement": None}})
    assert request.headers["Content-Type"] == "application/merge-patch+json"
    assert ("dryRun" in request.query) is dry_run


@pytest.mark.parametrize(("dry_run", "sent"), [(False, []), (True, ["All"])])
def test_delete_has_its_options_in_the_body(ask, dry_run, sent):
    """The API server ignores the options in the query of a delete that has a body, dryRun among them."""
    client, pool, _pauses = ask(answer(200))
    assert client.delete(DATASET, "hbase", "data", "uid-1", dry_run)
    assert pool.requests[0].body["preconditions"] == {"uid": "uid-1"}
    assert pool.requests[0].body["dryRun"] == sent
    assert pool.requests[0].query == ""


@pytest.mark.parametrize(("grace", "sent"), [(None, None), (0, 0), (5, 5)])
def test_delete_with_a_grace_period(ask, grace, sent):
    """0 is not the same as none: it kills, where none leaves the pod its own."""
    client, pool, _pauses = ask(answer(200))
    assert client.delete(DATASET, "hbase", "data", "uid-1", grace=grace)
    assert pool.requests[0].body.get("gracePeriodSeconds") == sent


def test_delete_of_what_is_gone(ask):
    client, _pool, _pauses = ask(NOT_FOUND)
    assert client.delete(DATASET, "hbase", "data", "uid-1") is False


def test_headers_authenticate_and_impersonate(ask):
    token = {"BearerToken": {"in": "header", "key": "authorization", "value": "Bearer abc"},
             "other": {"in": "query", "key": "x", "value": "y"}}
    client, pool, _pauses = ask(answer(200, HBASE), auth=token, headers=[
        ("Impersonate-User", "ann"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b")])
    client.get(DATASET, "hbase", "data")
    headers = pool.requests[0].headers
    assert headers["authorization"] == "Bearer abc"
    assert headers["Impersonate-User"] == "ann"
    assert headers.getlist("Impersonate-Group") == ["a", "b"]
    assert "x" not in headers


def test_log(ask):
    client, pool, _pauses = ask(answer(200, b"one\ntwo\n"))
    assert client.log("data", "hbase-master-0", "alluxio-master", 5) == "one\ntwo\n"
    assert pool.requests[0].path == "/api/v1/namespaces/data/pods/hbase-master-0/log"
    assert parse_qs(pool.requests[0].query) == {"container": ["alluxio-master"], "tailLines": ["5"]}


SERVICE = "error trying to reach service: dial tcp 10.0.0.2:19999: connect: "


@pytest.mark.parametrize(("result", "found"), [
    (answer(200, b"metrics"), b"metrics"),
    (answer(404, b"no such page"), None),
    (refusal(503, "ServiceUnavailable", SERVICE + "connection refused"), None),
    (ProtocolError("Connection aborted."), None),
], ids=["answer", "other-answer", "refused", "broken"])
def test_what_a_pods_port_answers(ask, result, found):
    client, pool, _pauses = ask(result)
    assert client.proxied("data", "hbase-master-0", 19999, "/metrics/?of=raft", 5) == found
    [request] = pool.requests
    assert (request.path, request.query) == ("/api/v1/namespaces/data/pods/hbase-master-0:19999/proxy/metrics/", "of=raft")


@pytest.mark.parametrize(("result", "refuses"), [
    (refusal(503, "ServiceUnavailable", SERVICE + "connection refused"), True),
    (refusal(503, "ServiceUnavailable", "error trying to reach service: net/http: HTTP/1.x transport connection broken"), False),
    (answer(200, b"metrics"), False),
    (ProtocolError("Connection aborted."), False),
], ids=["nothing-listens", "another-protocol", "answer", "broken"])
def test_whether_a_port_refuses(ask, result, refuses):
    client, pool, _pauses = ask(result)
    assert client.refuses("data", "hbase-master-0", 19200, 5) == refuses
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
        client.proxied("data", "hbase-master-0", 19999, "/", 5)
    assert (len(pool.requests), pauses) == (1, [])


def test_a_log_that_is_refused(ask):
    client, _pool, _pauses = ask(refusal(403, "Forbidden", "no"))
    with pytest.raises(ApiError, match="log of p/c: HTTP 403"):
        client.log("data", "p", "c", 5)


# -- answers that are errors -------------------------------------------------------------------


@pytest.mark.parametrize(("call", "script", "error", "message"), [
    pytest.param("get", NO_SUCH_KIND, KindNotFound,
                 "the cluster does not know the kind Dataset (datasets.data.fluid.io): install Fluid first", id="kind-missing"),
    pytest.param("list", NO_SUCH_KIND, KindNotFound, "the cluster does not know the kind Dataset", id="kind-missing-in-a-list"),
    pytest.param("create", refusal(404, "NotFound", 'namespaces "data" not found', name="data", kind="namespaces"), ApiError,
                 'namespaces "data" not found', id="namespace-missing"),
    pytest.param("get", refusal(401, "Unauthorized", "Unauthorized"), ApiError,
                 "the API server at https://api:6443 does not accept the credentials (401)", id="unauthorized"),
    pytest.param("get", FORBIDDEN, ApiError,
                 "not allowed to get datasets.data.fluid.io at " + PATH + '/hbase: datasets.data.fluid.io "hbase" is', id="may-not-get"),
    pytest.param("list", FORBIDDEN, ApiError, "not allowed to list datasets.data.fluid.io", id="may-not-list"),
    pytest.param("snapshot", FORBIDDEN, ApiError, "not allowed to list datasets.data.fluid.io",
                 id="may-not-take-a-snapshot"),
    pytest.param("create", FORBIDDEN, ApiError, "not allowed to create datasets.data.fluid.io",
                 id="may-not-create"),
    pytest.param("patch", FORBIDDEN, ApiError, "not allowed to patch datasets.data.fluid.io",
                 id="may-not-patch"),
    pytest.param("delete", FORBIDDEN, ApiError, "not allowed to delete datasets.data.fluid.io",
                 id="may-not-delete"),
    pytest.param("watch", FORBIDDEN, ApiError, "not allowed to watch datasets.data.fluid.io",
                 id="may-not-watch"),
    pytest.param("create", refusal(409, "AlreadyExists", "exists", name="hbase"), AlreadyExists, "exists", id="already-exists"),
    pytest.param("patch", refusal(409, "Conflict", "modified", name="hbase"), WriteConflict, "modified", id="conflict"),
    pytest.param("list", refusal(410, "Expired", "too old"), Expired, "too old", id="expired"),
    pytest.param("watch", refusal(410, "Expired", "too old"), Expired, "too old", id="expired-watch"),
    pytest.param("create", refusal(422, "Invalid", "spec.placement: Unsupported value"), ApiError,
                 "create of " + PATH + " was refused: spec.placement: Unsupported value", id="invalid"),
    pytest.param("get", answer(418, b"<html>"), ApiError, "HTTP 418", id="not-json"),
    pytest.param("get", answer(418, b'["odd"]'), ApiError, "HTTP 418", id="json-of-another-shape"),
    pytest.param("get", answer(200, b"<html>login"), ApiError, "with something that is not JSON: b'<html>login'", id="a-login-page"),
])
def test_errors(ask, call, script, error, message):
    client, _pool, _pauses = ask(script)
    calls = {
        "get": lambda: client.get(DATASET, "hbase", "data"),
        "list": lambda: list(client.list(DATASET, "data")),
        "snapshot": lambda: client.snapshot(DATASET, "data"),
        "create": lambda: client.create(DATASET, HBASE, "me"),
        "patch": lambda: client.patch(DATASET, "hbase", "data", {}, "me"),
        "delete": lambda: client.delete(DATASET, "hbase", "data", "uid"),
        "watch": lambda: list(client.watch(DATASET, "data", "hbase", "7", 5)),
    }
    with pytest.raises(error) as raised:
        calls[call]()
    assert message in str(raised.value)
    assert raised.type is error


def test_a_terminating_namespace_is_no_missing_role(ask):
    forbidden = refusal(403, "Forbidden", 'datasets.data.fluid.io "hbase" is forbidden: unable to create new content in namespace '
                        "data because it is being terminated", name="hbase", causes=[{"reason": "NamespaceTerminating"}])
    client, _pool, _pauses = ask(forbidden)
    with pytest.raises(ApiError) as raised:
        client.create(DATASET, HBASE, "me")
    assert "because it is being terminated" in str(raised.value)
    assert "Role" not in str(raised.value)


# -- asking again ------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [
    *(pytest.param(refusal(status, "x", "x"), id=f"http-{status}") for status in (429, 500, 502, 503, 504)),
    pytest.param(answer(503, b"upstream connect error"), id="a-proxys-503"),
    pytest.param(RESET, id="reset"),
    pytest.param(ReadTimeoutError(None, "/", "Read timed out."), id="no-answer"),
    pytest.param(ConnectTimeoutError(None, "timed out"), id="no-connection"),
    pytest.param(NewConnectionError(None, "refused"), id="refused"),
])
def test_a_transient_fault_is_asked_again(ask, fault):
    client, pool, pauses = ask(fault, fault, answer(200, HBASE))
    assert client.get(DATASET, "hbase", "data") == HBASE
    assert pool.methods == ["GET"] * 3
    assert pauses == [0.1, 0.2]
    assert client.requests == 3


@pytest.mark.parametrize(("header", "pause"), [
    ("2", 2.0), ("0", 0.1), ("3600", RETRY_AFTER_MAX), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.1), ("-5", 0.1),
])
def test_retry_after_is_kept_within_bounds(ask, header, pause):
    client, _pool, pauses = ask(answer(429, {}, {"Retry-After": header}), answer(200, HBASE))
    client.get(DATASET, "hbase", "data")
    assert pauses == [pause]


def test_a_fault_that_stays_is_told_after_the_last_attempt(ask):
    client, pool, pauses = ask(*[refusal(500, "InternalError", "etcd is away")] * ATTEMPTS)
    with pytest.raises(ServerUnavailable, match="etcd is away") as raised:
        client.get(DATASET, "hbase", "data")
    assert raised.value.status == 500
    assert len(pool.requests) == ATTEMPTS
    assert pauses == [0.1, 0.2, 0.4, 0.8]


def test_a_server_that_does_not_answer_is_named(ask):
    client, pool, pauses = ask(*[RESET] * ATTEMPTS)
    with pytest.raises(ServerUnavailable) as raised:
        client.get(DATASET, "hbase", "data")
    assert str(raised.value).startswith("no API server answers at https://api:6443: ('Connection aborted.'")
    assert str(raised.value).endswith("check the kubeconfig or host option and the network")
    assert raised.value.status == 0
    assert (len(pool.requests), len(pauses)) == (ATTEMPTS, ATTEMPTS - 1)


@pytest.mark.parametrize("fault", [SSLError("certificate verify failed"), LocationParseError("bad host")],
                         ids=["certificate", "url"])
def test_what_does_not_get_better_is_not_asked_again(ask, fault):
    client, pool, pauses = ask(fault)
    with pytest.raises(ApiError, match="no API server answers at") as raised:
        client.get(DATASET, "hbase", "data")
    assert not isinstance(raised.value, ServerUnavailable)
    assert (len(pool.requests), pauses) == (1, [])


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422])
def test_a_refusal_is_not_asked_again(ask, status):
    client, pool, _pauses = ask(refusal(status, "x", "x", name="hbase"))
    with pytest.raises(ApiError):
        client.patch(DATASET, "hbase", "data", {}, "me")
    assert len(pool.requests) == 1


@pytest.mark.parametrize(("script", "repeated"), [
    pytest.param([refusal(409, "AlreadyExists", "x")], False, id="first-attempt"),
    pytest.param([RESET, refusal(409, "AlreadyExists", "x")], True, id="after-a-lost-answer"),
    pytest.param([refusal(504, "Timeout", "x"), refusal(409, "AlreadyExists", "x")], True, id="after-a-timeout-of-the-server"),
])
def test_an_existing_object_says_whether_we_may_have_made_it(ask, script, repeated):
    client, _pool, _pauses = ask(*script)
    with pytest.raises(AlreadyExists) as raised:
        client.create(DATASET, HBASE, "me")
    assert raised.value.repeated is repeated


def test_a_conflict_says_whether_we_may_have_made_it(ask):
    client, _pool, _pauses = ask(RESET, refusal(409, "Conflict", "x", name="hbase"))
    with pytest.raises(WriteConflict) as raised:
        client.patch(DATASET, "hbase", "data", {}, "me")
    assert raised.value.repeated


def test_a_delete_whose_answer_was_lost_finds_nothing_left(ask):
    client, pool, _pauses = ask(RESET, NOT_FOUND)
    assert client.delete(DATASET, "hbase", "data", "uid-1") is False
    assert pool.methods == ["DELETE", "DELETE"]


def test_tokens_are_asked_for_anew_for_each_attempt(ask):
    client, pool, _pauses = ask(refusal(500, "x", "x"), answer(200, HBASE))
    tokens = iter(["old", "new"])
    client.configuration.auth_settings = lambda: {"t": {"in": "header", "key": "authorization", "value": next(tokens)}}
    client.get(DATASET, "hbase", "data")
    assert [request.headers["authorization"] for request in pool.requests] == ["old", "new"]


# -- watching ----------------------------------------------------------------------------------


def lines(*events):
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def event(kind, version):
    return {"type": kind, "object": {"metadata": {"name": "hbase", "resourceVersion": version}}}


def test_watch_yields_events(ask):
    client, pool, _pauses = ask(answer(200, lines(event("ADDED", "8"), event("DELETED", "9"))))
    assert list(client.watch(DATASET, "data", "hbase", "7", 30)) == [event("ADDED", "8"), event("DELETED", "9")]
    [request] = pool.requests
    assert request.path == PATH
    assert parse_qs(request.query) == {
        "watch": ["true"], "fieldSelector": ["metadata.name=hbase"], "resourceVersion": ["7"], "timeoutSeconds": ["30"]}


def test_watch_of_a_namespace_selects_nothing(ask):
    client, pool, _pauses = ask(answer(200, b""))
    assert list(client.watch(DATASET, "data", "", "7", 0.2)) == []
    assert parse_qs(pool.requests[0].query) == {"watch": ["true"], "resourceVersion": ["7"], "timeoutSeconds": ["1"]}


def test_a_line_that_broke_off_is_no_event(ask):
    client, _pool, _pauses = ask(answer(200, lines(event("ADDED", "8")) + b'{"type": "MODI'))
    assert list(client.watch(DATASET, "data", "hbase", "7", 30)) == [event("ADDED", "8")]


@pytest.mark.parametrize(("code", "error"), [(410, Expired), (403, ApiError)])
def test_an_error_event_is_raised(ask, code, error):
    client, _pool, _pauses = ask(answer(200, lines(event("ADDED", "8"), {"type": "ERROR", "object": {"code": code, "message": "why"}})))
    watching = client.watch(DATASET, "data", "hbase", "7", 30)
    assert next(watching) == event("ADDED", "8")
    with pytest.raises(error, match="the watch was ended by the server: why"):
        next(watching)


@pytest.mark.parametrize("fault", [
    pytest.param(RESET, id="reset"),
    pytest.param(refusal(503, "ServiceUnavailable", "x"), id="refused-for-now"),
    pytest.param(answer(200, lines({"type": "ERROR", "object": {"code": 500, "message": "etcd is away"}})), id="error-event"),
])
def test_a_watch_that_a_transient_fault_breaks_off_just_ends(ask, fault):
    client, _pool, _pauses = ask(fault)
    assert list(client.watch(DATASET, "data", "hbase", "7", 30)) == []
