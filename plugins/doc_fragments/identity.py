# SPDX-License-Identifier: GPL-3.0-or-later
"""The object that a module manages."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the Dataset, which is also the name of its runtime and of its PersistentVolumeClaim.
      - Must be a DNS-1035 label, because it becomes part of Service names.
    type: str
    required: true
  namespace:
    description: Namespace of the object. Must be a DNS-1123 label.
    type: str
    default: default
"""
