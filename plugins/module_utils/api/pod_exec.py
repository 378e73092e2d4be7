# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in containers, over the kubernetes package's WebSocket client. IO.

Bytes travel as base64: the client decodes output as text, and its versions differ in what they offer for bytes.
"""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Callable, Iterable, Iterator

from ..errors import ApiError, InvalidInput
from . import connection
from .client import Client

# The channels of an exec stream (k8s.io/apimachinery, util/remotecommand) and the opcodes of RFC 6455.
_STDOUT, _STDERR, _STATUS = 1, 2, 3
_DATA, _CLOSE = (0x1, 0x2), 0x8


@dataclass(frozen=True)
class ExecResult:
    """What a command said; code is its exit code."""

    code: int
    stdout: str
    stderr: str


def execute(client: Client, namespace: str, pod: str, container: str, command: list[str], timeout: float) -> ExecResult:
    """Run the command in a container and return its output.

    Raises ApiError when the stream cannot be opened (no permission for create on pods/exec, the
    container does not run) or the command has not ended after timeout seconds.
    """
    stream = _open(client, namespace, pod, container, command)
    try:
        stream.run_forever(timeout=timeout)
        _require_ended(stream, namespace, pod, container, command, timeout)
        return ExecResult(_exit_code(stream), stream.read_stdout(timeout=0), stream.read_stderr(timeout=0))
    finally:
        stream.close()


def receive(client: Client, namespace: str, pod: str, container: str, command: list[str],
            write: Callable[[bytes], Any], timeout: float) -> ExecResult:
    """Run a command whose standard output is base64 and write the bytes that it stands for, as they come.

    The answer's stdout is empty. Raises ApiError as execute does, and for output that is not base64.
    """
    stream = _open(client, namespace, pod, container, command, capture_all=False)
    where = _where(namespace, pod, container, command)
    rest, others = "", {_STDERR: b"", _STATUS: b""}
    try:
        for channel, data in _frames(stream.sock, time.monotonic() + timeout):
            if channel == _STDOUT:
                rest = _decode(rest + data.decode("ascii", "replace"), write)
            elif channel in others:
                others[channel] += data
    except _breaks() as err:
        raise ApiError(f"the stream from {where} broke, or has not ended after {timeout:g} seconds: {err}") from err
    finally:
        stream.close()
    code = _code_of(others[_STATUS])
    if code == 0 and rest:
        raise ApiError(f"{where} sent base64 that ends in the middle")
    return ExecResult(code, "", others[_STDERR].decode("utf-8", "replace"))


def _breaks() -> tuple[type[Exception], ...]:
    """What a stream that breaks raises; websocket is what the package's client stands on, and is loaded with it."""
    return OSError, import_module("websocket").WebSocketException


def _frames(socket: Any, deadline: float) -> Iterator[tuple[int, bytes]]:
    """Yield what the channels carry, until the stream is closed.

    The package's own reading joins all that has come to one text, piece by piece: 60 MB take minutes.
    """
    while True:
        socket.settimeout(max(0.001, deadline - time.monotonic()))
        opcode, frame = socket.recv_data_frame(True)
        if opcode == _CLOSE:
            return
        if opcode in _DATA and frame.data:
            yield frame.data[0], frame.data[1:]


def _code_of(status: bytes) -> int:
    """The exit code that the status channel tells; a stream that broke off before it came counts as a failure."""
    try:
        view = json.loads(status)
        return 0 if view["status"] == "Success" else int(view["details"]["causes"][0]["message"])
    except (IndexError, KeyError, TypeError, ValueError):
        return -1


def send(client: Client, namespace: str, pod: str, container: str, command: list[str], chunks: Iterable[bytes],
         timeout: float) -> ExecResult:
    """Run a command, send it the bytes as base64 without line breaks on its standard input, and return its output.

    The input is never closed, which the protocol cannot do: the command has to stop reading after
    encoded_length() characters. All chunks but the last have a length that 3 divides. Raises ApiError as execute does.
    """
    stream = _open(client, namespace, pod, container, command, ("stdin", "true"))
    deadline = time.monotonic() + timeout
    try:
        for chunk in chunks:
            stream.write_stdin(base64.b64encode(chunk).decode("ascii"))
            stream.update(timeout=0)
            if not stream.is_open() or time.monotonic() > deadline:
                break  # a command that ends before it has read all has failed, and says why
        stream.run_forever(timeout=max(0.001, deadline - time.monotonic()))
        _require_ended(stream, namespace, pod, container, command, timeout)
        return ExecResult(_exit_code(stream), stream.read_stdout(timeout=0), stream.read_stderr(timeout=0))
    except _breaks() as err:
        raise ApiError(f"the stream to {_where(namespace, pod, container, command)} broke: {err}") from err
    finally:
        stream.close()


def encoded_length(size: int) -> int:
    """How many characters of base64 stand for that many bytes."""
    return (size + 2) // 3 * 4


def require_own_identity(client: Client) -> None:
    """Raise InvalidInput for a client that impersonates: its commands would run as the user behind it."""
    if client.impersonates:
        raise InvalidInput(
            "commands in pods cannot be run with impersonate_user or impersonate_groups: the kubernetes package drops "
            "these headers from streams, so the command would run as yourself; use that identity's own kubeconfig")


def _open(client: Client, namespace: str, pod: str, container: str, command: list[str], *query: tuple[str, str],
          capture_all: bool = True) -> Any:
    require_own_identity(client)
    url = f"{client.configuration.host}/api/v1/namespaces/{namespace}/pods/{pod}/exec"
    query_params = [("command", command), ("container", container), ("stdout", "true"), ("stderr", "true"), *query]
    client.count_request()
    ws_client = connection.kubernetes.import_stream()
    try:
        return ws_client.websocket_call(
            client.configuration, "GET", url, query_params=query_params, headers=dict(client.headers()),
            _preload_content=False, capture_all=capture_all)
    except ws_client.ApiException as err:
        raise ApiError(f"cannot run {_where(namespace, pod, container, command)}: {_first_line(err.reason)}; it needs create on pods/exec "
                       "and a running container", _handshake_status(err.reason)) from err


def _require_ended(stream: Any, namespace: str, pod: str, container: str, command: list[str], timeout: float) -> None:
    if stream.is_open():
        raise ApiError(f"{_where(namespace, pod, container, command)} has not ended after {timeout:g} seconds")


def _where(namespace: str, pod: str, container: str, command: list[str]) -> str:
    args = command[3:] if command[1:2] == ["-c"] else command  # a script is told by its $0 and arguments
    return f"`{' '.join(args)}` in {pod}/{container} of namespace {namespace}"


def _decode(text: str, write: Callable[[bytes], Any]) -> str:
    """Write what whole groups of four characters stand for, and return the characters that are left."""
    text = "".join(text.split())
    whole = len(text) // 4 * 4
    if whole:
        try:
            write(base64.b64decode(text[:whole], validate=True))
        except ValueError as err:
            raise ApiError("a command that should have sent base64 sent %.80r" % text) from err
    return text[whole:]


def _exit_code(stream) -> int:
    """The exit code; a stream that broke off before it came counts as a failure."""
    try:
        return stream.returncode
    except (KeyError, TypeError, ValueError):
        return -1


def _handshake_status(reason: object) -> int:
    """The HTTP code with which the stream was refused; the package keeps it in the text alone. 0 without one."""
    match = re.search(r"Handshake status (\d{3})", str(reason))
    return int(match.group(1)) if match else 0


def _first_line(text: object) -> str:
    return str(text).strip().splitlines()[0] if str(text).strip() else "no reason given"
