# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import summary


@pytest.mark.parametrize(("text", "size"), [
    ("0.00B", 0), ("512.00B", 512), ("1.00KiB", 1024), ("113.88MiB", round(113.88 * 2**20)),
    ("4.00GiB", 4 * 2**30),
    ("2.50TiB", round(2.5 * 2**40)), ("1.00PiB", 2**50), ("", None), (None, None), ("[Calculating]", None),
    ("lots", None),
])
def test_size_in_bytes(text, size):
    assert summary.size_in_bytes(text) == size


@pytest.mark.parametrize(("text", "number"), [
    ("0.0%", 0.0), ("100.0%", 100.0), ("42.5%", 42.5), ("", None), (None, None), ("[Calculating]", None),
    ("100", None),
])
def test_percentage(text, number):
    assert summary.percentage(text) == number


def test_a_recorded_bound_dataset(recorded):
    assert summary.of_dataset(recorded("dataset_bound.json")) == {
        "name": "hbase", "namespace": "default", "phase": "Bound", "terminating": False,
        "total_bytes": round(113.88 * 2**20),
        "cached_bytes": 0,
        "capacity_bytes": 4 * 2**30, "cached_percentage": 0.0, "files": 15, "runtimes": ["hbase"]}


def test_a_recorded_dataset_whose_figures_are_not_known_yet(recorded):
    assert summary.of_dataset(recorded("dataset_not_bound.json")) == {
        "name": "hbase", "namespace": "default", "phase": "NotBound", "terminating": False,
        "total_bytes": None, "cached_bytes": None,
        "capacity_bytes": None, "cached_percentage": None, "files": None, "runtimes": []}


def test_a_dataset_without_a_status():
    found = summary.of_dataset({"metadata": {"name": "a", "namespace": "b"}})
    assert (found["phase"], found["total_bytes"], found["runtimes"]) == ("", None, [])


def test_a_dataset_that_is_terminating():
    metadata = {"name": "a", "namespace": "b", "deletionTimestamp": "2026-11-23T11:00:00Z"}
    assert summary.of_dataset({"metadata": metadata})["terminating"] is True


def test_a_recorded_ready_runtime(recorded):
    assert summary.of_runtime(recorded("alluxio_runtime_ready.json")) == {
        "name": "hbase", "namespace": "default", "master_phase": "Ready", "worker_phase": "Ready",
        "fuse_phase": "Ready",
        "masters": {"ready": 3, "desired": 3}, "workers": {"ready": 2, "desired": 2},
        "fuses": {"ready": 0, "desired": 0}}


def test_a_runtime_without_a_status():
    assert summary.of_runtime({"metadata": {"name": "a"}})["masters"] == {"ready": 0, "desired": 1}
