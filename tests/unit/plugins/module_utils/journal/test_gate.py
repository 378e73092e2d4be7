# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate: its script in a real shell, and its place in the pod."""

import re
import socket
import subprocess
import threading
from contextlib import contextmanager, suppress
from itertools import count, cycle
from pathlib import Path

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.journal import gate

# Of the pod under test, of the one that may lead, and of others, of which nobody serves the web port.
SELF, LEADER, THIRD, FOURTH, FIFTH = (f"{host}:19200" for host in (
    "hbase-master-0", "localhost", "127.0.0.3", "127.0.0.4", "127.0.0.5"))
GAUGES = {"itself": "hbase_master_0", "third": "127_0_0_3", "fourth": "127_0_0_4",
          "fifth": "127_0_0_5", "removed": "127_0_0_9"}


# Takes no time but of the uptime, and ends a gate that has waited for twelve seconds.
SLEEP = """#!/bin/sh
echo "$1" >>"$SLEPT"
waited=$(wc -l <"$SLEPT")
echo "$((1000 + waited)).50 7.00" >"$UPTIME"
[ "$waited" -lt 12 ] || kill "$PPID"
"""


class Pod:
    """A master's init container, its folders below a temporary one. Its gate does not really sleep."""

    def __init__(self, folder):
        self.journal, self.marks, programs = folder / "journal", folder / "marks", folder / "bin"
        for each in (self.journal, self.marks, programs):
            each.mkdir()
        self._slept, self._uptime = folder / "slept", folder / "uptime"
        (programs / "sleep").write_text(SLEEP)
        (programs / "sleep").chmod(0o755)
        self.port = 1  # nothing listens there
        self.environ = {"ALLUXIO_MASTER_HOSTNAME": "hbase-master-0", "PATH": f"{programs}:/usr/bin:/bin",
                        "SLEPT": str(self._slept), "UPTIME": str(self._uptime)}
        self.declare(SELF, LEADER, THIRD)

    def declare(self, *addresses):
        key = "alluxio.master.embedded.journal.addresses"
        self.environ["ALLUXIO_JAVA_OPTS"] = f"-Da=b -D{key}={','.join(addresses)} -Xmx1g"

    def passes(self):
        """The line of a gate that lets the master start, or None when it waits."""
        self._slept.unlink(missing_ok=True)
        self._uptime.write_text("1000.50 7.00\n")
        ended = subprocess.run(
            ["bash", "-c", gate._SCRIPT, "gate", self.journal, str(self.port), self.marks, self._uptime],
            env=self.environ, capture_output=True, text=True, timeout=60, check=False)
        if ended.returncode == 1 and self.waited == 12:
            return None
        assert (ended.returncode, ended.stderr) == (0, "")
        return ended.stdout.strip().splitlines()[-1]

    def delay(self, seconds):
        """Let that many seconds pass until the end of an answer."""
        self._uptime.write_text(f"{1000 + self.waited + seconds}.50 7.00\n")

    @property
    def waited(self):
        """The seconds that the gate has waited."""
        return sum(map(int, self._slept.read_text().split())) if self._slept.exists() else 0

    def close(self):
        (self.marks / gate.FORMED).write_text("true")


@contextmanager
def serving(answer):
    """The port of a server that answers each connection with these bytes, or its answer(), and closes it."""
    def serve():
        with suppress(OSError):  # the socket is closed
            while True:
                connection, _address = server.accept()
                with connection, suppress(OSError):
                    data = answer() if callable(answer) else answer
                    if data.startswith(b"HTTP"):  # unread requests would reset the connection
                        connection.recv(1024)
                    connection.sendall(data)

    with socket.create_server(("localhost", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


# Nanoseconds that differ in each answer: a leader writes its gauges again and again.
_TICKS = count(1)


def metrics(role="0.0", **silences):
    """What a master serves. silences: seconds since followers have answered last, by their names in GAUGES.
    """
    lines = [] if role is None else ["# TYPE Master_RoleId gauge", f"Master_RoleId {role}"]
    for name, seconds in silences.items():
        value = f"{seconds * 1e9 + next(_TICKS):.9E}"
        gauge = f"ratis_server_{GAUGES[name]}_19200_lastHeartbeatElapsedTime"
        lines += [f"# TYPE {gauge} gauge",
                  f'{gauge}{{instance="localhost_19200",group="group-ABB3109A44C1",}} {value}']
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + "\n".join(lines).encode() + b"\n"


def leader(*args, **silences):
    """Return the answers of a leader whose followers are as silent as these each time."""
    return lambda: metrics(*args, **silences)


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


def test_an_empty_one_starts_when_another_leads_a_majority(pod):
    pod.close()
    with serving(leader(itself=60.0, third=0.4)) as pod.port:
        assert (pod.passes(), pod.waited) == ("localhost leads a majority", 5)
        pod.environ["ALLUXIO_MASTER_HOSTNAME"] = "localhost"  # itself is no other
        assert pod.passes() is None


@pytest.mark.parametrize(("interval", "waited"), [(2.25, 7), (5.0, 10)], ids=["balanced", "default"])
def test_a_follower_may_answer_as_seldom_as_the_leader_asks(pod, interval, waited):
    pod.close()
    with serving(leader(itself=60.0, third=interval)) as pod.port:
        assert (pod.passes(), pod.waited) == ("localhost leads a majority", waited)


@pytest.mark.parametrize("alive_until", [-20.0, 0.0, 2.9])
def test_two_empty_ones_do_not_start_by_a_leader_without_a_majority(pod, alive_until):
    """Both followers were deleted. Their leader still serves its web port and has not stepped down yet.

    alive_until: when the other one answered last, in seconds after the start of this gate.
    """
    pod.close()

    def answer():
        silent = pod.waited - alive_until
        return metrics(itself=silent + 1.0, third=max(silent, 0.0))
    with serving(answer) as pod.port:
        assert pod.passes() is None


@pytest.mark.parametrize("role", ["1.0", "2.0", "3.0", "-1.0"])
def test_a_former_leader_or_a_standby_that_serves_its_web_port_does_not_lead(pod, role):
    pod.close()
    with serving(leader(role, third=0.1)) as pod.port:
        assert pod.passes() is None


def test_without_the_gauge_of_the_role_only_a_leader_serves(pod):
    pod.close()
    with serving(leader(None, third=0.1)) as pod.port:
        assert pod.passes() == "localhost leads a majority"


def test_an_open_port_without_metrics_proves_no_majority(pod):
    pod.close()
    with serving(b"HTTP/1.1 404 Not Found\r\n\r\n") as pod.port:
        assert pod.passes() is None


@pytest.mark.parametrize(("silences", "passes"), [
    ({"third": 0.1, "fourth": 0.1, "fifth": 70.0}, True),
    ({"third": 0.1, "fourth": 70.0, "fifth": 70.0}, False),
    ({"third": 0.1, "fourth": 70.0, "fifth": 70.0, "removed": 0.1}, False),
    ({"itself": 0.1, "third": 0.1, "fourth": 70.0, "fifth": 70.0}, False),
], ids=["two-follow", "one-follows", "a-removed-peer", "itself"])
def test_of_five_three_have_to_follow_each_other(pod, silences, passes):
    pod.close()
    pod.declare(SELF, LEADER, THIRD, FOURTH, FIFTH)
    with serving(leader(**silences)) as pod.port:
        assert (pod.passes() is not None) == passes


@pytest.mark.parametrize(("earlier", "silence", "passes"), [(80.0, 0.1, True), (0.1, 80.0, False)])
def test_only_the_living_gauge_of_a_leader_for_the_second_time_counts(pod, earlier, silence, passes):
    pod.close()
    frozen = metrics(third=earlier)
    with serving(lambda: frozen + metrics(third=silence)[60:]) as pod.port:
        assert (pod.passes() is not None) == passes


@pytest.mark.parametrize("lost", [b"", b"HTTP/1.1 200 OK\r\n"], ids=["none", "cut"])
def test_a_lost_answer_makes_no_gauge_new(pod, lost):
    """The next whole one has the frozen gauge again."""
    pod.close()
    frozen = metrics(third=0.1)
    answers = cycle([frozen, frozen, frozen, frozen, lost])
    with serving(lambda: next(answers)) as pod.port:
        assert pod.passes() is None


def test_an_answer_that_is_cut_between_two_values_makes_none_new(pod):
    pod.close()
    cut, rest = metrics(third=80.0), metrics(third=0.1)[60:]
    answers = cycle([cut + rest, cut + rest, cut + rest, cut])
    with serving(lambda: next(answers)) as pod.port:
        assert pod.passes() is None


def test_an_answer_that_is_cut_removes_no_member(pod):
    """Of five, the leader and one follower are no majority."""
    pod.close()
    pod.declare(SELF, LEADER, THIRD, FOURTH, FIFTH)
    silences = cycle([{"fourth": 70.0, "fifth": 70.0}, {}])
    with serving(lambda: metrics(third=0.1, **next(silences))) as pod.port:
        assert pod.passes() is None


def test_a_gauge_that_is_not_written_any_more_shows_no_answer(pod):
    pod.close()
    with serving(metrics(None, third=0.1)) as pod.port:
        assert pod.passes() is None


@pytest.mark.parametrize("declared", [4, 5])
def test_masters_that_are_declared_before_they_are_added_count_for_nothing(pod, declared):
    """A rollout from three masters to five restarts the three with five addresses before it adds two."""
    pod.close()
    pod.declare(*(SELF, LEADER, THIRD, FOURTH, FIFTH)[:declared])
    with serving(leader(itself=60.0, third=0.1)) as pod.port:
        assert pod.passes() == "localhost leads a majority"


def test_an_answer_counts_from_its_question_on(pod):
    """The leader answers at once, and the end of its answer is late."""
    pod.close()

    def answer():
        silent = pod.waited * 1.0
        pod.delay(5)
        return metrics(itself=silent + 1.0, third=silent)
    with serving(answer) as pod.port:
        assert pod.passes() is None


@pytest.mark.parametrize("lacking", [rb"E[+]10\n$", rb"# TYPE ratis_server_127_0_0_4[^$]*", rb"\n$"])
def test_an_answer_that_breaks_off_proves_nothing(pod, lacking):
    pod.close()
    pod.declare(SELF, LEADER, THIRD, FOURTH, FIFTH)

    def answer():
        rest = metrics(third=0.1, fourth=80.0, fifth=80.0)
        return re.sub(lacking, b"# TYP" if lacking.startswith(b"#") else b"", rest)
    with serving(answer) as pod.port:
        assert pod.passes() is None


def test_the_metrics_of_a_real_leader(pod):
    recorded = Path(__file__).parents[5] / "tests" / "metrics" / "recorded" / "master_hbase-master-1.prom"
    pod.close()
    pod.declare("hbase-master-0:22278", "localhost:22278", "hbase-master-2:22278")

    def answer():
        return b"HTTP/1.1 200 OK\r\n\r\n" + recorded.read_bytes().replace(
            b"1.969528538E9", b"1.9695%05dE9" % next(_TICKS))
    with serving(answer) as pod.port:
        assert pod.passes() == "localhost leads a majority"


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
    assert container["command"][-4:] == ["/journal", "24110", "/datacache-gate", "/proc/uptime"]
    assert gate.is_present(twice) and not gate.is_present(spec)


def test_closing_once():
    patch = gate.closing({"data": {"ALLUXIO_JAVA_OPTS": ""}})
    assert patch == {"data": {gate.FORMED: "true"}}
    assert gate.closing(patch) is None
