# SPDX-License-Identifier: GPL-3.0-or-later
"""A drain evicts the leader between the answer of the quorum and the read of its pod."""

import actors
import pytest
from fake_masters import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.backup.subject import Subject
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import operations
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

CACHE = f"{NAMESPACE}/hbase"


@pytest.fixture
def drained(cache_site, monkeypatch):
    """A cache with a backup. Its method drain_when(condition) evicts the leader once, at that moment."""
    one = cache_site(3)
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", one.cluster.virtual_clock(one.masters.now))
    one.cluster.now = 60.0
    actors.save(one)
    real_leader, real_pods = Subject.leader, Subject.pods
    one.evicted, inside = [], []

    def drain_when(condition):
        def leader(subject, *patience):
            inside.append(1)
            try:
                return real_leader(subject, *patience)
            finally:
                inside.pop()

        def pods(subject):
            if inside and not one.evicted and condition():
                pod = one.masters.leader["MASTER"]
                one.evicted.append(pod)
                one.cluster.evict(ObjectRef(NAMESPACE, pod),
                                  one.cluster.stored(kinds.POD, pod, NAMESPACE)["metadata"]["uid"])
            return real_pods(subject)
        monkeypatch.setattr(Subject, "leader", leader)
        monkeypatch.setattr(Subject, "pods", pods)
    one.drain_when = drain_when
    return one


def test_a_backup_is_made_by_the_successor(drained):
    drained.drain_when(lambda: True)
    leader = actors.backup(drained)["backup"]["leader"]
    assert drained.evicted
    assert leader != drained.evicted[0]


@pytest.mark.parametrize("discard", [None, CACHE])
def test_a_restoration_makes_its_safety_backup_by_the_successor(drained, discard):
    """Also if it may discard journals: a majority has them, and elects a leader within its patience."""
    drained.drain_when(lambda: True)
    result = actors.restore(drained, drained.saved, discard)
    assert drained.evicted
    assert result["safety_backup"]
    assert "later" in drained.masters.backups(), "what was there before is in no backup"


def test_a_restoration_compares_the_tree_of_the_successor(drained):
    masters = drained.masters
    drained.drain_when(lambda: any("restart" in each for each in masters.actions)
                       and operations.under_way(masters.workload) is None)
    result = actors.restore(drained, drained.saved)
    assert drained.evicted
    assert result["trees"]["after"] == result["trees"]["backup"]
