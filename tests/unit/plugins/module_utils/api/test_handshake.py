# SPDX-License-Identifier: GPL-3.0-or-later
"""The opening of a command's stream, with real sockets: servers that do not accept, answer or go on."""

import base64
import hashlib
import re
import socket
import struct
import threading
import time
from contextlib import contextmanager

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import connection, pod_exec, transport
from ansible_collections.datacache.fluid.plugins.module_utils.api.client import Client
from ansible_collections.datacache.fluid.plugins.module_utils.api.deadline import Deadline
from ansible_collections.datacache.fluid.plugins.module_utils.api.guarded import GuardedClient
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    CommandUnfinished,
    FluidError,
    Forbidden,
    ServerUnavailable,
    StreamBroken,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

MASTER = ObjectRef("data", "hbase-master-0")
# Seconds: of a command that a bound ends, of that bound, and in which a test's command has ended.
LONG, SHORT, PATIENCE = 60.0, 0.3, 10.0
ACCEPT_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
SUCCESS = b'\x03{"status": "Success"}'  # on the status channel


@contextmanager
def serving(answer):
    """A server whose connections are given to answer, each in a thread; yields its port."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            while True:
                try:
                    taken.append(server.accept()[0])
                except OSError:
                    return
                threading.Thread(target=answer, args=(taken[-1],), daemon=True).start()
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
    for each in taken:
        each.close()


def silent(_connection):
    """Accept a request and say nothing."""


def outcome(port, timeout, once=False, scheme="http"):
    """Return the result or the error of a command, None if it has not ended after PATIENCE."""
    configuration = connection.kubernetes.Configuration()
    configuration.host = f"{scheme}://127.0.0.1:{port}"
    configuration.verify_ssl = False
    client = GuardedClient(Client(configuration, None, []), Deadline(1))
    ended = []

    def run():
        try:
            ended.append(pod_exec.execute(
                client.once() if once else client, MASTER, "alluxio-master", ["sh", "-c", "kill"], timeout))
        except FluidError as err:
            ended.append(err)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return ended[0] if ended else None


@pytest.mark.parametrize("once", [True, False], ids=["act", "look"])
def test_a_command_whose_handshake_is_never_answered_ends_in_its_time_and_may_have_begun(once):
    with serving(silent) as port:
        err = outcome(port, SHORT, once)
    assert isinstance(err, CommandUnfinished), err
    assert "may have begun" in str(err)


def answering(text, reset=False):
    """Read the request, answer with a text, perhaps a part of one, and end the connection."""
    def answer(taken):
        taken.recv(65536)
        taken.sendall(text.encode())
        if reset:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        taken.close()
    return answer


def refusal(status, body=""):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}"


@pytest.mark.parametrize(("text", "reset"), [
    ("", True), ("", False), ("HTTP/1.1 101 Switching", False), (refusal("502 Bad Gateway"), False),
    (refusal("500 Internal Server Error", "Internal error occurred: unexpected EOF"), False),
    (refusal("504 Gateway Timeout"), False), ("HTTP/1.1 101 Switching Protocols\r\n\r\n", False),
], ids=["reset", "closed", "cut", "proxy-502", "kubelet-lost", "proxy-504", "no-websocket"])
def test_a_command_whose_answer_is_lost_after_the_request_may_have_begun(text, reset):
    requests = []

    def answer(taken):
        requests.append(taken)
        answering(text, reset)(taken)
    with serving(answer) as port:
        err = outcome(port, LONG)
    assert isinstance(err, StreamBroken), err
    assert "may have begun" in str(err)
    assert len(requests) == 1


@pytest.mark.parametrize(("status", "body", "error"), [
    ("403 Forbidden", "", Forbidden),
    ("404 Not Found", "", ApiError),
    ("500 Internal Server Error", 'unable to upgrade connection: container not found ("alluxio-master")',
     ApiError),
    ("500 Internal Server Error", "error dialing backend: dial tcp 10.0.0.2:10250: connect: refused",
     ApiError),
])
def test_an_answer_that_proves_that_the_command_was_not_started(status, body, error):
    with serving(answering(refusal(status, body))) as port:
        err = outcome(port, LONG, once=True)
    assert isinstance(err, error), err
    assert not isinstance(err, (CommandUnfinished, ServerUnavailable)), err
    assert err.status == int(status[:3])


def test_a_command_that_may_run_twice_is_sent_again():
    sent = []

    def answer(taken):
        sent.append(taken)
        answering("", reset=True)(taken)
    with serving(answer) as port:
        configuration = connection.kubernetes.Configuration()
        configuration.host = f"http://127.0.0.1:{port}"
        client = GuardedClient(Client(configuration, None, []), Deadline(2))
        shell = pod_exec.PodShell(client, MASTER, "alluxio-master", LONG, repeats=True)
        with pytest.raises(ServerUnavailable, match="may have begun"):
            shell.run("count", "true")
    assert len(sent) > 1


def test_no_command_has_begun_when_a_connection_is_reset_before_the_request():
    """In the handshake of TLS."""
    with serving(answering("", reset=True)) as port:
        err = outcome(port, LONG, once=True, scheme="https")
    assert isinstance(err, ServerUnavailable), err


def test_an_act_waits_for_its_answer_as_long_as_a_request_that_is_sent_once(monkeypatch):
    monkeypatch.setattr(transport, "_ONCE_READ_TIMEOUT", SHORT)
    with serving(silent) as port:
        assert isinstance(outcome(port, LONG, once=True), CommandUnfinished)


def test_no_command_has_begun_when_the_connection_is_not_accepted_in_time(monkeypatch):
    monkeypatch.setattr(transport, "_ONCE_CONNECT_TIMEOUT", SHORT)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _each in range(4)]  # more than the queue holds
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(server.getsockname())
        err = outcome(server.getsockname()[1], LONG, once=True)
        for each in waiting:
            each.close()
    assert isinstance(err, ServerUnavailable), err


def test_a_command_may_be_silent_for_longer_than_its_handshake(monkeypatch):
    monkeypatch.setattr(transport, "_ONCE_READ_TIMEOUT", SHORT)

    def answer(taken):
        key = re.search(rb"Sec-WebSocket-Key: (\S+)", taken.recv(65536))[1].decode()
        accepted = base64.b64encode(hashlib.sha1((key + ACCEPT_KEY).encode()).digest()).decode()
        taken.sendall("\r\n".join([
            "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accepted}", "Sec-WebSocket-Protocol: v4.channel.k8s.io",
            "", ""]).encode())
        time.sleep(3 * SHORT)
        taken.sendall(bytes([0x82, len(SUCCESS)]) + SUCCESS + bytes([0x88, 0]))
    with serving(answer) as port:
        assert outcome(port, LONG, once=True) == pod_exec.ExecResult(0, "", "")
