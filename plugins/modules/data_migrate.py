#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: data_migrate
short_description: Move data between a Dataset and another storage with Fluid's DataMigrate
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Creates, changes and deletes a DataMigrate of Fluid, C(data.fluid.io/v1alpha1), and waits until it is
    Complete.
  - Fails at once if the operation fails, with the last lines of its Job.
  - Checks before any change that the Dataset exists, and is Bound unless O(wait=true) covers that.
  - With O(policy=Cron) a wait ends when the CronJob exists. It does not wait for a run.
  - Fluid 1.0.8 migrates with JuiceFSRuntimes only. A Dataset that another runtime binds, such as an
    AlluxioRuntime, is refused, because its DataMigrate would fail without a reason in its status.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.state
  - datacache.fluid.metadata
  - datacache.fluid.data_operation
  - datacache.fluid.data_operation.job
  - datacache.fluid.wait
  - datacache.fluid.wait_for
options:
  name:
    description:
      - Name of the DataMigrate, of at most 45 characters, because Fluid runs it as the Helm release
        C(<name>-migrate).
  namespace:
    description: Namespace of the DataMigrate and of the Dataset whose runtime moves the data.
  from:
    description: Source of the data. Exactly one of its suboptions is required, with O(state=present).
    type: dict
    suboptions: &place
      dataset:
        description: Dataset, whose runtime moves the data.
        type: dict
        suboptions:
          name:
            description: Name of the Dataset.
            type: str
            required: true
          namespace:
            description: Namespace of the Dataset, by default O(namespace).
            type: str
          path:
            description: Path in the Dataset.
            type: str
      external_storage:
        description: Storage outside of Fluid.
        type: dict
        suboptions:
          uri:
            description: URI of the storage, such as V(s3://bucket.host/path/) or V(pvc://claim/path/).
            type: str
            required: true
          encrypt_options:
            description: Credentials of the storage, which Fluid reads from Secrets.
            type: list
            elements: dict
            suboptions:
              name:
                description: Name of the option, such as V(access-key).
                type: str
                required: true
              secret_name:
                description: Name of the Secret, in the namespace of the DataMigrate.
                type: str
                required: true
              secret_key:
                description: Key in the Secret.
                type: str
                required: true
  to:
    description: Destination of the data. Exactly one of its suboptions is required, with O(state=present).
    type: dict
    suboptions: *place
  block:
    description: Declares that the migration blocks the use of the Dataset. Fluid 1.0.8 ignores it.
    type: bool
  runtime_type:
    description: Type of the runtime that moves the data, such as V(juicefs), if both sides are Datasets. By
      default that of O(to).
    type: str
  parallelism:
    description: Number of pods that move data. More than 1 need O(parallel_options).
    type: int
  parallel_options:
    description: Options of several pods, C(sshSecretName), which is required, C(sshPort) and
      C(sshReadyTimeoutSeconds).
    type: dict
  image:
    description: Image of the pods, by default that of the runtime's engine.
    type: str
  image_tag:
    description: Tag of the image.
    type: str
  image_pull_policy:
    description: Pull policy of the image.
    type: str
  wait_timeout:
    default: 3600
seealso:
  - module: datacache.fluid.data_operation_info
"""

EXAMPLES = r"""
- name: Copy a Dataset to a bucket and wait until it is copied
  datacache.fluid.data_migrate:
    name: archive
    namespace: data
    from:
      dataset:
        name: training
        path: /2026/
    to:
      external_storage:
        uri: s3://archive.s3.example.com/2026/
        encrypt_options:
          - name: access-key
            secret_name: s3-credentials
            secret_key: id
          - name: secret-key
            secret_name: s3-credentials
            secret_key: secret
    wait: true
"""

RETURN = r"""
result:
  description: The DataMigrate without managed fields; an empty dictionary if it is absent.
  returned: success
  type: dict
  sample:
    apiVersion: data.fluid.io/v1alpha1
    kind: DataMigrate
    metadata: {name: archive, namespace: data}
    status: {phase: Complete, duration: 42s}
phase:
  description: Phase of the DataMigrate; empty until Fluid has processed it.
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
  sample: ["pod archive-migrate-job-x2k4p: not scheduled: 0/3 nodes are available"]
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


class DataMigrate(operation_resource.Operation):
    kind = fluid_kinds.DATA_MIGRATE
    required = ("from", "to")

    def require_valid(self, item: dict) -> None:
        rules.require_valid_migration(item)

    def manifest(self, item: dict) -> dict:
        return manifests.migration(item)


def argument_spec() -> dict:
    return operation_resource.specification(operation_options.migration(), 3600)


def main() -> None:
    required = operation_resource.rules(DataMigrate)
    resource.run(FluidModule(argument_spec(), supports_check_mode=True, **required), DataMigrate())


if __name__ == "__main__":
    main()
