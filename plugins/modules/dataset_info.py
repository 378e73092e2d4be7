#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dataset_info
short_description: Read Fluid Datasets
version_added: 0.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Returns Datasets of one or of all namespaces, read in pages.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
  - datacache.fluid.selection
"""

EXAMPLES = r"""
- name: Read one Dataset
  datacache.fluid.dataset_info:
    name: hbase
    namespace: data
  register: dataset

- name: Read the Datasets of a team in all namespaces
  datacache.fluid.dataset_info:
    label_selectors: [team=search]
"""

RETURN = r"""
resources:
  description: The Datasets, without managed fields; an empty list when none matches.
  returned: success
  type: list
  elements: dict
  sample:
    - apiVersion: data.fluid.io/v1alpha1
      kind: Dataset
      metadata: {name: hbase, namespace: data}
      status: {phase: Bound, ufsTotal: 443.89MiB, cacheStates: {cachedPercentage: "100.0%"}}
duration:
  description: How long the module worked, in seconds.
  returned: success
  type: float
  sample: 0.03
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import arguments, kinds, select


def main() -> None:
    spec = arguments.compose(arguments.connection(), arguments.selection())
    select.run(AnsibleModule(spec, supports_check_mode=True), kinds.DATASET)


if __name__ == "__main__":
    main()
