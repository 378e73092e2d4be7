#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: namespace
short_description: Create the namespace of a cache, or delete it if nothing uses it
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Creates a missing namespace with the label C(app.kubernetes.io/managed-by=datacache.fluid). The role
    P(datacache.fluid.cleanup#role) deletes only a namespace with this label.
  - With O(state=absent) it deletes a namespace with this label. It keeps a namespace with an object of
    Fluid's kinds, a claim, a workload, or a pod that is neither finished nor terminating, and warns.
    ConfigMaps and Secrets go with the namespace.
  - Never changes an existing namespace.
  - Without the permission to read the namespace it warns and assumes that the namespace exists.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
attributes:
  diff_mode:
    support: none
    description: Returns no diff.
options:
  name:
    description: Name of the namespace.
    type: str
    required: true
  state:
    description: Whether the namespace exists.
    type: str
    choices: [present, absent]
    default: present
  cache:
    description: Name of a cache in the namespace whose removal check mode has predicted. It does not keep the
      namespace in check mode.
    type: str
    default: ""
  wait_timeout:
    description: Time limit for the absence of the namespace, in seconds.
    type: int
    default: 600
  require_fluid:
    description:
      - Fails, before anything is created, if the cluster lacks resource definitions of Fluid that a cache
        needs.
      - Check mode does not fail, since the predicted run may install Fluid before. RV(missing) has their
        names.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Create the namespace of a cache
  datacache.fluid.namespace:
    name: data

- name: Delete it again, unless another cache is in it
  datacache.fluid.namespace:
    name: data
    state: absent
"""

RETURN = r"""
existed:
  description: Whether the namespace existed before.
  returned: success
  type: bool
  sample: true
kept_by:
  description: What uses a namespace that was not deleted.
  returned: success
  type: list
  elements: str
  sample: [Dataset spark in namespace data]
missing:
  description: Names of the resource definitions that a cache needs and the cluster lacks; empty without
    O(require_fluid).
  returned: success
  type: list
  elements: str
  sample: []
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.1
"""

from ..module_utils.lifecycle.surroundings.namespaces import ensure, require_valid
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(),
        name={"type": "str", "required": True},
        state={"type": "str", "choices": ["present", "absent"], "default": "present"},
        cache={"type": "str", "default": ""},
        wait_timeout={"type": "int", "default": 600},
        require_fluid={"type": "bool", "default": False})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), ensure, require_valid)


if __name__ == "__main__":
    main()
