#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cache_diagnosis
short_description: Find the cause of a fault of a cache
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Reads the objects of a cache, its pods, claims, events and nodes, and Fluid's controllers and CSI plugin.
    Reads also the quorums, the mounts of running pods, and the newest lines of the logs. All of them are read
    side by side.
  - Returns the causes that it finds, the most probable one first, each with the object, the evidence and the
    remedy. Causes do not fail the module. A healthy cache has none.
  - Secrets and ConfigMaps are never read. Values of variables, options and properties whose names are those
    of credentials are hidden, in objects, events and logs alike.
  - What the account may not read is left out and named in RV(unread).
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
  - datacache.fluid.identity
attributes:
  check_mode:
    details: In check mode it does not write O(path).
options:
  fluid_namespace:
    description: Namespace of Fluid's controllers. If it has none, they are looked for in all namespaces.
    type: str
    default: fluid-system
  path:
    description:
      - Also writes an archive (C(.tar.gz)) to this file on the host that runs the module, with mode C(0600).
        Its first page, C(index.md), names the most probable cause.
      - The archive has the objects, the events, the newest 400 lines of each container's log and of its
        previous run's, the quorums and the mounts.
    type: path
seealso:
  - module: datacache.fluid.cache_info
"""

EXAMPLES = r"""
- name: Find out why a cache does not serve
  datacache.fluid.cache_diagnosis:
    name: hbase
    namespace: data
    path: /tmp/hbase.tar.gz
  register: diagnosis
  delegate_to: localhost

- name: Print the causes
  ansible.builtin.debug:
    msg: "{{ diagnosis.report }}"
"""

RETURN = r"""
healthy:
  description: Whether no cause of a fault was found, although Dataset, runtime and pods could be read.
  returned: success
  type: bool
  sample: false
causes:
  description: The causes, the most probable one first.
  returned: success
  type: list
  elements: dict
  contains:
    cause:
      description:
        - V(fluid_absent), V(controller_at_zero), V(node_pressure), V(node_not_ready), V(image_pull),
          V(port_clash), V(journal_lost), V(memory_below_tier), V(disk_full), V(pods_refused),
          V(unschedulable), V(pod_not_started), V(dns), V(under_store_refused), V(under_store_unreachable),
          V(stale_address), V(stuck_finalizer), V(controller_not_ready), V(container_fails),
          V(fuse_not_mounted), V(old_definitions), V(quorum_incomplete), V(pods_not_ready),
          V(cache_absent) or V(not_bound).
      returned: success
      type: str
      sample: image_pull
    object:
      description: What it was observed on.
      returned: success
      type: str
      sample: Pod data/hbase-worker-0 on node node1
    evidence:
      description: The event, the log line or the number.
      returned: success
      type: str
      sample: "container alluxio-worker with image alluxio:none is waiting: ImagePullBackOff"
    remedy:
      description: What to do about it.
      returned: success
      type: str
      sample: correct image and tag (fluid_image, fluid_image_tag)
    certain:
      description: Whether it holds the cache up now. What may explain nothing comes last.
      returned: success
      type: bool
      sample: true
report:
  description: The causes in lines.
  returned: success
  type: list
  elements: str
  sample: ["no cause of a fault was found for data/hbase"]
unread:
  description: What could not be read, and why.
  returned: success
  type: list
  elements: str
  sample: []
path:
  description: The archive that was written.
  returned: with O(path), not in check mode
  type: str
  sample: /tmp/hbase.tar.gz
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 1.2
"""

from ..module_utils.api.client import Client
from ..module_utils.diagnose.ensure import read
from ..module_utils.k8s.names import require_identity
from ..module_utils.module import arguments, files
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run
from ..module_utils.progress import Reporter


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(),
        fluid_namespace={"type": "str", "default": "fluid-system"}, path={"type": "path"})


def require_valid(params: dict) -> None:
    """Raise InvalidInput for an invalid name, and for no path of a file."""
    require_identity(params)
    files.require_writable("path", params["path"])


def main() -> None:
    module = FluidModule(argument_spec(), supports_check_mode=True)

    def diagnosed(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
        result = read(client, params, check_mode, reporter)
        archive = result.pop("archive", None)
        if archive and not check_mode:
            files.write(module, params["path"], archive, files.PRIVATE)
            result["path"] = params["path"]
        return result

    run(module, diagnosed, require_valid)


if __name__ == "__main__":
    main()
