#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_runtime_info
short_description: Read AlluxioRuntimes
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Returns AlluxioRuntimes of one, several or all namespaces. It reads them in pages.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
  - datacache.fluid.selection
"""

EXAMPLES = r"""
- name: Read one runtime
  datacache.fluid.alluxio_runtime_info:
    name: hbase
    namespace: data
  register: runtime

- name: Read the runtimes of a team in all namespaces
  datacache.fluid.alluxio_runtime_info:
    label_selectors: [team=search]

- name: Read the figures of all runtimes
  datacache.fluid.alluxio_runtime_info:
    summary: true
"""

RETURN = r"""
resources:
  description: The AlluxioRuntimes without managed fields; an empty list if none matches.
  returned: without O(summary=true)
  type: list
  elements: dict
  sample:
    - apiVersion: data.fluid.io/v1alpha1
      kind: AlluxioRuntime
      metadata: {name: hbase, namespace: data}
      status: {masterPhase: Ready, masterNumberReady: 3, workerPhase: Ready, workerNumberReady: 2}
summaries:
  description: Phases and counts of each runtime.
  returned: with O(summary=true)
  type: list
  elements: dict
  contains:
    name:
      description: Name of the runtime.
      returned: always
      type: str
      sample: hbase
    namespace:
      description: Namespace of the runtime.
      returned: always
      type: str
      sample: data
    master_phase:
      description: Phase of the masters; empty until Fluid has set it.
      returned: always
      type: str
      sample: Ready
    worker_phase:
      description: Phase of the workers; empty until Fluid has set it.
      returned: always
      type: str
      sample: Ready
    fuse_phase:
      description: Phase of the FUSE pods; empty until Fluid has set it.
      returned: always
      type: str
      sample: Ready
    masters:
      description: Numbers of masters, C(ready) and C(desired).
      returned: always
      type: dict
      sample: {ready: 3, desired: 3}
    workers:
      description: Numbers of workers, C(ready) and C(desired).
      returned: always
      type: dict
      sample: {ready: 2, desired: 2}
    fuses:
      description: Numbers of FUSE pods, C(ready) and C(desired).
      returned: always
      type: dict
      sample: {ready: 1, desired: 1}
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
    info.run(module, fluid_kinds.ALLUXIO_RUNTIME, summary.of_runtime)


if __name__ == "__main__":
    main()
