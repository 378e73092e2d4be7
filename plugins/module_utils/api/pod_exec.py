# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in containers, through the kubernetes package's WebSocket client. IO.

Binary data is sent and received as base64: the client decodes output as text, and its versions differ in
their support for bytes.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, TypeVar

from ..errors import ApiError, CommandUnfinished, Forbidden, InvalidInput, ServerUnavailable, StreamBroken
from ..k8s import scripts
from ..k8s.kinds import POD, ObjectRef
from ..redaction import masked_text
from . import connection, handshake
from .client import Client

_T = TypeVar("_T")
# The channels of an exec stream (k8s.io/apimachinery, util/remotecommand) and the opcodes of RFC 6455.
_STDOUT, _STDERR, _STATUS = 1, 2, 3
_DATA, _CLOSE = (0x1, 0x2), 0x8
# Exit codes without output; a signal gives 128 plus its number.
BROKEN = -1
_MEANINGS = {BROKEN: "the stream broke before the command's end, as when its node or the API server fails",
             137: "it was killed (SIGKILL), as when its container or pod ends",
             143: "it was terminated (SIGTERM), as when its container or pod ends"}
# Answers with HTTP 5xx that prove that the command was not started: of the API server (apimachinery,
# upgradeaware.go), the kubelet, containerd and CRI-O. Others may come from a proxy, or from an API server
# that has lost the kubelet after the request.
_NOT_STARTED = ("error dialing backend", "unable to upgrade connection", "container not found",
                "CONTAINER_EXITED", "is not created or running")
# The last characters of a failed command's output that a message contains.
_REPORTED = 500


@dataclass(frozen=True)
class ExecResult:
    """The output of a command. code: its exit code, -1 if the stream broke before it."""

    code: int
    stdout: str
    stderr: str

    def require_success(self, task: str, pod: str) -> str:
        """Return the standard output. Raises ApiError for another exit code than 0.

        task: the purpose of the command for that message, such as "list backups". Raises ServerUnavailable
        if the stream broke, since the command may have succeeded.
        """
        if self.code != 0:
            leaf = ServerUnavailable if self.code == BROKEN else ApiError
            raise leaf(f"cannot {task} in pod {pod}: {self.failure()}")
        return self.stdout

    def failure(self) -> str:
        """Return the exit code and the end of the output, or the meaning of the code without output.

        Credentials are masked before the cut, which may separate one from its key.
        """
        output = masked_text(self.stderr.strip() or self.stdout.strip())[-_REPORTED:]
        return f"exit code {self.code}: {output or _MEANINGS.get(self.code, 'no output')}"


@dataclass(frozen=True)
class PodShell:
    """A shell in one container. timeout: seconds for each script. shell: a program of the container's image.

    bounded: whether the script ends in the container after the timeout, and prints while it runs. repeats:
    whether a script whose stream breaks is run again, until the deadline of a guarded client. All methods
    raise ApiError as execute does, and if the script fails. task: as for require_success.
    """

    client: Client
    pod: ObjectRef
    container: str
    timeout: float
    shell: str = "sh"
    bounded: bool = False
    repeats: bool = False

    def run(self, task: str, script: str, *args: str) -> str:
        """Run a script with arguments and return its standard output."""
        command = self._command(task, script, args)
        return self._finished(task, lambda: execute(
            self.client, self.pod, self.container, command, self.timeout))

    def receive(self, task: str, script: str, *args: str, write: Callable[[bytes], Any],
                begin: Callable[[], Any]) -> None:
        """Run a script whose standard output is base64, and write the decoded bytes as they arrive.

        begin: called before the first byte, also when the script is run again.
        """
        command = self._command(task, script, args)

        def attempt() -> ExecResult:
            begin()
            return receive(self.client, self.pod, self.container, command, write, self.timeout)
        self._finished(task, attempt)

    def send(self, task: str, script: str, *args: str, chunks: Callable[[], Iterable[bytes]]) -> None:
        """Run a script and send it the bytes as the function send does. chunks: called for each run."""
        command = self._command(task, script, args)
        self._finished(task, lambda: send(
            self.client, self.pod, self.container, command, chunks(), self.timeout))

    def _finished(self, task: str, attempt: Callable[[], ExecResult]) -> str:
        def finished() -> str:
            return self._require_success(attempt(), task)
        return repeated(self.client, finished) if self.repeats else finished()

    def _require_success(self, result: ExecResult, task: str) -> str:
        return replace(result, stderr=scripts.without_beats(result.stderr)).require_success(
            task, self.pod.name)

    def _command(self, task: str, script: str, args: tuple[str, ...]) -> list[str]:
        script = scripts.bounded(script, self.shell, self.timeout) if self.bounded else script
        return [self.shell, "-c", script, task, *args]


def repeated(client: Client, attempt: Callable[[], _T]) -> _T:
    """Return the result of a command that may run twice; send it again when its stream breaks."""
    def once_more() -> _T:
        try:
            return attempt()
        except StreamBroken as err:
            raise ServerUnavailable(str(err)) from err
    return client.until_answered(once_more)


def execute(client: Client, pod: ObjectRef, container: str, command: list[str], timeout: float,
            on_output: Callable[[], None] | None = None) -> ExecResult:
    """Run the command in a container and return its output.

    on_output: called when its first output arrives. Raises ApiError if the stream cannot be opened (no
    permission create on pods/exec, the container does not run) or the command does not end within timeout
    seconds. An error other than CommandUnfinished means that the command has not begun.
    """
    stream = _open(client, pod, container, command, timeout)
    ends = time.monotonic() + timeout
    try:
        if on_output and _has_output(stream, ends):
            on_output()
        return _result(
            stream, _where(pod, container, command), timeout, max(0.001, ends - time.monotonic()))
    finally:
        stream.close()


def receive(client: Client, pod: ObjectRef, container: str, command: list[str],
            write: Callable[[bytes], Any], timeout: float) -> ExecResult:
    """Run a command whose standard output is base64, and write the decoded bytes as they arrive.

    The result's stdout is empty. Raises ApiError as execute does, and for output that is not base64.
    """
    stream = _open(client, pod, container, command, timeout, capture_all=False)
    where = _where(pod, container, command)
    rest, others = "", {_STDERR: b"", _STATUS: b""}
    try:
        for channel, data in _frames(stream.sock, time.monotonic() + timeout):
            if channel == _STDOUT:
                rest = _decode(rest + data.decode("ascii", "replace"), write)
            elif channel in others:
                others[channel] += data
    except _stream_errors() as err:
        raise _broken(err)(
            f"the stream from {where} broke or did not end within {timeout:g} seconds: {err}") from err
    finally:
        stream.close()
    code = _code_of(others[_STATUS])
    if code == 0 and rest:
        raise ServerUnavailable(f"the stream from {where} ended early: it sent incomplete base64")
    return ExecResult(code, "", others[_STDERR].decode("utf-8", "replace"))


def _stream_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions of a broken stream. The package's client has already imported websocket."""
    return OSError, import_module("websocket").WebSocketException


def _broken(err: Exception) -> type[ApiError]:
    """Return the error for a stream that broke; one that was silent for too long may be so again."""
    timeouts = (TimeoutError, import_module("websocket").WebSocketTimeoutException)
    return ApiError if isinstance(err, timeouts) else ServerUnavailable


def _frames(socket: Any, deadline: float) -> Iterator[tuple[int, bytes]]:
    """Yield (channel, data) of each frame until the stream is closed.

    The package's own methods append each frame to one string: 60 MB take minutes (measured).
    """
    while True:
        socket.settimeout(max(0.001, deadline - time.monotonic()))
        opcode, frame = socket.recv_data_frame(True)
        if opcode == _CLOSE:
            return
        if opcode in _DATA and frame.data:
            yield frame.data[0], frame.data[1:]


def _code_of(status: bytes) -> int:
    """Return the exit code from the status channel's data, -1 without one."""
    try:
        answer = json.loads(status)
        return 0 if answer["status"] == "Success" else int(answer["details"]["causes"][0]["message"])
    except (IndexError, KeyError, TypeError, ValueError):
        return -1


def send(client: Client, pod: ObjectRef, container: str, command: list[str], chunks: Iterable[bytes],
         timeout: float) -> ExecResult:
    """Run a command with the bytes on standard input, as base64 without line breaks, and return its output.

    The protocol cannot close the input: the command must stop reading after encoded_length() characters. The
    length of each chunk but the last is a multiple of 3. Raises ApiError as execute does.
    """
    stream = _open(client, pod, container, command, timeout, ("stdin", "true"))
    deadline = time.monotonic() + timeout
    try:
        for chunk in chunks:
            stream.write_stdin(base64.b64encode(chunk).decode("ascii"))
            stream.update(timeout=0)
            if not stream.is_open() or time.monotonic() > deadline:
                break  # the command has failed early; its output explains why
        return _result(
            stream, _where(pod, container, command), timeout, max(0.001, deadline - time.monotonic()))
    except _stream_errors() as err:
        raise _broken(err)(f"the stream to {_where(pod, container, command)} broke: {err}") from err
    finally:
        stream.close()


def encoded_length(size: int) -> int:
    """Return the number of base64 characters that encode that many bytes."""
    return (size + 2) // 3 * 4


def require_own_identity(client: Client) -> None:
    """Raise InvalidInput for a client that impersonates: streams ignore the impersonation."""
    if client.impersonates:
        raise InvalidInput(
            "commands in pods cannot be run with impersonate_user or impersonate_groups: the kubernetes "
            "package drops these headers from streams, so the command would run as the connection's own "
            "user; use a kubeconfig of the other identity")


def _open(client: Client, pod: ObjectRef, container: str, command: list[str], timeout: float,
          *query: tuple[str, str], capture_all: bool = True) -> Any:
    """Return the stream of a command. Raises CommandUnfinished when the command may have begun.

    It is StreamBroken unless the API server was silent for too long, and may be so again.
    """
    require_own_identity(client)
    url = f"{client.configuration.host}{POD.path(pod)}/exec"
    query_params = [("command", command), ("container", container), ("stdout", "true"), ("stderr", "true"),
                    *query]
    ws_client = connection.kubernetes.import_stream()
    timeouts = [min(timeout, each) for each in client.timeouts]

    def connect() -> Any:
        client.before_command()
        client.count_request()
        opening = handshake.Opening(connect=timeouts[0], answer=timeouts[1])
        try:
            with handshake.bounded(ws_client, opening):
                return ws_client.websocket_call(
                    connection.for_streams(client.configuration), "GET", url, query_params=query_params,
                    headers=dict(client.headers()), _preload_content=False, capture_all=capture_all)
        except ws_client.ApiException as err:
            # The package turns also what ends the process, such as SIGTERM, into its own exception.
            if isinstance(err.__context__, (KeyboardInterrupt, SystemExit)):
                raise err.__context__ from None
            status = _handshake_status(err.reason)
            if opening.sent and not _was_not_started(status, str(err.reason)):
                silent = not status and _is_silent(err)
                reason = (f"the API server did not answer within {timeouts[1]:g} seconds" if silent
                          else f"the answer was lost: {_first_line(err.reason)}")
                raise (CommandUnfinished if silent else StreamBroken)(
                    f"{_where(pod, container, command)} may have begun: {reason}; check the API server's "
                    "health and that of the pod's node", status) from err
            unavailable = not status and _is_unavailable(err)
            leaf = Forbidden if status == 403 else ServerUnavailable if unavailable else ApiError
            needs = "" if isinstance(err.__context__, OSError) else (
                "; it needs create on pods/exec and a running container")
            raise leaf(f"cannot run {_where(pod, container, command)}: {_first_line(err.reason)}{needs}",
                       status) from err

    return client.until_answered(connect)


def _is_unavailable(err: Exception) -> bool:
    """Return whether no API server accepted the connection, so that no command has begun.

    A certificate that is wrong or absent, as after the end of an AWX job, does not change by waiting.
    """
    permanent = (ssl.SSLError, FileNotFoundError, PermissionError)
    return (isinstance(err.__context__, OSError) and not isinstance(err.__context__, permanent)
            or _is_silent(err))


def _is_silent(err: Exception) -> bool:
    """Return whether a proxy or the API server, perhaps after the request, did not answer in time."""
    silence = import_module("websocket").WebSocketTimeoutException
    return isinstance(err.__context__, silence) and not _handshake_status(err.__context__)


def _was_not_started(status: int, answer: str) -> bool:
    """Return whether an answer proves that the command was not started. status: of HTTP, 0 without one."""
    return 400 <= status < 500 or status >= 500 and any(each in answer for each in _NOT_STARTED)


def _result(stream: Any, where: str, timeout: float, remaining: float) -> ExecResult:
    """Wait for the end of a command and return its output. remaining: seconds of the timeout."""
    stream.run_forever(timeout=remaining)
    if stream.is_open():
        raise CommandUnfinished(f"{where} did not end within {timeout:g} seconds")
    return ExecResult(_exit_code(stream), stream.read_stdout(timeout=0), stream.read_stderr(timeout=0))


def _has_output(stream: Any, ends: float) -> bool:
    """Wait for output; return False when the stream closes or the time ends without any."""
    while stream.is_open() and (left := ends - time.monotonic()) > 0:
        if stream.peek_stdout(timeout=left):
            return True
    return False


def _where(pod: ObjectRef, container: str, command: list[str]) -> str:
    args = command[3:] if command[1:2] == ["-c"] else command  # a script is described by its $0 and arguments
    return f"`{' '.join(args)}` in {pod.name}/{container} of namespace {pod.namespace}"


def _decode(text: str, write: Callable[[bytes], Any]) -> str:
    """Decode and write the complete groups of four characters, and return the rest."""
    text = "".join(text.split())
    complete = len(text) // 4 * 4
    if complete:
        try:
            write(base64.b64decode(text[:complete], validate=True))
        except ValueError as err:
            raise ApiError(f"expected base64 from a command, got {text[:80]!r}") from err
    return text[complete:]


def _exit_code(stream: Any) -> int:
    """Return the exit code, -1 if the stream broke before it."""
    try:
        return stream.returncode
    except (KeyError, TypeError, ValueError):
        return BROKEN


def _handshake_status(reason: object) -> int:
    """Return the HTTP code of a refused stream, 0 without one; the package reports it only in a text."""
    match = re.search(r"Handshake status (\d{3})", str(reason))
    return int(match.group(1)) if match else 0


def _first_line(text: object) -> str:
    return str(text).strip().splitlines()[0] if str(text).strip() else "no reason given"
