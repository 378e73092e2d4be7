# SPDX-License-Identifier: GPL-3.0-or-later
"""Files in pieces, with the real scripts and real files; only the streams that break are made up."""

import base64
import hashlib
import time

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.deadline import Deadline
from ansible_collections.datacache.fluid.plugins.module_utils.api.guarded import GuardedClient
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import PodShell
from ansible_collections.datacache.fluid.plugins.module_utils.backup import transfer
from ansible_collections.datacache.fluid.plugins.module_utils.backup.transfer import Spool
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError, ServerUnavailable
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

PIECE = 3 * 1000
DATA = bytes(range(256)) * 40  # three whole pieces and a part of one
SHA256 = hashlib.sha256(DATA).hexdigest()
SCRIPT = transfer.COMPLETE + 'complete "$1.partial" "$1" "$2" "$3" "$4" "$5"\nmv "$1.partial" "$1"'


@pytest.fixture
def shell(cluster, journals, monkeypatch):
    """A shell in a pod whose folder /backups is the claim's."""
    monkeypatch.setattr(transfer, "PIECE", PIECE)
    monkeypatch.setattr(transfer, "_CHUNK", 300)
    cluster.put(kinds.POD, {"metadata": {"name": "helper", "namespace": "data"}})
    client = GuardedClient(cluster, Deadline(600, clock=cluster.virtual_clock()))
    return PodShell(client, ObjectRef("data", "helper"), "helper", 60, bounded=True, repeats=True)


@pytest.fixture
def spool():
    made = Spool()
    made.write(DATA)
    return made


def store(shell, spool, sha256=SHA256):
    transfer.store(shell, "store it", SCRIPT, "/backups/file", sha256, spool=spool)


def pieces(journals, task):
    return [each for _pod, _container, each in journals.commands].count(task)


def test_a_file_is_stored_in_pieces(journals, shell, spool):
    store(shell, spool)
    assert (journals.claim / "file").read_bytes() == DATA
    assert (pieces(journals, "store it"), journals.files()) == (4, ["file"])


@pytest.mark.parametrize("piece", range(4))
@pytest.mark.parametrize("arrives", ["nothing", "half", "all"])
def test_only_the_piece_whose_stream_broke_is_sent_again(
        journals, shell, spool, monkeypatch, piece, arrives):
    send, sent = pod_exec.send, []

    def breaks(client, pod, container, command, chunks, timeout):
        sent.append(command)
        if len(sent) == piece + 1:
            data = b"".join(chunks)
            if arrives != "nothing":
                send(client, pod, container, command, [data if arrives == "all" else data[:300]], timeout)
            raise ServerUnavailable("the stream broke")
        return send(client, pod, container, command, chunks, timeout)
    monkeypatch.setattr(pod_exec, "send", breaks)
    store(shell, spool)
    assert (journals.claim / "file").read_bytes() == DATA
    assert (len(sent), journals.files()) == (5, ["file"])


def test_a_file_that_arrives_with_another_sha256_is_removed(journals, shell, spool):
    with pytest.raises(ApiError, match=f"SHA-256 {SHA256} arrived, expected 0000"):
        store(shell, spool, "0000")
    assert journals.files() == []


@pytest.mark.parametrize("piece", range(4))
def test_a_piece_that_arrives_short_is_no_success(journals, shell, spool, monkeypatch, piece):
    send, sent = pod_exec.send, []

    def short(client, pod, container, command, chunks, timeout):
        sent.append(command)
        data = b"".join(chunks)
        part = data[:300] if len(sent) == piece + 1 else data
        return send(client, pod, container, command, [part], timeout)
    monkeypatch.setattr(pod_exec, "send", short)
    with pytest.raises(ApiError, match=r"(SHA-256 \w+|\d+ bytes) arrived, expected"):
        store(shell, spool)
    assert "file" not in journals.files() and len(sent) == piece + 1


def test_an_empty_file_is_stored(journals, shell):
    store(shell, Spool(), hashlib.sha256(b"").hexdigest())
    assert (journals.claim / "file").read_bytes() == b""


def fetched(shell):
    spool = Spool()
    transfer.fetch(shell, "fetch it", "/backups/file", len(DATA), spool)
    return spool


def test_a_file_is_fetched_in_pieces(journals, shell):
    (journals.claim / "file").write_bytes(DATA)
    spool = fetched(shell)
    assert (spool.reader().read(), spool.size, spool.sha256) == (DATA, len(DATA), SHA256)
    assert pieces(journals, "fetch it") == 4


@pytest.mark.parametrize("piece", range(4))
@pytest.mark.parametrize("error", [None, ServerUnavailable("it ended early")], ids=["short", "broken"])
def test_a_stream_that_ends_early_costs_one_piece(journals, shell, monkeypatch, piece, error):
    """Also one that ends with exit code 0, as seen on the lab."""
    (journals.claim / "file").write_bytes(DATA)
    receive, received = pod_exec.receive, []

    def breaks(client, pod, container, command, write, timeout):
        received.append(command)
        if len(received) != piece + 1:
            return receive(client, pod, container, command, write, timeout)
        whole = []
        result = receive(client, pod, container, command, whole.append, timeout)
        write(b"".join(whole)[:300])
        if error:
            raise error
        return result
    monkeypatch.setattr(pod_exec, "receive", breaks)
    spool = fetched(shell)
    assert (spool.reader().read(), spool.sha256) == (DATA, SHA256)
    assert len(received) == 5


def test_a_file_that_is_shorter_ends_early(journals, shell):
    (journals.claim / "file").write_bytes(DATA[:100])
    assert fetched(shell).size == 100


@pytest.mark.parametrize("piece", range(4))
def test_a_stream_that_ends_late_leaves_the_file_as_it_is(journals, shell, spool, monkeypatch, piece):
    """A node of the API servers loses its power: kubelet ends the input of the command minutes later."""
    send, sent, late = pod_exec.send, [], []

    def breaks(client, pod, container, command, chunks, timeout):
        sent.append(command)
        if len(sent) != piece + 1:
            return send(client, pod, container, command, chunks, timeout)
        process = journals.begin(pod.name, container, command)
        late.append(process)
        process.stdin.write(base64.b64encode(b"".join(chunks)[:300]).decode())
        process.stdin.flush()
        time.sleep(0.3)  # until its programs have opened the file
        raise ServerUnavailable("the stream broke")
    monkeypatch.setattr(pod_exec, "send", breaks)
    store(shell, spool)
    late[0].communicate(timeout=20)
    assert (journals.claim / "file").read_bytes() == DATA
    assert journals.files() == ["file"]
