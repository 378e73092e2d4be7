# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON merge patches (RFC 7396). Pure."""

from __future__ import annotations


def merge_patch(existing: dict, target: dict) -> dict:
    """Return the JSON merge patch (RFC 7396) that turns the existing object into the target."""
    patch: dict = {key: None for key in existing if key not in target}
    for key, value in target.items():
        if key not in existing:
            patch[key] = value
        elif isinstance(value, dict) and isinstance(existing[key], dict):
            inner = merge_patch(existing[key], value)
            if inner:
                patch[key] = inner
        elif value != existing[key]:
            patch[key] = value
    return patch


def patched(existing: dict, patch: dict) -> dict:
    """Return the object after a JSON merge patch (RFC 7396), as the API server applies it."""
    after = {key: value for key, value in existing.items() if key not in patch}
    for key, value in patch.items():
        if isinstance(value, dict):
            inner = existing.get(key)
            after[key] = patched(inner if isinstance(inner, dict) else {}, value)
        elif value is not None:
            after[key] = value
    return after
