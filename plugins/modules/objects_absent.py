#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: objects_absent
short_description: Wait until objects are gone, and delete them if asked to
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Waits until no object matches any of the selections. All of them share one time limit.
  - A timeout names the objects that still exist, with their finalizers.
  - Without the permission to list nodes it warns and skips them.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
attributes:
  diff_mode:
    support: none
    description: Returns no diff.
options:
  objects:
    description: The selections.
    type: list
    elements: dict
    required: true
    suboptions:
      kind:
        description: Kind of the objects.
        type: str
        required: true
        choices: [ConfigMap, CustomResourceDefinition, Job, Namespace, Node, PersistentVolumeClaim, Pod]
      namespace:
        description: Namespace of the objects.
        type: str
      names:
        description: Names of the objects. At least this or O(objects[].label_selectors) is required.
        type: list
        elements: str
      label_selectors:
        description: Requirements for the labels of the objects, all of which must match.
        type: list
        elements: str
  delete:
    description: Deletes the objects. Without it their absence is only awaited. Nodes are never deleted.
    type: bool
    default: false
  wait_timeout:
    description: Time limit of the whole run, in seconds.
    type: int
    default: 600
"""

EXAMPLES = r"""
- name: Wait until the pods and the release of a cache are gone
  datacache.fluid.objects_absent:
    objects:
      - {kind: Pod, namespace: data, label_selectors: [release=hbase]}
      - {kind: ConfigMap, namespace: data, label_selectors: [owner=helm, name=hbase]}
"""

RETURN = r"""
found:
  description: The objects that existed at the beginning.
  returned: success
  type: list
  elements: str
  sample: [Pod hbase-master-0 in namespace data]
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.1
"""

from ..module_utils.lifecycle.surroundings.absence import KINDS, ensure, require_valid
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(),
        objects={"type": "list", "elements": "dict", "required": True, "options": {
            "kind": {"type": "str", "required": True, "choices": list(KINDS)},
            "namespace": {"type": "str"}, "names": {"type": "list", "elements": "str"},
            "label_selectors": {"type": "list", "elements": "str"}}},
        delete={"type": "bool", "default": False},
        wait_timeout={"type": "int", "default": 600})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), ensure, require_valid)


if __name__ == "__main__":
    main()
