# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit tests and the syntax of the playbooks with each combination of versions."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from .. import artifact, environment, paths, playbooks, shell, tally
from ..artifact import Collection
from ..tally import Tally
from . import interpreters, versions
from .versions import Versions

# `make test` runs these folders with the lowest and the newest versions: what Ansible and the client meet
# directly. The pinned versions are those of the stage unit.
SHORT = ("plugins/action", "plugins/filter", "plugins/inventory", "plugins/modules",
         "plugins/module_utils/api", "plugins/module_utils/module", "roles")
# Playbooks over dozens of caches take half of the time of these folders, and run with the pinned versions.
LONG = ("tests/unit/roles/test_module_starts.py", "tests/unit/roles/test_many_caches.py")
# The tools need Python 3.11, and what they test depends on no version of the matrix.
LEFT_OUT = ("tests/unit/tools", "tests/unit/docs", "tests/unit/test_generated.py")


def run(collection: Collection, rows: Sequence[Versions], folders: Sequence[str] = ("",),
        left_out: Sequence[str] = LEFT_OUT) -> Tally:
    """Test each combination, and print one line for each that cannot be tested here.

    folders: below tests/unit. left_out: files and folders of the checkout.
    """
    total = Tally()
    for row in rows:
        python = interpreters.find(row.python)
        if python is None:
            print(f"not tested: {row}: no python{row.python} on PATH or in pyenv", flush=True)
            continue
        print(f"\n{row}", flush=True)
        found = _test(collection, row, python, folders, left_out)
        print(f"{row}: {found}", flush=True)
        total += found
    return total


def _test(collection: Collection, row: Versions, python: Path, folders: Sequence[str],
          left_out: Sequence[str]) -> Tally:
    programs = environment.with_packages("matrix", row.packages, python)
    environ = artifact.environ_with(programs, collection.path, _kubernetes_core(programs, row))
    report = paths.REPORTS / f"matrix-{row.name}.xml"
    report.unlink(missing_ok=True)
    code = shell.status(
        [programs / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider",
         *(paths.CHECKOUT / "tests" / "unit" / folder for folder in folders),
         *(f"--ignore={paths.CHECKOUT / name}" for name in left_out), f"--junitxml={report}"],
        environ, paths.CHECKOUT, seconds=3600)
    found = tally.of_junit([report] if report.exists() else []).judged_by(code)
    return found + tally.of_exit_code(playbooks.check_syntax(collection, environ))


def _kubernetes_core(programs: Path, row: Versions) -> Path:
    """Return a collections path with the kubernetes.core of a combination."""
    collections = programs.parents[1] / f"collections-{row.ansible}"
    manifest = collections / environment.KUBERNETES_CORE / "MANIFEST.json"
    if not manifest.exists():
        environment.unpack_collections(programs / "pip", row.ansible, collections)
    if f'"version": "{row.kubernetes_core}"' not in manifest.read_text():
        shutil.rmtree(collections)
        raise shell.CommandFailed(f"ansible {row.ansible} carries another kubernetes.core than "
                                  f"{row.kubernetes_core}: correct [tool.datacache.matrix] of pyproject.toml")
    return collections


def lowest_and_newest() -> dict[str, Path]:
    """The folders of programs of these combinations, by their names, where their Python is installed."""
    rows = versions.declared()
    found = {row: interpreters.find(row.python) for row in (rows[0], rows[-1])}
    return {row.name: environment.with_packages("matrix", row.packages, python)
            for row, python in found.items() if python}


def every(collection: Collection) -> Tally:
    return run(collection, versions.declared())


def short(collection: Collection) -> Tally:
    """The lowest and the newest combination, with the tests that depend on versions most."""
    rows = versions.declared()
    return run(collection, (rows[0], rows[-1]), SHORT, (*LEFT_OUT, *LONG))
