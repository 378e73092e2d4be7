#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fluid_info
short_description: Read which of Fluid's kinds a cluster knows, and the names of their objects
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Returns the resource definitions of the group C(data.fluid.io) that the API server serves. One request
    reads them, and needs no permission of its own.
  - Returns names only, never whole objects.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
options:
  objects:
    description: Also returns the objects of all these kinds in all namespaces. Needs C(list) on them.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Read the kinds of Fluid
  datacache.fluid.fluid_info:
  register: fluid

- name: Require Fluid
  ansible.builtin.assert:
    that: fluid.missing | length == 0
"""

RETURN = r"""
definitions:
  description: Names of the CustomResourceDefinitions of Fluid.
  returned: success
  type: list
  elements: str
  sample: [alluxioruntimes.data.fluid.io, datasets.data.fluid.io]
missing:
  description: Names of those that a cache needs and the cluster lacks.
  returned: success
  type: list
  elements: str
  sample: []
objects:
  description: The objects of these kinds; empty without O(objects).
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Kind of the object.
      returned: success
      type: str
      sample: Dataset
    namespace:
      description: Namespace of the object; empty for a cluster-scoped one.
      returned: success
      type: str
      sample: data
    name:
      description: Name of the object.
      returned: success
      type: str
      sample: hbase
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.1
"""

from ..module_utils.lifecycle.surroundings.fluid_objects import read
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run


def argument_spec() -> dict:
    return arguments.compose(arguments.connection(), objects={"type": "bool", "default": False})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), read)


if __name__ == "__main__":
    main()
