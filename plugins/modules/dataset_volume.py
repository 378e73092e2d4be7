#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dataset_volume
short_description: Manage the PersistentVolume and claim of a Fluid Dataset
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Manages capacity, reclaim policy and labels of the PersistentVolume C(<namespace>-<name>) and the
    PersistentVolumeClaim C(<name>) of a Dataset.
  - Fluid creates both once a runtime has bound the Dataset. With O(wait=true) the module waits until they
    are Bound to each other.
  - Returns the pods that use the Dataset through the claim.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.state
  - datacache.fluid.wait
options:
  name:
    description:
      - Name of the Dataset. Must be a DNS-1035 label.
      - Either O(name) or O(volumes) is required.
    required: false
  state:
    description:
      - V(present) manages the volume and claim that Fluid creates. It fails if the Dataset does not exist.
      - V(absent) deletes a volume and claim without a Dataset. It is refused while the Dataset exists,
        because Fluid deletes both with it.
  capacity: &capacity
    description:
      - Capacity of volume and claim as a Kubernetes quantity above zero, such as V(100Gi). It sets the
        Dataset's annotation C(pvc.fluid.io/resources.requests.storage).
      - Fluid's default is 100Pi.
      - Fluid reads the annotation only when it creates the volume, so set it before the runtime exists. A
        later change causes a warning.
    type: str
  reclaim_policy: &reclaim_policy
    description: Reclaim policy of the volume, for the time when its claim is deleted. Fluid's default is
      V(Retain).
    type: str
    choices: [Retain, Delete]
  labels: &labels
    description: Labels of both volume and claim. Labels that other clients set stay.
    type: dict
  volumes:
    description:
      - Manages the volumes of several Datasets in one task.
      - Mutually exclusive with O(name) and with the options of a single Dataset that have no default.
      - An entry without an option that has a default uses the value of the task.
      - The objects are read with few requests, written in parallel and awaited together.
      - The failure of one object does not stop the others. The task fails at the end and lists the failed
        ones.
      - An object that is in the list twice is refused.
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

- name: Set the capacity before the runtime is created
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

- name: Delete a volume without a Dataset, as after the removal of Fluid
  datacache.fluid.dataset_volume:
    name: hbase
    namespace: data
    state: absent
    wait: true
"""

RETURN = r"""
persistent_volume:
  description: The PersistentVolume; an empty dictionary if it is absent.
  returned: success with O(name)
  type: dict
  sample:
    metadata: {name: data-hbase}
    spec: {capacity: {storage: 100Pi}, persistentVolumeReclaimPolicy: Retain}
    status: {phase: Bound}
persistent_volume_claim:
  description: The PersistentVolumeClaim; an empty dictionary if it is absent.
  returned: success with O(name)
  type: dict
  sample:
    metadata: {name: hbase, namespace: data}
    spec: {volumeName: data-hbase}
    status: {phase: Bound}
pods:
  description: The pods that use the claim and have not ended, each with C(name), C(namespace), C(phase) and
    C(node).
  returned: success with O(name)
  type: list
  elements: dict
  sample: [{name: nginx, namespace: data, phase: Running, node: node1}]
results:
  description: One entry for each Dataset, in the order of O(volumes).
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
      description: Whether Dataset, volume or claim were changed.
      returned: always
      type: bool
      sample: false
    persistent_volume:
      description: The PersistentVolume, like RV(persistent_volume).
      returned: if the Dataset did not fail, or failed after its write
      type: dict
    persistent_volume_claim:
      description: The PersistentVolumeClaim, like RV(persistent_volume_claim).
      returned: if the Dataset did not fail, or failed after its write
      type: dict
    pods:
      description: The pods that use the claim, like RV(pods).
      returned: if the Dataset did not fail, or failed after its write
      type: list
      elements: dict
    diff:
      description: The fields that changed, C(before) and C(after), of C(dataset), C(persistent_volume) and
        C(persistent_volume_claim).
      returned: if the Dataset did not fail, or failed after its write
      type: dict
    error:
      description: Reason of the failure. The details, such as RV(conflicts), are in the same entry.
      returned: if the Dataset failed
      type: str
      sample: Dataset hbase in namespace data does not exist
duration:
  description: Duration of the run with its waits, in seconds.
  returned: success
  type: float
  sample: 0.1
conflicts:
  description: The fields that would change and that other field managers hold, each with C(field) and
    C(manager).
  returned: on a conflict
  type: list
  elements: dict
  sample: [{field: metadata.labels.team, manager: kubectl-label}]
findings:
  description: Causes of a timeout, one line each.
  returned: on a timeout
  type: list
  elements: str
  sample: ["pod hbase-master-0: not scheduled: 0/3 nodes are available"]
"""

from ..module_utils.api.client import Client
from ..module_utils.api.deadline import Deadline
from ..module_utils.k8s.names import require_identity
from ..module_utils.lifecycle import volume
from ..module_utils.module import arguments, cache_options, resource
from ..module_utils.module.exit import report
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run
from ..module_utils.progress import Reporter


def require_valid(params: dict) -> None:
    check = volume.require_valid if params["state"] == "present" else require_identity
    resource.require_valid(resource.items_of(params, "volumes"), check)


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Manage the volumes of one Dataset or of several; return the module's result."""
    items = resource.items_of(params, "volumes")
    deadline = Deadline(params["wait_timeout"], reporter.progress) if params["wait"] else None
    bindings = (volume.ensure(client, items, deadline, params["force_conflicts"], check_mode, reporter.warn)
                if params["state"] == "present" else volume.remove(client, items, deadline, check_mode))
    return report(items, bindings, params["volumes"] is not None)


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.fleet("volumes", cache_options.volume()), arguments.state(),
        arguments.wait(300))


def main() -> None:
    rules = arguments.fleet_rules("volumes", cache_options.volume())
    run(FluidModule(argument_spec(), supports_check_mode=True, **rules), ensure, require_valid)


if __name__ == "__main__":
    main()
