# SPDX-License-Identifier: GPL-3.0-or-later
"""The module cache_diagnosis: the archive that it writes."""

import stat
import tarfile

import pytest

MODULE = "cache_diagnosis"


def test_the_archive_is_private(cluster, run, tmp_path):
    path = tmp_path / "bundle.tar.gz"
    path.write_text("earlier")
    path.chmod(0o644)
    result = run(MODULE, name="hbase", path=str(path))
    assert (result["path"], result["changed"], cluster.writes()) == (str(path), False, [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tarfile.open(path) as tar:
        assert tar.getnames()[0] == "default-hbase-diagnosis/index.md"
        assert {entry.mode for entry in tar} == {0o600}
    assert "archive" not in result
    assert result["causes"][0]["cause"] == "fluid_absent"


def test_a_file_without_a_folder_is_in_the_present_one(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(MODULE, name="hbase", path="bundle.tar.gz")["path"] == "bundle.tar.gz"
    assert (tmp_path / "bundle.tar.gz").stat().st_mode & 0o777 == 0o600


def test_check_mode_writes_no_file(run, tmp_path):
    assert "path" not in run(MODULE, check=True, name="hbase", path=str(tmp_path / "bundle.tar.gz"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("path", "message"), [
    ("", "path is the folder "), ("/no/bundle", "and the folder "),
], ids=["folder", "no-folder"])
def test_a_path_that_cannot_be_written_is_refused_before_a_request(cluster, run, tmp_path, path, message):
    assert message in run(MODULE, name="hbase", path=f"{tmp_path}{path}")["msg"]
    assert cluster.requests == []
