# SPDX-License-Identifier: GPL-3.0-or-later
"""The field manager, and the number of attempts of a write. Pure."""

from __future__ import annotations

MANAGER = "datacache.fluid"
ROUNDS = 5  # attempts of a write whose object keeps changing between read and write
