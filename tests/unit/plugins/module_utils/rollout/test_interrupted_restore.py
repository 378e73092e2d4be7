# SPDX-License-Identifier: GPL-3.0-or-later
"""A restoration was interrupted; what the other runs on the same masters say then."""

import actors
import pytest
from fake_masters import NAMESPACE, Killed

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore.restorer import Restorer
from ansible_collections.datacache.fluid.plugins.module_utils.drill import ensure as drill_ensure
from ansible_collections.datacache.fluid.plugins.module_utils.errors import PreconditionFailed
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import operations
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import ensure as quorum_ensure

QUORUM = {**actors.QUORUM, "tolerate_lost_nodes": False}
DRILL = {**actors.IDENTITY, "confirm": "hbase", "max_failover_seconds": None, "reader_pod": None,
         "probe_writes": True, "kill": "process"}
RUNS = {
    "backup": actors.backup,
    "rolling_restart": actors.rolling_restart,
    "heal": lambda one: quorum_ensure.ensure(one.cluster, QUORUM, False, actors.reporter()),
    "heal, check mode": lambda one: quorum_ensure.ensure(one.cluster, QUORUM, True, actors.reporter()),
    "rebuild": actors.rebuild,
    "rebuild, check mode": lambda one: quorum_ensure.ensure(
        one.cluster, {**QUORUM, "rebuild": "hbase-master-1"}, True, actors.reporter()),
    "drill": actors.drill,
    "drill, check mode": lambda one: drill_ensure.ensure(one.cluster, DRILL, True, actors.reporter()),
}


@pytest.fixture
def interrupted(cache_site, monkeypatch):
    """Make a cache whose restoration was killed when it called this method of its Restorer."""
    def make(step):
        one = cache_site(3)
        monkeypatch.setattr(deadline, "SYSTEM_CLOCK", one.cluster.virtual_clock(one.masters.now))
        one.cluster.now = 60.0
        actors.save(one)

        def stop(*_args):
            raise Killed
        with monkeypatch.context() as patch:
            patch.setattr(Restorer, step, stop)
            with pytest.raises(Killed):
                actors.restore(one, one.saved)
        one.cluster.sleep(60)  # the Lease expires
        assert operations.under_way(one.masters.workload)
        return one
    return make


@pytest.mark.parametrize("name", RUNS)
def test_masters_that_wait_for_a_backup_are_named_as_such(interrupted, name):
    """They are neither a majority that has lost its journals nor on nodes that are not Ready."""
    one = interrupted("deliver")
    pods = [one.cluster.stored(kinds.POD, f"hbase-master-{index}", NAMESPACE) for index in range(3)]
    with pytest.raises(PreconditionFailed) as raised:
        RUNS[name](one)
    assert str(raised.value) == (
        f"backup {one.saved} is being restored into AlluxioRuntime hbase in namespace {NAMESPACE}: a master "
        "that is restarted now would wait for its file; finish that restoration with "
        "datacache.fluid.alluxio_restore, then run this again")
    assert pods == [one.cluster.stored(kinds.POD, f"hbase-master-{index}", NAMESPACE) for index in range(3)]


def test_complete_quorums_are_left_alone_before_the_restoration_has_ended(interrupted):
    one = interrupted("end")
    result = RUNS["heal"](one)
    assert (result["changed"], result["leader"]) == (False, one.masters.leader["MASTER"])


def test_a_leader_is_backed_up_before_the_restoration_has_ended(interrupted):
    one = interrupted("end")
    assert RUNS["backup"](one)["backup"]["leader"] == one.masters.leader["MASTER"]
