# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts in containers, run in a real shell."""

import subprocess
import time

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.k8s import scripts


def run(script, *args, seconds=5.0, shell="sh", stdin=""):
    command = [shell, "-c", scripts.bounded(script, shell, seconds), "task", *args]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_script_has_its_arguments_its_input_and_its_exit_code(shell):
    script = """echo "$0: it's $1 $2"; head -c 3; echo "no 'space'" >&2; exit 7"""
    done = run(script, "a b", "c", stdin="abcdef", shell=shell)
    assert (done.stdout, done.stderr, done.returncode) == ("task: it's a b c\nabc", "no 'space'\n", 7)


def test_a_script_that_is_too_slow_is_ended():
    began = time.monotonic()
    done = run("echo begun; sleep 20", seconds=0.5)
    assert (done.stdout, done.stderr, done.returncode) == ("begun\n", "it was ended after 1 s\n", 124)
    assert time.monotonic() - began < 10


def test_the_end_of_a_script_is_not_awaited_for_its_next_line():
    began = time.monotonic()
    run("true")
    assert time.monotonic() - began < 5


def test_a_script_is_not_silent(monkeypatch):
    monkeypatch.setattr(scripts, "_BEAT_EVERY", 0.2)
    done = run("sleep 1; echo failed >&2")
    assert done.stderr.count("still running") >= 2
    assert scripts.without_beats(done.stderr) == "failed\n"
