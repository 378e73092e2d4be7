# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that stay: a module gives up within the documented bounds and says which server is in trouble."""

import socket

import pytest
from injection import modules
from injection.authority import Authority
from injection.faults import (
    ALWAYS,
    CHANGED_IN_BETWEEN,
    LOST_ANSWER,
    SILENCE,
    TOKEN_EXPIRED_WITHOUT_OFFER,
    TOO_MANY_REQUESTS_FOR_HOURS,
    UNAVAILABLE,
)
from injection.proxy import nth

from ansible_collections.datacache.fluid.plugins.module_utils.api import client, transport
from ansible_collections.datacache.fluid.plugins.module_utils.apply import field_manager

NAMES = ["ads", "logs", "maps"]
DATASET = {"name": "hbase", "placement": "Shared"}
FLEET = {"datasets": [{"name": name} for name in NAMES]}
BACKOFF = [0.1, 0.2, 0.4, 0.8]  # seconds, as docs/reconciliation.md promises
RETRY_AFTER_MAX = 10.0


@pytest.fixture
def ask(deployment):
    """Run a module whose requests of some verbs all meet a fault; return its result and its pauses."""
    def run(module, options, fault, page=client.PAGE):
        deployment.proxy.begin()
        deployment.proxy.inject(fault, nth(1, ALWAYS))
        return modules.run(module, {**deployment.options, **options}, page)
    return run


@pytest.mark.parametrize("module", ["dataset", "alluxio_runtime", "dataset_volume", "dataset_info"])
@pytest.mark.parametrize(("fault", "pauses"), [
    pytest.param(UNAVAILABLE, BACKOFF, id="503"),
    pytest.param(TOO_MANY_REQUESTS_FOR_HOURS, [RETRY_AFTER_MAX] * 4, id="429"),
])
def test_a_server_in_trouble_is_named(deployment, ask, module, fault, pauses):
    result, paused = ask(module, {"name": "hbase"}, fault)
    assert result["failed"]
    assert result["msg"].startswith(f"the API server at {deployment.proxy.url} answered get of /api")
    assert f"with {fault} in all 5 attempts: " in result["msg"]
    assert paused == pauses
    assert [request.verb for request in deployment.proxy.requests] == ["get"] * 5


def test_a_server_that_never_answers_is_named(deployment, ask, monkeypatch):
    monkeypatch.setattr(transport, "_READ_TIMEOUT", 0.1)
    result, paused = ask("dataset", DATASET, SILENCE)
    assert result["msg"].startswith(f"no API server answers at {deployment.proxy.url}: ")
    assert "Read timed out" in result["msg"]
    assert paused == BACKOFF
    assert [request.verb for request in deployment.proxy.requests] == ["get"] * 5


def test_a_port_that_nobody_serves(deployment):
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        url = f"https://127.0.0.1:{closed_soon.getsockname()[1]}"
    result, paused = modules.run("dataset", {**deployment.options, **DATASET, "host": url})
    assert result["msg"].startswith(f"no API server answers at {url}: ")
    assert paused == BACKOFF


def test_a_certificate_of_another_authority_is_not_tried_again(deployment, tmp_path):
    deployment.proxy.begin()
    result, paused = modules.run("dataset",
                                 {**deployment.options, **DATASET,
                                  "ca_cert": str(Authority(tmp_path).ca_file)})
    assert result["msg"].startswith(f"no API server answers at {deployment.proxy.url}: ")
    assert "certificate verify failed" in result["msg"]
    assert (paused, deployment.proxy.requests) == ([], [])


def test_an_object_that_somebody_writes_all_the_time(deployment, ask):
    """It is given up, and their changes stand."""
    modules.run("dataset", {**deployment.options, "name": "hbase"})
    result, paused = ask("dataset", DATASET, CHANGED_IN_BETWEEN)
    assert f"Dataset hbase in namespace {deployment.options['namespace']} changed 5 times" in result["msg"]
    assert [request.verb for request in deployment.proxy.requests] == ["get", "patch"] * field_manager.ROUNDS
    assert paused == []
    [existing] = deployment.objects().values()
    assert existing["metadata"]["labels"] == {"touched-by": "somebody-else"}
    assert "placement" not in existing["spec"]


def test_one_object_of_a_fleet(deployment, ask):
    """The others are made all the same, and the failed one is named."""
    result, _paused = ask("dataset", FLEET, UNAVAILABLE.only("create", about=b'"logs"'))
    namespace = deployment.options["namespace"]
    assert result["msg"].startswith(
        f"1 of 3 objects failed: {namespace}/logs: the API server at {deployment.proxy.url} answered create "
        "of ")
    assert [entry["changed"] for entry in result["results"]] == [True, False, True]
    assert {existing["metadata"]["name"] for existing in deployment.objects().values()} == {"ads", "maps"}
    assert len([request for request in deployment.proxy.requests if request.verb == "create"]) == 5 + 2


def test_a_create_whose_answers_are_all_lost(deployment, ask):
    """What the module cannot know it does not claim; the next run finds the object and nothing to do."""
    result, _paused = ask("dataset", DATASET, LOST_ANSWER.only("create"))
    assert result["failed"]
    assert sum(deployment.proxy.created.values()) == 1
    deployment.proxy.begin()
    again, _paused = modules.run("dataset", {**deployment.options, **DATASET})
    assert not again["changed"]


def test_a_list_that_cannot_be_read_to_its_end(deployment, ask):
    """Without an offer of the server to go on, half a list must not pass for the whole."""
    modules.run("dataset", {**deployment.options, **FLEET})
    result, _paused = ask("dataset_info", {}, TOKEN_EXPIRED_WITHOUT_OFFER, page=2)
    assert result["failed"]
    assert "list of /apis/data.fluid.io/v1alpha1/namespaces/" in result["msg"]
    assert "resources" not in result
    assert [request.verb for request in deployment.proxy.requests] == ["list", "continue"]
