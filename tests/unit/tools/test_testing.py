# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test`, `make check` and `make test-all` run."""

import os

import pytest
from toolbox import paths, stages, testing


@pytest.fixture
def begun(monkeypatch):
    """The names of the stages that a command runs, instead of their results."""
    names = []
    monkeypatch.setattr(testing, "run_all", lambda selected=tuple(stages.STAGES): names.extend(selected) or 0)
    settings = {*stages.THOROUGH, *testing.PROMISED}
    monkeypatch.setattr(os, "environ", {
        name: value for name, value in os.environ.items() if name not in settings})
    return names


def test_check_runs_each_promise_with_its_settings(begun):
    os.environ["MATRIX"] = "short"  # of the user
    testing.run_check()
    assert begun == [
        "lint", "docs", "sanity", "matrix", "alone", "scenario", "jobs", "rulebook", "operations"]
    assert [os.environ[name] for name in ("MATRIX", "SCENARIOS", "OPERATIONS")] == [
        "short", "least_privilege", "secrets"]


def test_the_settings_of_check_exist():
    assert testing.PROMISED["SCENARIOS"] in stages.scenarios()
    assert (paths.CHECKOUT / "tests" / "operations" / f"test_{testing.PROMISED['OPERATIONS']}.py").is_file()


def test_test_all_runs_every_stage(begun):
    testing.run_thoroughly()
    assert begun == [*stages.STAGES, *stages.LONG_STAGES]
    assert os.environ["SCENARIOS"].split() == stages.scenarios()
