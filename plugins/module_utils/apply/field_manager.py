# SPDX-License-Identifier: GPL-3.0-or-later
"""Who writes, and how often a write is tried again. Pure."""

from __future__ import annotations

MANAGER = "datacache.fluid"
ROUNDS = 5  # how often a write may find the object changed under it before we give up
