# SPDX-License-Identifier: GPL-3.0-or-later
"""The note that clients which started earlier may not know all masters."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.apply.field_manager import MANAGER
from ansible_collections.datacache.fluid.plugins.module_utils.errors import PreconditionFailed
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import GROWN
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.client_notes import ClientNotes, note_on
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.stale_clients import ScaleOutNote

BEFORE, NOTED, AFTER = "2026-11-25T04:00:00Z", "2026-11-25T04:10:00Z", "2026-11-25T04:20:00Z"


@pytest.fixture
def notes(cluster):
    """The notes of runtime hbase, whose StatefulSet exists."""
    cluster.put(kinds.STATEFUL_SET, {"metadata": {"name": "hbase-master", "namespace": "data"}})
    return ClientNotes(cluster, ObjectRef("data", "hbase"))


@pytest.fixture
def workload(cluster, notes):
    return lambda: cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data")


@pytest.fixture
def noted(cluster, notes):
    """Note that clients may know the first 3 masters only, and start a worker."""
    def make(started):
        patch = {"metadata": {"annotations": {GROWN: f"3 {NOTED}"}}}
        cluster.change(kinds.STATEFUL_SET, "hbase-master", "data", patch)
        state = {"name": "alluxio-worker", "state": {"running": {"startedAt": started}}}
        labels = {"release": "hbase", "role": "alluxio-worker"}
        cluster.put(kinds.POD, {"metadata": {"name": "hbase-worker-0", "namespace": "data", "labels": labels},
                                "status": {"containerStatuses": [state]}})
        cluster.requests.clear()
    return make


def config_map(*written):
    """The ConfigMap as it is after writes of (manager, time)."""
    return {"metadata": {"managedFields": [{"manager": manager, "time": time} for manager, time in written]}}


@pytest.mark.parametrize(("before", "expected"), [
    (None, ScaleOutNote(5, NOTED)), (ScaleOutNote(3, BEFORE), ScaleOutNote(3, NOTED)),
], ids=["first", "second"])
def test_the_note_has_the_time_of_our_last_write(notes, workload, before, expected):
    notes.write(before, 5, config_map((MANAGER, BEFORE), (MANAGER, NOTED), ("kubectl-edit", AFTER)))
    assert note_on(workload()) == expected


@pytest.mark.parametrize("existing", [{"metadata": {}}, config_map(("kubectl-edit", AFTER))],
                         ids=["no-fields", "foreign"])
def test_without_a_write_of_ours_nothing_is_noted(cluster, notes, existing):
    notes.write(None, 3, existing)
    assert cluster.requests == []


def test_a_note_is_removed(notes, workload, noted):
    noted(BEFORE)
    notes.remove()
    assert note_on(workload()) is None


def test_without_a_note_no_pod_is_read(cluster, notes, workload):
    assert notes.stale_clients(workload()) is None
    assert cluster.requests == []


@pytest.mark.parametrize(("started", "pods"), [(BEFORE, ["worker hbase-worker-0"]), (AFTER, None)],
                         ids=["before", "since"])
def test_only_clients_that_started_before_the_note_are_stale(notes, workload, noted, started, pods):
    noted(started)
    stale = notes.stale_clients(workload())
    assert (stale and stale.pods) == pods


def test_an_added_master_does_not_lead_stale_clients(notes, noted):
    noted(BEFORE)
    with pytest.raises(PreconditionFailed, match="hbase-master-3 was added after worker hbase-worker-0"):
        notes.require_known("hbase-master-3")


def test_an_added_master_leads_clients_that_started_since(notes, noted):
    noted(AFTER)
    notes.require_known("hbase-master-3")


@pytest.mark.parametrize("leader", ["hbase-master-1", "hbase-master-x"], ids=["one-of-the-first", "no-index"])
def test_the_first_two_masters_need_no_request(cluster, notes, noted, leader):
    noted(BEFORE)
    notes.require_known(leader)
    assert cluster.requests == []


def test_without_a_stateful_set_there_is_no_note(cluster, notes):
    cluster.vanish(kinds.STATEFUL_SET, "hbase-master", "data")
    notes.require_known("hbase-master-3")
