# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of the masters in a restoration, and the master that is deleted first."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore.stages import Stages
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore_template import (
    OLD,
    STARTED,
    STARTING,
    WAITER,
    WAITING,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import MASTER_CONTAINER
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import ANNOTATION, Restoration

RESTORATION = Restoration("data.hbase.20261123T120000Z", "0" * 64, "2026-11-23T12:00:00Z")
INIT_CONTAINER = {WAITING: {"running": {}}, STARTED: {"terminated": {"exitCode": 0}}, STARTING: {}}
RUNNING = {"containerStatuses": [{"name": MASTER_CONTAINER, "state": {"running": {}}}],
           "conditions": [{"type": "Ready", "status": "True"}]}


def pod(stage, terminating=False, status=None):
    metadata = {"annotations": {} if stage == OLD else {ANNOTATION: RESTORATION.text()},
                **({"deletionTimestamp": "2026-11-23T12:00:00Z"} if terminating else {})}
    waiter = {"initContainerStatuses": [{"name": WAITER, "state": INIT_CONTAINER.get(stage, {})}]}
    return {"metadata": metadata, "spec": {"nodeName": "node1"}, "status": {**waiter, **(status or {})}}


def stages(*pods, masters=3):
    return Stages({f"m{index}": each for index, each in enumerate(pods)}, RESTORATION, masters)


@pytest.mark.parametrize(("found", "complete", "progress"), [
    ([WAITING, STARTED, WAITING], True, "3 of 3 masters wait for the backup"),
    ([WAITING, STARTED], False, "2 of 3 masters wait for the backup"),
    ([WAITING, WAITING, OLD], False, "2 of 3 masters wait for the backup"),
    ([WAITING] * 4, False, "4 of 3 masters wait for the backup"),
], ids=["all", "one is missing", "one is old", "one too many"])
def test_restoration_waits_for_all_masters(found, complete, progress):
    view = stages(*map(pod, found))
    assert (view.complete, view.progress) == (complete, progress)


@pytest.mark.parametrize(("pods", "leader", "first"), [
    ([pod(OLD, status=RUNNING)] * 3, "m0", ["m1"]),
    ([pod(OLD, status=RUNNING)] * 3, "", ["m0"]),
    ([pod(OLD, status=RUNNING), pod(OLD, status=RUNNING), pod(OLD)], "m0", ["m2"]),
    ([pod(OLD, status=RUNNING)] * 2, "", []),
    ([pod(OLD, status=RUNNING), pod(OLD, status=RUNNING), pod(OLD, terminating=True)], "", []),
    ([pod(OLD, status=RUNNING), pod(OLD, status=RUNNING), pod(STARTING)], "", []),
], ids=["not the leader", "by name", "one that does not run", "one is missing", "one is terminating",
        "one is starting"])
def test_first_master_to_delete(pods, leader, first):
    assert stages(*pods).first(leader) == first


def test_only_masters_that_are_replaced_have_reasons():
    view = stages(pod(OLD), pod(OLD), pod(OLD, terminating=True))
    node = "the old pod still exists on node node1"
    assert view.reasons({"m0"}) == f"; m0: {node}; m2: {node}"
    assert stages(pod(WAITING), pod(STARTED), pod(OLD)).reasons({}) == ""
