# SPDX-License-Identifier: GPL-3.0-or-later
"""A cache in memory whose real results a report reads."""

import pytest
from fake_cache import FakeCache
from fake_raft import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.verify import info


@pytest.fixture
def cache(cluster, monkeypatch):
    return FakeCache(cluster, monkeypatch)


@pytest.fixture
def look(cluster):
    def read(**given):
        params = {"name": "hbase", "namespace": NAMESPACE, "fluid_namespace": "fluid-system",
                  "master_replicas": 3, "worker_replicas": 2, "spread_masters": True,
                  "cached_percentage": 100.0, "probe": None, "wait_timeout": 600, **given}
        return info.read(cluster, params, False, Reporter(lambda _text: None, lambda _text: None))
    return read
