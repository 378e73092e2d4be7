# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings in the output of galaxy-importer. Pure."""

# flake8 reports a break before an operator and one after it, by two rules of which only one can hold.
CONTRADICTED = ": W503 "


def faults(log: str) -> list[str]:
    """Return the lines of warnings and errors that are faults of the collection."""
    return [line for line in log.splitlines()
            if line.startswith(("WARNING", "ERROR")) and CONTRADICTED not in line]
