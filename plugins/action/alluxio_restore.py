# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how far a restoration has got."""

from __future__ import annotations

from ..plugin_utils.watched_action import WatchedAction


class ActionModule(WatchedAction):
    """The module of the same name, watched."""
