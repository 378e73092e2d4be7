# SPDX-License-Identifier: GPL-3.0-or-later
"""Making, keeping and listing backups, with the real scripts and real files."""

import hashlib

import pytest
from fake_journals import FILES

from ansible_collections.datacache.fluid.plugins.module_utils.backup import create
from ansible_collections.datacache.fluid.plugins.module_utils.backup.subject import opened
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    InvalidInput,
    PreconditionFailed,
    QuorumUnknown,
    ServerUnavailable,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

HOUR = 3600


@pytest.fixture
def ensure(cluster, params, reporter):
    return lambda check_mode=False, **given: create.ensure(cluster, params(**given), check_mode, reporter)


@pytest.fixture
def read(cluster, params, reporter):
    return lambda **given: create.read(cluster, params(**given), False, reporter)


@pytest.fixture
def later(cluster):
    """Let some seconds pass."""
    return cluster.sleep


@pytest.mark.parametrize(("given", "message"), [
    ({"keep": 0}, "keep is 0: expected at least 1, or the run would remove its own backup"),
    ({"max_age": -1}, "max_age is -1: expected a number of seconds"),
    ({"claim": "hbase"}, "claim hbase is the Dataset's own"),
], ids=["keep", "max-age", "those-of-every-backup-module"])
def test_options_that_are_refused_without_a_request(params, given, message):
    create.require_valid(params(keep=1, max_age=0))
    with pytest.raises(InvalidInput) as refused:
        create.require_valid(params(**given))
    assert str(refused.value).startswith(message)


def test_the_answer_to_the_creation_of_the_helper_pod_may_be_lost(cluster, journals, ensure, monkeypatch):
    create_object, lost = cluster.create, []

    def losing(kind, *args, **options):
        made = create_object(kind, *args, **options)
        if kind == kinds.POD and not lost:
            lost.append(made)
            raise ServerUnavailable("connection reset by peer")
        return made
    monkeypatch.setattr(cluster, "create", losing)
    assert ensure()["changed"] and lost
    assert journals.helper_pods() == []


def test_the_record_of_a_backup_describes_its_file(journals, ensure):
    result = ensure()
    [file] = journals.claim.rglob("*.gz")
    made = result["backup"]
    assert (made["sha256"], made["size_bytes"]) == (
        hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size)
    assert (made["leader"], made["entries"], made["paths"], made["made_before"]) == (
        "hbase-master-1", 2, 2, None)
    assert made["name"] == f"data.hbase.{made['created'].replace('-', '').replace(':', '')}" == file.stem
    assert (result["changed"], result["backups"], result["removed"]) == (True, [made], [])
    assert result["diff"] == {"before": {"backups": []}, "after": {"backups": [made["name"]]}}


def test_a_backup_that_is_young_enough_is_not_made_again(journals, ensure, later):
    made = ensure()["backup"]
    later(HOUR / 2)
    result = ensure(max_age=HOUR)
    assert (result["changed"], result["backup"], result["backups"]) == (False, made, [made])
    later(HOUR)
    assert ensure(max_age=HOUR)["changed"]
    assert len(journals.files()) == 4


def test_a_young_backup_whose_file_is_damaged_does_not_count(journals, ensure, later):
    ensure()
    [file] = journals.claim.rglob("*.gz")
    file.write_bytes(bytes(file.stat().st_size))
    later(5)
    assert ensure(max_age=HOUR)["changed"]


def test_no_more_backups_are_kept_than_asked_for(journals, ensure, later):
    names = []
    for _round in range(3):
        names.append(ensure()["backup"]["name"])
        later(HOUR)
    predicted = ensure(check_mode=True, keep=2)
    result = ensure(keep=2)
    assert result["removed"] == [names[1], names[0]]
    assert [each["name"] for each in result["backups"]] == [result["backup"]["name"], names[2]]
    assert (predicted["changed"], predicted["removed"]) == (True, result["removed"])
    assert len(journals.files()) == 4


def test_check_mode_makes_nothing(journals, ensure):
    result = ensure(check_mode=True)
    assert (result["changed"], result["backup"], result["backups"], journals.files()) == (True, {}, [], [])
    [name] = result["diff"]["after"]["backups"]
    assert name.startswith("data.hbase.")


def test_without_masters_no_helper_pod_is_started(cluster, journals, ensure):
    cluster.vanish(kinds.STATEFUL_SET, "hbase-master", "data")
    with pytest.raises(PreconditionFailed, match="has no masters yet"):
        ensure()
    assert cluster.writes() == []


# -- one backup --------------------------------------------------------------------------------


@pytest.fixture
def make(subject, params):
    def run(**given):
        cache = subject()
        with opened(cache, params()) as repository:
            return create.make(cache, repository, **given)
    return run


def test_a_backup_that_is_made_before_a_restoration_says_so(make):
    assert make(made_before="data.hbase.20261124T180000Z").made_before == "data.hbase.20261124T180000Z"


def test_a_namespace_that_changes_once_is_backed_up_again(journals, make):
    journals.write_during_backups(1)
    assert make().paths == 3
    assert [task for _pod, _container, task in journals.commands].count("back up the metadata") == 2


def test_a_namespace_that_always_changes_is_backed_up_without_a_digest(journals, make):
    journals.write_during_backups(9)
    made = make()
    assert (made.tree_sha256, made.paths) == (None, None)
    assert [task for _pod, _container, task in journals.commands].count("back up the metadata") == 3
    assert len(journals.files()) == 2


def test_without_a_listing_there_is_no_digest_and_one_attempt(journals, ensure):
    journals.write_during_backups(1)
    made = ensure(verify_tree=False)["backup"]
    assert (made["tree_sha256"], made["paths"]) == (None, None)
    tasks = [task for _pod, _container, task in journals.commands]
    assert (tasks.count("back up the metadata"), tasks.count("list the file tree")) == (1, 0)


@pytest.mark.parametrize("task", ["back up the metadata", "fetch the backup", "list the file tree"])
@pytest.mark.parametrize("end", ["terminating", "replaced", "restarted", "follows"])
def test_a_leader_that_ends_meanwhile_is_succeeded(cluster, journals, make, monkeypatch, task, end):
    """As when kubectl drains its node."""
    def ends():
        if end == "terminating":
            cluster.change(kinds.POD, "hbase-master-1", "data", {"metadata": {"deletionTimestamp": "now"}})
        elif end == "replaced":
            cluster.vanish(kinds.POD, "hbase-master-1", "data")
            journals._start("hbase-master-1")
        elif end == "restarted":
            cluster.change(kinds.POD, "hbase-master-1", "data", {"status": {"containerStatuses": [
                {"name": "alluxio-master", "state": {"running": {"startedAt": "later"}}}]}})
        journals.lead("hbase-master-2")

    journals.break_once(monkeypatch, task, ends)
    made = make()
    assert (made.leader, made.paths, len(journals.files())) == ("hbase-master-2", 2, 2)


def test_a_leader_that_goes_on_is_not_asked_again(journals, make, monkeypatch):
    journals.break_once(monkeypatch, "back up the metadata", lambda: None)
    with pytest.raises(ApiError, match="exit code 137"):
        make()
    assert journals.files() == []


def test_without_a_leader_nothing_is_stored(journals, make):
    journals.lead("")
    with pytest.raises(QuorumUnknown,
                       match="a leader of AlluxioRuntime hbase in namespace data: no master answers"):
        make()
    assert (journals.files(), journals.helper_pods()) == ([], [])


# -- listing -----------------------------------------------------------------------------------


def test_listing_changes_nothing_and_tells_own_backups_from_others(journals, ensure, read):
    made = ensure()["backup"]
    for file in journals.claim.rglob("data.hbase.*"):
        other = file.with_name(file.name.replace("hbase", "other"))
        other.write_bytes(file.read_bytes().replace(b'"data.hbase', b'"data.other').replace(
            b'"hbase"', b'"other"'))
    before = journals.files()
    result = read()
    assert (result["changed"], result["backups"], "damaged" in result) == (False, [made], False)
    assert [each["runtime"] for each in result["other_backups"]] == ["other"]
    assert journals.files() == before


def test_verification_names_what_is_damaged(journals, ensure, read):
    made = ensure()["backup"]
    assert read(verify=True)["damaged"] == []
    [file] = journals.claim.rglob("*.gz")
    file.write_bytes(bytes(file.stat().st_size))
    assert read(verify=True)["damaged"] == [made["name"]]


def test_a_claim_that_is_not_bound_yet_holds_none(cluster, journals, read):
    cluster.change(kinds.PERSISTENT_VOLUME_CLAIM, "backups", "data", {"status": {"phase": "Pending"}})
    assert read(verify=True) == {"changed": False, "backups": [], "other_backups": [], "damaged": []}
    assert journals.tree() == FILES


def test_two_backups_of_one_second_have_two_names(cluster, journals, make, monkeypatch):
    second = cluster.server_time()
    monkeypatch.setattr(cluster, "server_time", lambda: second)
    first, other = make(), make()
    assert (first.name, other.name) == ("data.hbase.20261123T120000Z", "data.hbase.20261123T120001Z")
    assert other.created == "2026-11-23T12:00:01Z"
    assert len(journals.files()) == 4
