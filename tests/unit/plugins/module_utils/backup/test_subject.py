# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache that is backed up or restored: its leader, its tree and its claim; time passes only in waits."""

import pytest
from fake_journals import HELPER_IMAGE

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.properties import ELECTION_TIMEOUT_MAX
from ansible_collections.datacache.fluid.plugins.module_utils.backup import subject as backup_subject
from ansible_collections.datacache.fluid.plugins.module_utils.backup.dump import Leader
from ansible_collections.datacache.fluid.plugins.module_utils.backup.repository import Repository
from ansible_collections.datacache.fluid.plugins.module_utils.backup.subject import Subject, opened
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    Forbidden,
    InvalidInput,
    PreconditionFailed,
    QuorumLost,
    QuorumUnknown,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.journal import replacement
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

RUNTIME, CLAIM = fluid_kinds.ALLUXIO_RUNTIME, kinds.PERSISTENT_VOLUME_CLAIM


@pytest.mark.parametrize(("given", "message"), [
    ({"name": ""}, "name '' "),
    ({"namespace": "My_Team"}, "namespace 'My_Team' is not a DNS-1123 label"),
    ({"claim": "A"}, "name 'A' "),
    ({"claim": "hbase"}, "claim hbase is the Dataset's own: its content is deleted with the cache"),
    ({"path": "../up"}, "path '../up' is not a folder of the claim"),
], ids=["name", "namespace", "claim", "own-claim", "path"])
def test_options_that_are_refused_without_a_request(params, given, message):
    backup_subject.require_valid(params())
    with pytest.raises(InvalidInput) as refused:
        backup_subject.require_valid(params(**given))
    assert str(refused.value).startswith(message)


# -- what it consists of -----------------------------------------------------------------------


def test_a_cache_is_its_runtime_and_its_masters_stateful_set(cluster, subject):
    cache = subject(wait_timeout=77)
    assert (cache.ref, cache.timeout) == (ObjectRef("data", "hbase"), 77)
    assert cache.runtime == cluster.stored(RUNTIME, "hbase", "data")
    assert cache.workload == cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data")
    assert cache.masters == 3


def test_an_impersonating_client_is_refused_before_a_request(cluster, params):
    cluster.impersonates = True
    with pytest.raises(InvalidInput, match="commands in pods cannot be run with impersonate_user"):
        Subject.read(cluster, params(), cluster.deadline(600))
    assert cluster.requests == []


def test_masters_that_run_count_and_not_those_that_are_declared(cluster, subject):
    cluster.change(RUNTIME, "hbase", "data", {"spec": {"master": {"replicas": 5}}})
    assert subject().masters == 3
    cluster.change(kinds.STATEFUL_SET, "hbase-master", "data", {"spec": {"replicas": None}})
    assert subject().masters == 1


@pytest.mark.parametrize(("arrange", "message"), [
    (lambda cluster: cluster.vanish(RUNTIME, "hbase", "data"), "does not exist: check name and namespace"),
    (lambda cluster: cluster.change(RUNTIME, "hbase", "data", {"metadata": {"deletionTimestamp": "now"}}),
     "is terminating: wait until it is absent, then create it again"),
    (lambda cluster: cluster.vanish(kinds.STATEFUL_SET, "hbase-master", "data"),
     "has no masters yet (StatefulSet hbase-master does not exist): wait until it is ready"),
], ids=["no-runtime", "deleted", "no-masters"])
def test_without_a_runtime_and_its_masters_there_is_no_workload(cluster, subject, arrange, message):
    arrange(cluster)
    with pytest.raises(PreconditionFailed) as raised:
        _workload = subject().workload
    assert str(raised.value) == f"AlluxioRuntime hbase in namespace data {message}"


def test_a_stateful_set_that_an_interrupted_rollout_has_deleted_is_not_waited_for(cluster, subject):
    note = replacement.Note("uid", cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data"), True)
    cluster.change(RUNTIME, "hbase", "data", {"metadata": {"annotations": {
        replacement.ANNOTATION: note.text()}}})
    assert subject().workload
    cluster.vanish(kinds.STATEFUL_SET, "hbase-master", "data")
    with pytest.raises(PreconditionFailed) as raised:
        _workload = subject().workload
    assert str(raised.value) == (
        "StatefulSet hbase-master in namespace data was deleted and not created again by an earlier run, "
        "which was interrupted; run datacache.fluid.alluxio_rollout, which creates it, then this again")


def test_the_name_of_a_backup_has_the_present_time(cluster, subject):
    cluster.now = 90
    assert subject().backup_name() == "data.hbase.20261123T120130Z"


# -- its leader --------------------------------------------------------------------------------


def test_the_leader_is_asked(subject):
    leader = subject().leader()
    assert leader.pod == "hbase-master-1"
    assert leader.tree().paths == 2


def test_a_leader_that_is_being_elected_is_waited_for(cluster, journals, subject):
    journals.lead("")
    cluster.later(12, lambda: journals.lead("hbase-master-0"))
    assert subject().leader().pod == "hbase-master-0"
    assert cluster.now == 12


@pytest.mark.parametrize(("patience", "seconds"), [(None, 600), (60.0, 60)])
def test_masters_that_have_journals_and_no_leader_are_an_unknown_quorum(
        cluster, journals, subject, patience, seconds):
    journals.lead("")
    with pytest.raises(QuorumUnknown) as raised:
        subject().leader(patience)
    assert str(raised.value) == (
        f"timed out after {seconds} s while waiting for a leader of AlluxioRuntime hbase in namespace data: "
        "no master answers; 3 of 3 masters have a journal")
    assert raised.value.details["findings"] == []
    assert cluster.now == seconds


def test_a_majority_without_journals_is_lost_after_the_time_of_its_elections(cluster, journals, subject):
    journals.lose_majority()
    with pytest.raises(QuorumLost, match="has lost its majority: 1 of 3 masters have a journal, and 2 are "
                                         "needed to elect a leader: no master answers"):
        subject().leader()
    assert cluster.now == 60


def test_a_majority_that_is_back_for_a_moment_is_not_lost_yet(cluster, journals, subject):
    journals.lose_majority()
    cluster.later(50, lambda: journals._start("hbase-master-0"))
    cluster.later(55, lambda: cluster.vanish(kinds.POD, "hbase-master-0", "data"))
    cluster.later(100, lambda: journals.lead("hbase-master-1"))
    assert subject().leader().pod == "hbase-master-1"


@pytest.mark.parametrize(("declared", "rendered", "seconds"), [
    ({}, "", 60), ({ELECTION_TIMEOUT_MAX: "2s"}, "", 60), ({}, "2s", 60),
    ({ELECTION_TIMEOUT_MAX: "2s"}, "2s", 6), ({ELECTION_TIMEOUT_MAX: "2s"}, "1min", 180),
], ids=["alluxios-own", "not-rolled-out-yet", "no-longer-declared", "fast", "slow"])
def test_the_time_of_elections_is_that_of_the_longest_timeout(cluster, subject, declared, rendered, seconds):
    cluster.change(RUNTIME, "hbase", "data", {"spec": {"properties": declared}})
    options = f"-Dother=1 -D{ELECTION_TIMEOUT_MAX}={rendered}" if rendered else ""
    cluster.put(kinds.CONFIG_MAP, {"metadata": {"name": "hbase-config", "namespace": "data"},
                                   "data": {"ALLUXIO_JAVA_OPTS": options}})
    assert subject().election_time() == seconds


def test_a_leader_that_has_lost_its_majority_is_none(journals, subject):
    journals.unavailable = {"hbase-master-0", "hbase-master-2"}
    with pytest.raises(QuorumUnknown, match="not AVAILABLE: hbase-master-0:19200, hbase-master-2:19200"):
        subject().leader()
    journals.unavailable = {"hbase-master-0"}
    assert subject().leader().pod == "hbase-master-1"


def test_a_single_master_is_asked_in_another_way(cluster, journals, subject):
    cluster.change(kinds.STATEFUL_SET, "hbase-master", "data", {"spec": {"replicas": 1}})
    journals.lead("hbase-master-0.data")
    assert subject().leader().pod == "hbase-master-0"
    assert [task for _pod, _container, task in journals.commands] == ["alluxio fs masterInfo"]


def test_a_leader_in_its_safe_mode_is_waited_for(cluster, journals, subject):
    tree = journals.cache / "tree"
    tree.rename(tree.with_name("later"))
    cluster.later(12, lambda: tree.with_name("later").rename(tree))
    leader, found = subject().leader_and_tree()
    assert (leader.pod, found.paths, cluster.now) == ("hbase-master-1", 2, 12)


def test_a_leader_that_never_lists_its_tree_is_quoted(cluster, journals, subject):
    (journals.cache / "tree").unlink()
    with pytest.raises(WaitTimeout) as raised:
        subject(20).leader_and_tree()
    assert str(raised.value).startswith(
        "timed out after 20 s while waiting for the file tree of AlluxioRuntime hbase in namespace data: "
        "cannot list the file tree in pod hbase-master-1: exit code 1: cat:")
    assert cluster.now == 20


def test_a_tree_that_may_not_be_listed_is_not_waited_for(cluster, journals, subject, monkeypatch):
    def tree(_self):
        raise Forbidden("not allowed to create pods/exec", 403)
    monkeypatch.setattr(Leader, "tree", tree)
    with pytest.raises(Forbidden, match="pods/exec"):
        subject(wait_timeout=600).leader_and_tree()
    assert cluster.now < 10


def test_a_timeout_explains_the_runtimes_pods(cluster, journals, subject):
    journals.lead("")
    cluster.change(kinds.POD, "hbase-master-2", "data", {"status": {"phase": "Pending", "conditions": []}})
    with pytest.raises(QuorumUnknown) as raised:
        subject().leader()
    assert raised.value.details["findings"] == ["pod hbase-master-2: phase Pending"]


# -- its claim ---------------------------------------------------------------------------------


def test_the_claim_is_open_inside_and_the_helper_pod_gone_afterwards(journals, subject, params):
    with opened(subject(), params()) as repository:
        assert isinstance(repository, Repository)
        assert repository.listed() == []
        [pod] = journals.helper_pods()
    assert journals.helper_pods() == []
    [container] = pod["spec"]["containers"]
    assert (container["image"], pod["spec"]["imagePullSecrets"]) == (HELPER_IMAGE, [{"name": "registry"}])
    assert pod["spec"]["securityContext"]["runAsUser"] == 0
    assert pod["metadata"]["ownerReferences"][0]["name"] == "hbase"


@pytest.mark.parametrize("read_only", [True, False])
def test_the_claim_is_mounted_as_it_is_needed(journals, subject, params, read_only):
    with opened(subject(), params(), read_only):
        [pod] = journals.helper_pods()
    assert pod["spec"]["volumes"][0]["persistentVolumeClaim"]["readOnly"] is read_only


def test_a_claim_that_nothing_has_written_to_is_not_bound_by_reading_it(cluster, subject, params):
    cluster.change(CLAIM, "backups", "data", {"status": {"phase": "Pending"}})
    with opened(subject(), params(), read_only=True) as repository:
        assert repository is None
    assert cluster.writes() == []
    with opened(subject(), params()) as repository:
        assert repository is not None


@pytest.mark.parametrize(("arrange", "message"), [
    (lambda cluster: cluster.vanish(CLAIM, "backups", "data"),
     "does not exist: create it first, in the cache's namespace"),
    (lambda cluster: cluster.change(CLAIM, "backups", "data", {"status": {"phase": "Lost"}}),
     "cannot be used: its volume is lost"),
    (lambda cluster: cluster.change(CLAIM, "backups", "data", {"metadata": {"deletionTimestamp": "now"}}),
     "cannot be used: it is terminating"),
], ids=["none", "lost", "deleted"])
def test_a_claim_that_cannot_be_used_is_refused(cluster, subject, params, arrange, message):
    arrange(cluster)
    with pytest.raises(PreconditionFailed) as raised, opened(subject(), params()):
        pytest.fail("it is not opened")
    assert str(raised.value) == f"PersistentVolumeClaim backups in namespace data {message}"
    assert cluster.writes() == []


def test_without_masters_the_image_has_to_be_given(cluster, journals, subject, params):
    cluster.vanish(kinds.STATEFUL_SET, "hbase-master", "data")
    message = "^image is required: AlluxioRuntime hbase in namespace data has no masters"
    with pytest.raises(InvalidInput, match=message), opened(subject(), params()):
        pytest.fail("it is not opened")
    with opened(subject(), params(image="debian")):
        [pod] = journals.helper_pods()
    assert pod["spec"]["containers"][0]["image"] == "debian"
