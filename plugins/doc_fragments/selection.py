# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects that an info module returns."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description:
      - Selects one object by its name. Without it all objects that match are returned.
      - Mutually exclusive with O(names).
    type: str
  names:
    description: Selects several objects by their names. An empty list selects none.
    type: list
    elements: str
  namespace:
    description:
      - Selects objects in this namespace. Without it and without O(namespaces) all namespaces are read.
      - Mutually exclusive with O(namespaces).
    type: str
  namespaces:
    description: Selects objects in several namespaces. An empty list selects none.
    type: list
    elements: str
  summary:
    description:
      - Returns RV(summaries), a few figures of each object, instead of RV(resources), the complete objects.
    type: bool
    default: false
  label_selectors:
    description: Label selectors that must all match, such as V(team=data) or V(tier in (hot, warm\)).
    type: list
    elements: str
    default: []
  field_selectors:
    description: Field selectors that must all match, such as V(metadata.name=hbase).
    type: list
    elements: str
    default: []
"""
