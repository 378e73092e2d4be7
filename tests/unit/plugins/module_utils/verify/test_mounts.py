# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mounts of a claim are read, and by which command."""

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


def run(command, folder):
    argv = [*command[:-1], str(folder)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


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
