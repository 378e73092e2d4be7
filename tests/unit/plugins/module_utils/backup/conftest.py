# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of backups share: a cache with a claim, whose containers really run the scripts."""

import pytest
from fake_journals import FakeJournals

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.backup.repository import Repository
from ansible_collections.datacache.fluid.plugins.module_utils.backup.subject import Subject
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter


@pytest.fixture
def journals(cluster, tmp_path, monkeypatch):
    """A cache of three masters with a claim for its backups."""
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", cluster.virtual_clock())
    return FakeJournals(cluster, tmp_path, monkeypatch)


@pytest.fixture
def params():
    """The options of the modules, with some of them given."""
    def give(**given):
        return {"name": "hbase", "namespace": "data", "claim": "backups", "path": "alluxio", "image": None,
                "wait_timeout": 600, "keep": None, "max_age": None, "verify": False, "backup": "latest",
                "confirm": "data/hbase", "force_foreign": False, "skip_safety_backup": False,
                "discard_journals_of": None, "verify_tree": True, **given}
    return give


@pytest.fixture
def subject(cluster, journals, params):
    """Read the cache with these options."""
    def read(seconds=600, report_progress=lambda _text: None, **given):
        return Subject.read(cluster, params(**given), cluster.deadline(seconds, report_progress))
    return read


@pytest.fixture
def repository(cluster, journals):
    """Open a folder of the claim through a helper pod that is there already."""
    cluster.put(kinds.POD, {"metadata": {"name": "helper", "namespace": "data"}})

    def open_folder(path="alluxio"):
        return Repository(cluster, ObjectRef("data", "helper"), path, 60)
    return open_folder


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def reporter(warnings):
    return Reporter(warnings.append, lambda _text: None)
