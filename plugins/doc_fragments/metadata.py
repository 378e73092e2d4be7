# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels and annotations of the object."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  labels:
    description: Labels of the object. Labels that other clients set stay.
    type: dict
  annotations:
    description: Annotations of the object. Annotations that other clients set stay.
    type: dict
"""
