# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate: its script in a real shell, and its place in the pod."""

import socket
import subprocess
import threading
from contextlib import contextmanager, suppress

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.journal import gate

ADDRESSES = "-Dalluxio.master.embedded.journal.addresses=hbase-master-0:19200,localhost:19200"


# Takes no time, and ends a gate that has waited for six seconds.
SLEEP = """#!/bin/sh
echo "$1" >>"$SLEPT"
[ "$(wc -l <"$SLEPT")" -lt 6 ] || kill "$PPID"
"""


class Pod:
    """A master's init container, its folders below a temporary one. Its gate does not really sleep."""

    def __init__(self, folder):
        self.journal, self.marks, programs = folder / "journal", folder / "marks", folder / "bin"
        for each in (self.journal, self.marks, programs):
            each.mkdir()
        self._slept = folder / "slept"
        (programs / "sleep").write_text(SLEEP)
        (programs / "sleep").chmod(0o755)
        self.port = 1  # nothing listens there
        self.environ = {"ALLUXIO_MASTER_HOSTNAME": "hbase-master-0", "PATH": f"{programs}:/usr/bin:/bin",
                        "ALLUXIO_JAVA_OPTS": f"-Da=b {ADDRESSES} -Xmx1g", "SLEPT": str(self._slept)}

    def passes(self):
        """The line of a gate that lets the master start, or None when it waits."""
        self._slept.unlink(missing_ok=True)
        ended = subprocess.run(
            ["bash", "-c", gate._SCRIPT, "gate", self.journal, str(self.port), self.marks],
            env=self.environ, capture_output=True, text=True, timeout=60, check=False)
        if ended.returncode == 1 and self.waited == 6:
            return None
        assert (ended.returncode, ended.stderr) == (0, "")
        return ended.stdout.strip().splitlines()[-1]

    @property
    def waited(self):
        """The seconds that the gate has waited."""
        return sum(map(int, self._slept.read_text().split())) if self._slept.exists() else 0

    def close(self):
        (self.marks / gate.FORMED).write_text("true")


@contextmanager
def serving(answer):
    """The port of a server that answers each connection with these bytes and closes it."""
    def serve():
        with suppress(OSError):  # the socket is closed
            while True:
                connection, _address = server.accept()
                with connection, suppress(OSError):
                    if answer.startswith(b"HTTP"):  # unread requests would reset the connection
                        connection.recv(1024)
                    connection.sendall(answer)

    with socket.create_server(("localhost", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def pod(tmp_path):
    return Pod(tmp_path)


def test_it_is_open_until_the_group_has_formed(pod):
    assert pod.passes() == "the gate is open"
    pod.close()
    assert pod.passes() is None


def test_a_kept_journal_starts_at_once(pod):
    pod.close()
    raft = pod.journal / "raft" / "group" / "current"
    raft.mkdir(parents=True)
    assert pod.passes() is None
    (raft / "raft-meta").write_text("term=1")
    assert pod.passes() == "the journal is kept"


def test_what_file_systems_leave_in_an_empty_volume_is_no_journal(pod):
    pod.close()
    (pod.journal / "lost+found").mkdir()
    assert pod.passes() is None


def test_an_empty_one_starts_when_another_leads(pod):
    pod.close()
    with serving(b"HTTP/1.1 200 OK\r\n\r\n") as pod.port:
        assert (pod.passes(), pod.waited) == ("localhost leads", 3)  # before that it may be ending
        pod.environ["ALLUXIO_MASTER_HOSTNAME"] = "localhost"  # itself is no other
        assert pod.passes() is None


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0"])
def test_a_standby_that_closes_the_connection_does_not_lead(pod, answer):
    pod.close()
    with serving(answer) as pod.port:
        assert pod.passes() is None


def test_a_person_admits_one_master_by_name(pod):
    pod.close()
    (pod.marks / gate.ADMITTED).write_text("hbase-master-01 hbase-master-1")
    assert pod.passes() is None
    (pod.marks / gate.ADMITTED).write_text("hbase-master-1 hbase-master-0\n")
    assert pod.passes() == "a person admits this master"


def test_a_restoration_opens_it(pod):
    pod.close()
    pod.environ[gate.OPEN] = "restoration"
    assert pod.passes() == "the gate is open"


def test_it_is_the_first_init_container_and_there_once(workload):
    spec = workload["spec"]["template"]["spec"]
    spec["initContainers"] = [{"name": "other", "image": "x"}]
    twice = gate.with_gate("hbase", gate.with_gate("hbase", spec))
    assert [each["name"] for each in twice["initContainers"]] == [gate.CONTAINER, "other"]
    assert [each["name"] for each in twice["volumes"]].count(gate.CONTAINER) == 1
    container = twice["initContainers"][0]
    assert container["image"] == spec["containers"][0]["image"]
    assert container["command"][-3:] == ["/journal", "24110", "/datacache-gate"]
    assert gate.is_present(twice) and not gate.is_present(spec)


def test_closing_once():
    patch = gate.closing({"data": {"ALLUXIO_JAVA_OPTS": ""}})
    assert patch == {"data": {gate.FORMED: "true"}}
    assert gate.closing(patch) is None
