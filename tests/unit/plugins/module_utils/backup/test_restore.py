# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring step by step, with the real scripts and real files; time passes only in waits."""

import gzip

import pytest
from fake_journals import FILES

from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import PodShell
from ansible_collections.datacache.fluid.plugins.module_utils.backup import create, space
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore import (
    delivery,
    ensure as restore,
)
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore.restorer import Restorer
from ansible_collections.datacache.fluid.plugins.module_utils.backup.transfer import Spool
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    Conflict,
    FluidError,
    InvalidInput,
    PreconditionFailed,
    StreamBroken,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import operations
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import Restoration
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

MASTERS = ["hbase-master-0", "hbase-master-1", "hbase-master-2"]
OTHER_FILES = [*FILES, "drwxr-xr-x root root 0 PERSISTED 11-24-2026 11:00:00:000 DIR /later"]


@pytest.fixture
def stateful_set(cluster):
    return lambda: cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data")


@pytest.fixture
def ensure(cluster, params, reporter):
    return lambda check_mode=False, **given: restore.ensure(cluster, params(**given), check_mode, reporter)


@pytest.fixture
def saved(cluster, journals, params, reporter):
    """The backup of a cache whose files have changed since."""
    made = create.ensure(cluster, params(), False, reporter)["backup"]
    journals.set_tree(OTHER_FILES)
    cluster.sleep(3600)
    cluster.requests.clear()
    journals.commands.clear()
    return made


@pytest.mark.parametrize(("given", "message"), [
    ({"confirm": "hbase"},
     "confirm is 'hbase': a restoration replaces all metadata of the cache; expected data/hbase"),
    ({"backup": "newest"}, "backup 'newest' is no backup's name"),
    ({"claim": "hbase"}, "claim hbase is the Dataset's own"),
], ids=["confirm", "backup", "those-of-every-backup-module"])
def test_options_that_are_refused_without_a_request(params, given, message):
    restore.require_valid(params())
    with pytest.raises(InvalidInput) as refused:
        restore.require_valid(params(**given))
    assert str(refused.value).startswith(message)


# -- as a whole --------------------------------------------------------------------------------


def test_the_cache_holds_the_backup_and_the_backup_of_what_was_there_is_kept(
        journals, ensure, saved, stateful_set):
    before = stateful_set()["spec"]["template"]
    result = ensure()
    assert (result["changed"], result["restarted"], journals.tree()) == (True, MASTERS, FILES)
    assert result["safety_backup"]["made_before"] == saved["name"]
    assert [result["trees"][name]["paths"] for name in ("before", "after", "backup")] == [3, 2, 2]
    assert stateful_set()["spec"]["template"] == before


def test_a_cache_that_holds_the_backup_is_left_alone(cluster, journals, ensure, saved):
    journals.set_tree(FILES)
    result = ensure()
    assert (result["changed"], result["restarted"], result["safety_backup"]) == (False, [], {})
    assert ("patch", "statefulsets") not in cluster.requests


def test_check_mode_predicts_and_touches_nothing(cluster, journals, ensure, saved):
    result = ensure(check_mode=True)
    assert (result["changed"], result["trees"]["after"], journals.tree()) == (True, None, OTHER_FILES)
    assert ("patch", "statefulsets") not in cluster.requests
    assert len(journals.files()) == 2


def test_without_a_leader_there_is_no_safety_backup_but_a_warning(journals, ensure, saved, warnings):
    journals.lose_majority()
    result = ensure()
    assert (result["changed"], result["safety_backup"], journals.tree()) == (True, {}, FILES)
    [warning] = warnings
    assert warning.startswith("the present metadata cannot be backed up before it is replaced: "
                              "AlluxioRuntime hbase in namespace data has lost its majority")


def test_a_file_that_is_damaged_is_refused_before_anything_is_replaced(cluster, journals, ensure, saved):
    [file] = journals.claim.rglob("*.gz")
    file.write_bytes(bytes(file.stat().st_size))
    with pytest.raises(FluidError, match=f"^backup {saved['name']} is damaged"):
        ensure()
    assert ("patch", "statefulsets") not in cluster.requests


@pytest.mark.parametrize(("arrange", "message"), [
    ({"volumes": [{"name": "alluxio-journal", "hostPath": {"path": "/x"}}]},
     "StatefulSet hbase-master does not keep its journal on an emptyDir"),
    ({"containers": [{"name": "other"}]}, "StatefulSet hbase-master has no container alluxio-master"),
], ids=["journal-that-stays", "not-fluids"])
def test_masters_that_would_come_back_with_their_journals_are_refused(
        cluster, ensure, saved, arrange, message):
    cluster.change(kinds.STATEFUL_SET, "hbase-master", "data", {"spec": {"template": {"spec": arrange}}})
    cluster.requests.clear()
    with pytest.raises(PreconditionFailed) as raised:
        ensure()
    assert str(raised.value).startswith(message)
    assert cluster.writes() == []


def test_a_tree_that_is_not_the_backups_is_an_error_that_tells_what_was_done(
        journals, ensure, saved, monkeypatch):
    end = Restorer.end

    def end_and_write(self):
        end(self)
        journals.set_tree(OTHER_FILES[2:])
    monkeypatch.setattr(Restorer, "end", end_and_write)
    with pytest.raises(FluidError, match="is restored, but the file tree is not the one that was backed up: "
                                         "1 paths") as raised:
        ensure()
    assert (raised.value.details["changed"], raised.value.details["restarted"]) == (True, MASTERS)


def test_without_a_digest_each_run_restores(journals, ensure, saved, warnings):
    for _time in range(2):
        result = ensure(verify_tree=False)
        assert (result["changed"], result["restarted"], journals.tree()) == (True, MASTERS, FILES)
        assert result["safety_backup"]["tree_sha256"] is None
        assert (result["trees"]["before"], result["trees"]["after"]) == (None, None)
        assert warnings.pop() == (
            f"verify_tree is false: it was not verified that {saved['name']} was restored completely")
        journals.cluster.sleep(60)
    assert "list the file tree" not in [task for _pod, _container, task in journals.commands]


def test_a_file_that_does_not_fit_into_a_master_starts_none(journals, ensure, saved, monkeypatch):
    def require(shell, folder, needed, _purpose, *_remedy):
        if folder == "/datacache-restore":
            raise PreconditionFailed(f"{folder} in {shell.pod.name}: needed {needed} bytes")
    monkeypatch.setattr(space, "require_in_pod", require)
    with pytest.raises(PreconditionFailed, match=f"hbase-master-0: needed {saved['size_bytes']} bytes"):
        ensure()
    assert "start the master" not in [task for _pod, _container, task in journals.commands]


# -- step by step ------------------------------------------------------------------------------


@pytest.fixture
def spool():
    made = Spool()
    made.write(gzip.compress("".join(line + "\n" for line in FILES).encode()))
    return made


@pytest.fixture
def restoration(spool):
    return Restoration("data.hbase.20261123T120000Z", spool.sha256, "2026-11-23T12:00:00Z")


@pytest.fixture
def restorer(subject, restoration):
    return lambda **given: Restorer(subject(**given), restoration)


def test_the_template_is_set_up_once(cluster, restorer, restoration, stateful_set):
    for _time in range(2):
        restorer().begin()
    assert operations.under_way(stateful_set()) == restoration
    assert cluster.writes() == [("patch", "statefulsets")]


def test_the_template_is_cleaned_once(cluster, restorer, restoration, stateful_set):
    before = stateful_set()["spec"]["template"]
    restorer().begin()
    for _time in range(2):
        restorer().end()
    assert stateful_set()["spec"]["template"] == before
    assert cluster.writes() == [("patch", "statefulsets")] * 2


def test_a_template_that_changes_in_between_is_patched_as_it_is_then(
        cluster, restorer, restoration, stateful_set):
    cluster.before_write(lambda: cluster.change(
        kinds.STATEFUL_SET, "hbase-master", "data", {"metadata": {"labels": {"by": "somebody"}}}))
    restorer().begin()
    assert operations.under_way(stateful_set()) == restoration
    assert stateful_set()["metadata"]["labels"] == {"by": "somebody"}


def test_only_masters_of_before_are_replaced(cluster, restorer, restoration):
    restorer().begin()
    assert restorer().replace() == MASTERS
    cluster.requests.clear()
    assert restorer().replace() == []
    assert cluster.writes() == []


def test_a_master_that_does_not_go_is_named_with_its_node(cluster, restorer, restoration, monkeypatch):
    delete = cluster.delete
    monkeypatch.setattr(cluster, "delete", lambda kind, ref, *rest, **more: (
        ref.name == "hbase-master-2" or delete(kind, ref, *rest, **more)))
    cluster.change(kinds.POD, "hbase-master-2", "data", {"spec": {"nodeName": "node3"}})
    one = restorer(seconds=30)
    one.begin()
    with pytest.raises(WaitTimeout) as raised:
        one.replace()
    assert str(raised.value).startswith(
        "timed out after 30 s while waiting for new masters of AlluxioRuntime hbase in namespace data: 2 of "
        "3 masters wait for the backup; hbase-master-2: the old pod still exists on node node3")


@pytest.fixture
def waiting(restorer, restoration):
    """A restorer whose masters all wait for the file."""
    view = []
    one = restorer(report_progress=view.append)
    one.begin()
    one.replace()
    view.clear()
    one.view = view
    return one


def test_all_masters_have_the_file_before_the_first_one_starts(journals, waiting, restoration, spool):
    waiting.deliver(spool)
    tasks = [task for _pod, _container, task in journals.commands]
    assert tasks == ["look for the backup", "read the free space", "store the backup"] * 3 + [
        "start the master"] * 3
    assert journals.tree() == FILES
    assert waiting.view == ["sending the backup to hbase-master-0, hbase-master-1, hbase-master-2"]


def test_a_file_that_a_master_has_already_is_not_sent_again(
        journals, waiting, restoration, spool, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "GO", "/datacache-restore/never")
        waiting.deliver(spool)
    journals.commands.clear()
    waiting.deliver(spool)
    tasks = [task for _pod, _container, task in journals.commands]
    assert tasks == ["look for the backup"] * 3 + ["start the master"] * 3


def test_a_start_whose_answer_was_lost_is_looked_at_again(journals, waiting, spool, monkeypatch):
    """The master has started, so its container no longer runs the next command."""
    real, lost = PodShell.run, []

    def run(shell, task, *args):
        output = real(shell, task, *args)
        if task == "start the master" and not lost:
            lost.append(shell.pod.name)
            raise StreamBroken("the start may have begun: the answer was lost")
        return output
    monkeypatch.setattr(PodShell, "run", run)
    waiting.deliver(spool)
    assert lost
    assert journals.tree() == FILES


def test_a_file_that_arrives_damaged_starts_no_master(journals, waiting, restoration):
    other = Spool()
    other.write(b"other")
    with pytest.raises(ApiError,
                       match="^cannot store the backup in pod hbase-master-0: exit code 1: SHA-256 "):
        waiting.deliver(other)
    assert "start the master" not in [task for _pod, _container, task in journals.commands]


def test_masters_that_have_started_are_sent_nothing(journals, waiting, restoration, spool):
    waiting.deliver(spool)
    journals.commands.clear()
    waiting.deliver(spool)
    assert journals.commands == []
    assert waiting.view[-1] == "sending the backup to no master: all have it"


def test_the_quorum_is_waited_for(cluster, journals, restorer):
    journals.unavailable = {"hbase-master-2"}
    cluster.later(5, journals.unavailable.clear)
    one = restorer()
    one.begin()
    one.await_quorum()
    assert cluster.now == 5


def test_a_quorum_that_does_not_form_tells_what_it_lacks(journals, restorer):
    journals.unavailable = {"hbase-master-2"}
    one = restorer(seconds=30)
    one.begin()
    with pytest.raises(WaitTimeout, match="while waiting for the MASTER quorum of .*: not AVAILABLE: "
                                          "hbase-master-2:19200"):
        one.await_quorum()


def test_an_interrupted_restoration_keeps_its_beginning(ensure, saved, stateful_set, monkeypatch):
    seen = []

    def interrupted(self):
        seen.append(operations.under_way(stateful_set()))
        raise ApiError("killed")
    with monkeypatch.context() as patch:
        patch.setattr(Restorer, "replace", interrupted)
        for _time in range(2):
            with pytest.raises(ApiError, match="killed"):
                ensure()
    assert seen[0] == seen[1]
    assert seen[0].backup == saved["name"]


@pytest.fixture
def other(subject, spool):
    """The restorer of another run, with another backup."""
    taken = Restoration("data.hbase.20261124T120000Z", spool.sha256, "2026-11-24T12:00:00Z")
    return Restorer(subject(), taken)


@pytest.mark.parametrize("step", ["replace", "deliver", "await_quorum", "end"])
def test_no_step_goes_on_in_the_template_of_another_restoration(
        cluster, restorer, other, spool, stateful_set, step):
    one = restorer()
    one.begin()
    one.replace()
    other.begin()
    cluster.requests.clear()
    with pytest.raises(Conflict, match="another run restores backup data.hbase.20261124T120000Z; wait until"):
        getattr(one, step)(*([spool] if step == "deliver" else []))
    assert cluster.writes() == []
    assert operations.under_way(stateful_set()).backup == "data.hbase.20261124T120000Z"


def test_no_master_is_deleted_once_the_template_is_cleaned(cluster, restorer):
    one = restorer()
    one.begin()
    restorer().end()
    cluster.requests.clear()
    with pytest.raises(Conflict, match="another run has ended it"):
        one.replace()
    assert cluster.writes() == []
