# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared is tested: the matrix begins and ends with the versions that the collection admits."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from toolbox import environment, shell, stages
from toolbox.matrix import interpreters, run, versions
from toolbox.release import importer_log

CHECKOUT = Path(__file__).parents[3]
ROWS = versions.declared()
LOWEST, NEWEST = ROWS[0], ROWS[-1]


def release(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def bounds(text: str) -> tuple[str, str]:
    """Return the lowest version that is admitted, and the first one that is not."""
    [found] = re.findall(r">=([\d.]+),<([\d.]+)", text)
    return found


def kubernetes_core() -> str:
    return yaml.safe_load((CHECKOUT / "galaxy.yml").read_text())["dependencies"]["kubernetes.core"]


def client() -> str:
    lines = (CHECKOUT / "requirements.txt").read_text().splitlines()
    return next(line for line in lines if line.startswith("kubernetes"))


@pytest.mark.parametrize(("declared", "name"), [
    (kubernetes_core(), "kubernetes_core"), (client(), "kubernetes")])
def test_the_lowest_and_the_last_admitted_version_is_tested(declared, name):
    lowest, excluded = bounds(declared)
    assert getattr(LOWEST, name) == lowest
    assert release(getattr(NEWEST, name))[0] == release(excluded)[0] - 1
    assert max(release(getattr(row, name)) for row in ROWS) == release(getattr(NEWEST, name))


def test_the_lowest_ansible_core_is_the_declared_one():
    [declared] = re.findall(r">=([\d.]+)", yaml.safe_load(
        (CHECKOUT / "meta" / "runtime.yml").read_text())["requires_ansible"])
    assert LOWEST.ansible_core == declared


def test_each_minor_version_between_is_tested():
    minors = [release(row.ansible_core)[:2] for row in ROWS]
    assert minors == [(2, minor) for minor in range(minors[0][1], minors[-1][1] + 1)]


def test_a_row_has_the_pins_of_development():
    [pinned] = [row for row in ROWS if row.name == "pinned"]
    assert pinned.ansible_core == environment.ansible_core()
    assert pinned.ansible == environment.ansible_release()


def test_the_readme_admits_the_releases_of_the_matrix():
    [text] = re.findall(r"'ansible(>=\d+,<\d+)'", (CHECKOUT / "README.md").read_text())
    lowest, excluded = bounds(text)
    majors = [release(row.ansible)[0] for row in ROWS]
    assert (int(lowest), int(excluded)) == (majors[0], majors[-1] + 1)


def test_a_row_without_its_python_is_named_and_not_counted(monkeypatch, capsys):
    monkeypatch.setattr(interpreters, "find", lambda _version: None)
    assert str(run.run(None, [LOWEST])) == "0 passed, 0 failed"
    assert "not tested: lowest: Python 3.10" in capsys.readouterr().out


def test_an_interpreter_that_does_not_start_is_passed_over(monkeypatch, tmp_path):
    python = tmp_path / "versions" / "3.10.13" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/bin/false")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert interpreters.find("3.10") is None
    python.unlink()
    python.symlink_to("/bin/true")
    assert interpreters.find("3.10") == python


def test_another_kubernetes_core_than_the_declared_one_is_refused(monkeypatch, tmp_path):
    def unpack(_pip, _release, collections):
        manifest = collections / environment.KUBERNETES_CORE / "MANIFEST.json"
        manifest.parent.mkdir(parents=True)
        manifest.write_text('{"version": "0.9.0"}')
    monkeypatch.setattr(environment, "unpack_collections", unpack)
    with pytest.raises(shell.CommandFailed, match="carries another kubernetes.core than 5.0.0"):
        run._kubernetes_core(tmp_path / "venv" / "bin", LOWEST)


def test_only_the_rule_that_contradicts_another_is_no_fault():
    log = "Loading\nWARNING: a.py:1:2: W503 line break before operator\nWARNING: no readme\nERROR: bad\n"
    assert importer_log.faults(log) == ["WARNING: no readme", "ERROR: bad"]


def test_an_example_may_import_an_existing_playbook():
    log = "".join(f"WARNING: ERROR    Failed to find datacache.fluid.{name} playbook.\n"
                  for name in ("install", "instal"))
    assert importer_log.faults(log, {"install"}) == [
        "WARNING: ERROR    Failed to find datacache.fluid.instal playbook."]


@pytest.mark.parametrize("package", versions.TEST_PACKAGES)
def test_the_test_tools_of_the_matrix_are_pinned(package):
    assert re.fullmatch(r"[a-z]+==[\d.]+", package)


@pytest.mark.parametrize(("selected", "tested"), [
    ("every", ["/tools/venv/bin", "ansible-core==2.17.0", "ansible-core==2.21.5"]),
    ("short", ["/tools/venv/bin"]), ("", ["/tools/venv/bin"])])
def test_sanity_runs_with_the_oldest_and_the_newest_ansible_core(monkeypatch, selected, tested):
    programs = []
    monkeypatch.setenv("MATRIX", selected)
    monkeypatch.setattr(environment, "with_packages", lambda _name, packages, _python: Path(packages[0]))
    monkeypatch.setattr(interpreters, "find", lambda version: Path(f"python{version}"))
    monkeypatch.setattr(stages.sanity, "run", lambda folder, _reports: programs.append(folder) or 0)
    stages.sanity_tests(SimpleNamespace(tools=environment.Tools(Path("/tools"))))
    assert list(map(str, programs)) == tested
