# SPDX-License-Identifier: GPL-3.0-or-later
"""Which object a module manages."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the Dataset, which is also the name of its runtime and of its PersistentVolumeClaim.
      - It must be a DNS-1035 label, because it becomes part of Service names.
    type: str
    required: true
  namespace:
    description: Namespace of the object.
    type: str
    default: default
"""
