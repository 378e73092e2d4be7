# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity, on a copy of the checkout that lies where it insists:
ansible_collections/datacache/fluid.

The copy leaves lab/ out: it is a program beside the collection, with its own tests, and ships with nothing.
"""

import ast
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import paths, shell

# What ansible-core 2.17, 2.19 and 2.21 put into the environments of their sanity tests.
PIPS_OF_ANSIBLE_TEST = ("23_1_2", "24_2", "25_2")

# ansible-test would download get-pip.py from a host of its own; pip can install itself into another
# environment.
GET_PIP = """\
import subprocess, sys
words = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([{python!r}, "-m", "pip", "--python", sys.executable, "install", *words]))
"""

LEFT_OUT = "lab/"


def run(programs: Path, reports: Path) -> int:
    """Run every sanity test; leave one JUnit file for each in `reports` and return ansible-test's exit code.

    programs: the folder of programs of the virtual environment that has ansible-core.
    """
    environ = os.environ | {
        "HOME": str(_home(programs)), "LC_ALL": "C.UTF-8", "VIRTUAL_ENV": str(programs.parent),
        "PATH": _path_of_working_pythons(f"{programs}:{os.environ['PATH']}")}
    # Not below the checkout: ansible-test asks the enclosing git repository for its files, which ignores
    # .build.
    with tempfile.TemporaryDirectory(prefix="datacache-fluid-sanity-") as folder:
        copy = Path(folder) / "ansible_collections" / "datacache" / "fluid"
        _copy_checkout(copy)
        code = shell.status([programs / "ansible-test", "sanity", "--requirements", "--junit"],
                            env=environ, cwd=copy)
        shutil.rmtree(reports, ignore_errors=True)
        shutil.copytree(copy / "tests" / "output" / "junit", reports)
    return code


def _copy_checkout(copy: Path) -> None:
    listed = shell.quiet(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=paths.CHECKOUT)
    for name in listed.split("\0"):
        source = paths.CHECKOUT / name
        if name and source.is_file() and not name.startswith(LEFT_OUT):
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def _path_of_working_pythons(path: str) -> str:
    """PATH without the folders whose pythons do not start (pyenv's shims of versions that are not selected).

    ansible-test uses each Python that it finds, and one that does not start ends it.
    """
    return os.pathsep.join(folder for folder in path.split(os.pathsep)
                           if all(_starts(python) for python in Path(folder).glob("python3.[0-9]*[0-9]")))


def _starts(python: Path) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def _home(programs: Path) -> Path:
    """A home folder in which ansible-test finds its pip bootstrap and keeps the environments that it makes.
    """
    home = programs.parents[1] / "ansible-test"
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in PIPS_OF_ANSIBLE_TEST:
        (cache / f"get_pip_{version}.py").write_text(GET_PIP.format(python=str(programs / "python")))
    configuration = home / ".config" / "pip" / "pip.conf"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    configuration.write_text(_pip_settings(programs))
    return home


def _pip_settings(programs: Path) -> str:
    """The user's pip settings as a file: ansible-test passes neither the home folder's nor the PIP_*
    variables on.
    """
    listed = shell.quiet([programs / "pip", "config", "list"]).splitlines()
    settings = {"cache-dir": shell.quiet([programs / "pip", "cache", "dir"]).strip()}
    for line in sorted(listed, key=lambda line: line.startswith(":env:")):  # a variable overrides a file
        name, value = line.split("=", 1)
        settings[name.rpartition(".")[2]] = ast.literal_eval(value)
    settings.pop("config-file", None)
    return "\n".join(["[global]", *(f"{name} = {value}" for name, value in settings.items())]) + "\n"
