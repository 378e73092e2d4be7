# SPDX-License-Identifier: GPL-3.0-or-later
"""What the verbs send, and what they make of the answers; the server is a script."""

import json
from urllib.parse import parse_qs

import pytest
from fake_pool import answer, refusal
from urllib3.exceptions import ProtocolError

from ansible_collections.datacache.fluid.plugins.module_utils.api.transport import ATTEMPTS
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    DisruptionForbidden,
    Expired,
    Forbidden,
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
NOT_FOUND = refusal(404, "NotFound", 'datasets.data.fluid.io "hbase" not found', name="hbase")


def test_get(ask):
    client, pool, _pauses = ask(answer(200, HBASE))
    assert client.get(DATASET, REF) == HBASE
    assert (pool.requests[0].method, pool.requests[0].path, pool.requests[0].query) == (
        "GET", PATH + "/hbase", "")
    assert client.requests == 1


def test_get_of_nothing(ask):
    client, _pool, _pauses = ask(NOT_FOUND)
    assert client.get(DATASET, REF) is None


@pytest.mark.parametrize("text", ["<html>login", "[]", "7", ""])
def test_an_answer_that_is_no_object_is_quoted(ask, text):
    client, _pool, _pauses = ask(answer(200, text.encode()))
    with pytest.raises(ApiError) as raised:
        client.get(DATASET, REF)
    assert f"with invalid JSON: b'{text}'" in str(raised.value)
    assert raised.type is ApiError


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
    assert list(client.list(DATASET)) == [
        {"apiVersion": "data.fluid.io/v1alpha1", "kind": "Dataset", **HBASE}]


def test_an_empty_list(ask):
    client, _pool, _pauses = ask(answer(200, {"items": None}))
    assert list(client.list(DATASET)) == []


def test_snapshot_returns_what_to_watch_from(ask):
    client, pool, _pauses = ask(
        answer(200, {"metadata": {"resourceVersion": "7", "continue": "next"},
                     "items": [{"metadata": {"name": "a"}}]}),
        answer(200, {"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": "b"}}]}))
    found, version = client.snapshot(DATASET, "data")
    assert (found.keys(), version) == ({"a", "b"}, "7")
    assert "fieldSelector" not in pool.requests[0].query


def test_snapshot_of_one_object(ask):
    client, pool, _pauses = ask(answer(200, {"metadata": {"resourceVersion": "7"}, "items": []}))
    assert client.snapshot(DATASET, "data", "hbase") == ({}, "7")
    assert parse_qs(pool.requests[0].query)["fieldSelector"] == ["metadata.name=hbase"]


def page(name, token=""):
    return answer(200, {"metadata": {"resourceVersion": "7", "continue": token},
                        "items": [{"metadata": {"name": name}}]})


def expired(token=""):
    return answer(410, {"kind": "Status", "reason": "Expired", "message": "too old",
                        "metadata": {"continue": token}})


def test_a_list_whose_page_has_expired_goes_on_with_the_token_that_is_offered(ask):
    client, pool, _pauses = ask(page("one", "old"), expired("new"), page("two"))
    assert [item["metadata"]["name"] for item in client.list(DATASET, "data")] == ["one", "two"]
    assert [parse_qs(request.query).get("continue") for request in pool.requests] == [None, ["old"], ["new"]]


@pytest.mark.parametrize("offered", ["", "old"], ids=["none", "the-same"])
def test_a_list_that_cannot_go_on_has_expired(ask, offered):
    client, _pool, _pauses = ask(page("one", "old"), expired(offered))
    with pytest.raises(Expired, match="too old") as raised:
        list(client.list(DATASET, "data"))
    assert (raised.value.status, raised.value.continue_token) == (410, offered)


def test_a_snapshot_whose_page_has_expired_is_read_anew(ask):
    client, pool, _pauses = ask(page("gone", "old"), expired("new"), page("one"))
    assert client.snapshot(DATASET, "data")[0].keys() == {"one"}
    assert "continue" not in pool.requests[-1].query


def test_a_snapshot_that_expires_each_time_is_given_up(ask):
    client, pool, _pauses = ask(*[expired()] * ATTEMPTS)
    with pytest.raises(Expired):
        client.snapshot(DATASET, "data")
    assert len(pool.requests) == ATTEMPTS


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
    client.patch(DATASET, REF, {"spec": {"placement": None}}, "me", dry_run)
    [request] = pool.requests
    assert (request.method, request.path, request.body) == (
        "PATCH", PATH + "/hbase", {"spec": {"placement": None}})
    assert request.headers["Content-Type"] == "application/merge-patch+json"
    assert ("dryRun" in request.query) is dry_run


@pytest.mark.parametrize(("dry_run", "sent"), [(False, []), (True, ["All"])])
def test_delete_has_its_options_in_the_body(ask, dry_run, sent):
    """The API server ignores the options in the query of a delete that has a body, dryRun among them."""
    client, pool, _pauses = ask(answer(200))
    assert client.delete(DATASET, REF, "uid-1", dry_run)
    assert pool.requests[0].body["preconditions"] == {"uid": "uid-1"}
    assert pool.requests[0].body["dryRun"] == sent
    assert pool.requests[0].query == ""


@pytest.mark.parametrize(("grace", "sent"), [(None, None), (0, 0), (5, 5)])
def test_delete_with_a_grace_period(ask, grace, sent):
    """0 is not the same as none: it kills, where none leaves the pod its own."""
    client, pool, _pauses = ask(answer(200))
    assert client.delete(DATASET, REF, "uid-1", grace=grace)
    assert pool.requests[0].body.get("gracePeriodSeconds") == sent


def test_delete_of_what_is_gone(ask):
    client, _pool, _pauses = ask(NOT_FOUND)
    assert client.delete(DATASET, REF, "uid-1") is False


def test_a_delete_whose_answer_was_lost_finds_nothing_left(ask):
    client, pool, _pauses = ask(RESET, NOT_FOUND)
    assert client.delete(DATASET, REF, "uid-1") is False
    assert pool.methods == ["DELETE", "DELETE"]


# -- evicting ----------------------------------------------------------------------------------

POD = ObjectRef("data", "hbase-master-0")
POD_PATH = "/api/v1/namespaces/data/pods/hbase-master-0"
EVICTED = answer(201, {"kind": "Status", "status": "Success", "code": 201})
# As kube-apiserver words them (pkg/registry/core/pod/storage/eviction.go).
VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."
NEEDS = "The disruption budget hbase-masters needs 2 healthy pods and has 2 currently"
BUDGET = refusal(429, "TooManyRequests", VIOLATES, causes=[{"reason": "DisruptionBudget", "message": NEEDS}])
NOT_SEEN_YET = answer(429, {
    "kind": "Status", "reason": "TooManyRequests", "message": VIOLATES,
    "details": {"retryAfterSeconds": 10, "causes": [{
        "reason": "DisruptionBudget",
        "message": "The disruption budget hbase-masters is still being processed by the server."}]},
}, {"Retry-After": "10"})
SEVERAL = refusal(500, "InternalError", "Internal error occurred: This pod has more than one "
                  "PodDisruptionBudget, which the eviction subresource does not support.")
OTHER_UID = refusal(
    409, "Conflict", 'Operation cannot be fulfilled on Pod "hbase-master-0": the UID in the precondition '
    "(uid-1) does not match the UID in record (uid-2). The object might have been deleted and then recreated",
    name="hbase-master-0")
OTHER_UID_IN_STORAGE = refusal(
    409, "Conflict", 'Operation cannot be fulfilled on Pod "hbase-master-0": Precondition failed: UID in '
    "precondition: uid-1, UID in object meta: uid-2", name="hbase-master-0")
NO_POD = refusal(404, "NotFound", 'pods "hbase-master-0" not found', name="hbase-master-0")


def test_an_eviction_has_the_uid_as_its_precondition(ask):
    client, pool, _pauses = ask(EVICTED)
    assert client.evict(POD, "uid-1") is True
    [request] = pool.requests
    assert (request.method, request.path, request.query) == ("POST", POD_PATH + "/eviction", "")
    assert request.body == {
        "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"name": "hbase-master-0", "namespace": "data"},
        "deleteOptions": {"preconditions": {"uid": "uid-1"}}}


@pytest.mark.parametrize("refused", [NO_POD, OTHER_UID, OTHER_UID_IN_STORAGE],
                         ids=["gone", "replaced", "replaced-meanwhile"])
def test_an_eviction_of_a_pod_that_is_gone(ask, refused):
    client, pool, _pauses = ask(refused)
    assert client.evict(POD, "uid-1") is False
    assert len(pool.requests) == 1


@pytest.mark.parametrize(("refused", "reason"), [
    (BUDGET, NEEDS), (NOT_SEEN_YET, "still being processed"), (SEVERAL, "more than one PodDisruptionBudget"),
], ids=["needs-the-pod", "not-seen-yet", "two-budgets"])
def test_an_eviction_that_a_budget_forbids_is_not_sent_again(ask, refused, reason):
    client, pool, pauses = ask(refused)
    with pytest.raises(DisruptionForbidden, match=reason) as raised:
        client.evict(POD, "uid-1")
    assert (len(pool.requests), pauses) == (1, [])
    assert "wait until other pods of the budget are ready" in str(raised.value)
    assert not isinstance(raised.value, ServerUnavailable)


def test_an_eviction_that_an_overloaded_server_refuses_is_sent_again(ask):
    """429 comes from the server's own limits as well (API priority and fairness), without a cause."""
    client, pool, pauses = ask(answer(429, b"Too many requests, please try again later.\n",
                                      {"Retry-After": "1"}), EVICTED)
    assert client.evict(POD, "uid-1") is True
    assert (len(pool.requests), pauses) == (2, [1.0])


@pytest.mark.parametrize(("refused", "error", "message"), [
    (refusal(403, "Forbidden", 'pods "hbase-master-0" is forbidden: User "ann" cannot create resource '
             '"pods/eviction"', name="hbase-master-0"), Forbidden, "not allowed to create pods/eviction"),
    (refusal(409, "Conflict", "the object has been modified", name="hbase-master-0"), WriteConflict,
     "the object has been modified"),
], ids=["permission", "conflict"])
def test_an_eviction_that_is_refused_for_another_reason(ask, refused, error, message):
    client, _pool, _pauses = ask(refused)
    with pytest.raises(error, match=message):
        client.evict(POD, "uid-1")


WEBHOOK = ('admission webhook "policy.example.com" denied the request:\n\n'
           "you cannot create it:\n\tno team label")


@pytest.mark.parametrize(("refused", "error", "message"), [
    (refusal(403, "Forbidden", WEBHOOK, name="hbase"), Forbidden,
     f"create of {PATH} was refused: admission webhook \"policy.example.com\" denied the request: you "
     "cannot create it: no team label"),
    (refusal(422, "Invalid", "Dataset is invalid: " + "spec: Invalid value: " * 400 + "at last",
             name="hbase"),
     ApiError, f"create of {PATH} was refused: Dataset is invalid: spec: Invalid value: "),
    (answer(403, b"<html>\n<body>" + b"proxy " * 1000), Forbidden,
     f"create of {PATH} was refused: HTTP 403"),
], ids=["webhook", "long-422", "page-of-a-proxy"])
def test_a_refusal_is_one_short_line(ask, refused, error, message):
    client, _pool, _pauses = ask(refused)
    with pytest.raises(error) as raised:
        client.create(DATASET, {"metadata": {"name": "hbase", "namespace": "data"}}, "me")
    text = str(raised.value)
    assert text.startswith(message)
    assert len(text) < 800 and "\n" not in text and "\t" not in text
    assert ("Invalid value" in text) == text.endswith("at last")


@pytest.mark.parametrize(("headers", "impersonates"), [([], False), ([("Impersonate-User", "ann")], True)])
def test_a_client_knows_whether_it_impersonates(ask, headers, impersonates):
    assert ask(headers=headers)[0].impersonates is impersonates


# -- watching ----------------------------------------------------------------------------------


def lines(*events):
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def event(kind, version):
    return {"type": kind, "object": {"metadata": {"name": "hbase", "resourceVersion": version}}}


def test_watch_yields_events(ask):
    client, pool, _pauses = ask(answer(200, lines(event("ADDED", "8"), event("DELETED", "9"))))
    assert list(client.watch(DATASET, "data", "hbase", "7", 30)) == [
        event("ADDED", "8"), event("DELETED", "9")]
    [request] = pool.requests
    assert request.path == PATH
    assert parse_qs(request.query) == {
        "watch": ["true"], "fieldSelector": ["metadata.name=hbase"], "resourceVersion": ["7"],
        "timeoutSeconds": ["30"]}


def test_watch_of_a_namespace_selects_nothing(ask):
    client, pool, _pauses = ask(answer(200, b""))
    assert list(client.watch(DATASET, "data", "", "7", 0.2)) == []
    assert parse_qs(pool.requests[0].query) == {
        "watch": ["true"], "resourceVersion": ["7"], "timeoutSeconds": ["1"]}


def test_a_line_that_broke_off_is_no_event(ask):
    client, _pool, _pauses = ask(answer(200, lines(event("ADDED", "8")) + b'{"type": "MODI'))
    assert list(client.watch(DATASET, "data", "hbase", "7", 30)) == [event("ADDED", "8")]


@pytest.mark.parametrize(("code", "error"), [(410, Expired), (403, ApiError)])
def test_an_error_event_is_raised(ask, code, error):
    client, _pool, _pauses = ask(answer(200,
                                        lines(event("ADDED", "8"),
                                              {"type": "ERROR", "object": {"code": code, "message": "why"}})))
    watching = client.watch(DATASET, "data", "hbase", "7", 30)
    assert next(watching) == event("ADDED", "8")
    with pytest.raises(error, match="the server ended the watch: why"):
        next(watching)


@pytest.mark.parametrize("line", [
    b"<html>login</html>", b"[]", b'{"type": "ADDED"}', b'{"type": "ERROR", "object": null}'])
def test_a_line_that_is_no_event_is_an_error(ask, line):
    client, _pool, _pauses = ask(answer(200, lines(event("ADDED", "8")) + line + b"\n"))
    watching = client.watch(DATASET, "data", "hbase", "7", 30)
    assert next(watching) == event("ADDED", "8")
    with pytest.raises(ApiError) as raised:
        next(watching)
    assert str(raised.value) == f"the server sent no event of a watch: {line!r}"


@pytest.mark.parametrize("fault", [
    pytest.param(RESET, id="reset"),
    pytest.param(refusal(503, "ServiceUnavailable", "x"), id="refused-for-now"),
    pytest.param(answer(200, lines({"type": "ERROR", "object": {"code": 500, "message": "etcd is away"}})),
                 id="error-event"),
])
def test_a_watch_that_a_transient_fault_breaks_off_just_ends(ask, fault):
    client, _pool, _pauses = ask(fault)
    assert list(client.watch(DATASET, "data", "hbase", "7", 30)) == []
