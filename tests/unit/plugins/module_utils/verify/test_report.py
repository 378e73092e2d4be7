# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines that a person reads."""

from fake_cache import PROBE

TABLE = """\
cache                 data/hbase
masters ready         3 of 3
master quorum         3 of 3 available
job master quorum     3 of 3 available
leader                hbase-master-0:19200
workers ready         2 of 2
dataset               Bound, 7 files, 80.00MiB
cached                80.00MiB of 4.00GiB, 100.0%
volume and claim      Bound
files listed          7
first copy            5.65 s (cold)
second copy           0.27 s (warm)
failed checks         0""".splitlines()


def test_the_table_of_a_healthy_cache(cache, look):
    assert look(probe=PROBE)["report"] == TABLE


def test_without_a_sample_there_are_no_copies(cache, look):
    assert look()["report"] == [line for line in TABLE if line.split()[0] not in ("files", "first", "second")]


def test_a_warm_sample_of_a_part(cache, look):
    probe = {**PROBE, "complete": False, "size": 1024 ** 3, "cached_before": "10.0%"}
    cache.dataset(cacheStates={"cached": "1.00GiB"})
    assert "first copy            5.65 s (10.0% cached, 1.00 GiB of its files)" in look(probe=probe)["report"]


def test_each_promise_that_is_not_kept_is_a_line(cache, look):
    cache.dataset(phase="Failed")
    cache.lose_node("node2")
    report = look()["report"]
    assert [line for line in report if "checks" in line] == [
        "failed checks         1", "degraded checks       4"]
    assert ("failed: Dataset data/hbase is Failed, expected Bound: read its conditions with kubectl -n data "
            "describe dataset hbase.") in report
    assert sum(line.startswith("degraded: ") for line in report) == 4


def test_the_figures_have_the_keys_of_the_roles_fact(cache, look):
    figures = look(probe=PROBE)["figures"]
    assert figures["quorums"]["MASTER"] == {
        "leader": "hbase-master-0:19200", "size": 3, "available": 3, "answered_by": "hbase-master-0"}
    assert (figures["fuses"], figures["volume_is_bound"], figures["files_listed"]) == (1, True, 7)
    assert figures["copies"]["first_seconds"] == 5.65
    assert figures["failed_checks"] == []


def test_a_cache_that_is_absent(cluster, look):
    report = look()["report"]
    assert "dataset               absent, unknown files, unknown" in report
    assert "leader                none" in report
