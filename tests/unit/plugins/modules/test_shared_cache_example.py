# SPDX-License-Identifier: GPL-3.0-or-later
"""The example of a shared cache: the modules accept its options, and its Datasets refer to one cache."""

from pathlib import Path

import pytest
import yaml

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds

[PLAY] = yaml.safe_load((Path(__file__).parents[4] / "examples" / "shared-cache.yml").read_text())
OPTIONS = {key.removeprefix("datacache.fluid."): value for task in PLAY["tasks"]
           for key, value in task.items() if key.startswith("datacache.fluid.")}
MOUNTS = {("team-a", "hbase"): "dataset://data/hbase",
          ("team-b", "hbase-docs"): "dataset://data/hbase/hbase/docs"}


@pytest.fixture
def datasets(cluster, run):
    """Run the task without its wait: no controller binds the Datasets here."""
    def run_task():
        return run("dataset", **{**OPTIONS["dataset"], "wait": False})
    return run_task


def test_each_dataset_refers_to_the_cache(cluster, datasets):
    assert datasets()["changed"]
    for (namespace, name), mount_point in MOUNTS.items():
        existing = cluster.stored(fluid_kinds.DATASET, name, namespace)
        assert [each["mountPoint"] for each in existing["spec"]["mounts"]] == [mount_point]
    assert not datasets()["changed"]


def test_the_volumes_are_those_of_the_datasets(run, datasets):
    datasets()
    volumes = OPTIONS["dataset_volume"]["volumes"]
    assert {(each["namespace"], each["name"]) for each in volumes} == MOUNTS.keys()
    message = run("dataset_volume", **{**OPTIONS["dataset_volume"], "wait_timeout": 5})["msg"]
    assert "2 of 2 objects failed" in message and "timed out after 5 s" in message
