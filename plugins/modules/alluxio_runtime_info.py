#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_runtime_info
short_description: Read AlluxioRuntimes
version_added: 0.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Returns AlluxioRuntimes of one or of all namespaces, read in pages.
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
"""

RETURN = r"""
resources:
  description: The AlluxioRuntimes, without managed fields; an empty list when none matches.
  returned: success
  type: list
  elements: dict
  sample:
    - apiVersion: data.fluid.io/v1alpha1
      kind: AlluxioRuntime
      metadata: {name: hbase, namespace: data}
      status: {masterPhase: Ready, masterNumberReady: 3, workerPhase: Ready, workerNumberReady: 2}
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
    select.run(AnsibleModule(spec, supports_check_mode=True), kinds.ALLUXIO_RUNTIME)


if __name__ == "__main__":
    main()
