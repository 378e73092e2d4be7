# SPDX-License-Identifier: GPL-3.0-or-later
"""What the leader acknowledged, and what the leader lists."""

import json
import os
import subprocess
import time

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.drill import writer
from ansible_collections.datacache.fluid.plugins.module_utils.drill.writer import acknowledged, names_listed
from ansible_collections.datacache.fluid.plugins.module_utils.errors import QuorumUnknown


def test_only_what_was_acknowledged_in_full_counts():
    printed = ("Successfully created directory /.datacache-drill/1a/0\n"
               "Path \"/.datacache-drill/1a/1\" already exists.\n"
               "Successfully created directory /.datacache-drill/1a/2\n"
               "Successfully created dir")
    assert acknowledged(printed) == {"/.datacache-drill/1a/0", "/.datacache-drill/1a/2"}
    assert acknowledged("") == set()


def test_a_page_of_the_listing():
    page = {"fileInfos": [{"absolutePath": "/d/0", "name": "0"}, {"absolutePath": "/d/1", "name": "1"}],
            "ntotalFile": 7}
    assert names_listed(json.dumps(page).encode()) == (["/d/0", "/d/1"], 7)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"fileInfos": null, "ntotalFile": 0}',
                                    b'{"fileInfos": [{}], "ntotalFile": 1}'])
def test_anything_else_is_no_listing(answer):
    with pytest.raises(QuorumUnknown, match="expected a listing of /.datacache-drill"):
        names_listed(answer)


def test_a_repeated_start_starts_no_second_writer(tmp_path):
    """The answer to the first attempt was lost, so the script runs again."""
    program, started = tmp_path / "alluxio", tmp_path / "started"
    program.write_text(f"#!/bin/sh\necho $3 >>{started}\nsleep 30\n")
    program.chmod(0o755)
    file = str(tmp_path / "acknowledged")
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for _attempt in range(2):
        subprocess.run(["bash", "-c", writer._START, "start", file, "/folder", "20", "2"], env=environ,
                       check=True, timeout=10)
    while not started.exists():
        time.sleep(0.01)
    time.sleep(0.2)
    subprocess.run(["bash", "-c", writer._STOP, "stop", file], check=True, timeout=10)
    assert started.read_text() == "/folder/0\n"
