# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup asks of the leading master, with the real scripts; `alluxio` is a stand-in."""

import gzip
import hashlib
import json
from types import SimpleNamespace

import pytest
from fake_journals import FILES

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import PodShell
from ansible_collections.datacache.fluid.plugins.module_utils.backup import space
from ansible_collections.datacache.fluid.plugins.module_utils.backup.catalog import Tree
from ansible_collections.datacache.fluid.plugins.module_utils.backup.dump import Leader
from ansible_collections.datacache.fluid.plugins.module_utils.backup.transfer import Spool
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError, PreconditionFailed
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

NAME = "data.hbase.20261124T180000Z"


@pytest.fixture
def leader(cluster, journals):
    return Leader(cluster, cluster.stored(kinds.POD, "hbase-master-1", "data"), 60)


@pytest.fixture
def left(tmp_path, leader):
    """What lies in the leader's temporary folder."""
    return lambda: list((tmp_path / leader.pod / "tmp").iterdir())


def test_a_tree_is_the_number_of_its_paths_and_the_digest_of_their_sorted_listing(leader):
    listing = sorted([FILES[0].replace(" 100% ", " "), FILES[1]])
    text = "".join(line + "\n" for line in listing)
    assert leader.tree() == Tree(hashlib.sha256(text.encode()).hexdigest(), 2)


def test_what_caching_changes_does_not_change_the_tree(journals, leader):
    before = leader.tree()
    journals.set_tree([FILES[0].replace("100%", "0%"), FILES[1]])
    assert leader.tree() == before
    journals.set_tree(FILES[:1])
    assert leader.tree() != before


def test_a_dump_is_what_the_leader_wrote(leader):
    spool = Spool()
    assert leader.dump(NAME, spool) == {"entries": 2, "alluxio_version": "2.9.4"}
    assert gzip.decompress(spool.reader().read()).decode().splitlines() == FILES


def test_a_dump_leaves_nothing_behind(leader, left):
    leader.dump(NAME, Spool())
    assert left() == []


def test_a_dump_that_arrives_damaged_is_refused(leader, left, monkeypatch):
    receive = pod_exec.receive

    def receive_more(client, pod, container, command, write, timeout):
        result = receive(client, pod, container, command, write, timeout)
        write(b"more")
        return result
    monkeypatch.setattr(pod_exec, "receive", receive_more)
    with pytest.raises(ApiError,
                       match="^the backup of hbase-master-1 arrived with SHA-256 .*: run this again$"):
        leader.dump(NAME, Spool())
    assert left() == []


def test_a_dump_that_fails_says_why_and_leaves_nothing_behind(journals, leader, left):
    journals.lead("")
    with pytest.raises(ApiError,
                       match="^cannot back up the metadata in pod hbase-master-1: exit code 1: no leader"):
        leader.dump(NAME, Spool())
    assert left() == []


def test_a_leader_that_is_gone_is_told_whatever_becomes_of_its_files(cluster, leader, monkeypatch):
    def gone(*_args):
        raise ApiError("pod hbase-master-1 not found")
    monkeypatch.setattr(pod_exec, "execute", gone)
    with pytest.raises(ApiError, match="^pod hbase-master-1 not found$"):
        leader.dump(NAME, Spool())


def test_a_tree_that_cannot_be_listed_is_an_error(journals, leader):
    journals.lead("")
    with pytest.raises(ApiError,
                       match="^cannot list the file tree in pod hbase-master-1: exit code 1: no leader"):
        leader.tree()


def test_a_leader_that_hands_its_backup_to_another_one_is_an_error(tmp_path, leader, left):
    """Alluxio's command succeeds then, and its file lies on the other master."""
    alluxio = tmp_path / "bin" / "alluxio"
    alluxio.unlink()
    alluxio.write_text("#!/bin/sh\n")
    alluxio.chmod(0o755)
    with pytest.raises(ApiError,
                       match="^cannot back up the metadata in pod hbase-master-1: exit code 1: (.|\n)*moved"):
        leader.dump(NAME, Spool())
    assert left() == []


# -- large namespaces --------------------------------------------------------------------------


def test_a_tree_leaves_nothing_behind(leader, left):
    leader.tree()
    assert left() == []


def test_the_listing_is_sorted_in_bounded_memory_and_never_stored_whole(journals, leader):
    many = [f"-rw-r--r-- root root 7 PERSISTED 11-24-2026 10:00:00:000 100% /{number:06d}"
            for number in range(5000)]
    journals.set_tree(reversed(many))
    first = leader.tree()
    journals.set_tree(many)
    assert leader.tree() == first
    assert first.paths == 5000


@pytest.fixture
def disk(cluster, leader, monkeypatch):
    """Let the leader's disk have that many free bytes, and its namespace that many paths."""
    def have(free, paths=None):
        run = PodShell.run
        monkeypatch.setattr(PodShell, "run", lambda self, task, script, *args: (
            str(free) if task == "read the free space" else run(self, task, script, *args)))
        leader._object["spec"] = {"containers": [
            {"name": "alluxio-master", "ports": [{"name": "web", "containerPort": 19999}]}]}
        if paths is not None:
            cluster.web["hbase-master-1", 19999, "/metrics/json/"] = json.dumps(
                {"gauges": {"Master.TotalPaths": {"value": paths}}})
    return have


MIB = 1024 * 1024


@pytest.mark.parametrize(("free", "paths", "needed"), [
    (64 * MIB - 1, None, 64 * MIB), (64 * MIB - 1, 3, 64 * MIB), (9_999_999_999, 100_000_000, 10_000_000_000),
], ids=["unknown", "few-paths", "many-paths"])
def test_a_backup_that_does_not_fit_on_the_leaders_disk_is_not_begun(
        journals, leader, disk, free, paths, needed):
    disk(free, paths)
    with pytest.raises(PreconditionFailed) as raised:
        leader.dump(NAME, Spool())
    assert str(raised.value) == (
        f"/tmp in pod hbase-master-1 has too little space for the backup: needed {needed} bytes, free {free} "
        "bytes; free space on the disk of its node, then run this again")
    assert journals.commands == []


def test_a_tree_that_does_not_fit_is_not_listed(journals, leader, disk):
    disk(6_399_999_999, 100_000_000)
    with pytest.raises(PreconditionFailed, match="for the sorted listing of all files, without which "
                                                 "verify_tree must be false: needed 6400000000 bytes"):
        leader.tree()
    disk(6_400_000_000)
    assert leader.tree().paths == 2


def test_metrics_that_may_not_be_read_leave_the_least(cluster, leader, disk):
    disk(64 * MIB, 100_000_000)
    cluster.forbidden.add(("get", "pods/proxy"))
    assert leader.tree().paths == 2


def test_a_backup_that_does_not_fit_here_is_not_fetched(journals, leader, left, monkeypatch):
    monkeypatch.setattr("ansible_collections.datacache.fluid.plugins.module_utils.backup.dump.IN_MEMORY", 1)
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _folder: SimpleNamespace(free=7))
    with pytest.raises(PreconditionFailed, match="on the machine that runs the module has too little space "
                                                 "for the backup: needed .* free 7 bytes; .* TMPDIR"):
        leader.dump(NAME, Spool())
    assert left() == []
    assert "fetch the backup" not in [task for _pod, _container, task in journals.commands]
