# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of fluid_installation_info knows which kubernetes.core is installed."""

import json
import sys
from types import SimpleNamespace

import pytest

from ansible_collections.datacache.fluid.plugins.action.fluid_installation_info import version_of


def test_the_version_of_an_installed_collection(tmp_path, monkeypatch):
    (tmp_path / "MANIFEST.json").write_text(json.dumps({"collection_info": {"version": "6.3.0"}}))
    monkeypatch.setitem(
        sys.modules, "ansible_collections.some.one", SimpleNamespace(__path__=[str(tmp_path)]))
    assert version_of("some.one") == "6.3.0"


@pytest.mark.parametrize("manifest", [None, "{", "{}"], ids=["checkout", "broken", "incomplete"])
def test_an_unknown_version(tmp_path, monkeypatch, manifest):
    if manifest is not None:
        (tmp_path / "MANIFEST.json").write_text(manifest)
    monkeypatch.setitem(
        sys.modules, "ansible_collections.some.one", SimpleNamespace(__path__=[str(tmp_path)]))
    assert version_of("some.one") == ""
    assert version_of("no.collection") == ""
