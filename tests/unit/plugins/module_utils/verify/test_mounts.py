# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mounts of a claim are read, and by which command."""

import re
import subprocess

import pytest
from fake_raft import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.verify import mounts


def pods(cluster):
    return list(cluster.list(kinds.POD, NAMESPACE))


@pytest.fixture
def command(cache, cluster, monkeypatch):
    """Return the command that is run in a pod."""
    commands = []
    cache.put_application("web-0")

    def execute(_client, _pod, _container, argv, _timeout):
        commands.append(argv)
        return pod_exec.ExecResult(0, "", "")
    monkeypatch.setattr(pod_exec, "execute", execute)
    mounts.read(cluster, "hbase", pods(cluster), ())
    [only] = commands
    return only


def run(command, folder, programs=""):
    argv = [*command[:-1], str(folder)]
    environ = {"PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin"}
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False, env=environ)


@pytest.fixture
def head(tmp_path):
    """Put a head in front of the real one that prints a message and fails; return the folder of it."""
    def with_message(message):
        folder = tmp_path / "programs"
        folder.mkdir()
        program = folder / "head"
        program.write_text(f"#!/bin/sh\necho \"head: $3: {message}\" >&2\nexit 1\n")
        program.chmod(0o755)
        return folder
    return with_message


@pytest.fixture
def folder(tmp_path):
    """A folder with a file that has one byte, in a folder of its own."""
    (tmp_path / "data" / "sub").mkdir(parents=True)
    (tmp_path / "data" / "sub" / "file").write_text("x")
    return tmp_path / "data"


def test_a_mount_that_lists_but_opens_no_file(command, folder, head):
    done = run(command, folder, head("File descriptor in bad state"))
    assert (done.returncode, done.stdout) == (1, f"head: {folder}/sub/file: File descriptor in bad state\n")


@pytest.mark.parametrize("message", ["Permission denied", "Input/output error", "Timer expired"])
def test_an_error_of_one_file_is_none_of_the_mount(command, folder, head, message):
    assert run(command, folder, head(message)).returncode == 0


def test_a_file_with_content_is_found_among_empty_ones(command, folder, head):
    for number in range(50):
        (folder / f"empty-{number}").touch()
    assert run(command, folder, head("File descriptor in bad state")).returncode == 1


def test_no_file_is_opened_where_nothing_ends_a_read_that_hangs(command, folder, head):
    programs = head("File descriptor in bad state")
    for name in ("sh", "ls", "find", "stat"):
        (programs / name).symlink_to(f"/bin/{name}")
    done = subprocess.run([*command[:-1], str(folder)], capture_output=True, timeout=30, check=False,
                          env={"PATH": str(programs)})
    assert (done.returncode, done.stdout) == (0, b"")


def test_no_empty_file_is_opened(command, folder, head):
    (folder / "sub" / "file").write_text("")
    assert run(command, folder, head("File descriptor in bad state")).returncode == 0


def test_no_file_is_opened_whose_size_only_the_kernel_knows(command, folder, head):
    programs = head("File descriptor in bad state")
    (programs / "stat").write_text("#!/bin/sh\nexit 1\n")
    (programs / "stat").chmod(0o755)
    assert run(command, folder, programs).returncode == 0


def test_a_directory_is_read_without_its_names(command, tmp_path):
    (tmp_path / "file").touch()
    done = run(command, tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_answer_of_a_directory_that_cannot_be_read(command, tmp_path):
    done = run(command, tmp_path / "absent")
    assert done.returncode != 0
    assert "No such file or directory" in done.stdout


def test_pods_of_verifications_and_drills_and_other_claims_do_not_count(cluster, cache):
    for subject in ("verify", "drill"):
        cache.put_application(subject, **{"app.kubernetes.io/part-of": f"hbase-{subject}"})
    cache.put_application("other")
    assert mounts.read(cluster, "another", pods(cluster), ()) == []
    assert [view.pod for view in mounts.read(cluster, "hbase", pods(cluster), ())] == ["other"]


def test_no_more_pods_are_read_than_the_limit(cluster, cache, monkeypatch):
    monkeypatch.setattr(mounts, "MOST", 2)
    for index in range(3):
        cache.put_application(f"web-{index}")
    assert len(mounts.read(cluster, "hbase", pods(cluster), ())) == 2


@pytest.mark.parametrize("message", ["invalid option -- 'f'", "unrecognized option: f"])
@pytest.mark.parametrize("exists", [True, False])
def test_the_ls_of_busybox_has_no_such_option(command, folder, tmp_path, message, exists):
    (tmp_path / "ls").write_text(f'#!/bin/sh\necho "ls: {message}" >&2\nexit 1\n')
    (tmp_path / "ls").chmod(0o755)
    done = run(command, folder if exists else tmp_path / "absent", tmp_path)
    assert (done.returncode == 0, "No such file or directory" in done.stdout) == (exists, not exists)
    assert message not in done.stdout


def test_messages_are_those_that_are_recognized(command, folder, tmp_path):
    """An image with a locale translates them."""
    (tmp_path / "ls").write_text('#!/bin/sh\necho "$LC_ALL" >&2\nexit 1\n')
    (tmp_path / "ls").chmod(0o755)
    assert run(command, folder, tmp_path).stdout == "C\n"


def test_the_steps_of_the_command_end_before_it_is_abandoned():
    """A command that did not end counts as a dead mount."""
    limits = [int(seconds) for seconds in re.findall(r"timeout -s KILL (\d+)", mounts._SCRIPT)]
    assert sum(limits) + 5 <= mounts._TIMEOUT
