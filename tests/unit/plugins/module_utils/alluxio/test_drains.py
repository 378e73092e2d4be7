# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the files is cached, what is loaded again for it, and the answers of decommissionWorker."""

import os
import subprocess

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import drains
from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.drains import File, Kept

LISTED = """\
drwxrwxrwx  root           root                         2       PERSISTED 11-27-2026 10:00:00:123  DIR /a
-rw-r--r--  root           root             119411835       PERSISTED 11-27-2026 10:00:00:123 100% /a/one file
-rw-r--r--  root           root                       400   NOT_PERSISTED 11-27-2026 10:00:00:123  40% /a/own
               500  TO_BE_PERSISTED 11-27-2026 10:00:00:123   0% /b\x20\x20\x20
"""


def test_the_files_of_a_listing():
    assert drains.parse_files(LISTED) == [
        File("/a/one file", 119411835, 100, True), File("/a/own", 400, 40, False),
        File("/b", 500, 0, False)]
    assert drains.unpersisted(drains.parse_files(LISTED)) == ["/a/own", "/b"]
    assert drains.parse_files("") == []


def files(*names):
    """Files of 10 bytes: cached, or with ! not, or with ~ half of it."""
    return [File(name.rstrip("!~"), 10, {"!": 0, "~": 50}.get(name[-1], 100), True) for name in names]


@pytest.mark.parametrize(("found", "paths", "left"), [
    ([], (), (0, 0)),
    (["/a/x", "/b/y"], ("/",), (0, 0)),
    (["/a/x", "/a/y", "/b/z!"], ("/a",), (0, 0)),
    (["/a/b/x", "/a/b/y", "/a/z!", "/c/v"], ("/a/b", "/c"), (0, 0)),
    (["/a/x", "/a/y!", "/a/z~"], ("/a/x",), (0, 0)),
    (["/x", "/y!"], ("/x",), (0, 0)),
    (["/a/1", "/a/2", "/b/3", "/c/4", "/d!"], ("/a", "/b"), (1, 10)),
    (["/a*/x", "/y!"], (), (1, 10)),
    (["/x!"], (), (0, 0)),
], ids=["none", "all", "folder", "nested", "beside-others", "root", "too-many", "wildcard", "uncached"])
def test_what_is_loaded_again(found, paths, left):
    assert drains.kept(files(*found), 2) == Kept(paths, *left)


def test_empty_files_need_no_load():
    assert drains.kept([File("/a/empty", 0, 100, True), *files("/b!")], 2) == Kept((), 0, 0)


@pytest.mark.parametrize(("paths", "found"), [
    ([], []), (["/b", "/a", "/b"], ["/a", "/b"]), (["/a/b", "/a", "/ab"], ["/a", "/ab"]),
    (["/a", "/"], ["/"]),
])
def test_paths_within_others_are_left_out(paths, found):
    assert drains.outermost(paths) == found


@pytest.mark.parametrize("output", [
    "Worker Name      State            Last Heartbeat   Storage       MEM\n"
    "10.0.0.1         In Service       3                capacity      2048.00MB\n"
    "                                                   used          0B (0%)\n"
    "10.0.0.2         In Service       0                capacity      2048.00MB\n",
    "Worker Name      Last Heartbeat   Storage       MEM\n"
    "10.0.0.1         3                capacity      2048.00MB\n"
    "                                  used          0B (0%)\n"
    "10.0.0.2         0                capacity      2048.00MB\n",
], ids=["2.9.4", "2.9.0"])
def test_heartbeats(output):
    assert drains.parse_heartbeats(output) == {"10.0.0.1": 3, "10.0.0.2": 0}


def test_the_newest_heartbeat_of_a_host_counts():
    assert drains.parse_heartbeats("h 4 capacity 1\nh 1 capacity 1\nh 9 capacity 1\n") == {"h": 1}


@pytest.mark.parametrize(("code", "text", "answer"), [
    (0, "All workers are successfully decommissioned", drains.IDLE),
    (10, "some became inaccessible", drains.IDLE),
    (3, "Some workers were still not idle", drains.BUSY),
    (255, "Worker 10.0.0.1 is not known by the master. Please check", drains.UNKNOWN_WORKER),
    (255, "decommissionWorker is an unknown command.", drains.UNKNOWN_COMMAND),
])
def test_the_answers_of_the_command(tmp_path, code, text, answer):
    done = decommission(tmp_path, code, text)
    assert (done.returncode, done.stdout.split()) == (0, [answer])
    assert (tmp_path / "arguments").read_text().split() == [
        "fsadmin", "decommissionWorker", "--addresses", "10.0.0.1,10.0.0.2", "--wait", "300s"]


def test_another_failure_of_the_command(tmp_path):
    done = decommission(tmp_path, 2, "Lost connection to the primary master")
    assert (done.returncode, done.stderr.strip()) == (1, "Lost connection to the primary master")


def decommission(folder, code, text):
    program = folder / "alluxio"
    program.write_text(f"#!/bin/sh\necho \"$@\" > {folder}/arguments\necho '{text}'\nexit {code}\n")
    program.chmod(0o755)
    return subprocess.run(
        ["bash", "-c", drains.DECOMMISSION, "drain", "10.0.0.1,10.0.0.2", "300s"], capture_output=True,
        text=True, check=False, env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
