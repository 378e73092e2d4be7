# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON merge patch as RFC 7396 section 2 defines it, written from its pseudo-code alone."""


def apply_patch(target, patch):
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        target = {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = apply_patch(target.get(name), value)
    return target
