# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive of Alluxio's classes: the list that it is made of, and the namespaces that Alluxio runs in for
it.
"""

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest
from labctl.build import cds, errors
from labctl.build.cache import Cache
from labctl.build.catalog import SOURCES
from labctl.build.job import Job
from labctl.build.part import Part

HERE = Path("/")  # a root that is there on every machine
DEADLINE_SECONDS = 60

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")


def test_the_merged_list_has_each_class_once_whatever_the_order_and_no_comments():
    master = ("# made by a JVM\nalluxio/Master id: 7\njava/lang/Object id: 0\n"
              "@lambda-proxy alluxio/Master run\n")
    worker = "# made by a JVM\njava/lang/Object id: 0\nalluxio/Worker id: 7\n"
    assert cds.merged([master, worker]) == cds.merged([worker, master]) == (
        "@lambda-proxy alluxio/Master run\nalluxio/Master id: 7\nalluxio/Worker id: 7\n"
        "java/lang/Object id: 0\n")


@pytest.fixture(name="job")
def fixture_job(tmp_path):
    job = Job(Part("it", cds.class_archive), Cache(tmp_path / "cache"), {}, threading.Event())
    job.work = tmp_path
    job.log.parent.mkdir(parents=True)
    job.log.touch()
    return job


@needs_root
class TestNamespaces:
    def test_alluxio_has_the_ports_and_the_process_numbers_to_itself(self, job, tmp_path):
        cds._enter(job, HERE, "sh", "-c",
                   f"exec >{tmp_path}/seen; echo $$; cat /proc/net/dev; ls /dev/null /dev/fd/0")
        words = (tmp_path / "seen").read_text(encoding="ascii").split()
        assert words[0] == "1"
        assert [word for word in words if word.endswith(":")] == ["lo:"]
        assert words[-2:] == ["/dev/fd/0", "/dev/null"]

    def test_nothing_of_this_machines_environment_reaches_it(self, job, tmp_path, monkeypatch):
        monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Dfrom=outside")
        cds._enter(job, HERE, "sh", "-c", f"env >{tmp_path}/seen")
        assert "from=outside" not in (tmp_path / "seen").read_text(encoding="ascii")

    def test_a_cut_off_leaves_no_process_and_no_mount(self, job, tmp_path):
        before = mounts()
        mark = f"{tmp_path}/running"
        # In a session of its own, where no signal to the build's process group reaches it.
        stage = [cds._enter, job, HERE, "sh", "-c", f"touch {mark}; setsid tail -f {mark} & wait"]
        builder = threading.Thread(target=pytest.raises, args=(errors.Cancelled, *stage))
        builder.start()
        wait_for(lambda: running(mark))
        job._cancelled.set()
        job.stop()
        builder.join(DEADLINE_SECONDS)
        wait_for(lambda: not running(mark))
        assert mounts() == before


def mounts():
    """What is mounted on /dev and /proc; elsewhere a lab may be starting."""
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.split()[1].startswith(("/dev", "/proc"))]


def running(argument):
    """Whether a process has this argument, in whatever namespace."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if argument.encode() in path.read_bytes().split(b"\0"):
                return True
        except OSError:
            pass  # it has just ended
    return False


def wait_for(condition):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition never became true"
        time.sleep(0.01)


class TestRecording:
    @pytest.fixture(name="record")
    def fixture_record(self, tmp_path):
        """record(shell code): what the recording says when the launcher and nginx are this code."""
        for name in ("alluxio", "nginx"):
            (tmp_path / name).touch(0o755)

        def record(code):
            for name in ("alluxio", "nginx"):
                (tmp_path / name).write_text(f"#!/bin/sh\n{code}\n", encoding="ascii")
            return subprocess.run(
                ["bash", SOURCES / "image/record-classes.sh", tmp_path / "classes"], check=False, text=True,
                stderr=subprocess.PIPE, env={"PATH": f"{tmp_path}:/usr/bin:/bin"})

        return record

    def test_a_command_that_fails_ends_it_with_the_end_of_its_log(self, record):
        done = record("seq 100; echo the reason; exit 3")
        assert done.returncode == 1
        lines = done.stderr.splitlines()
        assert lines[0] == "record-classes.sh: alluxio formatJournal failed; the end of its log:"
        assert (len(lines), lines[-1]) == (16, "the reason")

    def test_so_does_a_component_that_ends(self, record):
        done = record("case $1 in format*) ;; *) echo the reason; exit 3 ;; esac")
        assert done.returncode == 1
        # Which one is noticed first depends on the ports that are open on this machine.
        assert done.stderr.splitlines()[0].split(" before ")[0].endswith(" ended")
        assert done.stderr.endswith("the reason\n")
