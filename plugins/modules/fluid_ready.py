#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fluid_ready
short_description: Wait until Fluid can serve
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Waits until Fluid's controllers are available in their newest version.
  - Waits until each node that runs pods has a ready pod of the CSI plugin and has registered its driver.
  - Does not wait for a node that is cordoned, not Ready, or has a taint by which Kubernetes reports a
    failure. It warns of each of these nodes.
  - Nodes that the plugin's DaemonSet excludes, such as virtual kubelets, are not considered.
  - Does not wait for a controller whose pods are all on nodes that are not Ready, as Kubernetes does not move
    them. It warns of each.
  - Then waits until the Datasets of O(bound_datasets) are Bound, for example after an upgrade.
  - Changes nothing. The role C(datacache.fluid.install) runs it.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
options:
  namespace:
    description: Namespace of Fluid's controllers.
    type: str
    default: fluid-system
  label_selectors:
    description:
      - Labels of the Deployments of Fluid in O(namespace) that must be available; without any, all of them.
      - Deployments of other programs in the namespace do not count.
    type: list
    elements: str
    default: []
  csi:
    description: Waits for the CSI plugin too. An installation without it gives FUSE sidecars to pods.
    type: bool
    default: true
  bound_datasets:
    description:
      - Datasets that have to be Bound, each as C(<namespace>/<name>).
      - One that is terminating is not waited for, with a warning.
    type: list
    elements: str
    default: []
  wait_timeout:
    description: Maximum duration of the wait, in seconds. A value below 1 is refused.
    type: int
    default: 600
seealso:
  - module: datacache.fluid.fluid_installation_info
"""

EXAMPLES = r"""
- name: Wait until Fluid can serve on every node that runs pods
  datacache.fluid.fluid_ready:
    namespace: fluid-system
    label_selectors: [app.kubernetes.io/managed-by=Helm]
"""

RETURN = r"""
nodes:
  description:
    - The nodes that Fluid serves, after a timeout those that it should serve. Empty with O(csi=false).
  returned: success, and after a timeout
  type: list
  elements: str
  sample: [worker-1, worker-2]
excluded_nodes:
  description: The nodes that were not waited for.
  returned: success, and after a timeout
  type: list
  elements: dict
  contains:
    name:
      description: Name of the node.
      returned: success
      type: str
      sample: worker-3
    reason:
      description: Reason, as a predicate of the node.
      returned: success
      type: str
      sample: is not Ready
  sample: []
lost_controllers:
  description:
    - The Deployments of Fluid whose pods are all on nodes that are not Ready. They were not waited for, and a
      warning names what brings them back.
  returned: success, and after a timeout
  type: list
  elements: str
  sample: [dataset-controller]
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.2
"""

from ..module_utils.installation.readiness import require_valid, wait
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(),
        namespace={"type": "str", "default": "fluid-system"},
        label_selectors={"type": "list", "elements": "str", "default": []},
        csi={"type": "bool", "default": True},
        bound_datasets={"type": "list", "elements": "str", "default": []},
        wait_timeout={"type": "int", "default": 600})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), wait, require_valid)


if __name__ == "__main__":
    main()
