# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter between the variable fluid_hosts and the hosts of a play."""

from __future__ import annotations

DOCUMENTATION = r"""
name: cache_hosts
short_description: Return the hosts on which a playbook of this collection runs
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Returns the given pattern. An empty text, an empty list and null are all hosts that are no masters.
  - Fails for blanks, commas and colons alone. AWX accepts them as the answer to a required question, and
    Ansible takes them for all hosts, on which a playbook would remove the caches.
  - Exclusions alone, such as V(!hbase), are taken from all hosts that are no masters.
positional: groups
options:
  _input:
    description: Value of C(fluid_hosts).
    type: raw
    required: true
  groups:
    description: The groups of the inventory.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Verify caches
  hosts: "{{ fluid_hosts | default('') | datacache.fluid.cache_hosts(groups) }}"
  roles: [datacache.fluid.verify]
"""

RETURN = r"""
_value:
  description: Pattern of hosts.
  type: raw
"""

from collections.abc import Mapping

from ansible.errors import AnsibleFilterError
from ansible.inventory.manager import split_host_pattern

_MASTERS = "alluxio_masters"


def cache_hosts(given: object, groups: Mapping) -> object:
    """Return the given pattern, or that of all caches."""
    caches = f"all:!{_MASTERS}" if _MASTERS in groups else "all"
    if given in (None, "", []):
        return caches
    # A number by a template or an extra variable is the name of a host.
    pattern = [_text(each) for each in given] if isinstance(given, list) else _text(given)
    parts = split_host_pattern(pattern)
    if not parts:
        raise AnsibleFilterError("fluid_hosts is blank: expected hosts or a group of the inventory; leave it "
                                 "empty for all caches")
    # Ansible adds all hosts to exclusions alone.
    return [caches, *parts] if all(part[0] in "!&" for part in parts) else pattern


def _text(given: object) -> str:
    return "" if given in (None, []) else str(given)


class FilterModule:
    """The filters of this file; Ansible requires the name."""

    def filters(self) -> dict:
        return {"cache_hosts": cache_hosts}
