# SPDX-License-Identifier: GPL-3.0-or-later
from ansible_collections.datacache.fluid.plugins.module_utils.progress import VARIABLE, Progress


def test_each_new_state_is_a_line(tmp_path, monkeypatch):
    file = tmp_path / "progress"
    monkeypatch.setenv(VARIABLE, str(file))
    progress = Progress.from_environment()
    for state in ("one", "one", "two\nlines", "one"):
        progress.report_progress(state)
    assert file.read_text() == "one\ntwo lines\none\n"


def test_without_a_listener_nothing_is_told(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    Progress.from_environment().report_progress("one")
    assert list(tmp_path.iterdir()) == []


def test_a_listener_that_is_gone_does_not_end_the_wait(tmp_path):
    progress = Progress(str(tmp_path / "gone" / "progress"))
    progress.report_progress("one")
    progress.report_progress("two")
    assert not (tmp_path / "gone").exists()
