# SPDX-License-Identifier: GPL-3.0-or-later
"""What the build raises."""

from ..errors import LabError


class BuildError(LabError):
    """A part could not be built. The message names the part, what failed, where the log is, and its last
    lines.
    """


class Cancelled(Exception):
    """This part was stopped because another one failed or the user interrupted; never the first cause."""
