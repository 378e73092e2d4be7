# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts of a load, run by a shell with a stand-in for Alluxio's command line, and their output."""

import os
import subprocess

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import drains, loads
from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.loads import Progress, Sizes
from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput

# As alluxio.cli.fs.command.DuCommand and LoadJob.LoadProgressReport print it.
DU = "File Size     In Alluxio       Path\n{:<13} {:<16} {}\n"
PROGRESS = """Progress for loading path '/hbase':
\tSettings:\tbandwidth: unlimited\tverify: true
\tJob State: {}
\tFiles Processed: 3
\tBytes Loaded: 12.50MB out of 113.88MB
\tThroughput: 6.25MB/s
\tBlock load failure rate: 0.00%
\tFiles Failed: 0

"""
ALLUXIO = """#!/bin/bash
echo "$*" >>{log}
case "$*" in
  'fs help distributedLoad')
    [ {known} = true ] && echo 'distributedLoad: Loads a file' || {{
      echo 'distributedLoad is an unknown command.'; exit 255; }} ;;
  *' /fails'*) echo 'Failed to submit load job'; exit 255 ;;
esac
"""


@pytest.fixture
def execute(tmp_path):
    """Run a script with arguments; return its exit code, its output and the commands of Alluxio."""
    def run(script, *arguments, known=True):
        log, program = tmp_path / "log", tmp_path / "alluxio"
        log.write_text("")
        program.write_text(ALLUXIO.format(log=log, known=str(known).lower()))
        program.chmod(0o755)
        done = subprocess.run(["bash", "-c", script, "task", *arguments], capture_output=True, text=True,
                              check=False, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
        return done.returncode, done.stdout, log.read_text().splitlines()
    return run


HELP = "fs help distributedLoad"


def test_the_command_of_older_versions(execute):
    code, output, commands = execute(loads.LOAD, "/a", "/b c")
    assert (code, loads.SUBMITTED in output) == (0, False)
    assert commands == [
        HELP, "fs distributedLoad --replication 1 /a", "fs distributedLoad --replication 1 /b c"]


def test_the_command_of_version_2_9_4(execute):
    code, output, commands = execute(loads.LOAD, "/a", "/b", known=False)
    assert (code, output.split()[-1]) == (0, loads.SUBMITTED)
    assert commands == [HELP, "fs load /a --submit --verify", "fs load /b --submit --verify"]


@pytest.mark.parametrize("script", [
    loads.SIZES, loads.LOAD, loads.LOAD_ONE_BY_ONE, loads.STOP, loads.PROGRESS, drains.LIST, drains.PERSIST])
@pytest.mark.parametrize(("offered", "expected"), [
    ("C\nC.utf8\nPOSIX", "C.utf8"), ("C\nPOSIX\nen_US\nen_US.utf8", "en_US.utf8"), ("C\nPOSIX", "POSIX")])
def test_paths_of_other_letters(tmp_path, script, offered, expected):
    """In the locale POSIX, the images' own, Java reads each byte of such a path as U+FFFD, and writes '?'."""
    seen = tmp_path / "seen"
    for name, body in {"alluxio": f'echo "$LC_ALL" >>{seen}', "locale": f"echo '{offered}'"}.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{body}\n")
        (tmp_path / name).chmod(0o755)
    subprocess.run(["bash", "-c", script, "task", "false", "/\u6570\u636e"], capture_output=True, check=True,
                   env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "LC_ALL": "POSIX"})
    assert set(seen.read_text().split()) == {expected}


@pytest.mark.parametrize("known", [True, False])
def test_a_load_that_is_refused(execute, known):
    code, output, _commands = execute(loads.LOAD, "/fails", "/b", known=known)
    assert code == 255 and loads.SUBMITTED not in output.split()


@pytest.mark.parametrize(("again", "commands"), [
    ("false", ["fs du -s /a"]),
    ("true", ["fs ls -R -Dalluxio.user.file.metadata.sync.interval=0 /a", "fs du -s /a"])])
def test_the_sizes(execute, again, commands):
    assert execute(loads.SIZES, again, "/a")[::2] == (0, commands)


def test_what_is_left_is_loaded_by_a_client(execute):
    assert execute(loads.LOAD_ONE_BY_ONE, "/a", "/b")[::2] == (0, ["fs load /a", "fs load /b"])
    assert execute(loads.LOAD_ONE_BY_ONE, "/fails", "/b")[::2] == (255, ["fs load /fails"])


def test_an_unknown_load_does_not_end_the_look(execute):
    code, _output, commands = execute(loads.PROGRESS, "/fails", "/b")
    assert (code, commands) == (0, ["fs load /fails --progress", "fs load /b --progress"])


def test_parse_sizes():
    output = DU.format(119411835, "59705917 (49%)", "/hbase") + DU.format(0, "0 (0%)", "/of two words")
    found = loads.parse_sizes(output)
    assert found == {"/hbase": Sizes(119411835, 59705917), "/of two words": Sizes(0, 0)}
    assert loads.parse_sizes("Path /a does not exist") == {}
    assert set(loads.parse_sizes(DU.format(1, "0 (0%)", "/a ") + DU.format(1, "0 (0%)", "/b\u3000"))) == {
        "/a ", "/b\u3000"}


@pytest.mark.parametrize(("output", "found"), [
    (PROGRESS.format("RUNNING"), Progress(True, "loaded 12.50MB of 113.88MB")),
    (PROGRESS.format("VERIFYING"), Progress(True, "loaded 12.50MB of 113.88MB")),
    (PROGRESS.format("SUCCEEDED"), Progress(False, "loaded 12.50MB of 113.88MB")),
    (PROGRESS.format("SUCCEEDED") + PROGRESS.format("RUNNING"),
     Progress(True, "loaded 12.50MB of 113.88MB, 12.50MB of 113.88MB")),
    (PROGRESS.format("FAILED") + PROGRESS.format("RUNNING"),
     Progress(True, "loaded 12.50MB of 113.88MB, 12.50MB of 113.88MB", ("a load is FAILED",))),
    (PROGRESS.format("FAILED (alluxio.exception.X: Job failed because it's not healthy.)"),
     Progress(False, "loaded 12.50MB of 113.88MB",
              ("a load is FAILED: alluxio.exception.X: Job failed because it's not healthy.",))),
    (PROGRESS.format("STOPPED"), Progress(False, "loaded 12.50MB of 113.88MB", stopped=True)),
    ("Load for path '/hbase' cannot be found.\n",
     Progress(False, "no master shows it", ("no load of /hbase is known",))),
    ("Failed to get progress for load job /hbase: UNAVAILABLE\n", Progress(True, "no master shows it")),
])
def test_parse_progress(output, found):
    assert loads.parse_progress(output) == found


@pytest.mark.parametrize(("rate", "fails"), [("0.00", False), ("0.54", True), ("185.21", True)])
def test_blocks_that_fail_are_seen(rate, fails):
    output = PROGRESS.format("VERIFYING") + f"\tBlock load failure rate: {rate}%\n\tFiles Failed: 10\n"
    assert loads.parse_progress(output).fails is fails


@pytest.mark.parametrize(("version", "has"), [
    ("2.9.0", True), ("2.9.3", True), ("v2.9.1-fluid", True), ("2.9.4", False), ("2.9.40", False),
    ("2.10.0", False), ("304", True), ("", True)])
def test_has_distributed_load(version, has):
    assert loads.has_distributed_load(version) is has


@pytest.mark.parametrize("paths", [["/"], ["/a", "/b c"], ["/a", "/ab"]])
def test_paths(paths):
    loads.require_paths("paths", paths)


@pytest.mark.parametrize(("paths", "message"), [
    ([], "paths is empty"), (["a"], "paths[0] is 'a', which is relative"),
    (["/a/"], "without a '/' at its end"), (["/a/*"], "with the character '*'"),
    (["/a\n"], "with the character '\\n'"), (["/a/b", "/a"], "paths[0] is /a/b, which lies within /a"),
    (["/a", "/a"], "paths[0] is /a, which lies within /a"),
    (["/", "/a"], "paths[1] is /a, which lies within /"),
])
def test_refused_paths(paths, message):
    with pytest.raises(InvalidInput) as refused:
        loads.require_paths("paths", paths)
    assert message in str(refused.value)
