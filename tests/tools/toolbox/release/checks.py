# SPDX-License-Identifier: GPL-3.0-or-later
"""Galaxy's importer, the documentation's linter, ansible-builder, and an Ansible that has only what the
artifact requires.
"""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from .. import environment, paths, playbooks, shell
from ..artifact import Collection
from ..tally import Tally, of_exit_code
from . import importer_log

# Galaxy's settings are the importer's defaults. Automation Hub's add these; each finds more, none less.
AUTOMATION_HUB = {"REQUIRE_V1_OR_GREATER": "True", "CHECK_REQUIRED_TAGS": "True", "RUN_FLAKE8": "True"}

Environ = Mapping[str, str]


def run(collection: Collection) -> Tally:
    """Every check runs, also after another has found something."""
    programs = environment.with_packages("release", ["--requirement", paths.RELEASE_LOCK])
    site = environment.site_packages(programs)
    if not all((site / name).exists() for name in environment.COLLECTIONS):
        # Where the PyPI package ansible installs it: the importer replaces the collections path.
        environment.unpack_collections(programs / "pip", environment.ansible_release(), site)
    environ = collection.environ_of(programs)
    total = Tally()
    for name, check in CHECKS.items():
        print(name, flush=True)
        total += of_exit_code(check(collection, environ))
    return total


def importer(collection: Collection, environ: Environ) -> int:
    """Import the archive as Galaxy and Automation Hub do. A warning fails."""
    folder = _empty("importer")
    log = folder / "log"
    settings = {f"GALAXY_IMPORTER_{name}": value for name, value in AUTOMATION_HUB.items()}
    code = shell.status(["python", "-m", "galaxy_importer.main", collection.archive], environ | settings,
                        folder, seconds=600, log=log)
    existing = {path.stem for path in (collection.folder / "playbooks").glob("*.yml")}
    faults = importer_log.faults(log.read_text(), existing)
    print(*faults, sep="\n", flush=True)
    return code or bool(faults)


def lint_docs(collection: Collection, environ: Environ) -> int:
    return shell.status(["antsibull-docs", "lint-collection-docs", "--plugin-docs",
                         "--validate-collection-refs=dependent", collection.folder], environ, seconds=300)


def introspect(collection: Collection, environ: Environ) -> int:
    """Read what the execution environment needs; every package of requirements.txt has to be among it."""
    folder = _empty("execution-environment")
    pip = folder / "pip.txt"
    code = shell.status(["ansible-builder", "introspect", "--write-pip", pip,
                         "--write-bindep", folder / "bindep.txt", collection.path], environ, seconds=120)
    found = pip.read_text() if pip.exists() else ""
    lacking = [line for line in (collection.folder / "requirements.txt").read_text().splitlines()
               if line and not line.startswith("#") and line.partition(">")[0] not in found]
    print(*(f"ansible-builder does not find: {line}" for line in lacking), sep="\n", flush=True)
    return code or bool(lacking)


def create(collection: Collection, environ: Environ) -> int:
    """Make the build context of the shipped definition."""
    folder = _empty("build-context")
    return shell.status(["ansible-builder", "create", "--context", folder,
                         "--file", collection.folder / "execution-environment.yml"],
                        environ, folder, seconds=120)


def syntax_with_requirements_alone(collection: Collection, environ: Environ) -> int:
    """Check the syntax of each playbook in an environment of ansible-core and requirements.txt alone."""
    programs = environment.with_requirements()
    return playbooks.check_syntax(collection, environ | {"PATH": f"{programs}:{environ['PATH']}"})


CHECKS: dict[str, Callable[[Collection, Environ], int]] = {
    "galaxy-importer with Automation Hub's settings": importer,
    "antsibull-docs lint-collection-docs": lint_docs,
    "ansible-builder introspect": introspect,
    "ansible-builder create": create,
    "ansible-playbook --syntax-check with requirements.txt alone": syntax_with_requirements_alone,
}


def _empty(name: str) -> Path:
    folder = paths.REPORTS / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
