# SPDX-License-Identifier: GPL-3.0-or-later
"""A permission that is taken from a playbook is named, by the fixture run of this folder."""

from dataclasses import replace

import pytest
from playbook_permissions import lacking, users_of

from ansible_collections.datacache.fluid.plugins.module_utils.preflight.permissions import (
    CACHE,
    CLUSTER,
    FLUID,
    NEEDS,
    USERS,
    Access,
)

WHO = {"name": "hbase", "namespace": "data"}
NODES = Access("", "nodes", "list")
EVICTION = Access("", "pods/eviction", "create", "data")


def without(access):
    """The permissions without one verb on one resource."""
    return tuple(replace(need, verbs=tuple(set(need.verbs) - {access.verb}))
                 if access.resource in need.resources and access.group == need.group else need
                 for need in NEEDS)


@pytest.mark.parametrize(("module", "options", "users"), [
    ("alluxio_quorum", {"leader": "hbase-master-1"},
     ["deploy", "deploy_ha", "scale_masters", "scale_workers", "switch_leader"]),
    ("alluxio_quorum", {"rebuild": "hbase-master-1"}, ["rebuild_master"]),
    ("alluxio_runtime", {"master_replicas": 3, "wait": True},
     ["deploy", "deploy_ha", "scale_masters", "scale_workers"]),
    ("alluxio_runtime", {"state": "absent"}, []),
    ("cache_info", {}, ["verify", "deploy_ha", "report"]),
    ("objects_absent", {"objects": [{"kind": "Pod", "namespace": "data", "names": ["reader"]}]},
     ["failover_drill"]),
    ("data_load", {}, ["data_operations"]),
    ("fluid_rollback", {"revision": 3}, ["upgrade"]),
    ("cache_preflight", {}, []),
], ids=lambda value: value if isinstance(value, str) else None)
def test_the_playbooks_that_run_a_module_with_options(module, options, users):
    who = {} if module in ("objects_absent", "fluid_rollback") else WHO
    assert sorted(users_of(module, {**who, **options})) == sorted(users)


def test_each_playbook_starts_a_module():
    modules = ("dataset", "alluxio_quorum", "alluxio_rollout", "alluxio_client_rollout", "dataset_remount",
               "alluxio_backup", "alluxio_restore", "alluxio_failover", "cache_absent", "cache_diagnosis",
               "cache_info", "fluid_installation_info", "data_load")
    assert {user for module in modules for user in users_of(module, {})} == set(USERS) - {
        "inventory", "events"}


@pytest.mark.parametrize("access", [NODES, EVICTION], ids=lambda access: access.resource)
def test_a_permission_that_is_taken_away_is_named(access):
    assert lacking("alluxio_rollout", WHO, {access}) == []
    assert (f"the playbook rolling_restart lacks {access.verb} {access.resource} of group '' in "
            f"{access.namespace or 'all namespaces'} for the module alluxio_rollout"
            in lacking("alluxio_rollout", WHO, {access}, without(access)))


@pytest.mark.parametrize(("place", "granted"), [
    ("data", {CACHE, CLUSTER}), ("elsewhere", {CACHE, FLUID, CLUSTER}), ("fluid-system", {FLUID, CLUSTER}),
    (None, {CLUSTER}),
])
@pytest.mark.parametrize("scope", [CACHE, FLUID, CLUSTER])
def test_a_permission_counts_where_it_is_bound(place, scope, granted):
    [need] = [need for need in NEEDS if need.resources == ("pods/eviction",)]
    missing = lacking("alluxio_rollout", WHO, {EVICTION._replace(namespace=place)},
                      (replace(need, scope=scope),))
    assert (missing == []) is (scope in granted)
