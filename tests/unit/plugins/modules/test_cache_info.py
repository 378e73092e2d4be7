# SPDX-License-Identifier: GPL-3.0-or-later
"""The module cache_info: the report that it also writes to a file."""

import stat

import pytest

MODULE = "cache_info"


def test_the_report_is_also_a_file(cluster, run, tmp_path):
    path = tmp_path / "report"
    for _again in range(2):
        result = run(MODULE, name="hbase", report_path=str(path), wait_timeout=1)
        assert path.read_text() == "\n".join(result["report"]) + "\n"
        assert result["report"][0].split() == ["cache", "default/hbase"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert (result["changed"], cluster.writes()) == (False, [])


def test_check_mode_writes_no_file(run, tmp_path):
    run(MODULE, check=True, name="hbase", report_path=str(tmp_path / "report"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("path", "message"), [
    ("", "report_path is the folder "), ("/no/report", "and the folder "),
], ids=["folder", "no-folder"])
def test_a_path_that_cannot_be_written_is_refused_before_a_request(cluster, run, tmp_path, path, message):
    assert message in run(MODULE, name="hbase", report_path=f"{tmp_path}{path}")["msg"]
    assert cluster.requests == []
