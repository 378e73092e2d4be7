# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter between an inventory variable and the option of a role."""

from __future__ import annotations

DOCUMENTATION = r"""
name: given
short_description: Return an inventory variable with the type of its default
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Returns the default for an empty text and for null. Surveys of AWX send an empty text for an
    unanswered question.
  - Converts text to the type of the default. Text for a list or a dictionary is read as YAML. Other text for
    a list is split at the ends of its lines, or a single line at its commas.
  - Returns a value that does not convert unchanged, so that the role refuses it.
positional: default
options:
  _input:
    description: Value of the variable.
    type: raw
    required: true
  default:
    description: Value without the variable. Its type is that of the option.
    type: raw
    required: true
  required:
    description: Message of the failure without the variable. Empty returns the default.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Print the number of workers
  ansible.builtin.debug:
    msg: "{{ fluid_worker_replicas | default('') | datacache.fluid.given(2) }}"
"""

RETURN = r"""
_value:
  description: Value of the variable, or the default.
  type: raw
"""

from ansible.errors import AnsibleFilterError

from ..plugin_utils.conversion import converted, is_given


def given(value: object, default: object, required: str = "") -> object:
    """Return the value with the type of the default, or the default for a value that is not given."""
    if is_given(value):
        return converted(value, default)
    if required:
        raise AnsibleFilterError(required)
    return default


class FilterModule:
    """The filters of this file; Ansible requires the name."""

    def filters(self) -> dict:
        return {"given": given}
