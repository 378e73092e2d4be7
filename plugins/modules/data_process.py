#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: data_process
short_description: Process a Dataset in a pod with Fluid's DataProcess
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Creates, changes and deletes a DataProcess of Fluid, C(data.fluid.io/v1alpha1), and waits until it is
    Complete. Fluid runs a script or a pod that mounts the Dataset.
  - Fails at once if the operation fails, with the last lines of its Job.
  - Checks before any change that the Dataset exists, and is Bound unless O(wait=true) covers that.
  - Fluid repeats a failed pod up to 3 times, so scripts should have the same result when they run again.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.state
  - datacache.fluid.metadata
  - datacache.fluid.data_operation
  - datacache.fluid.wait
  - datacache.fluid.wait_for
options:
  name:
    description:
      - Name of the DataProcess, of at most 43 characters, because Fluid runs it as the Helm release
        C(<name>-processor).
  namespace:
    description: Namespace of the DataProcess and of its Dataset.
  dataset:
    description: Name of the Dataset. Required with O(state=present).
    type: str
  mount_path:
    description: Absolute path at which the pod mounts the Dataset. Required with O(state=present).
    type: str
  sub_path:
    description: Folder of the Dataset to mount, relative to its root. By default all of it.
    type: str
  service_account_name:
    description: Service account of the pod.
    type: str
  pod_metadata:
    description: Metadata of the pod.
    type: dict
    suboptions:
      labels:
        description: Labels of the pod.
        type: dict
      annotations:
        description: Annotations of the pod.
        type: dict
  script:
    description: Script to run. Exactly one of this and O(pod_spec) is required, with O(state=present).
    type: dict
    suboptions:
      source:
        description: Text of the script.
        type: str
        required: true
      image:
        description: Image of the container. Fluid has no default.
        type: str
      image_tag:
        description: Tag of the image. Fluid has no default.
        type: str
      image_pull_policy:
        description: Pull policy of the image.
        type: str
      command:
        description: Program that runs the script, such as V([bash]).
        type: list
        elements: str
      restart_policy:
        description: Restart policy of the pod. Fluid's default is V(Never).
        type: str
        choices: [Never, OnFailure]
      env:
        description: Variables of the container, each as in C(env) of a container. The output hides values
          whose name is that of a credential.
        type: list
        elements: dict
      volumes:
        description: Further volumes, each as in C(volumes) of a pod.
        type: list
        elements: dict
      volume_mounts:
        description: Mounts of the further volumes, each as in C(volumeMounts) of a container.
        type: list
        elements: dict
      resources:
        description: Resources of the container.
        type: dict
        suboptions:
          requests:
            description: Requested quantities, such as C(cpu) and C(memory).
            type: dict
          limits:
            description: Limits, such as C(cpu) and C(memory).
            type: dict
          claims:
            description: Names of the pod's resource claims.
            type: list
            elements: str
  pod_spec:
    description:
      - Specification of the pod to run, as C(spec) of a pod. Fluid mounts the Dataset in each of its
        containers.
      - Its C(restartPolicy) must be V(Never) or V(OnFailure).
    type: dict
  wait_timeout:
    default: 3600
seealso:
  - module: datacache.fluid.data_operation_info
"""

EXAMPLES = r"""
- name: Count the files of a Dataset
  datacache.fluid.data_process:
    name: hbase-index
    namespace: data
    dataset: hbase
    mount_path: /data
    script:
      image: docker.io/library/busybox
      image_tag: "1.37"
      command: [sh]
      source: find /data -type f | wc -l
    wait: true
"""

RETURN = r"""
result:
  description: The DataProcess without managed fields; an empty dictionary if it is absent.
  returned: success
  type: dict
  sample:
    apiVersion: data.fluid.io/v1alpha1
    kind: DataProcess
    metadata: {name: hbase-index, namespace: data}
    status: {phase: Complete, duration: 42s}
phase:
  description: Phase of the DataProcess; empty until Fluid has processed it.
  returned: success, unless it is absent
  type: str
  sample: Complete
diff:
  description: The fields that changed, C(before) and C(after).
  returned: success, in diff mode
  type: dict
  sample: {before: {status: {phase: Complete}}, after: {status: {phase: ""}}}
conflicts:
  description: The fields that would change and that other field managers hold, each with C(field) and
    C(manager).
  returned: on a conflict
  type: list
  elements: dict
  sample: [{field: spec.schedule, manager: kubectl-edit}]
findings:
  description: Causes of a timeout, one line each.
  returned: on a timeout
  type: list
  elements: str
  sample: ["pod hbase-index-processor-job-x2k4p: not scheduled: 0/3 nodes are available"]
duration:
  description: Duration of the run with its waits, in seconds.
  returned: success
  type: float
  sample: 42.7
"""

from ..module_utils.fluid import kinds as fluid_kinds
from ..module_utils.fluid.data_operations import manifests, rules
from ..module_utils.module import operation_options, operation_resource, resource
from ..module_utils.module.option_names import FluidModule


class DataProcess(operation_resource.Operation):
    kind = fluid_kinds.DATA_PROCESS
    required = ("dataset", "mount_path")

    def require_valid(self, item: dict) -> None:
        rules.require_valid_process(item)

    def manifest(self, item: dict) -> dict:
        return manifests.process(item)


def argument_spec() -> dict:
    return operation_resource.specification(operation_options.process(), 3600)


def main() -> None:
    required = operation_resource.rules(DataProcess)
    resource.run(FluidModule(argument_spec(), supports_check_mode=True, **required), DataProcess())


if __name__ == "__main__":
    main()
