# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON merge patches (RFC 7396). Pure."""

from __future__ import annotations


def merge_patch(live: dict, target: dict) -> dict:
    """Return the JSON merge patch (RFC 7396) that turns live into target."""
    patch: dict = {key: None for key in live if key not in target}
    for key, value in target.items():
        if key not in live:
            patch[key] = value
        elif isinstance(value, dict) and isinstance(live[key], dict):
            inner = merge_patch(live[key], value)
            if inner:
                patch[key] = inner
        elif value != live[key]:
            patch[key] = value
    return patch


def patched(live: dict, patch: dict) -> dict:
    """Return what a JSON merge patch (RFC 7396) makes of live, as the API server does it."""
    after = {key: value for key, value in live.items() if key not in patch}
    for key, value in patch.items():
        if isinstance(value, dict):
            inner = live.get(key)
            after[key] = patched(inner if isinstance(inner, dict) else {}, value)
        elif value is not None:
            after[key] = value
    return after
