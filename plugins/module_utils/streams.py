# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in containers, over the kubernetes package's WebSocket client. IO."""

from __future__ import annotations

import re
from dataclasses import dataclass

from . import connection
from .client import Client
from .errors import ApiError, InvalidInput


@dataclass(frozen=True)
class Executed:
    """What a command said; code is its exit code."""

    code: int
    stdout: str
    stderr: str


def execute(client: Client, namespace: str, pod: str, container: str, command: list[str], timeout: float) -> Executed:
    """Run the command in a container and return its output.

    Raises ApiError when the stream cannot be opened (no permission for create on pods/exec, the
    container does not run) or the command has not ended after timeout seconds.
    """
    if client.impersonates:
        raise InvalidInput(
            "commands in pods cannot be run with impersonate_user or impersonate_groups: the kubernetes package drops "
            "these headers from streams, so the command would run as yourself; use that identity's own kubeconfig")
    url = "%s/api/v1/namespaces/%s/pods/%s/exec" % (client.configuration.host, namespace, pod)
    query = [("command", command), ("container", container), ("stdout", "true"), ("stderr", "true")]
    client.count_request()
    where = "`%s` in %s/%s of namespace %s" % (" ".join(command), pod, container, namespace)
    ws_client = connection.kubernetes.import_stream()
    try:
        stream = ws_client.websocket_call(
            client.configuration, "GET", url, query_params=query, headers=dict(client.headers()), _preload_content=False)
    except ws_client.ApiException as err:
        raise ApiError("cannot run %s: %s; it needs create on pods/exec and a running container"
                       % (where, _first_line(err.reason)), _handshake_status(err.reason)) from err
    try:
        stream.run_forever(timeout=timeout)
        if stream.is_open():
            raise ApiError("%s has not ended after %g seconds" % (where, timeout))
        return Executed(_exit_code(stream), stream.read_stdout(timeout=0), stream.read_stderr(timeout=0))
    finally:
        stream.close()


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
