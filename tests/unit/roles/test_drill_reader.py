# SPDX-License-Identifier: GPL-3.0-or-later
"""Which file the drill's reader reads, by a real shell. A program stands in for FUSE, which answers late."""

import subprocess
import time
from pathlib import Path

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.drill.reader import without_file

SCRIPT = (Path(__file__).parents[3] / "roles" / "drill" / "files" / "read_again.sh").read_text()
FILES = {"large": 200, "small": 64, "sub/medium": 100, "sub/other": 150, "empty": 0}  # KiB


@pytest.fixture
def chosen(tmp_path):
    """Return the file that is read.

    late: the file whose size, or whose opening, FUSE answers late. seconds: for which it fails instead.
    """
    data, programs = tmp_path / "data", tmp_path / "programs"
    for name, size in FILES.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(b"x" * size * 1024)
    programs.mkdir()
    (tmp_path / "copies").mkdir()

    def run(late="", program="", seconds=0):
        fails = f'[ "$(date +%s)" -ge {int(time.time()) + seconds} ] || exit 1'
        answer = fails if seconds else "exec sleep 60"
        for name in ("stat", "dd"):
            waits = f'case "$*" in *{late}*) {answer};; esac\n' if name == program else ""
            notes = f'case "$*" in *iflag=direct*) echo "$1" >{tmp_path}/read; exec sleep 60; esac\n'
            (programs / name).write_text(f'#!/bin/sh\n{waits}{notes}exec /usr/bin/{name} "$@"\n')
            (programs / name).chmod(0o755)
        script = SCRIPT.replace("/data", str(data)).replace("/copies", str(tmp_path / "copies"))
        with subprocess.Popen(["sh", "-c", script, "reader", ""], start_new_session=True,
                              env={"PATH": f"{programs}:/usr/bin:/bin"}) as reader:
            ends = time.monotonic() + 10
            while not (read := tmp_path / "read").exists() and time.monotonic() < ends:
                time.sleep(0.1)
            subprocess.run(["pkill", "-KILL", "-s", str(reader.pid)], check=True)
        return read.read_text().strip().removeprefix(f"if={data}/") if read.exists() else None
    return run


def test_the_smallest_file_that_no_kernel_reads_at_once_is_read(chosen):
    assert chosen() == "sub/medium"


@pytest.mark.parametrize("program", ["stat", "dd"])
def test_a_file_that_is_being_written_is_not_read(chosen, program):
    assert chosen("medium", program) == "sub/other"


def test_it_looks_again_where_no_file_can_be_read_yet(chosen):
    """As after a failover."""
    assert chosen("/data/", "stat", seconds=3) == "sub/medium"


def test_it_ends_without_a_file(tmp_path):
    """Its line is what the drill reports."""
    (tmp_path / "sleep").write_text("#!/bin/sh\n")
    (tmp_path / "sleep").chmod(0o755)
    done = subprocess.run(["sh", "-c", SCRIPT, "reader", "/data/absent"], capture_output=True, text=True,
                          env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, timeout=30, check=False)
    assert (done.returncode, without_file(done.stderr)) == (1, "no file /data/absent to read below /data")
