# SPDX-License-Identifier: GPL-3.0-or-later
"""The attributes of the modules."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return the changed status without changing the cluster.
    support: full
    details: >-
      The write is a server-side dry run, so result and diff are those of the real run.
      Check mode does not wait.
  diff_mode:
    description: Returns the fields that changed, or in check mode would change, and no others.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return the changed status without changing the cluster.
    support: full
    details: The module changes nothing.
  diff_mode:
    description: Returns the fields that changed, or in check mode would change.
    support: N/A
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
"""
