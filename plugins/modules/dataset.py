#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dataset
short_description: Manage Fluid Datasets
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Creates, changes and deletes a Dataset of Fluid, C(data.fluid.io/v1alpha1), and waits for its phase.
  - An unchanged Dataset costs one request.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.state
  - datacache.fluid.metadata
  - datacache.fluid.wait
  - datacache.fluid.wait_for
options:
  name:
    description:
      - Name of the Dataset, which is also the name of its runtime and of its PersistentVolumeClaim.
      - Must be a DNS-1035 label, because it becomes part of Service names, of at most 45 characters.
      - A Dataset that mounts another one may have up to 63 characters.
      - Either O(name) or O(datasets) is required.
    required: false
  mounts: &mounts
    description:
      - Under-stores that the Dataset combines. An empty list is refused.
      - On a bound Dataset, Fluid mounts added paths and unmounts removed ones. The masters mount a path again
        whose URL or options have changed. What only a new runtime can mount, such as V(local:///path), is
        refused.
      - Fluid puts URLs, paths and plain options into a line for a shell in the masters. Values with a space
        or a character of the shell are refused.
    type: list
    elements: dict
    suboptions:
      mount_point:
        description:
          - URL of the under-store, such as V(https://host/path/), V(s3://bucket/path) or
            V(dataset://namespace/name).
          - A value without a lower-case scheme is refused.
        type: str
        required: true
      name:
        description:
          - Name of the mount. It appears as C(/name) in the Dataset without O(mounts[].path).
          - Required for V(local:///path), because it names the volume of the pods.
        type: str
      path:
        description:
          - Absolute path of the mount in the Dataset. Two mounts with the same path are refused.
          - V(/) is only possible for a mount alone and for V(pvc://claim).
          - A path of several parts is only possible below the path of an earlier mount.
        type: str
      read_only:
        description: Makes the mount read-only. Fluid's default is read-write.
        type: bool
      shared:
        description: Shares the mount. Fluid's default is V(false).
        type: bool
      options:
        description:
          - Options of the under-store, such as an endpoint.
          - Credentials belong in O(mounts[].encrypt_options). The output hides values whose key names a
            credential.
        type: dict
      encrypt_options:
        description: Options of the under-store whose values Fluid reads from a Secret.
        type: list
        elements: dict
        suboptions: &encrypt_option
          name:
            description: Name of the option, such as V(aws.secretKey).
            type: str
            required: true
          secret_name:
            description: Name of the Secret, in the namespace of the Dataset, of at most 42 characters.
            type: str
            required: true
          secret_key:
            description: Key in the Secret. Its value must not have spaces, at which Fluid would split it.
            type: str
            required: true
  shared_options: &shared_options
    description: Options of all mounts.
    type: dict
  shared_encrypt_options: &shared_encrypt_options
    description: Options of all mounts whose values Fluid reads from Secrets.
    type: list
    elements: dict
    suboptions: *encrypt_option
  access_modes: &access_modes
    description:
      - Access modes of the Dataset's volume. Fluid's default is V(ReadOnlyMany).
    type: list
    elements: str
    choices: [ReadOnlyMany, ReadWriteMany, ReadWriteOnce, ReadWriteOncePod]
  placement: &placement
    description: Allows nodes to hold several caches with V(Shared), or only this cache with V(Exclusive),
      Fluid's default.
    type: str
    choices: [Exclusive, Shared]
  node_affinity: &node_affinity
    description: NodeSelector, with C(nodeSelectorTerms), of the nodes that may hold the cache.
    type: dict
  tolerations: &tolerations
    description: Tolerations of masters and workers, each as in C(tolerations) of a pod.
    type: list
    elements: dict
  owner: &owner
    description: User and group that own the files. Fluid requires all four values.
    type: dict
    suboptions:
      uid:
        description: User ID.
        type: int
        required: true
      gid:
        description: Group ID.
        type: int
        required: true
      user:
        description: User name.
        type: str
        required: true
      group:
        description: Group name.
        type: str
        required: true
  data_restore_location: &data_restore_location
    description:
      - Backup of Fluid's DataBackup from which new masters restore the metadata. Fluid reads it only when it
        creates the runtime.
      - M(datacache.fluid.alluxio_restore) restores the backups of M(datacache.fluid.alluxio_backup), also
        into a running cache.
    type: dict
    suboptions:
      path:
        description:
          - Folder of the backup, V(pvc://claim/folder) on a claim or V(local:///folder) on a node. Another
            value is refused.
        type: str
      node_name:
        description: Node that has the folder of V(local://), on which Fluid then places all masters. Required
          with V(local://), and refused with V(pvc://), for which Fluid ignores it.
        type: str
  runtimes: &supporting_runtimes
    description: Runtimes that support the Dataset, C(spec.runtimes). Fluid 1.0.8 ignores it and binds the
      runtime of the Dataset's name.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the runtime.
        type: str
      namespace:
        description: Namespace of the runtime.
        type: str
      category:
        description: Category of the runtime, such as V(Accelerate).
        type: str
      type:
        description: Type of the runtime, such as V(alluxio).
        type: str
      master_replicas:
        description: Number of masters.
        type: int
  spec_overrides: &spec_overrides
    description:
      - Fields of the Dataset's C(spec), in the form of its definition, for fields that have no option, as of
        a newer Fluid.
      - Other options go above it. Maps are merged, a list is one field.
      - A field that has an option is refused for the values for which the option is. Other values are not
        validated.
      - A field that is no longer given is removed, as for other options. The API server refuses a field that
        the cluster's definition does not have.
    type: dict
  datasets:
    description:
      - Manages several Datasets in one task.
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
      labels:
        description: Labels of the Dataset. Labels that other clients set stay.
        type: dict
      annotations:
        description: Annotations of the Dataset. Annotations that other clients set stay.
        type: dict
      mounts: *mounts
      shared_options: *shared_options
      shared_encrypt_options: *shared_encrypt_options
      access_modes: *access_modes
      placement: *placement
      node_affinity: *node_affinity
      tolerations: *tolerations
      owner: *owner
      data_restore_location: *data_restore_location
      runtimes: *supporting_runtimes
      spec_overrides: *spec_overrides
  wait_phase:
    description:
      - Phase to wait for with O(wait=true). By default that in which pods can use the Dataset.
      - A wait for V(Bound) also lasts until Fluid has mounted and unmounted what O(mounts) changed.
      - A wait for V(Bound) fails at once if no runtime has the Dataset's name.
    type: str
    choices: [Bound, NotBound, Failed]
    default: Bound
  wait_timeout:
    default: 300
seealso:
  - module: datacache.fluid.alluxio_runtime
  - module: datacache.fluid.dataset_volume
"""

EXAMPLES = r"""
- name: Create a Dataset of a web directory
  datacache.fluid.dataset:
    name: hbase
    namespace: data
    mounts:
      - name: hbase
        mount_point: https://mirrors.tuna.tsinghua.edu.cn/apache/hbase/stable/

- name: Create a Dataset of a bucket with credentials from a Secret, and wait until its runtime binds it
  datacache.fluid.dataset:
    name: training
    namespace: data
    mounts:
      - name: images
        mount_point: s3://images/2026/
        options:
          alluxio.underfs.s3.endpoint: https://s3.example.com
        encrypt_options:
          - name: aws.accessKeyId
            secret_name: s3-credentials
            secret_key: id
          - name: aws.secretKey
            secret_name: s3-credentials
            secret_key: secret
    access_modes: [ReadOnlyMany]
    wait: true

- name: Create a Dataset for each team in one task
  datacache.fluid.dataset:
    namespace: data
    datasets:
      - name: search
        mounts: [{name: search, mount_point: "s3://search/"}]
      - name: ads
        namespace: ads
        mounts: [{name: ads, mount_point: "s3://ads/"}]

- name: Wait until a Dataset is completely cached
  datacache.fluid.dataset:
    name: hbase
    namespace: data
    mounts:
      - name: hbase
        mount_point: https://mirrors.tuna.tsinghua.edu.cn/apache/hbase/stable/
    wait: true
    wait_for:
      path: status.cacheStates.cachedPercentage
      value: 100.0%

- name: Delete a Dataset, and wait until Fluid has removed its finalizers
  datacache.fluid.dataset:
    name: hbase
    namespace: data
    state: absent
    wait: true
"""

RETURN = r"""
result:
  description: The Dataset without managed fields; an empty dictionary if it is absent.
  returned: success with O(name)
  type: dict
  sample:
    apiVersion: data.fluid.io/v1alpha1
    kind: Dataset
    metadata: {name: hbase, namespace: data}
    spec:
      mounts:
        - {mountPoint: "https://mirrors.tuna.tsinghua.edu.cn/apache/hbase/stable/", name: hbase}
    status: {phase: Bound, ufsTotal: 443.89MiB}
in_phase:
  description: Whether the Dataset is in O(wait_phase) and, if that is V(Bound), has all its mounts. O(wait)
    waits for this.
  returned: success with O(name), unless the Dataset is absent
  type: bool
  sample: true
results:
  description: One entry for each object, in the order of O(datasets).
  returned: with O(datasets)
  type: list
  elements: dict
  contains:
    name:
      description: Name of the object.
      returned: always
      type: str
      sample: search
    namespace:
      description: Namespace of the object.
      returned: always
      type: str
      sample: data
    changed:
      description: Whether the object was changed.
      returned: always
      type: bool
      sample: true
    result:
      description:
        - The object, like RV(result).
        - M(datacache.fluid.dataset_info) reads objects without a wait.
      returned: after a wait for the object, and if the object failed after its write
      type: dict
    diff:
      description: The fields that changed, C(before) and C(after).
      returned: if the object was changed
      type: dict
      sample: {before: {spec: {placement: Exclusive}}, after: {spec: {placement: Shared}}}
    error:
      description: Reason of the failure. The details, such as RV(conflicts), are in the same entry.
      returned: if the object failed
      type: str
      sample: "Dataset search in namespace data: spec.placement was set by field manager kubectl-edit"
duration:
  description: Duration of the run with its waits, in seconds.
  returned: success
  type: float
  sample: 96.4
conflicts:
  description: The fields that would change and that other field managers hold, each with C(field) and
    C(manager).
  returned: on a conflict
  type: list
  elements: dict
  sample: [{field: spec.placement, manager: kubectl-edit}]
findings:
  description: Causes of a timeout, one line each.
  returned: on a timeout
  type: list
  elements: str
  sample: ["pod hbase-worker-0: not scheduled: 0/3 nodes are available"]
"""

from ..module_utils.api.bulk import WaitResults, ref_of
from ..module_utils.api.client import Client
from ..module_utils.api.deadline import Deadline
from ..module_utils.apply.reconcile import Guard, Outcome, Write
from ..module_utils.errors import FluidError
from ..module_utils.fluid import dataset, kinds as fluid_kinds, status
from ..module_utils.lifecycle import bound_dataset
from ..module_utils.module import arguments, cache_options, resource
from ..module_utils.module.option_names import FluidModule
from ..module_utils.progress import Reporter


class Dataset(resource.Resource):
    kind = fluid_kinds.DATASET
    plural = "datasets"

    def require_valid(self, item: dict) -> None:
        dataset.require_valid(item)

    def manifest(self, item: dict) -> dict:
        return dataset.manifest(item)

    def guard(self, client: Client, item: dict, reporter: Reporter) -> Guard:
        return bound_dataset.guard_of(client, ref_of(item), reporter.warn)

    def recreate(self, client: Client, item: dict, existing: dict, write: Write, deadline: Deadline,
                 reporter: Reporter) -> None:
        bound_dataset.note(client, dataset.manifest(item), existing, write)

    def finish(self, client: Client, items: list[dict], outcomes: list[Outcome | FluidError], params: dict,
               deadline: Deadline, check_mode: bool) -> list[Outcome | FluidError]:
        return bound_dataset.continued(client, outcomes, deadline, check_mode)

    def values(self, existing: dict, params: dict) -> dict:
        return {"in_phase": status.dataset_in_phase(params["wait_phase"])(existing).done}

    def wait(self, client: Client, items: list[dict], params: dict, deadline: Deadline) -> WaitResults:
        from ..module_utils.lifecycle import waits  # here, as in module/resource.py

        return waits.datasets_in_phase(client, items, params["wait_phase"], deadline)


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.fleet("datasets", cache_options.dataset()), arguments.state(),
        arguments.wait(300), arguments.wait_for(),
        wait_phase={"type": "str", "choices": ["Bound", "NotBound", "Failed"], "default": "Bound"})


def main() -> None:
    rules = arguments.fleet_rules("datasets", cache_options.dataset())
    resource.run(FluidModule(argument_spec(), supports_check_mode=True, **rules), Dataset())


if __name__ == "__main__":
    main()
