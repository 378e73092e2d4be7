# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m generated`, from tests/tools."""

from . import write

write()
