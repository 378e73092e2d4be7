# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plugins' unit tests share: recorded objects and a cluster that lives in memory."""

import json
from pathlib import Path

import pytest
from fake_cluster import FakeCluster
from fake_contents import CacheSite
from hypothesis import settings
from rollout_site import Site

HERE = Path(__file__).parent
# The same examples in every run, and no time limit for one: the suite must be steady on a busy machine.
settings.register_profile("steady", derandomize=True, deadline=None, database=None, max_examples=60)
settings.load_profile("steady")


@pytest.fixture
def recorded():
    """Return the text or the object that was recorded on a lab (Fluid 1.0.8, Alluxio 2.9.4), by its file
    name.
    """
    def load(name: str):
        text = (HERE / "recorded" / name).read_text()
        return json.loads(text) if name.endswith(".json") else text
    return load


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def site(recorded, monkeypatch):
    """Make masters in a cluster of their own: site(members, **options of FakeMasters)."""
    return lambda members=3, **how: Site(recorded, monkeypatch, members, **how)


@pytest.fixture
def cache_site(recorded, monkeypatch):
    """Make masters with contents and backups in a cluster of their own: cache_site(members)."""
    return lambda members=3, **how: CacheSite(recorded, monkeypatch, members, **how)
