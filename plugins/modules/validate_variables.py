#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: validate_variables
short_description: Validate the inventory variables of the playbooks before the cluster is touched
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Fails on a variable with the prefix C(fluid_) that no playbook of this collection reads, and returns the
    nearest name.
  - Fails on a variable whose value does not have the type of the role's option that it sets.
  - Accepts text for numbers, booleans, lists and dictionaries. An empty text is no value.
  - Runs as an action on the controller and sends no request.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
options:
  required:
    description: Variables that must have a value.
    type: list
    elements: str
    default: []
  collections:
    description: Collections that must be installed, by their full names.
    type: list
    elements: str
    default: []
seealso:
  - module: datacache.fluid.validate_cache
"""

EXAMPLES = r"""
- name: Validate the inventory variables
  datacache.fluid.validate_variables:
    required: [fluid_name, fluid_mounts]
"""

RETURN = r""" # """

from ansible.module_utils.basic import AnsibleModule


def argument_spec() -> dict:
    return {name: {"type": "list", "elements": "str", "default": []} for name in ("required", "collections")}


def main() -> None:
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    module.fail_json(msg="validate_variables reads the variables of a host: run it as a task of a play")


if __name__ == "__main__":
    main()
