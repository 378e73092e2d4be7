# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring, with the real scripts and real files; the masters' controller is played."""

import hashlib
import json

import pytest
from fake_journals import FILES
from restorations import CLAIM, LATEST, MASTERS, OTHER_FILES, killed, template

from ansible_collections.datacache.fluid.plugins.module_utils.backup import restore_template
from ansible_collections.datacache.fluid.plugins.module_utils.backup.dump import Leader
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore.restorer import Restorer
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore_template import WAITER
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError, Forbidden
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds, operations
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters


def test_a_restoration(cache, run, saved):
    before = template(cache)
    result = run("alluxio_restore", diff=True, **LATEST)
    assert result["changed"]
    assert cache.tree() == FILES
    assert (result["backup"], result["restarted"]) == (saved, MASTERS)
    expected = {"sha256": saved["tree_sha256"], "paths": 2}
    assert (result["trees"]["after"], result["trees"]["backup"],
            result["trees"]["before"]["paths"]) == (expected, expected, 3)
    assert result["diff"] == {"before": result["trees"]["before"], "after": expected}
    assert template(cache) == before
    assert cache.helper_pods() == []
    assert result["warnings"] == []


def test_a_second_run_changes_nothing(cache, run, saved):
    run("alluxio_restore", **LATEST)
    cache.cluster.requests.clear()
    for check in (True, False):
        result = run("alluxio_restore", check=check, diff=True, **LATEST)
        assert not result["changed"]
        assert result["trees"]["before"] == result["trees"]["after"] == result["trees"]["backup"]
        assert result["diff"] == {"before": {}, "after": {}}
    assert {plural for _verb, plural in cache.cluster.writes()} == {"pods"}
    assert ("patch", "statefulsets") not in cache.cluster.requests


def test_what_was_there_is_backed_up_and_can_be_restored_in_turn(cache, run, saved, time):
    safety = run("alluxio_restore", **LATEST)["safety_backup"]
    assert (safety["made_before"], safety["paths"]) == (saved["name"], 3)
    time.forward(hours=1)
    assert run("alluxio_restore", **{**LATEST, "backup": safety["name"]})["changed"]
    assert cache.tree() == OTHER_FILES


def test_without_the_safety_backup(cache, run, saved):
    result = run("alluxio_restore", skip_safety_backup=True, **LATEST)
    assert (result["changed"], result["safety_backup"], len(cache.files())) == (True, {}, 2)


LOST = ("the present metadata cannot be backed up before it is replaced: AlluxioRuntime hbase in namespace "
        "data has lost its majority: 1 of 3 masters have a journal, and 2 are needed to elect a leader: ")


def test_a_lost_majority(cache, run, saved):
    cache.lose_majority()
    result = run("alluxio_restore", **LATEST)
    assert (cache.tree(), result["safety_backup"], result["trees"]["before"]) == (FILES, {}, None)
    [warning] = result["warnings"]
    assert warning == LOST + "no master answers"
    assert 60 <= cache.cluster.now < 80  # three elections with Alluxio's timeouts


def test_masters_that_elect_no_leader_keep_their_journals(cache, run, saved):
    cache.lead("")
    for check in (True, False):
        message = run("alluxio_restore", check=check, wait_timeout=300, **LATEST)["msg"]
        assert message.startswith(
            "timed out after 300 s while waiting for a leader of AlluxioRuntime hbase in namespace data: no "
            "master answers; 3 of 3 masters have a journal. A majority of the masters has journals, which "
            "would be deleted without a backup: find out why")
        assert message.endswith("or set discard_journals_of: data/hbase")
    assert ("patch", "statefulsets") not in cache.cluster.requests
    assert cache.tree() == OTHER_FILES


def test_journals_that_are_discarded_by_name(cache, run, saved, time):
    cache.lead("")
    result = run("alluxio_restore", discard_journals_of="data/hbase", **LATEST)
    assert (cache.tree(), result["safety_backup"]) == (FILES, {})
    [warning] = result["warnings"]
    assert "discard_journals_of permits to delete the journals, and timed out after 60 s" in warning
    cache.set_tree(OTHER_FILES)
    time.forward(hours=1)
    assert run("alluxio_restore", discard_journals_of="data/hbase", **LATEST)["safety_backup"]["paths"] == 3


def test_a_number_of_masters_that_no_rollout_has_applied_yet(cache, run, saved):
    cache.cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"spec": {"master": {"replicas": 5}}})
    assert run("alluxio_restore", **LATEST)["restarted"] == MASTERS


def test_a_leader_without_majority_is_none(cache, run, saved):
    cache.lose_majority()
    cache.lead("hbase-master-1")
    cache.unavailable = {"hbase-master-0", "hbase-master-2"}
    result = run("alluxio_restore", **LATEST)
    assert (cache.tree(), result["safety_backup"]) == (FILES, {})
    assert result["warnings"] == [LOST + "not AVAILABLE: hbase-master-0:19200, hbase-master-2:19200"]


def test_a_leader_that_is_lost_while_it_answers(cache, run, saved, monkeypatch):
    tree, lost = Leader.tree, []

    def tree_of_the_second(self):
        if not lost:
            lost.append(self.pod)
            cache.lead("hbase-master-2")
            raise ApiError("exit code 137")
        return tree(self)
    monkeypatch.setattr(Leader, "tree", tree_of_the_second)
    result = run("alluxio_restore", **LATEST)
    assert (result["safety_backup"]["leader"], result["trees"]["before"]["paths"],
            result["warnings"]) == ("hbase-master-2", 3, [])


def test_leaders_that_cannot_list_their_tree(cache, run, saved, monkeypatch):
    monkeypatch.setattr(Leader, "tree", killed)
    assert run("alluxio_restore",
               **LATEST)["msg"].endswith("the file tree of AlluxioRuntime hbase in namespace data: killed")
    assert cache.tree() == OTHER_FILES


def test_check_mode(cache, run, saved):
    before, files = template(cache), cache.files()
    result = run("alluxio_restore", check=True, diff=True, **LATEST)
    assert (result["changed"], result["restarted"], result["trees"]["after"]) == (True, [], None)
    assert result["diff"]["after"] == {"sha256": saved["tree_sha256"], "paths": 2}
    assert (cache.tree(), template(cache), cache.files()) == (OTHER_FILES, before, files)


@pytest.mark.parametrize("step", ["replace", "deliver", "await_quorum", "end"])
def test_an_interrupted_restoration_is_continued(cache, run, saved, time, monkeypatch, step):
    before = template(cache)
    with monkeypatch.context() as patch:
        patch.setattr(Restorer, step, killed)
        assert run("alluxio_restore", **LATEST)["msg"] == "killed"
    assert template(cache) != before
    time.forward(minutes=5)
    assert run("alluxio_restore", check=True, **LATEST)["changed"]
    result = run("alluxio_restore", **LATEST)
    assert (result["changed"], result["backup"], cache.tree()) == (True, saved, FILES)
    assert result["restarted"] == (MASTERS if step == "replace" else [])
    # The first run has made the safety backup; a master that is deleted only now may have changed since.
    made = (True, 6) if step == "replace" else (False, 4)
    assert (bool(result["safety_backup"]), len(cache.files())) == made
    assert template(cache) == before
    assert not run("alluxio_restore", **LATEST)["changed"]


def test_a_permission_that_is_lost_before_the_quorums_ends_the_wait(cache, run, saved, time, monkeypatch):
    real, began = Restorer.await_quorum, []

    def refused(_masters, _domain):
        raise Forbidden("not allowed to get pods/proxy, nor to create pods/exec", 403)

    def wait(restorer):
        began.append(cache.cluster.now)
        with monkeypatch.context() as patch:
            patch.setattr(Masters, "quorum", refused)
            real(restorer)
    with monkeypatch.context() as patch:
        patch.setattr(Restorer, "await_quorum", wait)
        assert "not allowed to get pods/proxy" in run("alluxio_restore", **LATEST)["msg"]
    assert cache.cluster.now - began[0] < 10
    assert run("alluxio_restore", **LATEST)["backup"] == saved


def test_another_backup_takes_over_an_interrupted_restoration(cache, run, saved, time, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Restorer, "await_quorum", killed)
        run("alluxio_restore", **LATEST)
    time.forward(minutes=5)
    [safety] = [each for each in run("alluxio_backup_info", **CLAIM)["backups"] if each["made_before"]]
    result = run("alluxio_restore", **{**LATEST, "backup": safety["name"]})
    assert (result["restarted"], cache.tree()) == (MASTERS, OTHER_FILES)


def test_masters_that_lost_the_restored_journals_are_reported(cache, run, saved, monkeypatch):
    """Two masters were replaced while the template of an interrupted restoration was there."""
    with monkeypatch.context() as patch:
        patch.setattr(Restorer, "await_quorum", killed)
        run("alluxio_restore", **LATEST)
    for name in MASTERS[:2]:
        cache.cluster.vanish(kinds.POD, name, "data")
        cache._start(name)
    cache.lead("")
    result = run("alluxio_restore", **LATEST)
    assert (result["changed"], result["restarted"]) == (True, [])
    assert result["warnings"] == [
        "1 of 3 masters have started from the restoration under way, and the others begin with an empty "
        "journal: what was written since is lost"]


def test_a_file_that_a_master_has_already_is_not_sent_again(cache, run, saved, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(restore_template, "GO", "/datacache-restore/never")
        patch.setattr("ansible_collections.datacache.fluid.plugins.module_utils.backup.restore.delivery.GO",
                      "/datacache-restore/never")
        patch.setattr(Restorer, "await_quorum", killed)
        run("alluxio_restore", **LATEST)
    cache.commands.clear()
    assert run("alluxio_restore", **LATEST)["changed"]
    tasks = [task for _pod, container, task in cache.commands if container == WAITER]
    assert tasks == ["look for the backup"] * 3 + ["start the master"] * 3


def test_a_tree_that_is_not_the_backups(cache, run, saved, monkeypatch):
    end = Restorer.end

    def end_and_write(self):
        end(self)
        cache.set_tree(OTHER_FILES[2:])
    monkeypatch.setattr(Restorer, "end", end_and_write)
    result = run("alluxio_restore", **LATEST)
    assert "is restored, but the file tree is not the one that was backed up: 1 paths" in result["msg"]
    assert result["changed"]
    assert (result["trees"]["after"]["paths"], result["trees"]["backup"]["paths"]) == (1, 2)
    assert operations.under_way(cache.cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data")) is None


def test_a_backup_of_unknown_tree(cache, run, time):
    cache.write_during_backups(9)
    run("alluxio_backup", **CLAIM)
    (cache.cache / "writes").unlink()
    result = run("alluxio_restore", **LATEST)
    assert (result["changed"], result["trees"]["backup"]) == (True, None)
    assert result["warnings"][0].startswith(
        "the tree of files changed during backup data.hbase.20261124T180000Z")


def test_a_template_that_changes_meanwhile(cache, run, saved):
    bump = {"metadata": {"labels": {"by": "somebody"}}}
    cache.cluster.before_write(*[lambda: None] * 2,
                               lambda: cache.cluster.change(kinds.STATEFUL_SET, "hbase-master", "data", bump))
    assert run("alluxio_restore", skip_safety_backup=True, **LATEST)["changed"]
    assert cache.tree() == FILES


def test_a_master_that_does_not_vanish(cache, run, saved, monkeypatch):
    delete = cache.cluster.delete
    monkeypatch.setattr(cache.cluster, "delete", lambda kind, ref, *rest, **more: (
        ref.name == "hbase-master-2" or delete(kind, ref, *rest, **more)))
    cache.cluster.change(kinds.POD, "hbase-master-2", "data", {"spec": {"nodeName": "node3"}})
    result = run("alluxio_restore", wait_timeout=30, **LATEST)
    assert ("timed out after 30 s while waiting for new masters of AlluxioRuntime hbase in namespace data: "
            "2 of 3 masters wait for the backup; hbase-master-2: the old pod still exists on node "
            "node3") in result["msg"]


def cordon(cluster, *names):
    """Three nodes, of which some are cordoned, for masters on the host network."""
    for name in ("node1", "node2", "node3"):
        cluster.put(kinds.NODE, {"metadata": {"name": name}, "spec": {"unschedulable": name in names}})
    cluster.change(kinds.STATEFUL_SET, "hbase-master", "data",
                   {"spec": {"template": {"spec": {"hostNetwork": True}}}})


@pytest.mark.parametrize("check", [True, False])
def test_nodes_that_would_not_take_the_masters_back(cache, run, saved, check):
    cordon(cache.cluster, "node2")
    assert ("need 3 nodes, one each on the host network, and 2 accept them (node1, node3): uncordon or add "
            "nodes") in run("alluxio_restore", check=check, **LATEST)["msg"]
    assert ("patch", "statefulsets") not in cache.cluster.requests
    assert len(cache.files()) == 2
    cordon(cache.cluster)
    assert run("alluxio_restore", check=check, **LATEST)["changed"]


def test_nodes_that_may_not_be_listed_are_not_checked(cache, run, saved):
    cordon(cache.cluster, "node2")
    cache.cluster.forbidden.add(("list", "nodes"))
    result = run("alluxio_restore", **LATEST)
    assert result.get("changed"), result["msg"]


def test_a_first_master_that_does_not_start_is_the_only_one_deleted(cache, run, saved, monkeypatch):
    before = template(cache)

    def start(name):
        """A kubelet that finds no image for a pod of the prepared template."""
        waits = "datacache.fluid/restore" in template(cache)["metadata"]["annotations"]
        no_image = {"name": "alluxio-master", "state": {"waiting": {"reason": "ErrImagePull"}}}
        status = ({"phase": "Pending", "containerStatuses": [no_image]} if waits else
                  {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})
        metadata = {"name": name, "namespace": "data", **template(cache)["metadata"]}
        cache.cluster.put(kinds.POD, {"metadata": metadata, "status": status})
        cache.lead("hbase-master-1")
    monkeypatch.setattr(cache, "_start", start)
    result = run("alluxio_restore", wait_timeout=60, **LATEST)
    assert ("0 of 3 masters wait for the backup; hbase-master-0: container alluxio-master is waiting: "
            "ErrImagePull") in result["msg"]
    assert result["msg"].endswith("The other masters were not deleted, and the pod template is as it was: "
                                  "remove the cause, then run this again")
    assert template(cache) == before
    cache.cluster.sleep(5)
    pods = [cache.cluster.stored(kinds.POD, name, "data") for name in MASTERS]
    assert [each["status"]["phase"] for each in pods] == ["Running"] * 3
    deleted = [request for request in cache.cluster.requests if request == ("delete", "pods")]
    assert len(deleted) == 3  # the first master, once more from the template of before, and the helper pod


def test_the_leader_is_not_the_first_master_to_be_deleted(cache, run, saved, monkeypatch):
    cache.lead("hbase-master-0")
    deleted = []
    delete = cache.cluster.delete
    monkeypatch.setattr(cache.cluster, "delete", lambda kind, ref, *rest, **more: (
        deleted.append(ref.name), delete(kind, ref, *rest, **more))[1])
    run("alluxio_restore", **LATEST)
    assert [name[-1] for name in deleted if name in MASTERS] == ["1", "0", "2"]


@pytest.mark.parametrize(("module", "options"), [("alluxio_restore", LATEST), ("alluxio_backup", CLAIM)])
def test_another_run_that_acts_on_the_masters_is_waited_for_and_named(cache, run, saved, module, options):
    cache.cluster.put(kinds.LEASE, {
        "metadata": {"name": "hbase-masters", "namespace": "data"},
        "spec": {"holderIdentity": "ann@awx: rollout [1]", "acquireTime": "noon", "leaseDurationSeconds": 40},
    })
    message = run(module, wait_timeout=30, **options)["msg"]
    assert "another run acts on the masters of AlluxioRuntime hbase in namespace data: " in message
    assert "ann@awx: rollout [1] holds it since noon; waited 30 s" in message
    assert (cache.tree(), len(cache.files()), cache.helper_pods()) == (OTHER_FILES, 2, [])
    assert "msg" not in run(module, check=True, wait_timeout=30, **options)
    cache.cluster.later(20, lambda: cache.cluster.vanish(kinds.LEASE, "hbase-masters", "data"))
    assert run(module, wait_timeout=60, **options)["changed"]
    assert cache.cluster.stored(kinds.LEASE, "hbase-masters", "data")["spec"]["holderIdentity"] == ""


# -- what is refused before anything is touched ------------------------------------------------


@pytest.mark.parametrize(("options", "message"), [
    pytest.param({"confirm": "hbase"},
                 "confirm is 'hbase': a restoration replaces all metadata of the cache; expected data/hbase",
                 id="confirm"),
    pytest.param({"backup": "newest"}, "backup 'newest' is no backup's name", id="backup"),
    pytest.param({"discard_journals_of": "hbase"}, "discard_journals_of is 'hbase': it permits to delete "
                 "journals without a backup; expected data/hbase", id="discard"),
    pytest.param({"claim": "hbase"}, "claim hbase is the Dataset's own", id="own-claim"),
])
def test_refused_without_asking_the_cluster(cluster, run, options, message):
    assert run("alluxio_restore", **{**LATEST, **options})["msg"].startswith(message)
    assert cluster.requests == []


def damage(cache, change):
    [file] = cache.claim.rglob("*.gz")
    file.write_bytes(change(file.read_bytes()))
    return file


def forge(cache):
    """A file that is no gzip stream, with a record that agrees with it."""
    file = damage(cache, lambda data: data[:-6])
    record = file.with_suffix(".json")
    view = json.loads(record.read_text())
    view.update(size_bytes=file.stat().st_size, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    record.write_text(json.dumps(view))


def persistent(cache):
    volumes = [{"name": "alluxio-journal", "hostPath": {"path": "/x"}}]
    cache.cluster.change(kinds.STATEFUL_SET, "hbase-master", "data",
                         {"spec": {"template": {"spec": {"volumes": volumes}}}})


@pytest.mark.parametrize(("arrange", "options", "message"), [
    pytest.param(lambda cache: None, {"backup": "data.hbase.20251124T180000Z"},
                 "there is no backup data.hbase.20251124T180000Z",
                 id="unknown"),
    pytest.param(lambda cache: damage(cache, lambda data: bytes(len(data))), {},
                 "is damaged: its file has SHA-256", id="damaged"),
    pytest.param(forge, {}, "cannot be read: ", id="unreadable"),
    pytest.param(persistent, {}, "does not keep its journal on an emptyDir",
                 id="journal-that-stays"),
    pytest.param(lambda cache: cache.cluster.vanish(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data"), {},
                 "does not exist", id="no-runtime"),
])
def test_refused_with_nothing_touched(cache, run, saved, arrange, options, message):
    arrange(cache)
    assert message in run("alluxio_restore", **{**LATEST, **options})["msg"]
    assert ("patch", "statefulsets") not in cache.cluster.requests
    assert cache.tree() == OTHER_FILES
    assert len(cache.files()) == 2


def test_the_backup_of_another_dataset(cache, run, saved):
    foreign = {**saved, "format": 1, "name": "data.other.20261124T180000Z", "runtime": "other"}
    [file] = cache.claim.rglob("*.gz")
    file.with_name(foreign["name"] + ".gz").write_bytes(file.read_bytes())
    file.with_name(foreign["name"] + ".json").write_text(json.dumps(foreign))
    desired = {**LATEST, "backup": foreign["name"]}
    assert "is of AlluxioRuntime other in namespace data, not of hbase" in run("alluxio_restore", **desired)[
        "msg"]
    assert cache.tree() == OTHER_FILES
    assert run("alluxio_restore", force_foreign=True, **desired)["changed"]
    assert cache.tree() == FILES


def test_an_earlier_restoration_of_the_same_backup_is_another_one(cache, run, saved, time):
    run("alluxio_restore", **LATEST)
    cache.set_tree(OTHER_FILES)
    time.forward(hours=1)
    assert run("alluxio_restore", **LATEST)["restarted"] == MASTERS
