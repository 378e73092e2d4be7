# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pythons of this machine: those on PATH, and those that pyenv has."""

import os
import shutil
import subprocess
from pathlib import Path


def find(version: str) -> Path | None:
    """Return an interpreter of a version such as 3.10 that starts, None if there is none."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    on_path = shutil.which(f"python{version}")
    found = [Path(on_path)] if on_path else []
    found += sorted(root.glob(f"versions/{version}.*/bin/python"), reverse=True)
    return next((python for python in found if _starts(python)), None)


def _starts(python: Path) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0
