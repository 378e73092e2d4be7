# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared by the lab's tests.

Tests marked `lab` start real labs. They take over the one lab of this machine
and end without one.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LAB_DIR = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(LAB_DIR))


def pytest_configure(config):
    config.addinivalue_line("markers", "lab: starts and stops the real lab of this machine (root)")


def pytest_collection_modifyitems(items):
    reason = None
    if os.environ.get("KUBECONFIG"):
        reason = "KUBECONFIG is given: no lab starts"
    elif os.geteuid() != 0:
        reason = "the lab needs root"
    for item in items:
        if reason and item.get_closest_marker("lab"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def state_dir(tmp_path, monkeypatch):
    """A state folder of this test's own; the machine's records are out of reach."""
    from labctl import settings
    monkeypatch.setenv("FLUID_LAB_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(settings, "HOST_RECORD", tmp_path / "host.json")
    monkeypatch.setattr(settings, "LOCK_FILE", tmp_path / "lock")
    return tmp_path / "state"


@pytest.fixture(scope="session")
def lab():
    """Runs the lab's command line as a user does."""
    def run(*words, check=True, **options):
        done = subprocess.run([LAB_DIR / "lab", *words], capture_output=True, text=True,
                              timeout=1800, **options)
        if check:
            assert done.returncode == 0, f"lab {' '.join(words)}:\n{done.stdout}{done.stderr}"
        return done
    return run
