# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster under test: the one that KUBECONFIG names, or the project's own lab."""

import os
import shlex
import sys

from . import paths, shell
from .artifact import Collection

# A cold build of the lab takes about ten minutes on two cores; a busy machine may take three times as long.
SECONDS_TO_START = 1800


def is_given() -> bool:
    return bool(os.environ.get("KUBECONFIG"))


def start(tier: str, environ: dict[str, str], empty: bool = False, fluid: bool = False,
          alluxio: str | None = None, audit: bool = False) -> dict[str, str]:
    """Make a cluster ready, an empty one where it is the lab's and that is asked for; return the environment
    that reaches it.

    The lab's full tier comes without Fluid, unless that is asked for: installing it is part of what is
    tested. Its Alluxio is `alluxio`, or that of FLUID_LAB_ALLUXIO. audit: whether its API server logs
    requests.
    """
    if is_given():
        return environ
    if empty:
        shell.run([sys.executable, paths.LAB, "down"])
    options = ["--no-fluid"] if tier == "full" and not fluid else []
    options += ["--alluxio", version] if (version := alluxio or os.environ.get("FLUID_LAB_ALLUXIO")) else []
    options += ["--audit"] if audit else []
    shell.run([sys.executable, paths.LAB, "up", "--tier", tier, *options], seconds=SECONDS_TO_START)
    return environ | _lab_environ(environ)


def stop() -> int:
    """End the lab, if it is the lab that was used."""
    if is_given():
        return 0
    return shell.status([sys.executable, paths.LAB, "down"], os.environ)


def extra_vars() -> list[str]:
    """The options of ansible-playbook that say what differs in the lab from a cluster with access to the
    internet.
    """
    return [] if is_given() else ["--extra-vars", f"@{paths.LAB_VARS}"]


def diagnose(collection: Collection, environ: dict[str, str]) -> None:
    """Print what a person needs to see why something in the cluster is not ready."""
    shell.status(
        [collection.tools.program("python"), paths.CHECKOUT / "tests" / "tools" / "diagnose.py"], environ)


def _lab_environ(environ: dict[str, str]) -> dict[str, str]:
    """Read the `export NAME=value` lines of `lab env`; its PATH is put in front of ours."""
    found = {}
    for line in shell.quiet([sys.executable, paths.LAB, "env"], env=environ).splitlines():
        for word in shlex.split(line):
            name, separator, value = word.partition("=")
            if separator:
                found[name] = value.replace("$PATH", environ["PATH"]).replace("${PATH}", environ["PATH"])
    return found
