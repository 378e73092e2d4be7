# SPDX-License-Identifier: GPL-3.0-or-later
"""How a request authenticates, when it is sent again, which error a refusal is; the server is a script."""

import json
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import pytest
from fake_pool import answer, refusal
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationParseError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from ansible_collections.datacache.fluid.plugins.module_utils.api.transport import (
    ATTEMPTS,
    RETRY_AFTER_MAX,
    events,
)
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    AlreadyExists,
    ApiError,
    Expired,
    Forbidden,
    KindNotFound,
    ServerUnavailable,
    WriteConflict,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

DATASET = fluid_kinds.DATASET
REF = ObjectRef("data", "hbase")
HBASE = {"metadata": {"name": "hbase", "namespace": "data"}}
PATH = "/apis/data.fluid.io/v1alpha1/namespaces/data/datasets"
RESET = ProtocolError("Connection aborted.", ConnectionResetError(104, "Connection reset by peer"))
# As kube-apiserver's RBAC authorizer says it, with the verb that was asked for.
FORBIDDEN = refusal(
    403, "Forbidden",
    'datasets.data.fluid.io "hbase" is forbidden: User "ann" cannot do that to resource "datasets" in API '
    'group '
    '"data.fluid.io" in the namespace "data"', name="hbase", group="data.fluid.io", kind="datasets")
NO_SUCH_KIND = answer(404, b"404 page not found\n")


def test_headers_authenticate_and_impersonate(ask):
    token = {"BearerToken": {"in": "header", "key": "authorization", "value": "Bearer abc"},
             "other": {"in": "query", "key": "x", "value": "y"}}
    client, pool, _pauses = ask(answer(200, HBASE), auth=token, headers=[
        ("Impersonate-User", "ann"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b")])
    client.get(DATASET, REF)
    headers = pool.requests[0].headers
    assert headers["authorization"] == "Bearer abc"
    assert headers["Impersonate-User"] == "ann"
    assert headers.getlist("Impersonate-Group") == ["a", "b"]
    assert "x" not in headers


def test_tokens_are_asked_for_anew_for_each_attempt(ask):
    client, pool, _pauses = ask(refusal(500, "x", "x"), answer(200, HBASE))
    tokens = iter(["old", "new"])
    client.configuration.auth_settings = lambda: {"t": {"in": "header", "key": "authorization",
                                                        "value": next(tokens)}}
    client.get(DATASET, REF)
    assert [request.headers["authorization"] for request in pool.requests] == ["old", "new"]


# -- answers that are errors -------------------------------------------------------------------


@pytest.mark.parametrize(("call", "script", "error", "message"), [
    pytest.param("get", NO_SUCH_KIND, KindNotFound,
                 "the cluster does not know the kind Dataset (datasets.data.fluid.io): install Fluid first",
                 id="kind-missing"),
    pytest.param("list", NO_SUCH_KIND, KindNotFound, "the cluster does not know the kind Dataset",
                 id="kind-missing-in-a-list"),
    pytest.param("create", refusal(404, "NotFound", 'namespaces "data" not found', name="data",
                                   kind="namespaces"), ApiError,
                 'namespaces "data" not found', id="namespace-missing"),
    pytest.param("get", refusal(401, "Unauthorized", "Unauthorized"), ApiError,
                 "the API server at https://api:6443 does not accept the credentials (401)",
                 id="unauthorized"),
    pytest.param("get", FORBIDDEN, Forbidden,
                 "not allowed to get datasets.data.fluid.io at " + PATH
                 + '/hbase: datasets.data.fluid.io "hbase" is', id="may-not-get"),
    pytest.param("list", FORBIDDEN, Forbidden, "not allowed to list datasets.data.fluid.io",
                 id="may-not-list"),
    pytest.param("snapshot", FORBIDDEN, Forbidden, "not allowed to list datasets.data.fluid.io",
                 id="may-not-take-a-snapshot"),
    pytest.param("create", FORBIDDEN, Forbidden, "not allowed to create datasets.data.fluid.io",
                 id="may-not-create"),
    pytest.param("patch", FORBIDDEN, Forbidden, "not allowed to patch datasets.data.fluid.io",
                 id="may-not-patch"),
    pytest.param("delete", FORBIDDEN, Forbidden, "not allowed to delete datasets.data.fluid.io",
                 id="may-not-delete"),
    pytest.param("watch", FORBIDDEN, Forbidden, "not allowed to watch datasets.data.fluid.io",
                 id="may-not-watch"),
    pytest.param("create", refusal(409, "AlreadyExists", "exists", name="hbase"), AlreadyExists, "exists",
                 id="already-exists"),
    pytest.param("patch", refusal(409, "Conflict", "modified", name="hbase"), WriteConflict, "modified",
                 id="conflict"),
    pytest.param("list", refusal(410, "Expired", "too old"), Expired, "too old", id="expired"),
    pytest.param("watch", refusal(410, "Expired", "too old"), Expired, "too old", id="expired-watch"),
    pytest.param("create", refusal(422, "Invalid", "spec.placement: Unsupported value"), ApiError,
                 "create of " + PATH + " was refused: spec.placement: Unsupported value", id="invalid"),
    pytest.param("create", refusal(400, "BadRequest", 'Dataset in version "v1alpha1" cannot be handled as a '
                                   'Dataset: strict decoding error: unknown field "spec.a", unknown field '
                                   '"spec.b.c"'), ApiError,
                 "the cluster's definition of Dataset has no field spec.a, spec.b.c: leave it out, or "
                 "install the version that has it", id="unknown-fields"),
    pytest.param("get", answer(418, b"<html>"), ApiError, "HTTP 418", id="not-json"),
    pytest.param("get", answer(418, b'["odd"]'), ApiError, "HTTP 418", id="json-of-another-shape"),
])
def test_errors(ask, call, script, error, message):
    client, _pool, _pauses = ask(script)
    calls = {
        "get": lambda: client.get(DATASET, REF),
        "list": lambda: list(client.list(DATASET, "data")),
        "snapshot": lambda: client.snapshot(DATASET, "data"),
        "create": lambda: client.create(DATASET, HBASE, "me"),
        "patch": lambda: client.patch(DATASET, REF, {}, "me"),
        "delete": lambda: client.delete(DATASET, REF, "uid"),
        "watch": lambda: list(client.watch(DATASET, "data", "hbase", "7", 5)),
    }
    with pytest.raises(error) as raised:
        calls[call]()
    assert message in str(raised.value)
    assert raised.type is error


def test_a_terminating_namespace_is_no_missing_role(ask):
    forbidden = refusal(403, "Forbidden",
                        'datasets.data.fluid.io "hbase" is forbidden: unable to create new content in '
                        'namespace '
                        "data because it is being terminated", name="hbase",
                        causes=[{"reason": "NamespaceTerminating"}])
    client, _pool, _pauses = ask(forbidden)
    with pytest.raises(ApiError) as raised:
        client.create(DATASET, HBASE, "me")
    assert "because it is being terminated" in str(raised.value)
    assert "Role" not in str(raised.value)


@pytest.mark.parametrize(("metadata", "token"), [({"continue": "next"}, "next"), ({}, ""), (None, "")])
def test_an_expired_page_carries_what_the_server_offers_for_going_on(ask, metadata, token):
    client, _pool, _pauses = ask(answer(410, {"kind": "Status", "message": "too old", "metadata": metadata}))
    with pytest.raises(Expired) as raised:
        client.get(DATASET, REF)
    assert raised.value.continue_token == token


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
    assert client.get(DATASET, REF) == HBASE
    assert pool.methods == ["GET"] * 3
    assert pauses == [0.1, 0.2]
    assert client.requests == 3


@pytest.mark.parametrize(("header", "pause"), [
    ("2", 2.0), ("0", 0.1), ("3600", RETRY_AFTER_MAX), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.1), ("-5", 0.1),
])
def test_retry_after_is_kept_within_bounds(ask, header, pause):
    client, _pool, pauses = ask(answer(429, {}, {"Retry-After": header}), answer(200, HBASE))
    client.get(DATASET, REF)
    assert pauses == [pause]


def test_a_fault_that_stays_is_told_after_the_last_attempt(ask):
    client, pool, pauses = ask(*[refusal(500, "InternalError", "etcd is away")] * ATTEMPTS)
    with pytest.raises(ServerUnavailable, match="etcd is away") as raised:
        client.get(DATASET, REF)
    assert raised.value.status == 500
    assert len(pool.requests) == ATTEMPTS
    assert pauses == [0.1, 0.2, 0.4, 0.8]


def test_a_server_that_does_not_answer_is_named(ask):
    client, pool, pauses = ask(*[RESET] * ATTEMPTS)
    with pytest.raises(ServerUnavailable) as raised:
        client.get(DATASET, REF)
    assert str(raised.value).startswith("no API server answers at https://api:6443: ('Connection aborted.'")
    assert str(raised.value).endswith("check the kubeconfig or host option and the network")
    assert raised.value.status == 0
    assert (len(pool.requests), len(pauses)) == (ATTEMPTS, ATTEMPTS - 1)


@pytest.mark.parametrize("fault", [SSLError("certificate verify failed"), LocationParseError("bad host")],
                         ids=["certificate", "url"])
def test_what_does_not_get_better_is_not_asked_again(ask, fault):
    client, pool, pauses = ask(fault)
    with pytest.raises(ApiError, match="no API server answers at") as raised:
        client.get(DATASET, REF)
    assert not isinstance(raised.value, ServerUnavailable)
    assert (len(pool.requests), pauses) == (1, [])


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422])
def test_a_refusal_is_not_asked_again(ask, status):
    client, pool, _pauses = ask(refusal(status, "x", "x", name="hbase"))
    with pytest.raises(ApiError):
        client.patch(DATASET, REF, {}, "me")
    assert len(pool.requests) == 1


@pytest.mark.parametrize(("script", "repeated"), [
    pytest.param([refusal(409, "AlreadyExists", "x")], False, id="first-attempt"),
    pytest.param([RESET, refusal(409, "AlreadyExists", "x")], True, id="after-a-lost-answer"),
    pytest.param([refusal(504, "Timeout", "x"), refusal(409, "AlreadyExists", "x")], True,
                 id="after-a-timeout-of-the-server"),
])
def test_an_existing_object_says_whether_we_may_have_made_it(ask, script, repeated):
    client, _pool, _pauses = ask(*script)
    with pytest.raises(AlreadyExists) as raised:
        client.create(DATASET, HBASE, "me")
    assert raised.value.repeated is repeated


def test_a_conflict_says_whether_we_may_have_made_it(ask):
    client, _pool, _pauses = ask(RESET, refusal(409, "Conflict", "x", name="hbase"))
    with pytest.raises(WriteConflict) as raised:
        client.patch(DATASET, REF, {}, "me")
    assert raised.value.repeated


# -- events ------------------------------------------------------------------------------------


def test_an_event_may_come_in_pieces():
    sent = [{"type": "ADDED", "object": {"n": number}} for number in range(3)]
    stream = b"".join(json.dumps(each).encode() + b"\n" for each in sent)
    for size in (1, 7, len(stream)):
        pieces = [stream[start:start + size] for start in range(0, len(stream), size)]
        response = SimpleNamespace(stream=lambda amt, decode_content, pieces=pieces: pieces)
        assert list(events(response)) == sent


@pytest.mark.parametrize("date", ["Tue, 24 Nov 2026 18:00:00 GMT", "Tue, 24 Nov 2020 18:00:00 GMT"])
def test_the_time_is_the_servers(ask, date):
    client, _pool, _pauses = ask(answer(200, HBASE, {"Date": date}))
    client.get(DATASET, REF)
    behind = (client.server_time() - parsedate_to_datetime(date)).total_seconds()
    assert 0 <= behind < 5


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}], ids=["without", "unknown"])
def test_without_the_servers_time_it_is_this_machines(ask, headers):
    client, _pool, _pauses = ask(answer(200, HBASE, headers))
    client.get(DATASET, REF)
    assert abs((client.server_time() - datetime.now(timezone.utc)).total_seconds()) < 5
