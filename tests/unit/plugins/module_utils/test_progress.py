# SPDX-License-Identifier: GPL-3.0-or-later
from ansible_collections.datacache.fluid.plugins.module_utils.progress import VARIABLE, ProgressFile, Reporter


def test_each_new_state_is_a_line(tmp_path, monkeypatch):
    file = tmp_path / "progress"
    monkeypatch.setenv(VARIABLE, str(file))
    progress = ProgressFile.from_environment()
    for state in ("one", "one", "two\nlines", "one"):
        progress.report(state)
    assert file.read_text() == "one\ntwo lines\none\n"


def test_without_a_listener_nothing_is_told(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    ProgressFile.from_environment().report("one")
    assert list(tmp_path.iterdir()) == []


def test_a_listener_that_is_gone_does_not_end_the_wait(tmp_path):
    progress = ProgressFile(str(tmp_path / "gone" / "progress"))
    progress.report("one")
    progress.report("two")
    assert not (tmp_path / "gone").exists()


def test_a_reporter_hands_on_warnings_and_progress():
    warnings, view = [], []
    reporter = Reporter(warnings.append, view.append)
    reporter.warn("careful")
    reporter.progress("half way")
    assert (warnings, view) == (["careful"], ["half way"])
