# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the tools read and write."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]

# What belongs to one checkout: the built collection, reports, logs. Ignored by git, removed by `make clean`.
BUILD = CHECKOUT / ".build"
REPORTS = BUILD / "reports"

LOCK = CHECKOUT / "requirements-dev.txt"
RELEASE_LOCK = CHECKOUT / "requirements-release.txt"
DOCS_LOCK = CHECKOUT / "requirements-docs.txt"
PYPROJECT = CHECKOUT / "pyproject.toml"
LAB = CHECKOUT / "lab" / "lab"
LAB_VARS = CHECKOUT / "tests" / "tools" / "lab.yml"
INVENTORY = CHECKOUT / "playbooks" / "inventory" / "hbase"


def tool_cache() -> Path:
    """The folder that checkouts of one user share: downloaded tools, keyed by the hash of what was pinned."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "datacache-fluid-tools"
