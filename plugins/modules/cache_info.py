#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cache_info
short_description: Read whether a cache keeps its promises
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Reads Fluid's controllers and CSI plugin, the pods, quorums, objects and figures of a cache, and the
    mounts of running pods. All of them are read side by side.
  - Returns each promise with its state, the evidence, figures and the next step. A broken promise does not
    fail the module.
  - A promise that cannot be read for lack of a permission is V(unknown). Every other failed request fails
    the module.
  - The mount of a running pod is read by C(ls) in its container, with a limit of 20 seconds. A mount is dead
    when its FUSE process has ended, also if a new one serves new pods. At most 100 pods are read.
  - Waits only for figures that Fluid still calculates, and with O(probe) until what was read is cached.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
  - datacache.fluid.identity
attributes:
  check_mode:
    details: In check mode it does not wait, because the predicted run may change what it reads.
options:
  fluid_namespace:
    description: Namespace of Fluid's controllers. If it has none, they are looked for in all namespaces.
    type: str
    default: fluid-system
  master_replicas:
    description:
      - Desired number of masters. Several masters must all be AVAILABLE peers of one quorum with one leader.
      - Default is the number that the AlluxioRuntime declares.
    type: int
  worker_replicas:
    description: Desired number of workers. With V(0) the phase of the workers does not count.
    type: int
    default: 2
  spread_masters:
    description: Adds the promise that the quorum survives the loss of one node.
    type: bool
    default: true
  cached_percentage:
    description: Minimum percentage that is cached of the data that O(probe) has read.
    type: float
    default: 100
  probe:
    description: The result RV(datacache.fluid.cache_probe#module:probe). Adds the promises about its sample.
    type: dict
  report_path:
    description:
      - Also writes RV(report) to this file on the host that runs the module, with mode C(0644). Not in check
        mode.
    type: path
  wait_timeout:
    description: Maximum time until Fluid has written the figures, in seconds; V(0) does not wait. Figures
      that are still unknown then break no promise.
    type: int
    default: 600
seealso:
  - module: datacache.fluid.cache_probe
  - module: datacache.fluid.alluxio_quorum_info
"""

EXAMPLES = r"""
- name: Read what a cache promises
  datacache.fluid.cache_info:
    name: hbase
    namespace: data
    master_replicas: 3
  register: cache

- name: Print the report
  ansible.builtin.debug:
    msg: "{{ cache.report }}"

- name: Require that the quorum of the masters is complete
  ansible.builtin.assert:
    that: (cache.promises | items2dict(key_name='name', value_name='state')).master_quorum == 'kept'
"""

RETURN = r"""
kept:
  description: Whether no promise is broken.
  returned: success
  type: bool
  sample: true
promises:
  description: The promises in the order of the report.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the promise, such as V(masters), V(master_quorum) or V(application_mounts).
      returned: success
      type: str
      sample: masters
    state:
      description: V(kept), V(broken), V(degraded) if only nodes that are not Ready break it, or V(unknown).
      returned: success
      type: str
      sample: degraded
    evidence:
      description: The observed state and, unless the promise is kept, the expected one.
      returned: success
      type: str
      sample: "2 masters are ready, expected 3: hbase-master-0, hbase-master-2"
    next_step:
      description: What to do about it; empty for a promise that is kept.
      returned: success
      type: str
      sample: start the nodes that are not Ready
    figures:
      description: The observed numbers.
      returned: success
      type: dict
      sample: {ready: 2, desired: 3}
    lost_nodes:
      description: The nodes that are not Ready and explain the state V(degraded).
      returned: success
      type: list
      elements: str
      sample: [node2]
figures:
  description:
    - The figures of the cache. C(masters), C(quorums), C(workers), C(fuses), C(dataset), C(volume_is_bound).
    - C(dataset.hit_ratios) are shares of the bytes that were read within a minute, V(0.0%) also without
      reads.
    - With O(probe) also C(files_listed) and C(copies).
    - C(failed_checks), C(degraded_checks) and C(unknown_checks) have a sentence for each such promise.
  returned: success
  type: dict
  sample: {masters: {ready: 3, desired: 3, leader: "hbase-master-1:26000"}}
topology:
  description: Nodes, pods, applications, groups and under-stores of the cache, for
    M(datacache.fluid.cache_report).
  returned: success
  type: dict
  contains:
    nodes:
      description: The nodes that run a pod of the cache or of an application.
      returned: success
      type: list
      elements: dict
      sample: [{name: node1, ready: true, schedulable: true, zone: a}]
    pods:
      description: The pods by role, V(master), V(worker), V(fuse) or V(application), and why one is not
        ready.
      returned: success
      type: list
      elements: dict
      sample: [{name: hbase-master-0, role: master, node: node1, ready: true, reason: ""}]
    more_applications:
      description: Number of pods that mount the claim beside the first 100.
      returned: success
      type: int
      sample: 0
    quorums:
      description: The groups by domain, as M(datacache.fluid.alluxio_quorum_info) returns them.
      returned: success
      type: dict
      sample: {MASTER: {leader: "hbase-master-1:26000", size: 3, available: 3}}
    under_stores:
      description: Name and address of each mount.
      returned: success
      type: list
      elements: dict
      sample: [{name: hbase, mount_point: "https://example.org/hbase/"}]
versions:
  description: The versions that run, of the kubelets, Fluid and each component.
  returned: success
  type: dict
  sample: {kubernetes: [v1.34.4], fluid: [v1.0.8], master: [2.9.4], worker: [2.9.4], fuse: [2.9.4]}
report:
  description: The figures as a table, and each promise that is not kept, in lines.
  returned: success
  type: list
  elements: str
  sample: ["cache                 data/hbase", "masters ready         3 of 3"]
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.4
"""

from ..module_utils.api.client import Client
from ..module_utils.errors import InvalidInput
from ..module_utils.k8s.names import require_identity
from ..module_utils.module import arguments, files
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run
from ..module_utils.progress import Reporter
from ..module_utils.verify.info import read


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(),
        fluid_namespace={"type": "str", "default": "fluid-system"},
        master_replicas={"type": "int"}, worker_replicas={"type": "int", "default": 2},
        spread_masters={"type": "bool", "default": True},
        cached_percentage={"type": "float", "default": 100}, probe={"type": "dict"},
        report_path={"type": "path"},
        wait_timeout={"type": "int", "default": 600})


def require_valid(params: dict) -> None:
    """Raise InvalidInput for an invalid name, a percentage that no cache reaches, and no path of a file."""
    require_identity(params)
    files.require_writable("report_path", params["report_path"])
    if not 0 <= params["cached_percentage"] <= 100:
        raise InvalidInput(f"cached_percentage is {params['cached_percentage']:g}: expected 0 to 100")


def main() -> None:
    module = FluidModule(argument_spec(), supports_check_mode=True)

    def reported(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
        result = read(client, params, check_mode, reporter)
        if params["report_path"] and not check_mode:
            files.write(module, params["report_path"], "\n".join(result["report"]) + "\n")
        return result

    run(module, reported, require_valid, least_seconds=0)


if __name__ == "__main__":
    main()
