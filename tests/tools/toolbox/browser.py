# SPDX-License-Identifier: GPL-3.0-or-later
"""The browser in which the report page is tested: Chromium, which root gets from Debian's packages."""

import os
import shutil
from pathlib import Path

from . import shell

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# The font is for the screenshots; a machine without a desktop has none.
PACKAGES = ("chromium", "fonts-dejavu-core")
SECONDS_TO_INSTALL = 600


def ready() -> Path:
    """Return the program that CHROMIUM names or that is installed; install it where that is possible."""
    if given := os.environ.get("CHROMIUM"):
        return Path(given)
    if found := installed():
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise shell.CommandFailed(
            f"page-test needs a browser: install Chromium (Debian: {' '.join(PACKAGES)}), or set CHROMIUM to "
            "its program")
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    shell.run(["apt-get", "update", "-qq"], environ, seconds=SECONDS_TO_INSTALL)
    shell.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES], environ,
              seconds=SECONDS_TO_INSTALL)
    if found := installed():
        return found
    raise shell.CommandFailed("page-test: apt-get has installed no program of the name chromium")


def installed() -> Path | None:
    """Return the first program on the PATH; None without one."""
    return next((Path(found) for name in PROGRAMS if (found := shutil.which(name))), None)
