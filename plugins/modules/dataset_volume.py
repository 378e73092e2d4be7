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
  name:
    description:
      - Name of the Dataset. Either O(name) or O(volumes) is required.
    required: false
  state:
    description:
      - V(present) manages the volume and claim that Fluid makes.
      - V(absent) removes a volume and claim that were left behind. It is refused while the Dataset exists, since they belong to it then.
  capacity: &capacity
    description:
      - Capacity of volume and claim as a Kubernetes quantity, the Dataset's annotation C(pvc.fluid.io/resources.requests.storage).
      - Fluid reads it when it makes them, so set it before the runtime exists. A later change brings a warning.
    type: str
  reclaim_policy: &reclaim_policy
    description: What becomes of the volume when its claim is deleted. Fluid's default is V(Retain).
    type: str
    choices: [Retain, Delete]
  labels: &labels
    description: Labels of both volume and claim. Those that other people set stay.
    type: dict
  volumes:
    description:
      - The volumes of several Datasets, instead of the options of a single one.
      - The failure of one does not stop the others; the task fails at the end and names those that failed.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the Dataset.
        type: str
        required: true
      namespace:
        description: Namespace of the Dataset, by default O(namespace).
        type: str
      capacity: *capacity
      reclaim_policy: *reclaim_policy
      labels: *labels
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
  returned: success with O(name)
  type: dict
  sample:
    metadata: {name: data-hbase}
    spec: {capacity: {storage: 100Pi}, persistentVolumeReclaimPolicy: Retain}
    status: {phase: Bound}
persistent_volume_claim:
  description: The PersistentVolumeClaim; an empty dictionary when there is none.
  returned: success with O(name)
  type: dict
  sample:
    metadata: {name: hbase, namespace: data}
    spec: {volumeName: data-hbase}
    status: {phase: Bound}
pods:
  description: The pods that use the claim and have not ended, each with C(name), C(namespace), C(phase) and C(node).
  returned: success with O(name)
  type: list
  elements: dict
  sample: [{name: nginx, namespace: data, phase: Running, node: node1}]
results:
  description: One entry for each of the Datasets, in their order.
  returned: with O(volumes)
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
    changed:
      description: Whether anything was changed.
      returned: always
      type: bool
      sample: false
    persistent_volume:
      description: The PersistentVolume, as RV(persistent_volume) of a single one.
      returned: when it did not fail
      type: dict
    persistent_volume_claim:
      description: The PersistentVolumeClaim, as RV(persistent_volume_claim) of a single one.
      returned: when it did not fail
      type: dict
    pods:
      description: The pods that use the claim, as RV(pods) of a single one.
      returned: when it did not fail
      type: list
      elements: dict
    diff:
      description: The fields that changed, C(before) and C(after), of dataset, volume and claim.
      returned: when it did not fail
      type: dict
    error:
      description: Why this Dataset's volume failed.
      returned: when it failed
      type: str
      sample: Dataset hbase in namespace data does not exist
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

from ..module_utils.api.connection import connect
from ..module_utils.k8s.names import require_identity
from ..module_utils.lifecycle import volume
from ..module_utils.module import arguments, exit as module_exit, resource


def options() -> dict:
    """The options that describe one Dataset's volume and claim, beside its name and namespace."""
    return {
        "capacity": {"type": "str"},
        "reclaim_policy": {"type": "str", "choices": ["Retain", "Delete"]},
        "labels": {"type": "dict"},
    }


def main() -> None:
    spec = arguments.compose(
        arguments.connection(), arguments.fleet("volumes", options()), arguments.state(), arguments.wait(300))
    module = AnsibleModule(spec, supports_check_mode=True, **arguments.fleet_rules("volumes", options()))
    params = module.params
    items = resource.items_of(params, "volumes")

    def work() -> dict:
        timeout = params["wait_timeout"] if params["wait"] else None
        resource.require_valid(items, volume.require_valid if params["state"] == "present" else require_identity)
        client = connect(params)
        if params["state"] == "present":
            bindings = volume.ensure(client, items, timeout, params["force_conflicts"], module.check_mode, module.warn)
        else:
            bindings = volume.remove(client, items, timeout, module.check_mode)
        return module_exit.report(items, bindings, params["volumes"] is not None)

    module_exit.finish(module, work)


if __name__ == "__main__":
    main()
