# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of Fluid 1.0.8 for an AlluxioRuntime that its definition does not contain. Pure."""

from __future__ import annotations

from . import images, java, journal, ports, resources, tiers, users


def require_valid(params: dict) -> None:
    """Raise InvalidInput for options from which Fluid creates no pods, or pods without them.

    params: options whose quantities are valid.
    """
    tiers.require_valid(params.get("tieredstore") or [])
    resources.require_valid(params)
    images.require_valid(params)
    ports.require_valid(params)
    journal.require_valid(params)
    java.require_valid(params)
    users.require_valid("run_as", params.get("run_as"))


def warnings(params: dict) -> list[str]:
    """Return a sentence for each option that Fluid accepts and applies otherwise, or not at all."""
    return [*resources.warnings(params), *tiers.warnings(params)]
