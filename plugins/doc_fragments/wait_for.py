# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a field of the object."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait_for:
    description: A field to wait for with O(wait=true), instead of what the module waits for otherwise.
    type: dict
    suboptions:
      path:
        description: A JMESPath expression on the object, such as V(status.phase). It needs the Python package jmespath.
        type: str
        required: true
      value:
        description: The value to wait for. Without it anything that is true will do.
        type: raw
"""
