# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings in the output of galaxy-importer. Pure."""

import re
from collections.abc import Collection

# flake8 reports a break before an operator and one after it, by two rules of which only one can hold.
CONTRADICTED = ": W503 "
# The importer lints the archive without installing it, so an example that imports a playbook by its full name
# is not resolved.
_UNRESOLVED = re.compile(r"Failed to find datacache\.fluid\.(\w+) playbook")


def faults(log: str, playbooks: Collection[str] = ()) -> list[str]:
    """Return the lines of warnings and errors that are faults of the collection. playbooks: those it has."""
    return [line for line in log.splitlines()
            if line.startswith(("WARNING", "ERROR")) and CONTRADICTED not in line
            and not set(_UNRESOLVED.findall(line)) & set(playbooks)]
