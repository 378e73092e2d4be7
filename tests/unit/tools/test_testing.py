# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test`, `make check` and `make test-all` run."""

import os

import pytest
import yaml
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


def test_the_public_workflow_runs_each_stage_and_starts_a_lab_where_cgroup_v1_is():
    """The runners that GitHub hosts have cgroup v2 alone, with which no lab starts."""
    jobs = yaml.safe_load((paths.CHECKOUT / ".github" / "workflows" / "test.yml").read_text())["jobs"]
    labels = {target: str(job["runs-on"]) for job in jobs.values()
              for target in job["strategy"]["matrix"]["target"]}
    assert labels.keys() == stages.STAGES.keys()
    assert {name for name, label in labels.items() if "cgroup-v1" in label} == {
        "lab-test", "api-test", "scenario"}
