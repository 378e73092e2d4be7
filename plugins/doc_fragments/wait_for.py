# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a field of the object."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait_for:
    description:
      - Waits for a field of the object instead of the module's own condition.
      - Has an effect only with O(wait=true).
      - Needs the Python package jmespath.
    type: dict
    suboptions:
      path:
        description:
          - JMESPath expression on the object, such as V(status.phase). An invalid expression is refused
            before any write.
        type: str
        required: true
      value:
        description:
          - Value to wait for, compared as text. Without it the result must be true, that is not empty and not
            zero.
        type: raw
"""
