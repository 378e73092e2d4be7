# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of every module: validate, connect, work, exit."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError, InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.module import run as module_run
from ansible_collections.datacache.fluid.plugins.module_utils.progress import VARIABLE

SPEC = {"name": {"type": "str"}, "host": {"type": "str"}}


@pytest.fixture
def connected(cluster, monkeypatch):
    """Connect to the cluster in memory; return the options of each connection."""
    connections = []

    def connect(params):
        connections.append(params)
        return cluster
    monkeypatch.setattr(module_run, "connect", connect)
    return connections


def test_invalid_input_is_refused_before_connecting(end, connected):
    def require_valid(params):
        raise InvalidInput(f"name {params['name']} is refused", option="name")

    def ensure(*_args):
        pytest.fail("nothing is to be done")
    result = end(lambda module: module_run.run(module, ensure, require_valid), SPEC, name="x")
    assert (result["failed"], result["msg"], result["option"]) == (True, "name x is refused", "name")
    assert connected == []


@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_the_work_has_the_client_the_options_and_the_mode(end, cluster, connected, check):
    seen = []

    def ensure(client, params, check_mode, _reporter):
        seen.append((client, params["name"], check_mode))
        return {"changed": True, "made": 5}
    result = end(lambda module: module_run.run(module, ensure), SPEC, check=check, name="x",
                 host="https://api")
    assert seen == [(cluster, "x", check)]
    assert (result["changed"], result["made"]) == (True, 5)
    assert [params["host"] for params in connected] == ["https://api"]


def test_warnings_are_the_modules_and_progress_goes_to_the_file_that_is_watched(
        end, connected, monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "progress"))

    def ensure(_client, _params, _check_mode, reporter):
        reporter.warn("careful")
        reporter.progress("half way")
        return {"changed": False}
    assert end(lambda module: module_run.run(module, ensure), SPEC)["warnings"] == ["careful"]
    assert (tmp_path / "progress").read_text() == "half way\n"


def test_a_cluster_that_cannot_be_connected_to_is_a_failure(end, monkeypatch):
    def connect(_params):
        raise ApiError("no cluster to connect to")
    monkeypatch.setattr(module_run, "connect", connect)
    result = end(lambda module: module_run.run(module, lambda *_args: {}), SPEC)
    assert (result["failed"], result["msg"]) == (True, "no cluster to connect to")
