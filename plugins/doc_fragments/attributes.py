# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module supports."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return the changed status without changing the cluster.
    support: full
    details: Ends in a server-side dry run, so result and diff are those of the real run. Nothing is waited for.
  diff_mode:
    description: Returns what has changed, or in check mode would change, and nothing else.
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
    details: Only reads.
  diff_mode:
    description: Returns what has changed, or in check mode would change.
    support: N/A
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
"""
