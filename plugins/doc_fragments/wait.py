# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for the desired state."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Waits for the desired state, or with O(state=absent) until the object is deleted.
      - By default the task ends after the write, so that a Dataset can be created before its runtime.
      - Check mode does not wait.
    type: bool
    default: false
  wait_timeout:
    description:
      - Maximum wait, in seconds. A timeout fails and reports the last state and its causes.
      - The default is well above the usual wait.
    type: int
"""
