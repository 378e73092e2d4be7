# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the verification share: a cache in memory, and a look at it."""

import pytest
from fake_cache import FakeCache
from fake_raft import NAMESPACE
from playbook_permissions import lacking

from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.verify import info


@pytest.fixture
def cache(cluster, monkeypatch):
    return FakeCache(cluster, monkeypatch)


@pytest.fixture
def look(cluster):
    """Look at the cache with options; promises: by their names. progress: what the wait reported."""
    def read(check_mode=False, **given):
        params = {"name": "hbase", "namespace": NAMESPACE, "fluid_namespace": "fluid-system",
                  "master_replicas": 3, "worker_replicas": 2, "spread_masters": True,
                  "cached_percentage": 100.0, "probe": None, "wait_timeout": 600, **given}
        result = info.read(cluster, params, check_mode, Reporter(lambda _text: None, read.progress.append))
        assert lacking("cache_info", params, cluster.accesses) == []
        return {**result, "promises": {each["name"]: each for each in result["promises"]}}
    read.progress = []
    return read


@pytest.fixture
def states(look):
    """Look at the cache and return the promises that are not kept, as name to state."""
    def read(**given):
        found = look(**given)["promises"]
        return {name: each["state"] for name, each in found.items() if each["state"] != "kept"}
    return read
