# SPDX-License-Identifier: GPL-3.0-or-later
"""Journals on claims, of masters that do not run: which of them a restoration takes for lost."""

from contextlib import suppress

import pytest
from fake_journals import RUNNING
from restorations import OTHER_FILES

from ansible_collections.datacache.fluid.plugins.module_utils.backup import create
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore import ensure as restore
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore_template import WAITER
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    FluidError,
    QuorumLost,
    QuorumUnknown,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import (
    kinds as fluid_kinds,
    operations,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import Restoration
from ansible_collections.datacache.fluid.plugins.module_utils.journal import gate
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

RESTORATION = Restoration("data.hbase.20261123T120000Z", "a" * 64, "2026-11-23T12:01:00Z")


def put_claims(cluster, phase="Bound", **metadata):
    """The claims of all masters' journals, and a StatefulSet that has them."""
    cluster.change(kinds.STATEFUL_SET, "hbase-master", "data", {"spec": {
        "volumeClaimTemplates": [{"metadata": {"name": "alluxio-journal"}, "spec": {}}]}})
    for index in range(3):
        cluster.put(kinds.PERSISTENT_VOLUME_CLAIM, {
            "metadata": {"name": f"alluxio-journal-hbase-master-{index}", "namespace": "data",
                         "labels": {"name": "hbase-master", "role": "alluxio-master"}, **metadata},
            "spec": {}, "status": {"phase": phase}})


def hold(cluster, container, annotations):
    for index in (0, 2):
        cluster.change(kinds.POD, f"hbase-master-{index}", "data", {
            "metadata": {"annotations": annotations},
            "status": {"initContainerStatuses": [{"name": container, "state": RUNNING}]}})


def restoring(cluster):
    """An interrupted restoration has replaced two masters, which wait for the backup."""
    marked = {operations.ANNOTATION: RESTORATION.text()}
    cluster.change(kinds.STATEFUL_SET, "hbase-master", "data", {"spec": {"template": {"metadata": {
        "annotations": marked}}}})
    hold(cluster, WAITER, marked)


@pytest.mark.parametrize("arrange", [
    lambda cluster: put_claims(cluster, "Pending"),
    lambda cluster: put_claims(cluster, "Lost"),
    lambda cluster: put_claims(cluster, deletionTimestamp="2026-11-23T12:00:00Z"),
    lambda cluster: hold(cluster, gate.CONTAINER, {}),
    restoring,
], ids=["not-bound", "volume-lost", "terminating", "empty", "replaced-by-a-restoration"])
def test_masters_that_cannot_return_with_their_journals_are_lost(cluster, journals, subject, arrange):
    put_claims(cluster)
    journals.lose_majority()
    arrange(cluster)
    with pytest.raises(QuorumLost, match="1 of 3 masters have a journal"):
        subject().leader()


@pytest.mark.parametrize("exists", [True, False])
def test_a_journal_on_a_claim_needs_no_pod(cluster, journals, subject, exists):
    put_claims(cluster)
    journals.lose_majority()
    if not exists:
        cluster.vanish(kinds.POD, "hbase-master-0", "data")
    with pytest.raises(QuorumUnknown, match="3 of 3 masters have a journal"):
        subject().leader()


@pytest.mark.parametrize("returns", [30, None])
def test_journals_on_claims_of_masters_that_do_not_run_yet_are_not_lost(
        cluster, journals, params, reporter, warnings, returns):
    """Both pods wait until their volumes are attached, such as after the loss of their nodes; their journals
    are on the claims. returns: seconds until they run again.
    """
    create.ensure(cluster, params(), False, reporter)
    journals.set_tree(OTHER_FILES)
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"spec": {"properties": {
        "alluxio.master.embedded.journal.election.timeout.min": "4500ms",
        "alluxio.master.embedded.journal.election.timeout.max": "5s"}}})
    put_claims(cluster)
    journals.lead("")
    for index in (0, 2):
        cluster.change(kinds.POD, f"hbase-master-{index}", "data", {
            "spec": {"volumes": [{"name": "alluxio-journal", "persistentVolumeClaim": {
                "claimName": f"alluxio-journal-hbase-master-{index}"}}]},
            "status": {"phase": "Pending", "conditions": [], "containerStatuses": [
                {"name": "alluxio-master", "state": {"waiting": {"reason": "ContainerCreating"}}}]}})

    def back():
        for index in (0, 2):
            cluster.change(kinds.POD, f"hbase-master-{index}", "data", {"status": {
                "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [{"name": "alluxio-master", "state": RUNNING}]}})
        journals.lead("hbase-master-1")
    if returns:
        cluster.later(returns, back)
    cluster.requests.clear()
    result = {}
    with suppress(FluidError):
        result = restore.ensure(cluster, params(), False, reporter)
    assert bool(result) == bool(returns)
    assert warnings == []
    replaced = ("patch", "statefulsets") in cluster.requests
    assert replaced == bool(returns)
    assert not replaced or result["safety_backup"], (
        "journals were emptied without a backup and without a name")
