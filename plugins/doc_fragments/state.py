# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the object is wanted, and whose word counts."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) creates the object or changes what differs from the options.
      - Options that an earlier run gave and that are no longer given are taken away again.
      - V(absent) deletes it. An object that is gone already, or whose kind is not installed, is unchanged.
    type: str
    choices: [present, absent]
    default: present
  force_conflicts:
    description:
      - Whether to take over a field that another field manager has set to another value.
      - Without it such a field is an error that names the field and the manager. Fluid's own controllers do not count as others.
    type: bool
    default: false
"""
