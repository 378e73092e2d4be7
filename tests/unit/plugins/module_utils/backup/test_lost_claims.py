# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes are lost for good, and with them the local volumes of masters; a backup is restored into new ones."""

import actors
import pytest
from fake_claims import TAINT
from fake_contents import FakeContents
from fake_masters import NAMESPACE, PORTS
from kills import kill_at_each_request

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore import ensure as backup_restore
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    Forbidden,
    PreconditionFailed,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import operations
from ansible_collections.datacache.fluid.plugins.module_utils.journal import template
from ansible_collections.datacache.fluid.plugins.module_utils.journal.volume import JournalVolume
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter

START = FakeContents._start
CLAIM, VOLUME = kinds.PERSISTENT_VOLUME_CLAIM, kinds.PERSISTENT_VOLUME
UNSCHEDULED = {"phase": "Pending", "containerStatuses": None, "initContainerStatuses": None, "conditions": [
    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
     "message": "had volume node affinity conflict"}]}


class LocalVolumes:
    """The claims of the masters of a CacheSite, each on a local volume of its pod's node."""

    def __init__(self, one, monkeypatch):
        self.one, self.cluster, self.masters = one, one.cluster, one.masters
        for index in range(1, 8):
            self.cluster.put(kinds.NODE, {
                "metadata": {"name": f"node{index}", "labels": {"kubernetes.io/hostname": f"node{index}"}},
                "spec": {}})
        self.cluster.put(kinds.STATEFUL_SET, template.replacement(
            "hbase", self.masters.workload, JournalVolume("claim"), True))
        self.masters._put_workload(self.masters.workload)
        for index in range(3):
            self._put_claim(index, f"node{index + 1}")
            self.cluster.change(kinds.POD, f"hbase-master-{index}", NAMESPACE, {"spec": {"volumes": [
                {"name": "alluxio-journal", "persistentVolumeClaim": {"claimName": self._name(index)}}]}})
        monkeypatch.setattr(FakeContents, "_start", lambda _fake, index: self._schedule(index))

    @staticmethod
    def _name(index):
        return f"alluxio-journal-hbase-master-{index}"

    def claim(self, index):
        return self.cluster.stored(CLAIM, self._name(index), NAMESPACE)

    def _put_claim(self, index, node):
        self.cluster.put(VOLUME, {"metadata": {"name": f"volume-{node}"}, "spec": {"nodeAffinity": {
            "required": {"nodeSelectorTerms": [{"matchExpressions": [
                {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]}}}})
        self.cluster.put(CLAIM, {
            "metadata": {"name": self._name(index), "namespace": NAMESPACE,
                         "labels": {"name": "hbase-master", "role": "alluxio-master"}},
            "spec": {"volumeName": f"volume-{node}"}, "status": {"phase": "Bound"}})

    def _schedule(self, index):
        """Bind a new claim on a spare node; without the node of its volume a pod is not scheduled."""
        if self.claim(index) is None:
            self._put_claim(index, f"node{index + 4}")
        node = self.claim(index)["spec"]["volumeName"].removeprefix("volume-")
        existing = self.cluster.stored(kinds.NODE, node, None)
        name = f"hbase-master-{index}"
        if existing is None or existing["spec"].get("taints") or existing.get("status"):
            self.cluster.change(kinds.POD, name, NAMESPACE, {"spec": {"nodeName": None},
                                                             "status": UNSCHEDULED})
            return
        self.cluster.change(kinds.POD, name, NAMESPACE, {"spec": {"nodeName": node}})
        START(self.masters, index)

    def taint(self, index):
        self.cluster.change(kinds.NODE, f"node{index + 1}", None, {"spec": {"taints": [TAINT]}})

    def lose(self, index, how="absent"):
        """how: absent for a Node that was deleted, tainted for one out of service, unready for neither."""
        node, name = f"node{index + 1}", f"hbase-master-{index}"
        if how == "absent":
            self.cluster.vanish(kinds.NODE, node, None)
        elif how == "tainted":
            self.taint(index)
        else:
            self.cluster.change(kinds.NODE, node, None, {
                "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}})
        self.cluster.change(kinds.POD, name, NAMESPACE, {"spec": {"nodeName": None}, "status": UNSCHEDULED})
        for domain, port in PORTS.items():
            self.masters.groups[domain][f"{name}:{port}"] = False
            if sum(self.masters.groups[domain].values()) < 2:
                self.masters.leader[domain] = None


@pytest.fixture
def make(cache_site, monkeypatch):
    """Make a cache with a backup, and changes since, whose nodes of these masters are lost."""
    def made(*lost, how="absent"):
        one = cache_site(3)
        monkeypatch.setattr(deadline, "SYSTEM_CLOCK", one.cluster.virtual_clock(one.masters.now))
        one.cluster.now = 60.0
        one.volumes = LocalVolumes(one, monkeypatch)
        actors.save(one)
        for index in lost:
            one.volumes.lose(index, how)
        return one
    return made


def restore(one, warn=lambda _text: None, **given):
    return backup_restore.ensure(one.cluster, {
        **actors.BACKUP, "backup": one.saved, "confirm": f"{NAMESPACE}/hbase", "force_foreign": False,
        "skip_safety_backup": False, "discard_journals_of": None, **given}, False, Reporter(
            warn, lambda _text: None))


def require_restored(one):
    assert {one.masters.content[pod.name] for pod in one.masters.pods()} == {"first"}
    assert one.masters.groups["MASTER"] == {f"hbase-master-{index}:23083": True for index in range(3)}
    assert operations.under_way(one.masters.workload) is None


@pytest.mark.parametrize("how", ["absent", "tainted"])
def test_a_majority_lost_with_its_claims_begins_anew(make, how):
    one, warnings = make(1, 2, how=how), []
    kept = one.volumes.claim(0)
    restore(one, warnings.append)
    require_restored(one)
    assert [one.volumes.claim(index)["spec"]["volumeName"] for index in range(3)] == [
        "volume-node1", "volume-node5", "volume-node6"]
    assert one.volumes.claim(0) == kept
    [warning] = warnings
    assert "1 of 3 masters have a journal" in warning
    assert "PersistentVolume volume-node2 of claim alluxio-journal-hbase-master-1 is on " in warning


def test_one_master_lost_with_its_claim_begins_anew(make):
    one = make(1)
    assert restore(one)["safety_backup"]
    require_restored(one)
    assert one.volumes.claim(1)["spec"]["volumeName"] == "volume-node5"


def test_claims_of_nodes_that_may_return_are_kept(make):
    """The nodes are not Ready, and nobody has declared them lost."""
    one = make(1, 2, how="unready")
    claims = [one.volumes.claim(index) for index in range(3)]
    with pytest.raises(PreconditionFailed, match="3 of 3 masters have a journal"):
        restore(one)
    assert [one.volumes.claim(index) for index in range(3)] == claims
    assert operations.under_way(one.masters.workload) is None


def test_without_the_permission_to_list_nodes_no_claim_is_known_to_be_lost(make, monkeypatch):
    one = make(1, 2)
    real = one.cluster.list

    def forbid(kind, *args, **options):
        if kind is kinds.NODE:
            raise Forbidden("nodes is forbidden", 403)
        return real(kind, *args, **options)
    monkeypatch.setattr(one.cluster, "list", forbid)
    with pytest.raises(PreconditionFailed, match="3 of 3 masters have a journal"):
        restore(one)


def test_nodes_that_are_declared_lost_later_let_the_next_run_restore(make):
    """The first run was to discard the journals, and its first master found no node."""
    one = make(1, 2, how="unready")
    discard = {"discard_journals_of": f"{NAMESPACE}/hbase"}
    with pytest.raises(WaitTimeout, match="0 of 3 masters wait for the backup; hbase-master-1: not "
                                          "scheduled: had volume node affinity conflict\n") as raised:
        restore(one, **discard)
    assert "the old pod still exists" not in str(raised.value)
    for index in (1, 2):
        one.volumes.taint(index)
    restore(one)
    require_restored(one)


def test_a_node_that_is_declared_lost_during_a_restoration_is_replaced(make):
    one = make(1)
    one.volumes.lose(2, "unready")
    with pytest.raises(WaitTimeout, match="2 of 3 masters wait for the backup; hbase-master-2: not "):
        restore(one, discard_journals_of=f"{NAMESPACE}/hbase")
    one.volumes.taint(2)
    restore(one)
    require_restored(one)
    assert one.volumes.claim(2)["spec"]["volumeName"] == "volume-node6"


def test_a_new_master_that_was_created_before_its_claim_was_gone_is_created_again(make):
    """The StatefulSet's controller had an outdated cache: nothing creates the claim of such a pod."""
    one, hasty = make(1, 2), []
    schedule = one.volumes._schedule

    def too_early(index):
        if index == 1 and not hasty:
            hasty.append(index)
            one.cluster.change(kinds.POD, "hbase-master-1", NAMESPACE, {
                "spec": {"nodeName": None}, "status": UNSCHEDULED})
        else:
            schedule(index)
    one.volumes._schedule = too_early
    restore(one)
    assert hasty
    require_restored(one)


@pytest.mark.no_cover
def test_the_next_run_finishes_one_that_was_killed(make):
    def then(one, request, survived):
        if not survived:
            one.cluster.sleep(request % 7)
            restore(one)
        require_restored(one)
        assert [one.volumes.claim(index)["spec"]["volumeName"] for index in range(3)] == [
            "volume-node1", "volume-node5", "volume-node6"]
    assert kill_at_each_request(lambda: make(1, 2), restore, then, lambda _request: 9) > 60
