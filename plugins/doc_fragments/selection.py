# SPDX-License-Identifier: GPL-3.0-or-later
"""Which objects an info module returns."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description: Name of one object. Without it all that match are returned.
    type: str
  names:
    description: Names of several objects.
    type: list
    elements: str
  namespace:
    description: Namespace to look in. Without it and without O(namespaces) all namespaces are looked through.
    type: str
  namespaces:
    description: Several namespaces to look in.
    type: list
    elements: str
  summary:
    description: Whether to return RV(summaries), a few figures of each object, instead of whole objects.
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
