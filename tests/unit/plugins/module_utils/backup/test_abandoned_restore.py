# SPDX-License-Identifier: GPL-3.0-or-later
"""A restoration whose first new master does not start before the deadline leaves the masters as they were."""

import actors
import pytest
from fake_contents import FakeContents
from fake_masters import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore.restorer import Restorer
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore_template import WAITER
from ansible_collections.datacache.fluid.plugins.module_utils.errors import WaitTimeout
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import operations
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

PULLS, RUNS = {"waiting": {"reason": "ImagePullBackOff"}}, {"running": {}}


@pytest.mark.parametrize("at_last", [PULLS, RUNS], ids=["starting", "waiting"])
def test_no_master_waits_for_a_file_that_never_comes(cache_site, monkeypatch, at_last):
    """at_last: the state of its init container when the pod template is cleaned."""
    one = cache_site(3)
    masters = one.masters
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", one.cluster.virtual_clock(masters.now))
    one.cluster.now = 60.0
    saved = actors.backup(one)["backup"]["name"]
    masters.write("later")
    real_start, real_end, slow = FakeContents._start, Restorer.end, []

    def put_state(name, state):
        one.cluster.change(kinds.POD, name, NAMESPACE, {
            "status": {"initContainerStatuses": [{"name": WAITER, "state": state}]}})

    def start(fake, index):
        real_start(fake, index)
        name = f"hbase-master-{index}"
        if one.cluster.stored(kinds.POD, name, NAMESPACE)["status"].get("initContainerStatuses"):
            put_state(name, PULLS)
            slow.append(name)

    def end(restorer):
        put_state(slow[0], at_last)
        real_end(restorer)
    monkeypatch.setattr(FakeContents, "_start", start)
    monkeypatch.setattr(Restorer, "end", end)
    with pytest.raises(WaitTimeout, match="The other masters were not deleted"):
        actors.restore(one, saved)
    one.cluster.sleep(60)
    assert len(slow) == 1
    assert operations.under_way(masters.workload) is None
    assert masters.groups["MASTER"] == {f"hbase-master-{index}:23083": True for index in range(3)}
    assert set(masters.content.values()) == {"later"}
