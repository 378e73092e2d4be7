# SPDX-License-Identifier: GPL-3.0-or-later
"""Hiding credentials that people wrote into plain options instead of Secrets. Pure."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "VALUE_HIDDEN"
_SENSITIVE = re.compile(r"secret|password|passwd|token|access.?key|credential", re.IGNORECASE)
# The maps of free options in a Dataset's and a runtime's spec and status.
_OPTION_MAPS = frozenset({"options", "sharedOptions", "properties", "env"})


def is_sensitive(key: str) -> bool:
    """Tell whether an option's key names a credential."""
    return _SENSITIVE.search(key) is not None


def redacted(tree: Any, within_options: bool = False) -> Any:
    """Return the tree with the credentials in its option maps hidden."""
    if isinstance(tree, dict):
        return {key: HIDDEN if within_options and is_sensitive(key) and value and isinstance(value, str)
                else redacted(value, key in _OPTION_MAPS) for key, value in tree.items()}
    if isinstance(tree, list):
        return [redacted(value) for value in tree]
    return tree
