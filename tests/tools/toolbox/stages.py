# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of `make test`; each runs alone as well, and none needs an earlier one."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import browser, cluster, environment, paths, promtool, sanity, shell, tally
from .artifact import Collection
from .matrix import run as matrix
from .release import checks
from .site import build
from .tally import Tally

MODULE_UTILS = "ansible_collections.datacache.fluid.plugins.module_utils"
# The lab's version of Alluxio, for the scenarios that need another one.
ALLUXIO = {"alluxio_2_9_0": "2.9.0"}
# The least branch coverage of the unit tests, in percent.
COVERED = 90


def scenarios() -> list[str]:
    """The names of Molecule's scenarios, sorted."""
    return sorted(file.parent.name for file in (paths.CHECKOUT / "molecule").glob("*/molecule.yml"))


# The environment of `make test-all`: interleavings of each pair of runs, kills at every request, generated
# inventories, each declared version, Molecule's scenarios.
THOROUGH = {"RACES": "60", "EVERY_REQUEST": "1", "INVENTORIES": "10000", "API_INVENTORIES": "500",
            "MATRIX": "every", "SCENARIOS": " ".join(scenarios())}
OPERATIONS = paths.CHECKOUT / "tests" / "operations"
_EVERY_OPERATION = "broken_clusters removals sharing warm_reads secrets pages many_caches"
COVERAGE = (f"--cov={MODULE_UTILS}", "--cov-branch", f"--cov-fail-under={COVERED}", "--cov-report=")


@dataclass(frozen=True)
class Stage:
    title: str
    run: Callable[[Collection], Tally]


def unit(collection: Collection) -> Tally:
    """The unit tests, with the branch coverage of the code behind the modules."""
    folder = paths.CHECKOUT / "tests" / "unit"
    seconds = 7200 if THOROUGH.keys() <= os.environ.keys() else 1200
    return _pytest(collection, "unit", collection.environ(), folder, *COVERAGE, seconds=seconds)


def lint(collection: Collection) -> Tally:
    """Every linter runs, also after another has found something."""
    programs = (
        ["ansible-lint"],
        ["ruff", "check", "--output-format", "concise", "."],
        ["mypy", "--cache-dir", str(paths.BUILD / "mypy"), "--package", MODULE_UTILS],
        ["antsibull-changelog", "lint"],
    )
    # mypy reads the installed collection, whose path has the names of its imports.
    environ = collection.environ() | {"MYPYPATH": str(collection.path)}
    total = Tally()
    for name, *options in programs:
        print(shell.text([name, *options]), flush=True)
        code = shell.status([collection.tools.program(name), *options], environ, paths.CHECKOUT, seconds=300)
        total += tally.of_exit_code(code)
    return total + checks.run(collection)


def versions(collection: Collection) -> Tally:
    """Each combination of versions, or with MATRIX=short, as in `make test`, the lowest and the newest."""
    short = os.environ.get("MATRIX") == "short"
    return matrix.short(collection) if short else matrix.every(collection)


def docs(collection: Collection) -> Tally:
    return tally.of_exit_code(build.run(collection))


def sanity_tests(collection: Collection) -> Tally:
    """With the pinned ansible-core, and with MATRIX=every with the oldest and the newest as well."""
    environments = {"pinned": collection.tools.bin}
    if os.environ.get("MATRIX") == "every":
        environments |= matrix.lowest_and_newest()
    total = Tally()
    for name, programs in environments.items():
        print(f"\nansible-test of the {name} ansible-core", flush=True)
        reports = _report(f"sanity-{name}")
        code = sanity.run(programs, reports)
        total += tally.of_junit(reports.glob("*.xml")).judged_by(code)
    return total


def lab_tests(collection: Collection) -> Tally:
    return _pytest(collection, "lab-test", collection.environ(), paths.LAB.parent / "tests", seconds=1500)


def api_tests(collection: Collection) -> Tally:
    environ = cluster.start("api", collection.environ())
    # what the benchmark counts is tested
    folders = [paths.CHECKOUT / "tests" / name for name in ("api", "bench")]
    return _pytest(collection, "api-test", environ, *folders, seconds=900)


def page_tests(collection: Collection) -> Tally:
    environ = collection.environ() | {"CHROMIUM": str(browser.ready())}
    return _pytest(collection, "page-test", environ, paths.CHECKOUT / "tests" / "page", seconds=300)


def metrics_tests(collection: Collection) -> Tally:
    environ = collection.environ() | {"PROMTOOL": str(promtool.ready())}
    return _pytest(collection, "metrics-test", environ, paths.CHECKOUT / "tests" / "metrics", seconds=300)


def scenario(collection: Collection) -> Tally:
    """Molecule's scenarios of SCENARIOS, by default the one of that name.

    What a scenario made stays when a step fails, for a person to look at; then no other follows.
    """
    total = Tally()
    for name in os.environ.get("SCENARIOS", "default").split():
        if total.failed == 0:
            total += _molecule(collection, name)
    return total


def _molecule(collection: Collection, name: str) -> Tally:
    """Run one scenario on an empty cluster. Its vars/main.yml, if any, comes after those of the lab."""
    environ = cluster.start("full", collection.environ(), empty=True, alluxio=ALLUXIO.get(name))
    log = _report(f"scenario-{name}.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    variables = paths.CHECKOUT / "molecule" / name / "vars" / "main.yml"
    own = ["--extra-vars", f"@{variables}"] if variables.exists() else []
    molecule = collection.tools.program("molecule")
    # It skips prepare, whose record of the cluster it would compare with, where an earlier run has prepared.
    shell.run([molecule, "reset", "--scenario-name", name], environ, paths.CHECKOUT)
    code = shell.status([molecule, "test", "--scenario-name", name,
                         "--destroy", "never", "--no-command-borders", "--",
                         *cluster.extra_vars(), *own], environ, paths.CHECKOUT, seconds=2400, log=log)
    if code:
        cluster.diagnose(collection, environ)
    return tally.of_molecule(log).judged_by(code)


def alone(collection: Collection) -> Tally:
    """Deploy a cache, in an environment that has only what the artifact requires."""
    programs = environment.with_requirements()
    environ = cluster.start("full", collection.environ(), empty=True)
    own = collection.environ_of(programs) | {
        name: value for name, value in environ.items() if name.startswith(("KUBECONFIG", "FLUID_LAB_"))}
    own["PATH"] = f"{programs}:{environ['PATH']}"
    total = Tally()
    for name in ("deploy_ha", "cleanup"):
        total += tally.of_exit_code(shell.status(
            ["ansible-playbook", "--inventory", collection.folder / "playbooks" / "inventory" / "hbase",
             *cluster.extra_vars(), f"datacache.fluid.{name}"], own, collection.folder, seconds=900))
    return total


def jobs(collection: Collection) -> Tally:
    environ = cluster.start("full", collection.environ(), empty=True)
    return _pytest(collection, "jobs", environ, OPERATIONS / "test_jobs.py", seconds=3600)


def rulebook(collection: Collection) -> Tally:
    environ = cluster.start("full", collection.environ(), empty=True)
    return _pytest(collection, "rulebook", environ, OPERATIONS / "test_rulebook.py", seconds=1500)


def operations(collection: Collection) -> Tally:
    """The tests of OPERATIONS, by default all: a list such as `broken_clusters removals`."""
    environ = cluster.start("full", collection.environ(), empty=True, audit=True)
    names = os.environ.get("OPERATIONS", _EVERY_OPERATION).split()
    figures = paths.REPORTS / "figures.jsonl"
    figures.unlink(missing_ok=True)
    found = _pytest(collection, "operations", environ, *(OPERATIONS / f"test_{name}.py" for name in names),
                    seconds=7200)
    print(figures.read_text() if figures.exists() else "", end="", flush=True)
    return found


STAGES = {
    "unit": Stage("unit tests of the modules, their utilities and the roles", unit),
    "docs": Stage("the documentation site, without a warning", docs),
    "matrix": Stage("unit tests and syntax of the playbooks with each declared version", versions),
    "lint": Stage("linters, Galaxy's importer, the execution environment", lint),
    "sanity": Stage("ansible-test sanity, nothing ignored", sanity_tests),
    "lab-test": Stage("tests of the lab's own code", lab_tests),
    "page-test": Stage("the report page in a real browser: phone, desktop, light, dark, paper", page_tests),
    "metrics-test": Stage("the alerts by promtool, on recorded metrics", metrics_tests),
    "api-test": Stage("the modules against a real API server with Fluid's CRDs", api_tests),
    "scenario": Stage("the roles and playbooks against real Fluid and Alluxio, by Molecule", scenario),
}

# What `make check` and `make test-all` run beside them, on the lab.
LONG_STAGES = {
    "alone": Stage("deploy_ha on the lab, in an environment of the artifact and its requirements", alone),
    "jobs": Stage("each job template as AWX runs it, by the account with the least privilege", jobs),
    "rulebook": Stage("a killed master while the rulebook runs: complete again after one run", rulebook),
    "operations": Stage(
        "broken clusters, removals, warm reads, planted secrets, pages, many caches", operations),
}


def _pytest(collection: Collection, name: str, environ: dict[str, str], *arguments: Path | str,
            seconds: float) -> Tally:
    report = _report(f"{name}.xml")
    report.unlink(missing_ok=True)
    code = shell.status(
        [collection.tools.program("python"), "-m", "pytest", *arguments, f"--junitxml={report}"],
        environ, paths.CHECKOUT, seconds)
    return tally.of_junit([report] if report.exists() else []).judged_by(code)


def _report(name: str) -> Path:
    return paths.REPORTS / name
