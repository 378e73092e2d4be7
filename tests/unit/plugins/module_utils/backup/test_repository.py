# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a claim that holds backups, with the real scripts and real files."""

import hashlib
import json

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.backup import transfer
from ansible_collections.datacache.fluid.plugins.module_utils.backup.catalog import Backup
from ansible_collections.datacache.fluid.plugins.module_utils.backup.transfer import Spool
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    FluidError,
    PreconditionFailed,
)

DATA = bytes(range(256)) * 700


def backup(hour=18, data=DATA):
    return Backup(
        name=f"data.hbase.20261124T{hour}0000Z", namespace="data", runtime="hbase", uid="u",
        created=f"2026-11-24T{hour}:00:00Z", leader="hbase-master-0", alluxio_version="2.9.4",
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(), entries=3, tree_sha256="b" * 64, paths=2)


@pytest.fixture
def spool():
    """A spool with these bytes."""
    def fill(data=DATA):
        made = Spool()
        made.write(data)
        return made
    return fill


# -- spools ------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_memory", [1, 1 << 20], ids=["in-a-file", "in-memory"])
def test_a_spool_gives_back_what_was_written(monkeypatch, in_memory):
    monkeypatch.setattr(transfer, "IN_MEMORY", in_memory)
    made = Spool()
    for start in range(0, len(DATA), 1000):
        made.write(DATA[start:start + 1000])
    assert (made.size, made.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    for _time in range(2):
        assert b"".join(made.chunks()) == DATA
        assert made.reader().read() == DATA
    made.close()


def test_all_chunks_but_the_last_can_be_sent_as_base64_on_their_own(spool):
    *chunks, _last = spool().chunks()
    assert chunks
    assert all(len(chunk) % 3 == 0 for chunk in chunks)


def test_nothing_written_is_nothing():
    assert (list(Spool().chunks()), Spool().size) == ([], 0)


# -- backups -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["alluxio", "a folder/in another", ""], ids=["folder", "deep", "top"])
def test_what_is_stored_comes_back(journals, repository, spool, path):
    folder, back = repository(path), Spool()
    folder.put(backup(), spool())
    assert (journals.claim / path / "data.hbase.20261124T180000Z.gz").read_bytes() == DATA
    assert folder.listed() == [backup()]
    folder.get(backup(), back)
    assert back.reader().read() == DATA


def test_a_claim_with_too_little_space_is_not_filled(journals, repository, spool):
    """A full volume would cost the next backup too, and a partial file its record."""
    journals.set_free(len(DATA) // 1024)
    with pytest.raises(PreconditionFailed, match=r"^/backups in pod helper has too little space for backup "
                                                 r"data.hbase.*; remove files from the claim, enlarge"):
        repository().put(backup(), spool())
    assert journals.files() == []
    journals.set_free(len(DATA) // 1024 + 65)
    repository().put(backup(), spool())


def test_a_file_that_arrives_damaged_is_refused(journals, repository, spool, monkeypatch):
    send = journals.send
    monkeypatch.setattr(pod_exec, "send", lambda *args: send(*args[:4], [b"x" * len(DATA)], *args[5:]))
    with pytest.raises(ApiError) as raised:
        repository().put(backup(), spool())
    assert str(raised.value).startswith(
        "cannot store data.hbase.20261124T180000Z.gz in /alluxio of the claim in pod helper: exit code 1: "
        "SHA-256 ")
    assert journals.files() == []


def test_a_record_is_stored_after_its_file_alone(journals, repository, spool, monkeypatch):
    send = journals.send

    def refuse_records(*args):
        if args[3][-5].endswith(".json"):
            raise ApiError("killed")
        return send(*args)
    monkeypatch.setattr(pod_exec, "send", refuse_records)
    with pytest.raises(ApiError, match="killed"):
        repository().put(backup(), spool())
    assert journals.files() == ["data.hbase.20261124T180000Z.gz"]
    assert repository().listed() == []


def test_the_newest_backup_is_listed_first(repository, spool):
    for hour in (17, 19, 18):
        repository().put(backup(hour), spool())
    assert [each.created[11:13] for each in repository().listed()] == ["19", "18", "17"]


def test_a_folder_that_does_not_exist_holds_none(repository):
    assert repository("nowhere").listed() == []


@pytest.mark.parametrize("change", [
    pytest.param(lambda file: file.write_bytes(DATA[1:]), id="another-size"),
    pytest.param(lambda file: file.unlink(), id="no-file"),
    pytest.param(lambda file: file.with_suffix(".json").unlink(), id="no-record"),
    pytest.param(lambda file: file.with_suffix(".json").write_text("theirs"), id="no-record-of-ours"),
    pytest.param(lambda file: file.with_suffix(".json").write_text(json.dumps({"format": 2})),
                 id="another-format"),
])
def test_what_is_not_whole_is_not_listed(journals, repository, spool, change):
    repository().put(backup(17), spool())
    repository().put(backup(18), spool())
    change(journals.claim / "alluxio" / "data.hbase.20261124T180000Z.gz")
    assert repository().listed() == [backup(17)]


def test_a_file_that_was_damaged_on_the_claim_is_refused(journals, repository, spool):
    repository().put(backup(), spool())
    assert repository().is_intact(backup())
    (journals.claim / "alluxio" / "data.hbase.20261124T180000Z.gz").write_bytes(bytes(len(DATA)))
    assert not repository().is_intact(backup())
    with pytest.raises(FluidError) as raised:
        repository().get(backup(), Spool())
    assert str(raised.value) == (
        "backup data.hbase.20261124T180000Z is damaged: its file has SHA-256 "
        f"{hashlib.sha256(bytes(len(DATA))).hexdigest()}, its record has {backup().sha256}; take another one")


def test_a_backup_that_is_gone_is_an_error(repository, spool):
    repository().put(backup(17), spool())
    with pytest.raises(ApiError, match="^cannot check data.hbase.20261124T180000Z in /alluxio of the claim "
                                       "in pod helper"):
        repository().is_intact(backup())


def test_only_the_backups_that_are_named_are_removed(journals, repository, spool):
    for hour in (17, 18, 19):
        repository().put(backup(hour), spool())
    (journals.claim / "alluxio" / "notes.txt").write_text("theirs")
    repository().remove([backup(17).name, backup(19).name])
    assert journals.files() == [
        "data.hbase.20261124T180000Z.gz", "data.hbase.20261124T180000Z.json", "notes.txt"]


def test_to_remove_none_runs_no_command(journals, repository):
    repository().remove([])
    assert journals.commands == []


def test_a_file_that_exists_is_not_replaced(journals, repository, spool):
    repository().put(backup(), spool())
    before = {each: each.read_bytes() for each in journals.claim.rglob("*.*Z.*")}
    repository().put(backup(), spool())  # the answer was lost, and the same file is sent again
    with pytest.raises(ApiError, match="the file exists with other content: it is not replaced"):
        repository().put(backup(data=DATA[:9]), spool(DATA[:9]))
    assert {each: each.read_bytes() for each in journals.claim.rglob("*")
            if each.is_file()} == before
