# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in containers; the WebSocket itself is played by a fake, and is real in tests/integration."""

from types import SimpleNamespace

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils import connection
from ansible_collections.datacache.fluid.plugins.module_utils.client import Client
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError, InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.streams import Executed, execute

ws_client = connection.kubernetes.import_stream()


class FakeStream:
    """What kubernetes.stream returns with _preload_content=False; returncode fails as that does on a broken stream."""

    def __init__(self, returncode=0, stdout="", stderr="", stays_open=False):
        self.closed = False
        self._returncode = returncode
        self._said = (stdout, stderr)
        self._stays_open = stays_open

    def run_forever(self, timeout):
        self.waited = timeout

    def is_open(self):
        return self._stays_open

    def read_stdout(self, timeout):
        return self._said[0]

    def read_stderr(self, timeout):
        return self._said[1]

    @property
    def returncode(self):
        if isinstance(self._returncode, Exception):
            raise self._returncode
        return self._returncode

    def close(self):
        self.closed = True


@pytest.fixture
def client():
    def make(headers=()):
        return Client(SimpleNamespace(host="https://api:6443", auth_settings=dict), None, list(headers))
    return make


@pytest.fixture
def run(client, monkeypatch):
    """Run a command whose stream is the given one, or whose opening fails with the given error."""
    def execute_on(stream):
        def call(_configuration, method, url, query_params, headers, _preload_content):
            run_on.asked = SimpleNamespace(method=method, url=url, query=query_params)
            if isinstance(stream, Exception):
                raise stream
            return stream
        monkeypatch.setattr(ws_client, "websocket_call", call)
        run_on.client = client()
        return execute(run_on.client, "data", "hbase-master-0", "alluxio-master", ["alluxio", "fs", "masterInfo"], 30)
    run_on = execute_on
    return run_on


def test_a_command(run):
    stream = FakeStream(stdout="leader\n", stderr="warning\n")
    assert run(stream) == Executed(0, "leader\n", "warning\n")
    assert run.asked.url == "https://api:6443/api/v1/namespaces/data/pods/hbase-master-0/exec"
    assert ("command", ["alluxio", "fs", "masterInfo"]) in run.asked.query
    assert ("container", "alluxio-master") in run.asked.query
    assert run.client.requests == 1
    assert stream.closed


def test_an_exit_code(run):
    assert run(FakeStream(returncode=3)).code == 3


@pytest.mark.parametrize("error", [KeyError("status"), TypeError("None"), ValueError("no json")])
def test_a_stream_that_broke_off_is_a_failure(run, error):
    assert run(FakeStream(returncode=error)).code == -1


def test_a_command_that_does_not_end(run):
    stream = FakeStream(stays_open=True)
    with pytest.raises(ApiError) as raised:
        run(stream)
    assert str(raised.value) == (
        "`alluxio fs masterInfo` in hbase-master-0/alluxio-master of namespace data has not ended after 30 seconds")
    assert stream.closed


@pytest.mark.parametrize(("reason", "told"), [
    ("Handshake status 403 Forbidden\nmore", "Handshake status 403 Forbidden"), ("", "no reason given"),
])
def test_a_stream_that_cannot_be_opened(run, reason, told):
    with pytest.raises(ApiError) as raised:
        run(ws_client.ApiException(status=0, reason=reason))
    assert str(raised.value).endswith("of namespace data: %s; it needs create on pods/exec and a running container" % told)


def test_impersonation_is_refused_since_it_would_be_dropped(client):
    with pytest.raises(InvalidInput, match="commands in pods cannot be run with impersonate_user"):
        execute(client([("Impersonate-User", "ann")]), "data", "p", "c", ["true"], 30)
