# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the project's tests and its demonstration; `make` calls nothing else."""

import sys

OLDEST = (3, 11)


def main() -> int:
    if sys.version_info < OLDEST:
        sys.exit(
            f"Python {sys.version.split()[0]} at {sys.executable} is too old for the development tools: "
            f"put a python3 of version {OLDEST[0]}.{OLDEST[1]} or newer first on PATH.")
    # Here, so that an old Python reaches the sentence above before it meets newer syntax.
    from toolbox import cli

    return cli.main()


sys.exit(main())
