#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dataset
short_description: Manage Fluid Datasets
version_added: 0.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Creates, changes and deletes a Dataset of Fluid (C(data.fluid.io/v1alpha1)), and waits for its phase.
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
      - It must be a DNS-1035 label, because it becomes part of Service names.
      - Either O(name) or O(datasets) is required.
    required: false
  mounts: &mounts
    description:
      - The under-stores that the Dataset brings together.
      - Fluid sees mounts by their path. On a running Dataset a changed O(mounts[].mount_point) on the same path is ignored by Fluid.
    type: list
    elements: dict
    suboptions:
      mount_point:
        description:
          - URL of the under-store, with its scheme, such as V(https://host/path/), V(s3://bucket/path) or V(dataset://namespace/name).
        type: str
        required: true
      name:
        description: Name of the mount; it is seen as C(/name) in the Dataset unless O(mounts[].path) says otherwise.
        type: str
      path:
        description: Where the mount is seen in the Dataset.
        type: str
      read_only:
        description: Whether the mount refuses writes.
        type: bool
      shared:
        description: Whether the mount is shared.
        type: bool
      options:
        description:
          - Options of the under-store, such as an endpoint.
          - Credentials belong into O(mounts[].encrypt_options). Values whose key looks like a credential are hidden in the output.
        type: dict
      encrypt_options:
        description: Options of the under-store whose value Fluid takes from a Secret.
        type: list
        elements: dict
        suboptions: &encrypt_option
          name:
            description: Name of the option, such as V(aws.secretKey).
            type: str
            required: true
          secret_name:
            description: Name of the Secret, in the Dataset's namespace.
            type: str
            required: true
          secret_key:
            description: Key in the Secret.
            type: str
            required: true
  shared_options: &shared_options
    description: Options that hold for all mounts.
    type: dict
  shared_encrypt_options: &shared_encrypt_options
    description: Options from Secrets that hold for all mounts.
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
    description: Whether a node may hold the cache of several Datasets (V(Shared)) or of this one only (V(Exclusive), Fluid's default).
    type: str
    choices: [Exclusive, Shared]
  node_affinity: &node_affinity
    description: A NodeSelector, with C(nodeSelectorTerms), for the nodes that may hold the cache.
    type: dict
  tolerations: &tolerations
    description: Tolerations of the workers, each as in a pod's C(tolerations).
    type: list
    elements: dict
  owner: &owner
    description: User and group that own the files.
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
  datasets:
    description:
      - Several Datasets, instead of the options of a single one.
      - They are read with few requests, written side by side and waited for together.
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
      labels:
        description: Labels of the Dataset. Those that other people set stay.
        type: dict
      annotations:
        description: Annotations of the Dataset. Those that other people set stay.
        type: dict
      mounts: *mounts
      shared_options: *shared_options
      shared_encrypt_options: *shared_encrypt_options
      access_modes: *access_modes
      placement: *placement
      node_affinity: *node_affinity
      tolerations: *tolerations
      owner: *owner
  wait_phase:
    description:
      - The phase to wait for with O(wait=true).
      - Waiting for V(Bound) fails at once when no runtime of the Dataset's name exists.
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

- name: Create a Dataset of a bucket with credentials from a Secret, and wait until its runtime has bound it
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

- name: Have a Dataset for each team, all in one task
  datacache.fluid.dataset:
    namespace: data
    datasets:
      - name: search
        mounts: [{name: search, mount_point: "s3://search/"}]
      - name: ads
        namespace: ads
        mounts: [{name: ads, mount_point: "s3://ads/"}]

- name: Wait until a Dataset is cached to the last byte
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

- name: Delete a Dataset, and wait until Fluid has let it go
  datacache.fluid.dataset:
    name: hbase
    namespace: data
    state: absent
    wait: true
"""

RETURN = r"""
result:
  description: The Dataset, without managed fields; an empty dictionary when there is none any more.
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
results:
  description: One entry for each of the objects, in their order.
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
        - The object, as RV(result) of a single one.
        - M(datacache.fluid.dataset_info) reads objects that were not waited for.
      returned: when the object was waited for
      type: dict
    diff:
      description: The fields that changed, C(before) and C(after).
      returned: when the object was changed
      type: dict
      sample: {before: {spec: {placement: Exclusive}}, after: {spec: {placement: Shared}}}
    error:
      description: Why this object failed.
      returned: when it failed
      type: str
      sample: "Dataset search in namespace data: spec.placement was set by field manager kubectl-edit"
duration:
  description: How long the module worked and waited, in seconds.
  returned: success
  type: float
  sample: 96.4
conflicts:
  description: The fields that other field managers hold, each with C(field) and C(manager).
  returned: when other field managers hold fields that would change
  type: list
  elements: dict
  sample: [{field: spec.placement, manager: kubectl-edit}]
findings:
  description: What was in the way when a wait timed out, a line each.
  returned: when a wait timed out
  type: list
  elements: str
  sample: ["pod hbase-worker-0: not scheduled: 0/3 nodes are available"]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.fluid import dataset, kinds as fluid_kinds
from ..module_utils.module import arguments, resource


def options() -> dict:
    """The options that describe one Dataset, beside its name and namespace."""
    secret = {key: {"type": "str", "required": True, "no_log": False} for key in ("name", "secret_name", "secret_key")}
    encrypt_options = {"type": "list", "elements": "dict", "options": secret, "no_log": False}
    return arguments.compose(
        arguments.metadata(),
        mounts={"type": "list", "elements": "dict", "options": {
            "mount_point": {"type": "str", "required": True},
            "name": {"type": "str"},
            "path": {"type": "str"},
            "read_only": {"type": "bool"},
            "shared": {"type": "bool"},
            "options": {"type": "dict"},
            "encrypt_options": encrypt_options,
        }},
        shared_options={"type": "dict"},
        shared_encrypt_options=encrypt_options,
        access_modes={"type": "list", "elements": "str",
                      "choices": ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]},
        placement={"type": "str", "choices": ["Exclusive", "Shared"]},
        node_affinity={"type": "dict"},
        tolerations={"type": "list", "elements": "dict"},
        owner=arguments.user())


def main() -> None:
    spec = arguments.compose(
        arguments.connection(), arguments.fleet("datasets", options()), arguments.state(), arguments.wait(300),
        arguments.wait_for(),
        wait_phase={"type": "str", "choices": ["Bound", "NotBound", "Failed"], "default": "Bound"})
    resource.run(AnsibleModule(spec, supports_check_mode=True, **arguments.fleet_rules("datasets", options())), resource.Managed(
        kind=fluid_kinds.DATASET,
        plural="datasets",
        require_valid=dataset.require_valid,
        manifest=dataset.manifest,
        sensitive_values=dataset.sensitive_values,
        wait=wait))


def wait(client, items: list[dict], params: dict) -> dict:
    """Wait for the Datasets' phase, as the functions of waits.py do."""
    from ..module_utils.lifecycle import waits  # here, as in manage.py

    return waits.datasets_in_phase(client, items, params["wait_phase"], params["wait_timeout"])


if __name__ == "__main__":
    main()
