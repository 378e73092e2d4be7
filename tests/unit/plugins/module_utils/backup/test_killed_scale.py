# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout that changes the number of masters is killed, then a backup is restored into those that run."""

import actors
import pytest
from fake_masters import NAMESPACE, PORTS, Killed

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.errors import Forbidden
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import operations
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import COMMON_JAVA_OPTIONS
from ansible_collections.datacache.fluid.plugins.module_utils.journal.addresses import members_of
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.master_objects import MasterObjects


def killed_scale(cache_site, monkeypatch, members, desired):
    """Return a cache with a backup, whose masters an interrupted rollout was to make more or fewer."""
    one = cache_site(members)
    for index in range(6, 8):
        one.cluster.put(kinds.NODE, {"metadata": {"name": f"node{index}"}, "spec": {}})
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", one.cluster.virtual_clock(one.masters.now))
    one.cluster.now = 60.0
    actors.save(one)
    one.masters.declare(master={"replicas": desired})
    scale = MasterObjects.scale

    def stop(objects, number):
        if number < members:
            scale(objects, number)
        raise Killed
    with monkeypatch.context() as patch:
        patch.setattr(MasterObjects, "scale", stop)
        with pytest.raises(Killed):
            actors.roll(one)
    one.cluster.sleep(100)  # the Lease expires
    return one


def listed(one):
    return len(members_of(one.masters.config_map["data"][COMMON_JAVA_OPTIONS]))


def contents(one):
    return {one.masters.content[pod.name] for pod in one.masters.pods()}


@pytest.mark.parametrize(("members", "desired", "left"), [(3, 5, 3), (3, 7, 3), (5, 3, 4)])
def test_new_journals_have_the_masters_that_run_as_peers(cache_site, monkeypatch, members, desired, left):
    one = killed_scale(cache_site, monkeypatch, members, desired)
    masters = one.masters
    assert masters.workload["spec"]["replicas"] == left < listed(one)
    actors.restore(one, one.saved)
    assert listed(one) == left
    assert masters.groups["MASTER"] == {
        f"hbase-master-{index}:{PORTS['MASTER']}": True for index in range(left)}
    assert contents(one) == {"first"}
    assert "later" in masters.backups(), "what was there before is in no backup"
    actors.roll(one)
    assert masters.whole()
    assert masters.workload["spec"]["replicas"] == listed(one) == desired
    assert contents(one) == {"first"}


def test_without_the_permission_to_change_the_peers_no_master_is_deleted(cache_site, monkeypatch):
    one = killed_scale(cache_site, monkeypatch, 3, 5)
    patch = one.cluster.patch

    def forbid(kind, ref, *args, **options):
        if kind is kinds.CONFIG_MAP:
            raise Forbidden("configmaps is forbidden", 403)
        return patch(kind, ref, *args, **options)
    monkeypatch.setattr(one.cluster, "patch", forbid)
    pods = [one.cluster.stored(kinds.POD, f"hbase-master-{index}", NAMESPACE) for index in range(3)]
    with pytest.raises(Forbidden):
        actors.restore(one, one.saved)
    assert operations.under_way(one.masters.workload) is None
    assert pods == [one.cluster.stored(kinds.POD, f"hbase-master-{index}", NAMESPACE) for index in range(3)]
