# SPDX-License-Identifier: GPL-3.0-or-later
"""The waits of a rollout, in virtual time."""

from types import SimpleNamespace

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import WaitFailed, WaitTimeout
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.steps.waits import RolloutWaits


def waits(cluster, uid, reason):
    pod = {"metadata": {"name": "hbase-master-1", "uid": uid}, "status": {"containerStatuses": [
        {"name": "alluxio-master", "state": {"waiting": {"reason": reason, "message": "no such image"}}}]}}
    return RolloutWaits(SimpleNamespace(pods=lambda: [pod]), cluster.deadline(1800))


@pytest.mark.parametrize("reason", ["InvalidImageName", "ErrImageNeverPull"])
def test_a_master_whose_image_no_node_can_get_is_not_waited_for(cluster, reason):
    with pytest.raises(WaitFailed) as failed:
        waits(cluster, "new", reason).running("hbase-master-1", "old")
    assert str(failed.value) == (
        f"hbase-master-1 never runs: container alluxio-master is waiting: {reason} no such image; correct "
        "the declaration, then run the rollout again to continue")
    assert cluster.now == 0


@pytest.mark.parametrize(("uid", "reason"), [("old", "InvalidImageName"), ("new", "ImagePullBackOff")])
def test_the_previous_pod_and_a_registry_that_may_be_back_are_waited_for(cluster, uid, reason):
    with pytest.raises(WaitTimeout):
        waits(cluster, uid, reason).running("hbase-master-1", "old")
