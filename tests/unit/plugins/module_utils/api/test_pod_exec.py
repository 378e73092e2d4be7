# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in containers; the WebSocket itself is played by a fake, and is real in tests/api."""

from dataclasses import replace
from ssl import SSLCertVerificationError
from types import SimpleNamespace

import pytest
from websocket import WebSocketTimeoutException

from ansible_collections.datacache.fluid.plugins.module_utils.api import connection, pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.client import Client
from ansible_collections.datacache.fluid.plugins.module_utils.api.guarded import GuardedClient
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import (
    ExecResult,
    PodShell,
    encoded_length,
    execute,
    receive,
    send,
)
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    Forbidden,
    InvalidInput,
    ServerUnavailable,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

ws_client = connection.kubernetes.import_stream()
MASTER = ObjectRef("data", "hbase-master-0")


class FakeStream:
    """What kubernetes.stream returns with _preload_content=False.

    returncode fails as that does on a broken stream. The stream closes after `ends_after` writes.
    """

    def __init__(self, returncode=0, stdout="", stderr="", stays_open=False, ends_after=None):
        self.closed = False
        self.written = []
        self._returncode = returncode
        self._said = (stdout, stderr)
        self._stays_open = stays_open
        self._ends_after = ends_after

    def run_forever(self, timeout):
        self.waited = timeout
        self._ends_after = self._ends_after and 0

    def is_open(self):
        if self._ends_after is not None:
            return len(self.written) < self._ends_after
        return self._stays_open

    def peek_stdout(self, timeout):
        return self._said[0]

    def update(self, timeout):
        """Nothing comes before the command ends."""

    def write_stdin(self, text):
        if isinstance(self._returncode, OSError):
            raise self._returncode
        self.written.append(text)

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


class FakeFrames:
    """A stream whose frames are read one by one.

    status: what the status channel carries. An error is raised instead of the first frame.
    """

    def __init__(self, *pieces, stderr="", status='{"status": "Success"}', error=None):
        self.sock = self
        self.closed = False
        self._error = error
        frames = [(1, piece) for piece in pieces] + [(2, stderr), (3, status)]
        self._frames = [(0x9, b"ping"),
                        *((0x2, bytes([channel]) + text.encode()) for channel, text in frames), (0x2, b""),
                        (0x8, b"")]

    def settimeout(self, seconds):
        assert 0 < seconds <= 30

    def recv_data_frame(self, control_frame):
        if self._error:
            raise self._error
        opcode, data = self._frames.pop(0)
        return opcode, SimpleNamespace(data=data)

    def close(self):
        self.closed = True


FAILURE = '{"status": "Failure", "details": {"causes": [{"reason": "ExitCode", "message": "1"}]}}'


@pytest.fixture
def client():
    def make(headers=()):
        configuration = SimpleNamespace(
            host="https://api:6443", auth_settings=dict, proxy=None, no_proxy=None)
        return Client(configuration, None, list(headers))
    return make


@pytest.fixture
def run(client, monkeypatch):
    """Run a command whose stream is the given one, or whose opening fails with the given error."""
    def execute_on(stream, call_on=execute, *args, command=("alluxio", "fs", "masterInfo"), timeout=30):
        def call(_configuration, method, url, query_params, headers, _preload_content, capture_all):
            run_on.asked = SimpleNamespace(method=method, url=url, query=query_params)
            if isinstance(stream, Exception):
                raise stream
            return stream
        monkeypatch.setattr(ws_client, "websocket_call", call)
        run_on.client = client()
        return call_on(run_on.client, MASTER, "alluxio-master", list(command), *args, timeout)
    run_on = execute_on
    return run_on


@pytest.mark.parametrize(("stream", "calls"), [
    (FakeStream(stdout="KILL\n", stays_open=True), 1),
    (FakeStream(stdout="KILL\n"), 0),
])
def test_the_first_output_is_reported_while_the_command_runs(client, monkeypatch, stream, calls):
    """A stream that has closed tells nothing of when its output came."""
    monkeypatch.setattr(ws_client, "websocket_call", lambda *_args, **_options: stream)
    reported = []

    def ends():
        reported.append(1)
        stream._stays_open = False

    execute(client(), MASTER, "alluxio-master", ["true"], 30, on_output=ends)
    assert len(reported) == calls


def test_a_command(run):
    stream = FakeStream(stdout="leader\n", stderr="warning\n")
    assert run(stream) == ExecResult(0, "leader\n", "warning\n")
    assert run.asked.url == "https://api:6443/api/v1/namespaces/data/pods/hbase-master-0/exec"
    assert ("command", ["alluxio", "fs", "masterInfo"]) in run.asked.query
    assert ("container", "alluxio-master") in run.asked.query
    assert run.client.requests == 1
    assert stream.closed


def opening_failed(cause, reason="[Errno 111] Connection refused"):
    """What the package raises for whatever ends the opening of a stream."""
    try:
        try:
            raise cause
        except BaseException:
            raise ws_client.ApiException(status=0, reason=reason)  # noqa: B904
    except ws_client.ApiException as err:
        return err


@pytest.mark.parametrize(("cause", "error"), [
    (ConnectionRefusedError(111, "Connection refused"), ServerUnavailable),
    (TimeoutError("timed out"), ServerUnavailable),
    (SSLCertVerificationError("self-signed certificate"), ApiError),
    (FileNotFoundError(2, "No such file or directory", "/runner/env/ca.crt"), ApiError),
    (WebSocketTimeoutException("Handshake status 404"), ApiError),
])
def test_a_stream_that_no_api_server_accepts_can_be_opened_later(run, cause, error):
    with pytest.raises(ApiError) as raised:
        run(opening_failed(cause))
    assert raised.type == error
    assert ("it needs create on pods/exec" in str(raised.value)) is not isinstance(cause, OSError)


@pytest.mark.parametrize("end", [SystemExit, KeyboardInterrupt])
def test_the_end_of_the_process_is_not_taken_for_a_failure(run, end):
    """AWX cancels a job by SIGTERM, perhaps while a stream is opened."""
    with pytest.raises(end):
        run(opening_failed(end("terminated by SIGTERM")))


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
        "`alluxio fs masterInfo` in hbase-master-0/alluxio-master of namespace data did not end within 30 "
        "seconds")
    assert stream.closed


@pytest.mark.parametrize(("reason", "view", "error", "status"), [
    ("Handshake status 403 Forbidden\nmore", "Handshake status 403 Forbidden", Forbidden, 403),
    ("Handshake status 404 Not Found", "Handshake status 404 Not Found", ApiError, 404),
    ("", "no reason given", ApiError, 0),
])
def test_a_stream_that_cannot_be_opened(run, reason, view, error, status):
    with pytest.raises(ApiError) as raised:
        run(ws_client.ApiException(status=0, reason=reason))
    assert str(raised.value).endswith(
        f"of namespace data: {view}; it needs create on pods/exec and a running container")
    assert (raised.type, raised.value.status) == (error, status)


def test_impersonation_is_refused_since_it_would_be_dropped(client):
    with pytest.raises(InvalidInput, match="commands in pods cannot be run with impersonate_user"):
        execute(client([("Impersonate-User", "ann")]), MASTER, "c", ["true"], 30)


# -- bytes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [
    pytest.param(["AAEC/w==\n"], id="at-once"),
    pytest.param(["A", "AE", "C/w=", "=\n", ""], id="cut-anywhere"),
    pytest.param(["AAEC\n", "/w==\n"], id="in-lines"),
])
def test_bytes_are_received(run, pieces):
    received = []
    stream = FakeFrames(*pieces, stderr="warning")
    assert run(stream, receive, received.append) == ExecResult(0, "", "warning")
    assert b"".join(received) == b"\x00\x01\x02\xff"
    assert stream.closed


def test_base64_that_ends_early_is_an_error(run):
    with pytest.raises(ApiError, match="sent incomplete base64"):
        run(FakeFrames("AAE"), receive, [].append)


def test_a_failed_command_counts_whatever_it_sent(run):
    assert run(FakeFrames("AAE", stderr="no such file", status=FAILURE), receive, [].append) == (
        ExecResult(1, "", "no such file"))


@pytest.mark.parametrize("status", ["", "{", "[]", "{}", '{"status": "Failure"}'])
def test_bytes_without_a_status_are_a_failure(run, status):
    assert run(FakeFrames("AAEC", status=status), receive, [].append).code == -1


def test_what_is_not_base64_is_an_error(run):
    with pytest.raises(ApiError, match="expected base64 from a command, got 'Hello!!!'"):
        run(FakeFrames("Hello !!!", "more"), receive, [].append)


@pytest.mark.parametrize(("method", "broken", "whole"), [
    ("run", lambda: FakeStream(returncode=KeyError("status")), FakeStream(stdout="done")),
    ("receive", lambda: FakeFrames("AAEC", error=OSError("reset")), FakeFrames("AAEC/w==")),
    ("send", lambda: FakeStream(ends_after=9, returncode=OSError("reset")), FakeStream(ends_after=9)),
], ids=["run", "receive", "send"])
def test_a_script_whose_stream_breaks_is_run_again(cluster, monkeypatch, method, broken, whole):
    """An API server that restarts breaks all streams; what was received begins anew."""
    received = [b"of before"]
    given = {"run": {}, "receive": {"write": received.append, "begin": received.clear},
             "send": {"chunks": lambda: iter([b"\x00\x01\x02", b"\xff"])}}[method]
    streams = [broken(), broken(), whole]
    monkeypatch.setattr(pod_exec, "_open", lambda *_args, **_options: streams.pop(0))
    shell = PodShell(GuardedClient(cluster, cluster.deadline(60)), MASTER, "files", 30)
    with pytest.raises(ServerUnavailable):
        getattr(shell, method)("move it", "move", **given)
    getattr(replace(shell, repeats=True), method)("move it", "move", **given)
    assert streams == []
    assert method != "receive" or b"".join(received) == b"\x00\x01\x02\xff"
    assert method != "send" or whole.written == ["AAEC", "/w=="]


@pytest.mark.parametrize("error", [OSError("reset"), WebSocketTimeoutException("timed out")])
def test_a_stream_of_bytes_that_breaks_or_does_not_end(run, error):
    stream = FakeFrames(error=error)
    with pytest.raises(ApiError,
                       match=f"the stream from .* broke or did not end within 30 seconds: {error}"):
        run(stream, receive, [].append)
    assert stream.closed


def test_bytes_are_sent(run):
    stream = FakeStream(ends_after=9, stdout="done")
    assert run(stream, send, [b"\x00\x01\x02", b"\xff"]) == ExecResult(0, "done", "")
    assert "".join(stream.written) == "AAEC/w=="
    assert ("stdin", "true") in run.asked.query


def test_a_command_that_ends_before_it_has_all_is_sent_no_more(run):
    stream = FakeStream(ends_after=1, returncode=1, stderr="disk full")
    assert run(stream, send, [b"abc"] * 5) == ExecResult(1, "", "disk full")
    assert len(stream.written) == 1


def test_a_stream_that_breaks_while_bytes_are_sent(run):
    with pytest.raises(ApiError, match="the stream to .* broke: reset"):
        run(FakeStream(ends_after=9, returncode=OSError("reset")), send, [b"abc"])


def test_a_script_is_told_by_its_name(run):
    with pytest.raises(ApiError,
                       match="^`put a b` in hbase-master-0/alluxio-master of namespace data did not end"):
        run(FakeStream(stays_open=True), command=["sh", "-c", "long\nscript", "put", "a", "b"])


@pytest.mark.parametrize(("size", "length"), [(0, 0), (1, 4), (3, 4), (4, 8), (6, 8)])
def test_encoded_length(size, length):
    assert encoded_length(size) == length


# -- scripts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "meaning"), [
    (137, "exit code 137: it was killed (SIGKILL), as when its container or pod ends"),
    (143, "exit code 143: it was terminated (SIGTERM), as when its container or pod ends"),
    (-1, "exit code -1: the stream broke before the command's end, as when its node or the API server fails"),
])
def test_a_command_that_ended_without_a_word_has_a_reason_in_words(code, meaning):
    with pytest.raises(ApiError, match="^cannot list backups in pod helper: exit code") as raised:
        ExecResult(code, "", "").require_success("list backups", "helper")
    assert str(raised.value).endswith(meaning)


@pytest.mark.parametrize(("result", "view"), [
    (ExecResult(2, "out", "no space left\n"), "no space left"),
    (ExecResult(2, "out\n", " \n"), "out"),
    (ExecResult(2, "", ""), "no output"),
    (ExecResult(2, "", "x" * 2000), "x" * 500),
], ids=["errors", "output", "nothing", "the-end-of-much"])
def test_a_failure_says_what_the_command_was_to_do_and_what_it_printed(result, view):
    with pytest.raises(ApiError) as raised:
        result.require_success("list backups", "helper")
    assert str(raised.value) == f"cannot list backups in pod helper: exit code 2: {view}"


def test_a_failed_command_shows_no_credential():
    output = "+ mount --option aws.secretKey=planted-" + "x" * 500 + "\nhttps://ann:planted@host/ is away"
    with pytest.raises(ApiError) as raised:
        ExecResult(1, "", output).require_success("mount", "hbase-master-0")
    assert str(raised.value) == (
        "cannot mount in pod hbase-master-0: exit code 1: + mount --option aws.secretKey=VALUE_HIDDEN\n"
        "https://ann:VALUE_HIDDEN@host/ is away")


def test_a_success_is_what_was_printed():
    assert ExecResult(0, "out", "warning").require_success("list backups", "helper") == "out"


@pytest.fixture
def shell(run):
    """Call a method of a PodShell whose command's stream is the given one."""
    def call(stream, method, *args, **given):
        def on(client, pod, container, _command, timeout):
            return getattr(PodShell(client, pod, container, timeout, "bash"), method)(*args, **given)
        return run(stream, on)
    return call


def test_a_script_runs_in_the_shell_with_its_arguments(shell, run):
    assert shell(FakeStream(stdout="a b\n"), "run", "list backups", 'ls "$1"', "/a b") == "a b\n"
    assert ("command", ["bash", "-c", 'ls "$1"', "list backups", "/a b"]) in run.asked.query
    assert ("container", "alluxio-master") in run.asked.query
    assert run.asked.url == "https://api:6443/api/v1/namespaces/data/pods/hbase-master-0/exec"


def test_a_bounded_script_ends_in_the_container_and_is_not_silent(run):
    beat = "datacache.fluid: still running\n"
    stream = FakeStream(returncode=1, stderr=f"{beat}full\n{beat}")

    def on(client, pod, container, _command, timeout):
        return PodShell(client, pod, container, timeout, bounded=True).run("list backups", 'ls "$1"', "/a b")
    with pytest.raises(ApiError, match="^cannot list backups in pod hbase-master-0: exit code 1: full$"):
        run(stream, on)
    [command] = [value for key, value in run.asked.query if key == "command"]
    assert (command[:2], command[3:]) == (["sh", "-c"], ["list backups", "/a b"])
    assert "timeout -k 10 " in command[2]


def test_a_script_writes_what_it_sends(shell, run):
    received = []
    stream = FakeFrames("AAEC/w==")
    assert shell(stream, "receive", "read it", 'base64 <"$1"', "/a", write=received.append,
                 begin=list) is None
    assert b"".join(received) == b"\x00\x01\x02\xff"
    assert ("command", ["bash", "-c", 'base64 <"$1"', "read it", "/a"]) in run.asked.query


def test_a_script_is_sent_bytes(shell, run):
    stream = FakeStream(ends_after=9)
    chunks = [b"\x00\x01\x02", b"\xff"]
    assert shell(stream, "send", "store it", 'cat >"$1"', "/a", chunks=lambda: chunks) is None
    assert "".join(stream.written) == "AAEC/w=="
    assert ("command", ["bash", "-c", 'cat >"$1"', "store it", "/a"]) in run.asked.query


@pytest.mark.parametrize(("method", "stream", "given"), [
    ("run", FakeStream(returncode=1, stderr="disk full\n"), {}),
    ("receive", FakeFrames(stderr="disk full\n", status=FAILURE), {"write": [].append, "begin": list}),
    ("send", FakeStream(ends_after=1, returncode=1, stderr="disk full\n"), {"chunks": lambda: [b"abc"]}),
], ids=["run", "receive", "send"])
def test_a_script_that_fails_is_an_error(shell, method, stream, given):
    with pytest.raises(ApiError, match="^cannot store it in pod hbase-master-0: exit code 1: disk full$"):
        shell(stream, method, "store it", "exit 1", **given)
    assert stream.closed
