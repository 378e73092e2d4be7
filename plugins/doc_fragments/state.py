# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired state of the object, and conflicts with other field managers."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) creates the object, or changes the fields that differ from the options.
      - An option that an earlier run set and that is no longer given is removed from the object.
      - V(present) fails on a terminating object.
      - V(absent) deletes the object. An object that does not exist, is terminating, or whose kind is not
        installed is unchanged.
    type: str
    choices: [present, absent]
    default: present
  force_conflicts:
    description:
      - Takes over fields that another field manager has set to another value.
      - By default such a field fails the task with the names of field and manager, so that no change of
        another client is lost.
      - Fluid's own controllers never cause a conflict.
    type: bool
    default: false
"""
