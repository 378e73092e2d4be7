# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's errors; the command line prints their message and nothing else."""


class LabError(Exception):
    """Something went wrong while working; what was started stays for a look."""

    exit_code = 1


class Refused(LabError):
    """The request cannot be served here; nothing was changed."""

    exit_code = 2
