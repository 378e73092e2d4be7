#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dataset_info
short_description: Read Fluid Datasets
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Returns Datasets of one, several or all namespaces. It reads them in pages.
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

- name: Read the figures of all Datasets
  datacache.fluid.dataset_info:
    summary: true
"""

RETURN = r"""
resources:
  description: The Datasets without managed fields; an empty list if none matches.
  returned: without O(summary=true)
  type: list
  elements: dict
  sample:
    - apiVersion: data.fluid.io/v1alpha1
      kind: Dataset
      metadata: {name: hbase, namespace: data}
      status: {phase: Bound, ufsTotal: 443.89MiB, cacheStates: {cachedPercentage: "100.0%"}}
summaries:
  description: Phase and figures of each Dataset; a figure that Fluid has not counted yet is null.
  returned: with O(summary=true)
  type: list
  elements: dict
  contains:
    name:
      description: Name of the Dataset.
      returned: always
      type: str
      sample: hbase
    namespace:
      description: Namespace of the Dataset.
      returned: always
      type: str
      sample: data
    phase:
      description: Phase of the Dataset; empty until a controller has set it.
      returned: always
      type: str
      sample: Bound
    terminating:
      description: Whether the Dataset is deleted and still exists.
      returned: always
      type: bool
      sample: false
    total_bytes:
      description: Size of the under-stores, in bytes.
      returned: always
      type: int
      sample: 119411835
    cached_bytes:
      description: Size of the cached data, in bytes.
      returned: always
      type: int
      sample: 119411835
    capacity_bytes:
      description: Capacity of the cache, in bytes.
      returned: always
      type: int
      sample: 4294967296
    cached_percentage:
      description: Share of the under-stores that is cached, from 0 to 100 percent.
      returned: always
      type: float
      sample: 100.0
    files:
      description: Number of files.
      returned: always
      type: int
      sample: 15
    runtimes:
      description: Names of the runtimes that bind the Dataset.
      returned: always
      type: list
      elements: str
      sample: [hbase]
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.03
"""

from ..module_utils.fluid import kinds as fluid_kinds, summary
from ..module_utils.module import arguments, info
from ..module_utils.module.option_names import FluidModule


def argument_spec() -> dict:
    return arguments.compose(arguments.connection(), arguments.selection())


def main() -> None:
    module = FluidModule(argument_spec(), supports_check_mode=True, **arguments.SELECTION_RULES)
    info.run(module, fluid_kinds.DATASET, summary.of_dataset)


if __name__ == "__main__":
    main()
