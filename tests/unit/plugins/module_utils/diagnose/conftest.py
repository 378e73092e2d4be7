# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the diagnosis share: a healthy cache in memory that a test breaks, and a look at it."""

import io
import tarfile

import pytest
from broken_cache import BrokenCache
from fake_raft import NAMESPACE
from playbook_permissions import lacking

from ansible_collections.datacache.fluid.plugins.module_utils.diagnose import collector, ensure
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter


@pytest.fixture
def cache(cluster, monkeypatch, recorded):
    made = BrokenCache(cluster, monkeypatch, recorded)
    monkeypatch.setattr(collector, "Masters", lambda *_args: made.raft)
    return made


@pytest.fixture
def diagnose(cluster):
    """Look at the cache; return the result, with the archive's texts by path under `files` for a path."""
    def read(path=None, name="hbase"):
        params = {"name": name, "namespace": NAMESPACE, "fluid_namespace": "fluid-system", "path": path}
        result = ensure.read(cluster, params, False, Reporter(lambda _text: None, lambda _text: None))
        assert lacking("cache_diagnosis", params, cluster.accesses) == []
        archive = result.pop("archive", None)
        if archive:
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                result["files"] = {each.name.partition("/")[2]: tar.extractfile(each).read().decode()
                                   for each in tar}
        return result
    return read


@pytest.fixture
def first(diagnose):
    """Look at the cache and return the most probable cause."""
    return lambda: (diagnose()["causes"] or [None])[0]
