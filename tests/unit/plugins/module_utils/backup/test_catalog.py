# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and records of backups, which are kept and which one is meant."""

import json
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.backup import catalog
from ansible_collections.datacache.fluid.plugins.module_utils.backup.catalog import Backup, Tree
from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

HBASE = ObjectRef("data", "hbase")
NOW = datetime(2026, 11, 24, 18, 22, 33, tzinfo=timezone.utc)


def backup(hour=18, runtime="hbase", namespace="data", **fields):
    moment = NOW.replace(hour=hour)
    return Backup(**{
        "name": catalog.name_of(ObjectRef(namespace, runtime), moment), "namespace": namespace,
        "runtime": runtime, "uid": "u",
        "created": catalog.time_of(moment), "leader": "hbase-master-0", "alluxio_version": "2.9.4",
        "size_bytes": 5,
        "sha256": "a" * 64, "entries": 3, "tree_sha256": "b" * 64, "paths": 2, **fields})


def test_a_record_comes_back():
    assert catalog.parse(backup().record()) == backup()
    assert catalog.parse(backup(tree_sha256=None, paths=None, made_before="x").record()).made_before == "x"


@pytest.mark.parametrize("change", [
    pytest.param({"format": 2}, id="a-later-format"),
    pytest.param({"format": None}, id="no-format"),
    pytest.param({"name": "../../etc/passwd"}, id="a-name-that-leads-away"),
    pytest.param({"name": "data.other.20261124T182233Z"}, id="a-name-of-another-runtime"),
    pytest.param({"sha256": "short"}, id="no-digest"),
    pytest.param({"created": "yesterday"}, id="no-time"),
    pytest.param({"size_bytes": "5"}, id="a-size-that-is-no-number"),
    pytest.param({"size_bytes": -1}, id="a-negative-size"),
])
def test_other_records_are_none(change):
    assert catalog.parse(json.dumps({**json.loads(backup().record()), **change})) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"format": 1}'])
def test_other_files_are_none(text):
    assert catalog.parse(text) is None


def test_names_and_times():
    assert backup().name == "data.hbase.20261124T182233Z"
    assert backup().created == "2026-11-24T18:22:33Z"
    assert backup(hour=17).age(NOW) == 3600


@pytest.mark.parametrize(("tree", "held"),
                         [(Tree("b" * 64, 2), True), (Tree("c" * 64, 2), False), (None, False)])
def test_holds(tree, held):
    assert backup().holds(tree) is held
    assert not backup(tree_sha256=None, paths=None).holds(tree)


@pytest.mark.parametrize("path", ["", "alluxio", "a/b-c/d e"])
def test_paths(path):
    catalog.require_path(path)


@pytest.mark.parametrize("path", ["/", "/a", "a/", "a//b", ".", "a/../b", "a/.", "a\nb"])
def test_paths_that_are_refused(path):
    with pytest.raises(InvalidInput, match="is not a folder of the claim"):
        catalog.require_path(path)


@pytest.mark.parametrize("name", ["latest", "data.hbase.20261124T182233Z"])
def test_wanted(name):
    catalog.require_selectable(name)


@pytest.mark.parametrize("name", ["", "hbase", "data.hbase.20261124T182233Z.gz",
                                  "../data.hbase.20261124T182233Z", "Latest"])
def test_wanted_that_is_refused(name):
    with pytest.raises(InvalidInput, match="is no backup's name"):
        catalog.require_selectable(name)


def test_of_runtime():
    found = [backup(9), backup(11), backup(10), backup(12, runtime="other"), backup(12, namespace="default")]
    assert catalog.of_runtime(found, HBASE) == [backup(11), backup(10), backup(9)]


@pytest.mark.parametrize(("keep", "removed"),
                         [(None, []), (0, [11, 10, 9]), (1, [10, 9]), (2, [9]), (3, []), (9, [])])
def test_surplus(keep, removed):
    found = [backup(11), backup(10), backup(9)]
    assert catalog.surplus(found, keep, lambda _backup: True) == [backup(hour).name for hour in removed]


def test_a_restoration_needs_its_backup_and_the_safety_backups_before_it():
    restored, unrelated = backup(9), backup(10)
    found = [unrelated, replace(backup(12), made_before=unrelated.name),
             replace(backup(11), made_before=restored.name), restored]
    assert catalog.needed_by(restored.name, found) == {restored.name, backup(11).name}
    assert catalog.needed_by(backup(8).name, found) == set()


@pytest.mark.parametrize(("damaged", "relied_on", "removed"), [
    ((), None, [9, 8]), ((10,), None, [8]), ((10, 9, 8), None, []), ((), 9, [8])])
def test_safety_backups_and_damaged_ones_do_not_count(damaged, relied_on, removed):
    found = [backup(11, made_before="x"), backup(10), backup(9), backup(8)]
    broken = [backup(hour) for hour in damaged]
    assert catalog.surplus(found, 1, lambda each: each not in broken, relied_on and backup(relied_on)) == [
        backup(hour).name for hour in removed]


@pytest.mark.parametrize(("hour", "made_before", "recent"),
                         [(17, None, True), (16, None, False), (19, None, False), (18, "x", False)])
def test_recent(hour, made_before, recent):
    assert backup(hour, made_before=made_before).is_recent(NOW, 3600) is recent


def test_the_next_free_second_is_taken():
    taken = [backup().name, "data.hbase.20261124T182234Z", backup(17).name]
    assert catalog.time_of(catalog.free_time(HBASE, NOW, taken)) == "2026-11-24T18:22:35Z"
    assert catalog.free_time(HBASE, NOW, []) == NOW


def test_latest_is_the_runtimes_own_newest():
    found = [backup(12, runtime="other"), backup(11, made_before=backup(10).name), backup(10), backup(9)]
    assert catalog.choose(found, "latest", HBASE, False) == backup(10)


def test_a_backup_by_its_name():
    found = [backup(10), backup(9), backup(11, made_before=backup(10).name)]
    for each in found:
        assert catalog.choose(found, each.name, HBASE, False) == each


@pytest.mark.parametrize(("found", "desired", "message"), [
    ([], "latest",
     "there is no backup latest of AlluxioRuntime hbase in namespace data: there are no backups"),
    ([backup(12, runtime="other")], "latest",
     "there is no backup latest .*: there are data.other.20261124T122233Z"),
    ([backup(9, made_before="x"), backup(10, made_before="x")], "latest",
     "there are only safety backups, of the metadata that a restoration replaced, which latest never "
     r"selects: data.hbase.20261124T102233Z \(a safety backup\), "
     r"data.hbase.20261124T092233Z \(a safety backup\); "
     "set backup: data.hbase.20261124T102233Z to restore the newest of them$"),
    ([backup(9), backup(10, made_before="x")], backup(11).name,
     r"there are data.hbase.20261124T102233Z \(a safety backup\), data.hbase.20261124T092233Z$"),
    ([backup(9), backup(10)], backup(11).name,
     "there are data.hbase.20261124T102233Z, data.hbase.20261124T092233Z"),
    ([backup(9), backup(10, runtime="other")], backup(10, runtime="other").name,
     "is of AlluxioRuntime other in namespace data, not of hbase .* force_foreign: true .*, or choose one of "
     "this runtime: data.hbase.20261124T092233Z$"),
    ([backup(10, runtime="other")], backup(10, runtime="other").name,
     "set force_foreign: true to restore it anyway$"),
])
def test_a_backup_that_is_not_meant(found, desired, message):
    with pytest.raises(InvalidInput, match=message):
        catalog.choose(found, desired, HBASE, False)


def test_a_foreign_backup_by_force():
    foreign = backup(10, runtime="other")
    assert catalog.choose([backup(9), foreign], foreign.name, HBASE, True) == foreign
