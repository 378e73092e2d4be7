# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups are recent, kept and the latest: with restorations, damaged files and several clocks."""

from datetime import timedelta

import actors
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.backup import create
from ansible_collections.datacache.fluid.plugins.module_utils.backup.repository import Repository
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import operations
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import Restoration
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter


@pytest.fixture
def one(cache_site, monkeypatch):
    made = cache_site()
    made.cluster.now = 60.0

    def skew(**by):
        monkeypatch.setattr(deadline, "SYSTEM_CLOCK", made.cluster.virtual_clock(
            lambda: made.masters.now() + timedelta(**by)))
    made.skew = skew
    skew()
    return made


def backup(one, **given):
    return create.ensure(one.cluster, {**actors.BACKUP, **given}, False, actors.reporter())


def test_the_safety_backup_of_a_restoration_is_no_recent_backup_of_what_the_cache_holds(one):
    backup(one)
    one.masters.write("mistake")
    one.cluster.sleep(60)
    actors.restore(one)
    assert set(one.masters.content.values()) == {"first"}
    one.cluster.sleep(60)
    result = backup(one, max_age=3600, keep=1)
    assert (result["changed"], result["removed"]) == (False, [])
    assert "first" in one.masters.backups(), "the only backup left is of the metadata that was replaced"


def test_latest_can_be_restored_after_a_backup_that_keeps_one(one):
    backup(one)
    one.masters.write("mistake")
    one.cluster.sleep(60)
    actors.restore(one)
    one.cluster.sleep(60)
    backup(one, max_age=3600, keep=1)
    one.masters.write("mistake again")
    one.cluster.sleep(60)
    actors.restore(one)
    assert set(one.masters.content.values()) == {"first"}


def test_latest_is_the_last_one_made_though_one_machine_had_its_clock_ahead(one):
    one.skew(minutes=15)
    backup(one)
    one.skew()
    one.masters.write("later")
    one.cluster.sleep(300)
    backup(one)
    one.masters.write("mistake")
    one.cluster.sleep(60)
    actors.restore(one)
    assert set(one.masters.content.values()) == {"later"}


def test_a_backup_of_a_machine_with_its_clock_ahead_does_not_suspend_the_schedule(one):
    one.skew(minutes=15)
    backup(one)
    one.skew()
    one.masters.write("later")
    one.cluster.sleep(600)
    result = backup(one, max_age=300)
    assert result["changed"], "the backup is 10 minutes old, and one of at most 5 was asked for"


def test_keep_does_not_remove_the_only_backup_that_is_intact(one):
    backup(one)
    one.cluster.sleep(60)
    newest = backup(one)["backup"]["name"]
    data = one.masters.files[newest + ".gz"]
    one.masters.files[newest + ".gz"] = data[:-1] + bytes([data[-1] ^ 1])
    one.cluster.sleep(60)
    result = backup(one, max_age=3600, keep=1)
    assert newest not in result["removed"], "it is newer than the one that counts"
    assert result["backup"]["name"] not in result["removed"], "it removes the backup that it relies on"


def test_a_machine_whose_clock_is_behind_replaces_no_backup(one):
    """By its clock it is the second of an earlier backup."""
    backup(one)
    one.cluster.sleep(900)
    one.masters.write("later")
    one.skew(minutes=-15, seconds=-(one.cluster.now - 900 - 60))
    result = backup(one)
    assert len({each["name"] for each in result["backups"]}) == len(result["backups"])
    assert set(one.masters.backups()) == {"first", "later"}


def test_a_backup_of_the_future_is_not_recent_and_not_kept_instead_of_the_one_relied_on(one):
    one.cluster.sleep(3600)
    future = backup(one)["backup"]["name"]
    one.cluster.now -= 3600
    result = backup(one, max_age=300, keep=1)
    assert (result["changed"], result["removed"]) == (True, [future])
    one.cluster.sleep(3600)
    backup(one)
    one.cluster.now -= 3540
    relied_on = backup(one, max_age=300, keep=1)
    assert (relied_on["changed"], relied_on["backup"], relied_on["removed"]) == (False, result["backup"], [])


def put_restoration(one, name, restored):
    """The masters of another runtime, whose forced restoration of a foreign backup was interrupted."""
    text = Restoration(restored, "0" * 64, "2026-11-24T12:00:00Z").text()
    one.cluster.put(kinds.STATEFUL_SET, {"metadata": {"name": name, "namespace": "data"}, "spec": {
        "template": {"metadata": {"annotations": {operations.ANNOTATION: text}}, "spec": {}}}})


def three_backups(one):
    names = []
    for _time in range(3):
        names.append(backup(one)["backup"]["name"])
        one.cluster.sleep(60)
    return names


def test_a_backup_that_another_runtime_restores_is_kept(one):
    first, second, *_newest = three_backups(one)
    put_restoration(one, "other-master", first)
    assert create.ensure(one.cluster, {**actors.BACKUP, "keep": 2}, True, actors.reporter())["removed"] == [
        second]
    assert backup(one, keep=2)["removed"] == [second]
    assert first + ".gz" in one.masters.files


def test_without_the_permission_to_look_for_restorations_nothing_is_removed(one):
    names = three_backups(one)
    one.cluster.forbidden.add(("list", "statefulsets"))
    warnings = []
    result = create.ensure(one.cluster, {**actors.BACKUP, "keep": 2}, False,
                           Reporter(warnings.append, lambda _text: None))
    assert result["removed"] == []
    assert all(name + ".gz" in one.masters.files for name in names)
    assert len(warnings) == 1 and warnings[0].startswith(
        f"{', '.join([names[1], names[0]])} stay in claim backups, although keep is 2: ")


def test_check_mode_predicts_what_is_kept(one):
    for _time in range(3):
        newest = backup(one)["backup"]["name"]
        one.cluster.sleep(60)
    one.masters.files[newest + ".gz"] = bytes(len(one.masters.files[newest + ".gz"]))
    predicted = create.ensure(one.cluster, {**actors.BACKUP, "keep": 2}, True, actors.reporter())
    result = backup(one, keep=2)
    assert predicted["removed"] == result["removed"] != []
    assert newest not in result["removed"]


def test_no_file_is_read_when_there_is_nothing_to_remove(one, monkeypatch):
    backup(one)
    one.cluster.sleep(60)
    monkeypatch.setattr(Repository, "is_intact", lambda _self, _backup: pytest.fail("it is read"))
    assert backup(one, keep=2)["removed"] == []
