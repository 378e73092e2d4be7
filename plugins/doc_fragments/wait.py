# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for the wished state."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait for the wished state, or with O(state=absent) until the object is gone.
      - Nothing is waited for in check mode.
    type: bool
    default: false
  wait_timeout:
    description: How long to wait, in seconds. A timeout fails and tells how far it got and what is in the way.
    type: int
"""
