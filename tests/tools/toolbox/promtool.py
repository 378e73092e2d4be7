# SPDX-License-Identifier: GPL-3.0-or-later
"""promtool, which tests the alerts: from Debian's package, without an installation of Prometheus."""

import os
import shutil
import tempfile
from pathlib import Path

from . import paths, shell

PACKAGE = "prometheus"


def ready() -> Path:
    """Return the program that PROMTOOL names or that is installed; unpack it where apt-get exists."""
    if given := os.environ.get("PROMTOOL"):
        return Path(given)
    if found := shutil.which("promtool"):
        return Path(found)
    program = paths.tool_cache() / PACKAGE / "usr" / "bin" / "promtool"
    if not program.exists():
        _unpack(program.parents[2])
    return program


def _unpack(folder: Path) -> None:
    """Unpack the package: an installed one would start a Prometheus."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise shell.CommandFailed(
            f"metrics-test needs promtool: install it (Debian: {PACKAGE}), or set PROMTOOL to the program")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        if os.geteuid() == 0:
            shell.run(["apt-get", "update", "-qq"], seconds=300)
        shell.run(["apt-get", "download", "-qq", PACKAGE], cwd=Path(work), seconds=300)
        [package] = Path(work).glob("*.deb")
        unpacked = Path(work) / "unpacked"
        shell.run(["dpkg-deb", "--extract", package, unpacked], seconds=60)
        # Last, so that an interrupted run leaves no half of it; a run beside this one may be the first.
        if not folder.exists():
            unpacked.rename(folder)
