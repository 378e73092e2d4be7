# SPDX-License-Identifier: GPL-3.0-or-later
"""The module cache_report: its files, its history, and what it refuses."""

import json
import stat

import pytest
from report_samples import SECRET, broken, earlier, failed, healthy

MODULE = "cache_report"


@pytest.fixture
def write(run, tmp_path):
    def module(*results, **options):
        return run(MODULE, **{"path": str(tmp_path / "page.html"), "caches": list(results), **options})
    return module


def test_page_and_json_are_private_and_no_change(cluster, write, tmp_path):
    result = write(healthy())
    page, content = tmp_path / "page.html", tmp_path / "page.json"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (page, content)] == [0o600, 0o600]
    assert page.read_text().startswith("<!DOCTYPE html>") and "data/hbase" in page.read_text()
    assert json.loads(content.read_text())["caches"][0]["name"] == "data/hbase"
    assert (result["changed"], result["html_path"], result["json_path"]) == (False, str(page), str(content))
    assert (result["state"], cluster.requests) == ("kept", [])
    assert sorted(tmp_path.iterdir()) == [page, content]


def test_each_run_becomes_history_of_the_next(write, tmp_path):
    write(healthy())
    content = tmp_path / "page.json"
    content.write_text(content.read_text().replace(json.loads(content.read_text())["generated_at"],
                                                   "2026-01-01T00:00:00Z"))
    (tmp_path / "old.json").write_text(json.dumps(earlier()))
    found = write(healthy(), history=[str(tmp_path / "old.json")])["caches"]
    assert found == [{"name": "data/hbase", "state": "kept", "warnings": 0, "runs": 15}]


def test_check_mode_writes_no_file(run, tmp_path):
    result = run(MODULE, check=True, path=str(tmp_path / "page.html"), caches=[healthy()])
    assert (list(tmp_path.iterdir()), result["state"]) == ([], "kept")


def test_several_caches_are_one_page_the_worst_first(write):
    result = write(healthy(), failed(), broken(), hosts=["a", "b", "c"], diagnoses=[{}, {}, {}])
    assert [(each["name"][:4], each["state"]) for each in result["caches"]] == [
        ("b", "unreadable"), ("team", "broken"), ("data", "kept")]


def test_the_results_are_not_returned_again(write):
    assert len(json.dumps(write(broken()))) < 1500


def test_no_credential_is_in_the_files(write, tmp_path):
    write(broken())
    assert all(SECRET not in path.read_text() for path in tmp_path.iterdir())


@pytest.mark.parametrize(("options", "message"), [
    ({"path": "/tmp/page.htm"}, "path is /tmp/page.htm: expected a file that ends in .html"),
    ({"path": "/no/page.html"}, "and the folder /no does not exist"),
    ({"caches": [{"changed": False}]}, "caches[0] is no result of datacache.fluid.cache_info"),
    ({"history": ["/no/old.json"]}, "history: /no/old.json could not be read as JSON"),
])
def test_what_is_refused(write, tmp_path, options, message):
    assert message in write(healthy(), **options)["msg"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("content", "message"), [
    ("{}", "is no report of this module: choose another path"), ("no JSON", "could not be read as JSON")])
def test_a_foreign_file_is_not_replaced(write, tmp_path, content, message):
    (tmp_path / "page.json").write_text(content)
    assert message in write(healthy())["msg"]
    assert [path.read_text() for path in tmp_path.iterdir()] == [content]
