# SPDX-License-Identifier: GPL-3.0-or-later
"""The opening of a command's stream, with real sockets: servers that do not accept, answer or go on."""

import base64
import hashlib
import re
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import connection, pod_exec, transport
from ansible_collections.datacache.fluid.plugins.module_utils.api.client import Client
from ansible_collections.datacache.fluid.plugins.module_utils.api.deadline import Deadline
from ansible_collections.datacache.fluid.plugins.module_utils.api.guarded import GuardedClient
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    CommandUnfinished,
    FluidError,
    ServerUnavailable,
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


def outcome(port, timeout, once=False):
    """Return the result or the error of a command, None if it has not ended after PATIENCE."""
    configuration = connection.kubernetes.Configuration()
    configuration.host = f"http://127.0.0.1:{port}"
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
