#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dataset_volume
short_description: Manage the PersistentVolume and claim of a Fluid Dataset
version_added: 0.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Fluid makes the PersistentVolume C(<namespace>-<name>) and the PersistentVolumeClaim C(<name>) once a runtime has bound the Dataset.
    This module waits until both are Bound to each other, and manages their capacity, reclaim policy and labels.
  - Pods use the Dataset through the claim; the module returns the pods that do.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.state
  - datacache.fluid.wait
options:
  state:
    description:
      - V(present) manages the volume and claim that Fluid makes.
      - V(absent) removes a volume and claim that were left behind. It is refused while the Dataset exists, since they belong to it then.
  capacity:
    description:
      - Capacity of volume and claim as a Kubernetes quantity, the Dataset's annotation C(pvc.fluid.io/resources.requests.storage).
      - Fluid reads it when it makes them, so set it before the runtime exists. A later change brings a warning.
    type: str
  reclaim_policy:
    description: What becomes of the volume when its claim is deleted. Fluid's default is V(Retain).
    type: str
    choices: [Retain, Delete]
  labels:
    description: Labels of both volume and claim. Those that other people set stay.
    type: dict
  wait_timeout:
    default: 300
seealso:
  - module: datacache.fluid.dataset
"""

EXAMPLES = r"""
- name: Wait until pods can use the Dataset
  datacache.fluid.dataset_volume:
    name: hbase
    namespace: data
    wait: true
  register: volume

- name: Ask for a capacity before the runtime is created
  datacache.fluid.dataset_volume:
    name: hbase
    namespace: data
    capacity: 100Gi

- name: Label volume and claim
  datacache.fluid.dataset_volume:
    name: hbase
    namespace: data
    labels: {team: search}
    reclaim_policy: Retain
    wait: true

- name: Remove a volume that an uninstalled Fluid left behind
  datacache.fluid.dataset_volume:
    name: hbase
    namespace: data
    state: absent
    wait: true
"""

RETURN = r"""
persistent_volume:
  description: The PersistentVolume; an empty dictionary when there is none.
  returned: success
  type: dict
  sample:
    metadata: {name: data-hbase}
    spec: {capacity: {storage: 100Pi}, persistentVolumeReclaimPolicy: Retain}
    status: {phase: Bound}
persistent_volume_claim:
  description: The PersistentVolumeClaim; an empty dictionary when there is none.
  returned: success
  type: dict
  sample:
    metadata: {name: hbase, namespace: data}
    spec: {volumeName: data-hbase}
    status: {phase: Bound}
pods:
  description: The pods that use the claim and have not ended, each with C(name), C(namespace), C(phase) and C(node).
  returned: success
  type: list
  elements: dict
  sample: [{name: nginx, namespace: data, phase: Running, node: node1}]
duration:
  description: How long the module worked and waited, in seconds.
  returned: success
  type: float
  sample: 0.1
conflicts:
  description: The fields that other field managers hold, each with C(field) and C(manager).
  returned: when other field managers hold fields that would change
  type: list
  elements: dict
  sample: [{field: metadata.labels.team, manager: kubectl-label}]
findings:
  description: What was in the way when a wait timed out, a line each.
  returned: when a wait timed out
  type: list
  elements: str
  sample: ["pod hbase-master-0: not scheduled: 0/3 nodes are available"]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import arguments, manage, volume
from ..module_utils.connection import connect


def main() -> None:
    module = AnsibleModule(arguments.compose(
        arguments.connection(), arguments.identity(), arguments.state(), arguments.wait(300),
        capacity={"type": "str"},
        reclaim_policy={"type": "str", "choices": ["Retain", "Delete"]},
        labels={"type": "dict"}), supports_check_mode=True)

    def work() -> dict:
        volume.require_valid(module.params)
        act = volume.ensure if module.params["state"] == "present" else volume.remove
        return act(connect(module.params), module.params, module.check_mode, module.warn)

    manage.finish(module, work)


if __name__ == "__main__":
    main()
