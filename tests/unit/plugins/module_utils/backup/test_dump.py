# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup asks of the leading master, with the real scripts; `alluxio` is a stand-in."""

import gzip
import hashlib

import pytest
from fake_journals import FILES

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.backup.catalog import Tree
from ansible_collections.datacache.fluid.plugins.module_utils.backup.dump import Leader
from ansible_collections.datacache.fluid.plugins.module_utils.backup.repository import Spool
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

NAME = "data.hbase.20261124T180000Z"


@pytest.fixture
def leader(cluster, journals):
    return Leader(cluster, ObjectRef("data", "hbase-master-1"), 60)


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
